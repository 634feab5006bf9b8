#include "store/models.h"

#include <set>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/blob_transfer.h"
#include "api/create.h"
#include "api/label_patch.h"
#include "api/model_files.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/room.h"
#include "base/crash_point.h"
#include "base/text.h"
#include "http/file_response.h"
#include "model/names.h"
#include "store/runs.h"

namespace muster::api {
namespace {

/// What is registered, before it is looked up.
struct Registration {
  model::ModelVersion version;
  std::optional<std::string> path;  ///< of the run; else the files are given
};

void read_files(ObjectReader& in, const Json& list, blob::BlobStore& blobs, std::vector<model::ModelFile>& files) {
  if (!list.is_array() || list.empty()) {
    in.fault("files", "must be a list of at least one file");
    return;
  }
  std::set<std::string> paths;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string field = fmt::format("files[{}]", i);
    ObjectReader one(list[i]);
    model::ModelFile file{one.text("path"), static_cast<std::uint64_t>(one.integer("size", 0, INT64_MAX)), one.text("sha256")};
    if (const auto read = one.finish("file"); !read) {
      in.adopt(field, read.error());
      continue;
    }
    if (!is_safe_relative_path(file.path))
      in.fault(field + ".path", "must be a relative path without empty parts, '.' or '..'");
    else if (!paths.insert(file.path).second)
      in.fault(field + ".path", fmt::format("'{}' is given twice", file.path));
    check_uploaded(in, field + ".", blobs, file.sha256, file.size);
    files.push_back(std::move(file));
  }
}

std::string read_description(ObjectReader& in) {
  std::string description = in.text_or("description", "");
  if (const auto fault = model::description_fault(description)) in.fault("description", *fault);
  return description;
}

Result<Registration> read_registration(const Json& body, blob::BlobStore& blobs) {
  ObjectReader in(body);
  Registration wanted;
  model::ModelVersion& version = wanted.version;
  version.name = in.text("name");
  if (in.has("name")) {
    if (const auto fault = model::model_name_fault(version.name)) in.fault("name", *fault);
  }
  version.run_id = in.text_or("run_id", "");
  wanted.path = in.optional_text("path");
  const Json* files = in.member("files");
  if (files != nullptr && wanted.path)
    in.fault("files", "cannot be given together with `path`");
  else if (files != nullptr)
    read_files(in, *files, blobs, version.files);
  else if (!wanted.path)
    in.fault("path", "or `files` is required", "give the path of a file or folder that the run wrote, and its `run_id`");
  if (wanted.path && version.run_id.empty()) in.fault("run_id", "is required with `path`");
  version.description = read_description(in);
  version.framework = in.text_or("framework", "");
  version.framework_version = in.text_or("framework_version", "");
  for (const auto& [field, text] :
       {std::pair("framework", &version.framework), std::pair("framework_version", &version.framework_version)}) {
    if (text->size() > 255) in.fault(field, "must have at most 255 bytes");
  }
  version.tags = read_labels(in, "tags");
  version.properties = read_labels(in, "properties");
  MUSTER_TRY(in.finish("model"));
  return wanted;
}

/// Fills in what the run tells: its id, its experiment, the files of the path.
Result<void> take_from_run(const Call& call, store::Session& session, std::int64_t workspace_key, Registration& wanted) {
  const auto run = store::runs::find_brief_by_name(session, workspace_key, wanted.version.run_id);
  if (!run) {
    Error error{Code::invalid,
                fmt::format("model: there is no run '{}'", wanted.version.run_id.substr(0, 300)),
                "`muster run list` shows the runs there are",
                {}};
    error.errors.push_back({"run_id", "names no run of this workspace", error.hint});
    return tl::unexpected(std::move(error));
  }
  MUSTER_TRY(check_not_over(call, *run));
  MUSTER_TRY(check_not_deleted(*run));
  wanted.version.run_id = run->run_id;
  wanted.version.experiment = store::runs::find(session, run->key)->spec.experiment;
  if (!wanted.path) return {};
  MUSTER_TRY_ASSIGN(wanted.version.files, files_of_path(session, run->key, *wanted.path));
  return {};
}

Result<http::Response> register_model(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(Registration wanted, read_registration(body, call.services.blobs));
  if (call.caller.run && wanted.version.run_id != call.caller.run->run_id && wanted.version.run_id != call.caller.run->run->uuid) {
    return fail(Code::forbidden, "a job's token registers models of its own run alone");
  }
  wanted.version.created_at = call.services.clock.now_us();
  wanted.version.created_by = call.caller.name;
  return create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
    if (!wanted.version.run_id.empty()) MUSTER_TRY(take_from_run(call, session, workspace.key, wanted));
    const model::ModelVersion stored = store::models::insert(session, workspace.key, wanted.version);
    crash_point("server.model.in_transaction");
    return Created{201, to_json(stored)};
  });
}

Result<http::Response> list_models(Call& call) {
  QueryReader query(call.request);
  store::models::Filter filter;
  filter.name = query.text("name");
  filter.run_id = query.text("run_id");
  if (const auto tag = query.text("tag")) {
    const std::size_t equals = tag->find('=');
    filter.tag = tag->substr(0, equals);
    if (equals != std::string::npos) filter.tag_value = tag->substr(equals + 1);
  }
  filter.latest_only = query.flag("latest");
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::ModelVersion>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::models::list(session, workspace.key, filter, page);
  }));
  return page_response("models", found);
}

/// The version that the path names: by number, `latest`, or (no version in the path) the latest.
Result<model::ModelVersion> version_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
  const std::string& name = call.parameter("name");
  const auto named = call.request.parameters.find("version");
  const std::string version = named == call.request.parameters.end() ? "latest" : named->second;
  std::int64_t number = 0;
  std::optional<model::ModelVersion> found;
  if (version == "latest")
    found = store::models::find_latest(session, workspace.key, name);
  else if (parse_int64(version, number))
    found = store::models::find(session, workspace.key, name, number);
  if (found) return std::move(*found);
  return fail_hint(Code::not_found, "`muster model list` shows those there are", "there is no model '{}' with version {}",
                   name.substr(0, 300), version.substr(0, 40));
}

Result<http::Response> get_model(Call& call) {
  MUSTER_TRY_ASSIGN(const auto version, call.services.store.read([&](store::Session& session) { return version_of(call, session); }));
  return object_response(version);
}

Result<http::Response> patch_model(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const auto tags = read_label_patch(in, "tags");
  const auto properties = read_labels(in, "properties");
  const bool described = in.has("description");
  const std::string description = read_description(in);
  MUSTER_TRY(in.finish("model"));
  MUSTER_TRY_ASSIGN(const auto version, call.services.store.write([&](store::Session& session) -> Result<model::ModelVersion> {
    MUSTER_TRY_ASSIGN(const model::ModelVersion found, version_of(call, session));
    store::models::set_tags(session, found.key, tags);
    MUSTER_TRY(store::models::set_properties(session, found.key, properties));
    if (described) store::models::set_description(session, found.key, description);
    return version_of(call, session);
  }));
  return object_response(version);
}

Result<http::Response> delete_model(Call& call) {
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    MUSTER_TRY_ASSIGN(const model::ModelVersion found, version_of(call, session));
    return store::models::remove(session, workspace.key, found.name, found.version);
  }));
  call.services.housekeeper.something_was_removed();
  return http::empty_response();
}

Result<http::Response> get_model_file(Call& call) {
  MUSTER_TRY_ASSIGN(const auto version, call.services.store.read([&](store::Session& session) { return version_of(call, session); }));
  const std::string& path = call.parameter("path");
  for (const model::ModelFile& file : version.files) {
    if (file.path == path) return send_blob(call, file.sha256, file.size);
  }
  return fail(Code::not_found, "model {}:{} has no file '{}'", version.name, version.version, path.substr(0, 300));
}

}  // namespace

void add_model_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/models";
  const std::string version = base + "/{name}/versions/{version}";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_models);
  routes.add("POST", base, {Users::contributor, Runs::workspace}, register_model);
  routes.add("GET", base + "/{name}", {Users::reader, Runs::workspace}, get_model);
  routes.add("GET", version, {Users::reader, Runs::workspace}, get_model);
  routes.add("PATCH", version, {Users::contributor}, patch_model);
  routes.add("DELETE", version, {Users::contributor}, delete_model);
  routes.add("GET", version + "/files/{path...}", {Users::reader, Runs::workspace}, get_model_file);
}

}  // namespace muster::api

#include "store/datastores.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/blob_transfer.h"
#include "api/datastores.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/room.h"
#include "base/path_pattern.h"
#include "base/plural.h"
#include "base/text.h"
#include "store/snapshots.h"

namespace muster::api {
namespace {

constexpr std::size_t kMostFilesACall = 1'000;

Result<void> check_datastore(std::string_view name) {
  if (name == model::kDefaultDatastore) return {};
  return fail_hint(Code::not_found, fmt::format("every workspace has one, `{}`", model::kDefaultDatastore), "there is no datastore '{}'",
                   to_utf8(name.substr(0, 300)));
}

Json datastore_json(std::string_view name) { return {{"name", name}, {"is_default", true}}; }

Result<http::Response> list_datastores(Call& call) {
  QueryReader query(call.request);
  MUSTER_TRY(query.finish());
  MUSTER_TRY(workspace_of(call));
  return http::json_response(200, {{"datastores", Json::array({datastore_json(model::kDefaultDatastore)})}});
}

Result<http::Response> get_datastore(Call& call) {
  MUSTER_TRY(workspace_of(call));
  MUSTER_TRY(check_datastore(call.parameter("name")));
  return http::json_response(200, datastore_json(call.parameter("name")));
}

Result<http::Response> list_files(Call& call) {
  QueryReader query(call.request);
  const std::string prefix = query.text("prefix").value_or("");
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY(check_datastore(call.parameter("name")));
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::DatastoreFile>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::datastores::list(session, workspace.key, call.parameter("name"), prefix, page);
  }));
  return page_response("files", found);
}

model::DatastoreFile read_datastore_file(ObjectReader& in, blob::BlobStore& blobs) {
  model::DatastoreFile file;
  file.path = in.text("path");
  file.size = static_cast<std::uint64_t>(in.integer("size", 0, INT64_MAX));
  file.sha256 = in.text("sha256");
  if (in.has("path") && !is_safe_relative_path(file.path)) in.fault("path", "must be a relative path without empty parts, '.' or '..'");
  check_uploaded(in, "", blobs, file.sha256, file.size);
  return file;
}

Result<http::Response> write_files(Call& call) {
  const std::string& datastore = call.parameter("name");
  MUSTER_TRY(check_datastore(datastore));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  ObjectReader in(body);
  const bool overwrite = in.boolean_or("overwrite", false);
  std::vector<model::DatastoreFile> files;
  const Json* list = in.member("files");
  if (list == nullptr || !list->is_array() || list->empty() || list->size() > kMostFilesACall) {
    in.fault("files", fmt::format("must be a list of 1 to {} files", kMostFilesACall));
  } else {
    for (std::size_t i = 0; i < list->size(); ++i) {
      ObjectReader one((*list)[i]);
      files.push_back(read_datastore_file(one, call.services.blobs));
      files.back().written_at = call.services.clock.now_us();
      files.back().written_by = call.caller.name;
      if (const auto read = one.finish("file"); !read) in.adopt(fmt::format("files[{}]", i), read.error());
    }
  }
  MUSTER_TRY(in.finish("files"));
  MUSTER_TRY_ASSIGN(const Json kept, call.services.store.write([&](store::Session& session) -> Result<Json> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    Json paths = Json::array();
    for (const model::DatastoreFile& file : files) {
      const auto there = store::datastores::find(session, workspace.key, datastore, file.path);
      if (there && there->sha256 == file.sha256) continue;  // the call may have come twice
      if (there && !overwrite) {
        paths.push_back(file.path);
        continue;
      }
      MUSTER_TRY(store::datastores::put(session, workspace.key, datastore, file));
    }
    return paths;
  }));
  return http::json_response(200, {{"written", files.size() - kept.size()}, {"kept", kept}});
}

Result<http::Response> get_file(Call& call) {
  const std::string& path = call.parameter("path");
  MUSTER_TRY(check_datastore(call.parameter("name")));
  MUSTER_TRY_ASSIGN(const auto file, call.services.store.read([&](store::Session& session) -> Result<model::DatastoreFile> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    auto found = store::datastores::find(session, workspace.key, call.parameter("name"), path);
    if (found) return std::move(*found);
    return fail(Code::not_found, "the datastore has no file '{}'", to_utf8(path.substr(0, 300)));
  }));
  return send_blob(call, file.sha256, file.size);
}

/// Those whose path, from `cut` on, is as one of the patterns says; all without any.
void keep_those_of(std::vector<model::DatastoreFile>& files, const std::vector<std::string>& patterns, std::size_t cut) {
  if (patterns.empty()) return;
  std::erase_if(files, [&](const model::DatastoreFile& file) {
    const std::string_view below = std::string_view(file.path).substr(cut);
    return std::none_of(patterns.begin(), patterns.end(), [&](const std::string& one) { return path_matches(one, below); });
  });
}

Result<http::Response> remove_files(Call& call) {
  const std::string& path = call.parameter("path");
  MUSTER_TRY(check_datastore(call.parameter("name")));
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    if (store::datastores::remove(session, workspace.key, call.parameter("name"), path) > 0) return {};
    return fail(Code::not_found, "the datastore has no file or folder '{}'", to_utf8(path.substr(0, 300)));
  }));
  return http::Response{204, {}, {}};
}

}  // namespace

Result<std::vector<model::Snapshot>> find_inputs(store::Session& session, std::int64_t workspace_key, model::RunInputs& inputs) {
  std::vector<model::Snapshot> snapshots;
  Error error{Code::invalid, "", "", {}};
  for (auto& [name, input] : inputs) {
    const std::string field = "inputs." + name;
    if (const auto known = check_datastore(input.datastore); !known) {
      error.errors.push_back({field + ".datastore", known.error().detail, known.error().hint});
      continue;
    }
    if (input.mode == model::RunInput::Mode::upload) continue;
    auto files = store::datastores::at_or_below(session, workspace_key, input.datastore, input.path, model::kSnapshotFileLimit);
    // At the top the SDK keeps what datasets are registered by, which is nobody's data.
    if (input.path.empty()) std::erase_if(files, [](const model::DatastoreFile& file) { return file.path.starts_with(".muster/"); });
    const bool is_file = !files.empty() && files.front().path == input.path;
    const std::size_t cut = is_file ? input.path.rfind('/') + 1 : input.path.empty() ? 0 : input.path.size() + 1;
    const bool is_there = !files.empty();
    keep_those_of(files, input.patterns, cut);
    if (is_there && files.empty()) {
      error.errors.push_back({field + ".patterns", fmt::format("no file of '{}' is as {}", input.path, join(input.patterns, ", ")), ""});
      continue;
    }
    if (files.empty() || files.size() > model::kSnapshotFileLimit) {
      error.errors.push_back(
          {field + ".path",
           files.empty() ? fmt::format("the datastore has no file or folder '{}'", input.path)
                         : fmt::format("'{}' has more than {}", input.path, counted(model::kSnapshotFileLimit, "file")),
           files.empty() ? "upload it first: ws.get_default_datastore().upload(…)" : "put many small files into one archive"});
      continue;
    }
    model::Snapshot& snapshot = snapshots.emplace_back();
    for (const model::DatastoreFile& file : files) {
      snapshot.files.push_back({file.path.substr(cut), file.size, file.sha256, 0644});
      snapshot.size += file.size;
    }
    input.file = is_file ? snapshot.files.front().path : "";
    model::sort_manifest(snapshot.files);
    snapshot.file_count = snapshot.files.size();
    input.snapshot_id = snapshot.snapshot_id = model::snapshot_id(snapshot.files);
  }
  if (error.errors.empty()) return snapshots;
  error.detail = fmt::format("run: `{}`: {}", error.errors.front().field, error.errors.front().detail);
  error.hint = error.errors.front().hint;
  return tl::unexpected(std::move(error));
}

void add_datastore_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/datastores";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_datastores);
  routes.add("GET", base + "/{name}", {Users::reader, Runs::workspace}, get_datastore);
  routes.add("GET", base + "/{name}/files", {Users::reader, Runs::transfer}, list_files);
  routes.add("POST", base + "/{name}/files", {Users::contributor, Runs::transfer}, write_files);
  routes.add("GET", base + "/{name}/files/{path...}", {Users::reader, Runs::transfer}, get_file);
  routes.add("DELETE", base + "/{name}/files/{path...}", {Users::contributor}, remove_files);
}

}  // namespace muster::api

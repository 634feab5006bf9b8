#include "store/artifacts.h"

#include "api/answers.h"
#include "api/blob_transfer.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"

namespace muster::api {
namespace {

using store::runs::Brief;

Result<http::Response> list_artifacts(Call& call) {
  QueryReader query(call.request);
  const std::string prefix = query.text("prefix").value_or("");
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::Artifact>> {
    MUSTER_TRY_ASSIGN(const Brief run, run_of(call, session));
    return store::artifacts::list(session, run.key, prefix, page);
  }));
  return page_response("artifacts", found);
}

Result<http::Response> get_artifact(Call& call) {
  const std::string& path = call.parameter("path");
  MUSTER_TRY_ASSIGN(const model::Artifact artifact, call.services.store.read([&](store::Session& session) -> Result<model::Artifact> {
    MUSTER_TRY_ASSIGN(const Brief run, run_of(call, session));
    auto found = store::artifacts::find(session, run.key, path);
    if (found) return std::move(*found);
    return fail_hint(Code::not_found, fmt::format("`muster run outputs {}` lists them", run.run_id), "run {} has no artifact '{}'",
                     run.run_id, path.substr(0, 300));
  }));
  return send_blob(call, artifact.sha256, artifact.size);
}

Result<std::unique_ptr<http::UploadSink>> put_artifact(Call& call) {
  MUSTER_TRY_ASSIGN(const Brief run, run_to_change(call));
  model::Artifact artifact;
  artifact.path = call.parameter("path");
  if (!is_safe_relative_path(artifact.path))
    return fail(Code::invalid, "'{}' is not a path inside a run: no empty part, '.' or '..'", artifact.path.substr(0, 300));
  artifact.created_by = call.caller.name;
  artifact.attempt = run.attempt;
  return upload_blob(
      call, {}, [&services = call.services, artifact, key = run.key](const blob::BlobInfo& info) mutable -> Result<http::Response> {
        artifact.sha256 = info.sha256;
        artifact.size = info.size;
        artifact.created_at = services.clock.now_us();
        MUSTER_TRY_ASSIGN(const model::Artifact kept, services.store.write([&](store::Session& session) -> Result<model::Artifact> {
          MUSTER_TRY_ASSIGN(model::Artifact kept_now, store::artifacts::put(session, key, artifact));
          MUSTER_TRY(store::artifacts::check_count(session, key));
          return kept_now;
        }));
        return object_response(kept, 201);
      });
}

}  // namespace

void add_artifact_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/runs/{run}/artifacts";
  routes.add("GET", base, {Users::reader, Runs::transfer}, list_artifacts);
  routes.add("GET", base + "/{path...}", {Users::reader, Runs::transfer}, get_artifact);
  routes.add_upload("PUT", base + "/{path...}", {Users::contributor, Runs::own_run}, put_artifact);
}

}  // namespace muster::api

#include "store/workspaces.h"

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/label_patch.h"
#include "api/query.h"
#include "api/resources.h"
#include "model/names.h"

namespace muster::api {
namespace {

Result<http::Response> list_workspaces(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  const auto only = call.caller.only_workspace();
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::Workspace>> {
    if (!only) return store::workspaces::list(session, page);
    auto workspace = store::workspaces::find(session, *only);
    return workspace ? store::Page<model::Workspace>{{std::move(*workspace)}, std::nullopt} : store::Page<model::Workspace>();
  }));
  return page_response("workspaces", found);
}

Result<http::Response> create_workspace(Call& call) {
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, kNoWorkspace));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  model::Workspace workspace;
  workspace.name = in.text("name");
  if (in.has("name")) {
    if (const auto fault = model::workspace_name_fault(workspace.name)) in.fault("name", *fault);
  }
  workspace.tags = read_labels(in, "tags");
  MUSTER_TRY(in.finish("workspace"));
  workspace.created_at = call.services.clock.now_us();
  workspace.created_by = call.caller.name;
  return create(call, kNoWorkspace, [&](store::Session& session) -> Result<Created> {
    MUSTER_TRY_ASSIGN(const model::Workspace made, store::workspaces::create(session, workspace));
    return Created{201, to_json(made)};
  });
}

Result<http::Response> get_workspace(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  return object_response(workspace);
}

}  // namespace

void add_workspace_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces", {Users::reader}, list_workspaces);
  routes.add("POST", "/api/v1/workspaces", {Users::owner}, create_workspace);
  routes.add("GET", "/api/v1/workspaces/{workspace}", {Users::reader, Runs::workspace}, get_workspace);
}

}  // namespace muster::api

#include "store/environments.h"

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/query.h"
#include "api/resources.h"

namespace muster::api {
namespace {

Result<http::Response> list_environments(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found,
                    call.services.store.read([&](store::Session& session) -> Result<store::Page<model::EnvironmentRecord>> {
                      MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
                      return store::environments::list(session, workspace.key, page);
                    }));
  return page_response("environments", found);
}

Result<http::Response> create_environment(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY_ASSIGN(const auto definition, model::environment_from_json(body, ""));
  return create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
    const auto ensured = store::environments::ensure(session, workspace.key, definition, call.services.clock.now_us(), call.caller.name);
    return Created{ensured.created ? 201 : 200, to_json(ensured.record)};
  });
}

Result<http::Response> get_environment(Call& call) {
  QueryReader query(call.request);
  const auto version = query.text("version");
  MUSTER_TRY(query.finish());
  const std::string& name = call.parameter("name");
  MUSTER_TRY_ASSIGN(const auto record, call.services.store.read([&](store::Session& session) -> Result<model::EnvironmentRecord> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    auto found = store::environments::find(session, workspace.key, name, version);
    if (found) return std::move(*found);
    return fail_hint(Code::not_found, "`muster environment list` shows those there are", "there is no environment '{}'{}",
                     name.substr(0, 300), version ? " with version " + version->substr(0, 40) : "");
  }));
  return object_response(record);
}

}  // namespace

void add_environment_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/environments";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_environments);
  routes.add("POST", base, {Users::contributor}, create_environment);
  routes.add("GET", base + "/{name}", {Users::reader, Runs::workspace}, get_environment);
}

}  // namespace muster::api

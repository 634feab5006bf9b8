#include "store/experiments.h"

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/label_patch.h"
#include "api/query.h"
#include "api/resources.h"
#include "model/names.h"

namespace muster::api {
namespace {

Result<model::Experiment> experiment_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
  auto experiment = store::experiments::find(session, workspace.key, call.parameter("name"));
  if (experiment) return std::move(*experiment);
  return fail_hint(Code::not_found, "`muster experiment list` shows those there are", "there is no experiment '{}'",
                   call.parameter("name").substr(0, 300));
}

Result<http::Response> list_experiments(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::Experiment>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::experiments::list(session, workspace.key, page);
  }));
  return page_response("experiments", found);
}

Result<http::Response> create_experiment(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const std::string name = in.text("name");
  if (in.has("name")) {
    if (const auto fault = model::experiment_name_fault(name)) in.fault("name", *fault);
  }
  const auto tags = read_labels(in, "tags");
  MUSTER_TRY(in.finish("experiment"));
  return create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
    const auto ensured = store::experiments::ensure(session, workspace.key, name, call.services.clock.now_us(), call.caller.name, tags);
    return Created{ensured.created ? 201 : 200, to_json(ensured.experiment)};
  });
}

Result<http::Response> get_experiment(Call& call) {
  MUSTER_TRY_ASSIGN(const auto experiment, call.services.store.read([&](store::Session& session) { return experiment_of(call, session); }));
  return object_response(experiment);
}

Result<http::Response> patch_experiment(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const auto tags = read_label_patch(in, "tags");
  MUSTER_TRY(in.finish("experiment"));
  MUSTER_TRY_ASSIGN(const auto experiment, call.services.store.write([&](store::Session& session) -> Result<model::Experiment> {
    MUSTER_TRY_ASSIGN(const model::Experiment found, experiment_of(call, session));
    store::experiments::set_tags(session, found.key, tags);
    return experiment_of(call, session);
  }));
  return object_response(experiment);
}

}  // namespace

void add_experiment_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/experiments";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_experiments);
  routes.add("POST", base, {Users::contributor}, create_experiment);
  routes.add("GET", base + "/{name}", {Users::reader, Runs::workspace}, get_experiment);
  routes.add("PATCH", base + "/{name}", {Users::contributor}, patch_experiment);
}

}  // namespace muster::api

#include "store/runs.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/curated_environments.h"
#include "api/datastores.h"
#include "api/label_patch.h"
#include "api/resources.h"
#include "api/run_query.h"
#include "api/submission.h"
#include "base/id.h"
#include "environment/spec.h"
#include "model/checks.h"
#include "model/interactive_run.h"
#include "model/names.h"
#include "store/datastores.h"
#include "store/environments.h"
#include "store/snapshots.h"

namespace muster::api {
namespace {

/// Which registered version of the environment the run names; one that is new is registered, as Azure does. "" for one without a name of
/// its own, which is nobody's to find again.
std::string environment_version(store::Session& session, std::int64_t workspace_key, const model::RunSpec& spec, TimeUs now,
                                const std::string& by) {
  const model::EnvironmentDefinition& asked = spec.environment;
  if (asked.name == model::EnvironmentDefinition().name) return "";
  if (model::is_reserved_environment(asked.name)) return asked.version.value_or("");
  if (asked.version) {
    const auto named = store::environments::find(session, workspace_key, asked.name, *asked.version);
    if (named) return *named->definition.version;
  }
  return store::environments::ensure(session, workspace_key, asked, now, by).record.definition.version.value_or("");
}

/// A job submits runs below its own alone.
Result<void> check_is_child(const Call& call, const model::RunSpec& spec) {
  const auto& scope = call.caller.run;
  if (!scope || spec.parent_run_id == scope->run_id || spec.parent_run_id == scope->run->uuid) return {};
  if (spec.parent_run_id) {
    MUSTER_TRY_ASSIGN(const bool below, call.services.store.read([&](store::Session& session) -> Result<bool> {
      return store::runs::is_below(session, *spec.parent_run_id, scope->run_id);
    }));
    if (below) return {};
  }
  return fail_hint(Code::forbidden, "give its own run as `parent_run_id` (Run.submit_child), or use a token of your own",
                   "a job's token submits runs below its own run alone");
}

Result<http::Response> submit_run(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  model::Run run;
  MUSTER_TRY_ASSIGN(run.spec, model::run_spec_from_json(body));
  MUSTER_TRY(check_is_child(call, run.spec));
  MUSTER_TRY_ASSIGN(Chosen chosen, call.services.store.read([&](store::Session& session) {
    return choose_environment(session, workspace.key, run.spec.environment);
  }));
  run.spec.environment = std::move(chosen.definition);
  MUSTER_TRY_ASSIGN(Surroundings around,
                    call.services.store.read([&](store::Session& session) { return look_around(session, workspace.key, run.spec); }));
  MUSTER_TRY(check_submission(run.spec, around));
  MUSTER_TRY_ASSIGN(std::vector<model::Snapshot> inputs, call.services.store.read([&](store::Session& session) {
    return find_inputs(session, workspace.key, run.spec.inputs);
  }));
  std::vector<std::string> manifests;
  for (const model::Snapshot& input : inputs) manifests.push_back(store::snapshots::manifest_of(input));

  run.workspace_key = workspace.key;
  run.workspace = workspace.name;
  run.created_at = call.services.clock.now_us();
  run.created_by = call.caller.name;
  run.run_id = run.spec.run_id.value_or(make_run_id(run.spec.experiment, run.created_at));
  model::name_uploads(run.spec.inputs, run.run_id);
  run.uuid = random_hex(16);
  run.warnings = model::doubts_about(run.spec);
  if (chosen.notice) run.warnings.push_back(std::move(*chosen.notice));
  for (std::string& notice : environment::notices(run.spec.environment)) run.warnings.push_back(std::move(notice));
  if (around.target) {
    const engine::EngineKind* kind = call.services.engines.find(around.target->engine);
    if (kind != nullptr && kind->doubts)
      for (std::string& doubt : kind->doubts(*around.target, std::chrono::seconds(run.spec.grace_seconds)))
        run.warnings.push_back(std::move(doubt));
  }
  if (run.spec.kind == model::RunKind::interactive) model::begin_interactive(run, run.created_at);
  std::optional<std::int64_t> key;
  MUSTER_TRY_ASSIGN(http::Response response, create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
                      // Between the check and now somebody may have deleted the target, or made it smaller.
                      MUSTER_TRY(look_again(session, workspace.key, run.spec, around));
                      MUSTER_TRY(check_submission(run.spec, around));
                      if (run.spec.snapshot_id) store::snapshots::note_use(session, workspace.key, *run.spec.snapshot_id, run.created_at);
                      if (around.parent) run.spec.parent_run_id = around.parent->run_id;
                      if (run.spec.kind == model::RunKind::job)
                        run.environment_version = environment_version(session, workspace.key, run.spec, run.created_at, run.created_by);
                      for (std::size_t i = 0; i < inputs.size(); ++i) {
                        inputs[i].created_at = run.created_at;
                        inputs[i].created_by = run.created_by;
                        store::snapshots::ensure(session, workspace.key, inputs[i], manifests[i]);
                      }
                      MUSTER_TRY_ASSIGN(key, store::runs::insert(session, run));
                      store::datastores::keep_inputs(session, workspace.key, *key, run.spec.inputs);
                      return Created{201, to_json(*store::runs::find(session, *key))};
                    }));
  if (key && run.spec.kind == model::RunKind::job) call.services.scheduler.submitted(*key);
  return response;
}

/// A run in a list, with the last values of the metrics that the query names.
Json listed_to_json(const store::runs::Listed& listed) {
  Json json = to_json(listed.run);
  Json metrics = Json::object();
  for (const auto& [name, number] : listed.metrics) metrics[name] = to_json(model::MetricValue(number));
  json["metrics"] = std::move(metrics);
  return json;
}

Result<http::Response> list_runs(Call& call) {
  MUSTER_TRY_ASSIGN(const RunQuery asked, read_run_query(call.request));
  MUSTER_TRY_ASSIGN(auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<store::runs::Listed>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::runs::list(session, workspace.key, asked.filter, asked.order, asked.page);
  }));
  const auto unstored = call.services.scheduler.unstored();
  for (store::runs::Listed& one : found.items) show_unstored(unstored, one.run);
  return page_response("runs", found, listed_to_json);
}

Result<http::Response> get_run(Call& call) {
  MUSTER_TRY_ASSIGN(model::Run run, whole_run_of(call));
  show_unstored(call.services.scheduler.unstored(), run);
  return object_response(run);
}

Result<http::Response> patch_run(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const auto tags = read_label_patch(in, "tags");
  const auto properties = read_labels(in, "properties");
  const auto parameters = in.text_map_or_empty("parameters");
  model::check_parameters(in, "parameters", parameters);
  const auto description = in.optional_text("description");
  if (description) {
    if (const auto fault = model::description_fault(*description)) in.fault("description", *fault);
  }
  const auto display_name = in.optional_text("display_name");
  if (display_name) {
    if (const auto fault = model::display_name_fault(*display_name)) in.fault("display_name", *fault);
  }
  MUSTER_TRY(in.finish("run"));
  MUSTER_TRY_ASSIGN(const auto run, call.services.store.write([&](store::Session& session) -> Result<model::Run> {
    MUSTER_TRY_ASSIGN(const store::runs::Brief found, run_to_change(call, session));
    store::runs::set_tags(session, found.key, tags);
    MUSTER_TRY(store::runs::set_properties(session, found.key, properties));
    MUSTER_TRY(store::runs::set_parameters(session, found.key, parameters));
    if (description) store::runs::set_description(session, found.key, *description);
    if (display_name) store::runs::set_display_name(session, found.key, *display_name);
    MUSTER_TRY_ASSIGN(model::Run patched, whole_run_of(call, session));
    for (const auto& [what, count] :
         {std::pair("tags", patched.spec.tags.size()), std::pair("properties", patched.spec.properties.size())}) {
      if (count > model::kMostTags)
        return fail(Code::invalid, "run: a run may have at most {} {}, and would have {}", model::kMostTags, what, count);
    }
    return patched;
  }));
  call.services.changes.notify(run.key);
  return object_response(run);
}

Result<http::Response> delete_run(Call& call) {
  MUSTER_TRY_ASSIGN(const std::int64_t key, call.services.store.write([&](store::Session& session) -> Result<std::int64_t> {
    MUSTER_TRY_ASSIGN(const store::runs::Brief run, run_of(call, session));
    MUSTER_TRY(store::runs::mark_deleted(session, run.key, call.services.clock.now_us()));
    return run.key;
  }));
  call.services.changes.notify(key);
  call.services.housekeeper.something_was_removed();
  return http::empty_response();
}

Result<http::Response> restore_run(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Run run, call.services.store.write([&](store::Session& session) -> Result<model::Run> {
    MUSTER_TRY_ASSIGN(const store::runs::Brief deleted, run_of(call, session));
    store::runs::restore(session, deleted.key);
    return whole_run_of(call, session);
  }));
  call.services.changes.notify(run.key);
  return object_response(run);
}

}  // namespace

void add_run_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/runs";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_runs);
  routes.add("POST", base, {Users::contributor, Runs::workspace}, submit_run);
  routes.add("GET", base + "/{run}", {Users::reader, Runs::transfer}, get_run);  // a runner of an MPI run looks how the other nodes are
  routes.add("PATCH", base + "/{run}", {Users::contributor, Runs::own_run}, patch_run);
  routes.add("DELETE", base + "/{run}", {Users::contributor}, delete_run);
  routes.add("POST", base + "/{run}/restore", {Users::contributor}, restore_run);
}

}  // namespace muster::api

// How runs are ended by calls: interactive ones by their client (complete, fail), all by a cancel, which ends the runs below as well.

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/resources.h"
#include "base/log.h"
#include "base/text.h"
#include "model/interactive_run.h"
#include "store/runs.h"

namespace muster::api {
namespace {

using store::runs::Brief;

constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestMessage = 10'000;
constexpr std::size_t kLongestTraceback = 100'000;

/// An interactive run's end is a matter of one transaction: no scheduler knows of it.
Result<model::Run> end_interactive_run(Services& services, const model::InteractiveEnd& end,
                                       const std::function<Result<model::Run>(store::Session&)>& find) {
  bool changed = false;
  MUSTER_TRY_ASSIGN(const model::Run run, services.store.write([&](store::Session& session) -> Result<model::Run> {
    changed = false;
    MUSTER_TRY_ASSIGN(model::Run found, find(session));
    MUSTER_TRY_ASSIGN(auto ended, model::end_interactive(found, end, services.clock.now_us()));
    if (!ended) return found;
    MUSTER_TRY_ASSIGN(ended->revision, store::runs::update_state(session, *ended));
    changed = true;
    return std::move(*ended);
  }));
  if (changed) {
    const auto sealed = services.logs.complete_all(run.uuid, run.attempt);
    if (!sealed) log::warning("api", "{}: {}", run.run_id, sealed.error().detail);
    services.changes.notify(run.key);
  }
  return run;
}

Result<http::Response> end_named_run(Call& call, const model::InteractiveEnd& end) {
  MUSTER_TRY_ASSIGN(const model::Run run,
                    end_interactive_run(call.services, end, [&](store::Session& session) { return whole_run_of(call, session); }));
  return object_response(run);
}

Result<http::Response> complete_run(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, optional_json_body(call));
  ObjectReader in(body);
  MUSTER_TRY(in.finish("complete"));
  return end_named_run(call, {model::RunStatus::completed});
}

Result<http::Response> fail_run(Call& call) {
  model::RunError error;
  error.code = "user_error";
  error.message = "its client said that it failed";
  MUSTER_TRY_ASSIGN(const Json body, optional_json_body(call));
  ObjectReader in(body);
  error.message = in.text_or("message", error.message);
  error.traceback = in.text_or("traceback", "");
  if (error.message.size() > kLongestMessage) in.fault("message", fmt::format("must have at most {} bytes", kLongestMessage));
  if (error.traceback.size() > kLongestTraceback) in.fault("traceback", fmt::format("must have at most {} bytes", kLongestTraceback));
  MUSTER_TRY(in.finish("fail"));
  return end_named_run(call, {model::RunStatus::failed, "", std::move(error)});
}

Result<model::Run> cancel_one(Services& services, const Brief& run, const std::string& reason, bool force) {
  if (run.kind == model::RunKind::job) return services.scheduler.cancel(run.key, reason, force);
  return end_interactive_run(services, {model::RunStatus::canceled, reason}, [&](store::Session& session) -> Result<model::Run> {
    auto found = store::runs::find(session, run.key);
    if (!found) return fail(Code::not_found, "the run {} was deleted", run.run_id);
    return std::move(*found);
  });
}

Result<http::Response> cancel_run(Call& call) {
  std::string reason = "canceled by " + call.caller.name;
  bool force = false;
  MUSTER_TRY_ASSIGN(const Json body, optional_json_body(call));
  ObjectReader in(body);
  reason = in.text_or("reason", reason);
  if (utf8_length(reason) > kLongestReason) in.fault("reason", fmt::format("must have at most {} characters", kLongestReason));
  force = in.boolean_or("force", false);
  MUSTER_TRY(in.finish("cancel"));
  MUSTER_TRY_ASSIGN(const Brief run, run_of(call));
  const auto canceled = cancel_one(call.services, run, reason, force);
  if (!canceled && canceled.error().code != Code::conflict) return tl::unexpected(canceled.error());
  // Looked up afterwards: a run that is being canceled gets no more children. One that had ended may still have some that have not.
  MUSTER_TRY_ASSIGN(const auto below, call.services.store.read([&](store::Session& session) -> Result<std::vector<Brief>> {
    return store::runs::going_on_below(session, run.run_id);
  }));
  if (!canceled && below.empty()) return tl::unexpected(canceled.error());
  const std::string because = fmt::format("the run {} above it was canceled: {}", run.run_id, reason);
  for (const Brief& child : below) {
    const auto ended = cancel_one(call.services, child, because, force);
    const bool gone = !ended && (ended.error().code == Code::conflict || ended.error().code == Code::not_found);
    if (!ended && !gone) return tl::unexpected(ended.error());
  }
  if (canceled) return object_response(*canceled, 202);
  MUSTER_TRY_ASSIGN(const model::Run now, whole_run_of(call));
  return object_response(now, 202);
}

}  // namespace

void add_run_end_routes(Routes& routes) {
  const std::string run = "/api/v1/workspaces/{workspace}/runs/{run}";
  routes.add("POST", run + "/complete", {Users::contributor, Runs::own_run}, complete_run);
  routes.add("POST", run + "/fail", {Users::contributor, Runs::own_run}, fail_run);
  routes.add("POST", run + "/cancel", {Users::contributor}, cancel_run);
}

}  // namespace muster::api

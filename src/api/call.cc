#include "api/call.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/tokens.h"
#include "store/workspaces.h"

namespace muster::api {
namespace {

using scheduler::TokenHolder;
using store::runs::Brief;

tl::unexpected<Error> not_for_runs(const RunScope& scope, std::string_view what) {
  if (scope.holder == TokenHolder::runner) return fail(Code::forbidden, "a runner's token does not reach {}", what);
  return fail_hint(Code::forbidden, "use a token of your own", "a job's token does not reach {}", what);
}

tl::unexpected<Error> is_over(const RunScope& scope) {
  return fail_hint(Code::unauthorized, "use a token of your own", "the token is that of attempt {} of run {}, which is over", scope.attempt,
                   scope.run_id);
}

std::string_view named(const http::Request& request, const char* parameter) {
  const auto at = request.parameters.find(parameter);
  return at == request.parameters.end() ? std::string_view() : at->second;
}

/// A user's own: the role that the route asks for, in a workspace that the token reaches.
Result<void> may_enter_as_user(Users needed, const Caller& caller, const http::Request& request, store::Store& store) {
  if (needed == Users::nobody) return fail(Code::forbidden, "this is for the runners of that attempt alone");
  const model::Token& token = *caller.token;
  const bool outside_workspaces = !request.parameters.contains("workspace");
  if (token.workspace && !outside_workspaces && named(request, "workspace") != *token.workspace)
    return no_such_workspace(named(request, "workspace"));
  const model::Role role = needed == Users::owner         ? model::Role::owner
                           : needed == Users::contributor ? model::Role::contributor
                                                          : model::Role::reader;
  const bool too_narrow = token.workspace && outside_workspaces && role != model::Role::reader;
  if (token.role >= role && !too_narrow) return {};
  MUSTER_TRY_ASSIGN(const auto owners,
                    store.read([](store::Session& session) -> Result<std::vector<std::string>> { return store::tokens::owners(session); }));
  return fail_hint(Code::forbidden, fmt::format("ask an owner of this server ({}) for a token with that role", join(owners, ", ")),
                   "{} {} needs the role {}{}, and the token {} of {} has the role {}{}", request.method, request.path, to_string(role),
                   too_narrow ? " in all workspaces" : "", token.id, token.user, to_string(token.role),
                   token.workspace ? " in the workspace " + *token.workspace + " alone" : "");
}

Result<void> may_enter_as_runner(Runs access, const Caller& caller, const http::Request& request) {
  const auto& scope = caller.run;
  const bool own = scope && scope->holder == TokenHolder::runner && named(request, "run_id") == scope->run_id &&
                   named(request, "attempt") == std::to_string(scope->attempt);
  if (!own) return fail(Code::forbidden, "this is for the runners of that attempt alone");
  if (!scope->run && access == Runs::last_report) return {};
  if (!scope->run) return is_over(*scope);
  if (!request.parameters.contains("node_rank")) return {};  // which node it is, a check-in asks
  std::int64_t rank = 0;
  if (!parse_int64(named(request, "node_rank"), rank) || rank < 0 || rank >= static_cast<std::int64_t>(scope->run->nodes.size()))
    return fail(Code::not_found, "run {} has no node {}", scope->run_id, named(request, "node_rank").substr(0, 40));
  return {};
}

/// A job's own runs are the one that it is of, and those below it, which it may have started.
bool is_own_run(const RunScope& scope, std::string_view name, Services& services) {
  if (name == scope.run_id || name == scope.run->uuid) return true;
  const auto below =
      services.store.read([&](store::Session& session) -> Result<bool> { return store::runs::is_below(session, name, scope.run_id); });
  return below && *below;
}

/// Whether a run has the snapshot as its folder, or as an input.
bool is_of(const model::RunSpec& spec, std::string_view snapshot) {
  return spec.snapshot_id == snapshot ||
         std::any_of(spec.inputs.begin(), spec.inputs.end(), [&](const auto& input) { return input.second.snapshot_id == snapshot; });
}

Result<void> may_enter_as_run(Runs access, const Caller& caller, const http::Request& request, Services& services) {
  if (access == Runs::runner || access == Runs::last_report) return may_enter_as_runner(access, caller, request);
  const RunScope& scope = *caller.run;
  if (!scope.run) return is_over(scope);
  const bool is_runner = scope.holder == TokenHolder::runner;
  if (access == Runs::nothing || (is_runner && access != Runs::transfer)) return not_for_runs(scope, request.path);
  if (named(request, "workspace") != scope.run->workspace) return not_for_runs(scope, "other workspaces");
  const std::string_view run = named(request, "run");
  const bool other_run = run != scope.run_id && run != scope.run->uuid;
  if (access == Runs::own_run && !is_own_run(scope, run, services)) return not_for_runs(scope, "other runs");
  if (!is_runner) return {};
  const std::string_view snapshot = named(request, "snapshot_id");
  if (!run.empty() && other_run) return not_for_runs(scope, "other runs");
  if (!snapshot.empty() && !is_of(scope.run->spec, snapshot)) return not_for_runs(scope, "other runs' snapshots");
  return {};
}

const Caller& nobody() {
  static const Caller caller;
  return caller;
}

Result<Call> enter(Access access, http::Request& request, Services& services) {
  const auto* const caller = std::any_cast<Caller>(&request.context);
  if (access.users == Users::anyone) return Call{request, services, caller != nullptr ? *caller : nobody()};
  if (caller == nullptr) return fail(Code::unauthorized, "the request has no bearer token");
  MUSTER_TRY(caller->run ? may_enter_as_run(access.runs, *caller, request, services)
                         : may_enter_as_user(access.users, *caller, request, services.store));
  return Call{request, services, *caller};
}

/// An upload of a run's process: taken only if the attempt is not over at its end either.
class RunsUpload final : public http::UploadSink {
 public:
  RunsUpload(const Call& call, std::unique_ptr<http::UploadSink> sink) : call_(call), sink_(std::move(sink)) {}

  Result<void> write(std::string_view bytes) override {
    MUSTER_TRY(check_not_over(call_));
    return sink_->write(bytes);
  }
  http::Response finish() override {
    if (const auto valid = check_not_over(call_); !valid) return http::problem_response(valid.error());
    return sink_->finish();
  }

 private:
  const Call call_;
  std::unique_ptr<http::UploadSink> sink_;
};

}  // namespace

tl::unexpected<Error> no_such_workspace(std::string_view name) {
  return fail_hint(Code::not_found, "GET /api/v1/workspaces lists those that your token reaches", "there is no workspace '{}'",
                   name.substr(0, 300));
}

Result<void> check_not_over(const Call& call) {
  const auto& scope = call.caller.run;
  if (!scope) return {};
  const auto run = call.services.scheduler.active(scope->run_id);
  if (!run || run->attempt != scope->attempt) return is_over(*scope);
  return {};
}

Result<void> check_not_over(const Call& call, const Brief& run) {
  const auto& scope = call.caller.run;
  if (scope && scope->run_id == run.run_id && (model::has_ended(run.status) || run.attempt != scope->attempt)) return is_over(*scope);
  return {};
}

void Routes::add(std::string method, std::string pattern, Access access, Handle handle, std::uint64_t body_limit) {
  http::Handler handler = [&services = services_, access, handle = std::move(handle)](http::Request& request) -> http::Response {
    auto call = enter(access, request, services);
    if (!call) return http::problem_response(call.error());
    auto response = handle(*call);
    return response ? std::move(*response) : http::problem_response(response.error());
  };
  router_.add({std::move(method), std::move(pattern), std::move(handler), nullptr, body_limit});
}

void Routes::add_upload(std::string method, std::string pattern, Access access, HandleUpload handle, std::uint64_t body_limit) {
  http::UploadHandler upload = [&services = services_, access,
                                handle = std::move(handle)](http::Request& request) -> Result<std::unique_ptr<http::UploadSink>> {
    MUSTER_TRY_ASSIGN(Call call, enter(access, request, services));
    MUSTER_TRY_ASSIGN(auto sink, handle(call));
    if (!call.caller.run) return sink;
    return std::make_unique<RunsUpload>(call, std::move(sink));
  };
  router_.add({std::move(method), std::move(pattern), nullptr, std::move(upload), body_limit});
}

Result<Json> json_body(const Call& call, std::size_t limit) {
  JsonLimits limits;
  limits.bytes = limit;
  return parse_json(call.request.body, limits);
}

Result<Json> optional_json_body(const Call& call) {
  if (call.request.body.empty()) return Json::object();
  return json_body(call);
}

Result<model::Workspace> workspace_of(const Call& call, store::Session& session) {
  auto workspace = store::workspaces::find(session, call.parameter("workspace"));
  if (workspace) return std::move(*workspace);
  return no_such_workspace(call.parameter("workspace"));
}

Result<model::Workspace> workspace_of(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return workspace_of(call, session); });
}

Result<Brief> run_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
  auto run = store::runs::find_brief_by_name(session, workspace.key, call.parameter("run"));
  if (run) {
    MUSTER_TRY(check_not_over(call, *run));
    return std::move(*run);
  }
  return fail_hint(Code::not_found, "`muster run list` shows the runs there are", "there is no run '{}' in workspace {}",
                   call.parameter("run").substr(0, 300), workspace.name);
}

Result<Brief> run_of(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return run_of(call, session); });
}

Result<model::Run> whole_run_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const Brief run, run_of(call, session));
  return *store::runs::find(session, run.key);
}

Result<model::Run> whole_run_of(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return whole_run_of(call, session); });
}

Result<void> check_not_deleted(const Brief& run) {
  if (run.deleted_at == 0) return {};
  return fail_hint(Code::conflict, fmt::format("bring it back first: `muster run restore {}`", run.run_id), "the run {} is deleted",
                   run.run_id);
}

Result<Brief> run_to_change(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(Brief run, run_of(call, session));
  MUSTER_TRY(check_not_deleted(run));
  return run;
}

Result<Brief> run_to_change(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return run_to_change(call, session); });
}

}  // namespace muster::api

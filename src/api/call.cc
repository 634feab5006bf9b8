#include "api/call.h"

#include "store/runs.h"
#include "store/workspaces.h"

namespace muster::api {
namespace {

tl::unexpected<Error> not_for_runs(std::string_view what) {
  return fail_hint(Code::forbidden, "use a token of your own", "a run's token does not reach {}", what);
}

Result<void> may_enter(Access access, const Caller& caller, const http::Request& request) {
  const auto named = [&](const char* parameter) -> std::string_view {
    const auto at = request.parameters.find(parameter);
    return at == request.parameters.end() ? std::string_view() : at->second;
  };
  if (access == Access::runner) {
    const bool own = caller.run && named("run_id") == caller.run->run_id && named("attempt") == std::to_string(caller.run->attempt);
    if (!own) return fail(Code::forbidden, "this is for the runner of that attempt alone");
    return {};
  }
  if (!caller.run) return {};
  if (access == Access::people) return not_for_runs(request.path);
  if (named("workspace") != caller.run->workspace) return not_for_runs("other workspaces");
  if (access == Access::own_run && named("run") != caller.run->run_id && named("run") != caller.run->uuid)
    return not_for_runs("other runs");
  return {};
}

const Caller& nobody() {
  static const Caller caller;
  return caller;
}

Result<Call> enter(Access access, http::Request& request, Services& services) {
  const auto* const caller = std::any_cast<Caller>(&request.context);
  if (access == Access::open) return Call{request, services, caller != nullptr ? *caller : nobody()};
  if (caller == nullptr) return fail(Code::unauthorized, "the request has no bearer token");
  MUSTER_TRY(may_enter(access, *caller, request));
  return Call{request, services, *caller};
}

}  // namespace

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
    return handle(call);
  };
  router_.add({std::move(method), std::move(pattern), nullptr, std::move(upload), body_limit});
}

Result<Json> json_body(const Call& call, std::size_t limit) {
  JsonLimits limits;
  limits.bytes = limit;
  return parse_json(call.request.body, limits);
}

Result<model::Workspace> workspace_of(const Call& call, store::Session& session) {
  auto workspace = store::workspaces::find(session, call.parameter("workspace"));
  if (workspace) return std::move(*workspace);
  return fail_hint(Code::not_found, "GET /api/v1/workspaces lists them; `default` is always there", "there is no workspace '{}'",
                   call.parameter("workspace").substr(0, 300));
}

Result<model::Workspace> workspace_of(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return workspace_of(call, session); });
}

Result<model::Run> run_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
  auto run = store::runs::find_by_name(session, workspace.key, call.parameter("run"));
  if (run) return std::move(*run);
  return fail_hint(Code::not_found, "`muster run list` shows the runs there are", "there is no run '{}' in workspace {}",
                   call.parameter("run").substr(0, 300), workspace.name);
}

Result<model::Run> run_of(const Call& call) {
  return call.services.store.read([&](store::Session& session) { return run_of(call, session); });
}

}  // namespace muster::api

#include "api/auth.h"

#include "api/caller.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/runs.h"
#include "store/tokens.h"

namespace muster::api {
namespace {

constexpr std::string_view kOpenPath = "/healthz";
constexpr std::string_view kRunnerPaths = "/api/v1/runner/";
constexpr std::string_view kRunTokenPrefix = "mr_";

tl::unexpected<Error> unauthorized(std::string detail, std::string hint) {
  return tl::unexpected(Error{Code::unauthorized, std::move(detail), std::move(hint), {}});
}

Result<std::string> bearer_token(const http::Request& request) {
  const std::string header = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  std::string scheme = header.substr(0, kScheme.size());
  for (char& c : scheme) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (scheme != kScheme || header.size() == kScheme.size()) {
    return unauthorized("the request has no bearer token",
                        "send `Authorization: Bearer TOKEN`; `muster login URL` keeps a token for the command line and the SDK");
  }
  return header.substr(kScheme.size());
}

/// The run and attempt that a token "mr_<run id>.<attempt>.<64 hex>" is for, if it is genuine.
std::optional<RunScope> genuine_run_token(const Services& services, std::string_view token) {
  token.remove_prefix(kRunTokenPrefix.size());
  const auto parts = split(token, '.');
  std::int64_t attempt = 0;
  if (parts.size() != 3 || !parse_int64(parts[1], attempt) || attempt < 1 || attempt > INT32_MAX) return std::nullopt;
  RunScope scope;
  scope.run_id = std::string(parts[0]);
  scope.attempt = static_cast<int>(attempt);
  const std::string expected = services.scheduler.run_token(scope.run_id, scope.attempt);
  if (!equal_secrets(expected.substr(kRunTokenPrefix.size()), token)) return std::nullopt;
  return scope;
}

/// A run's token ends with the run, and an attempt's with the attempt.
Result<Caller> of_active_run(Services& services, RunScope scope) {
  return services.store.read([&](store::Session& session) -> Result<Caller> {
    const auto run = store::runs::find_by_name(session, scope.run_id);
    if (!run || model::has_ended(run->status) || run->attempt != scope.attempt) {
      return unauthorized(fmt::format("the token is that of attempt {} of run {}, which is over", scope.attempt, scope.run_id),
                          "use a token of your own");
    }
    scope.uuid = run->uuid;
    scope.workspace = run->workspace;
    scope.snapshot_id = run->spec.snapshot_id;
    return Caller{run->created_by, std::move(scope)};
  });
}

Result<Caller> of_person(Services& services, const std::string& token) {
  return services.store.read([&](store::Session& session) -> Result<Caller> {
    const auto known = store::tokens::find(session, token);
    if (!known)
      return unauthorized("the token is not known to this server",
                          "`muster login URL` asks for a token; MUSTER_HOME/credentials on the server has the owner's");
    return Caller{known->name, std::nullopt};
  });
}

}  // namespace

http::Gate make_gate(Services& services) {
  return [&services](http::Request& request) -> Result<void> {
    if (request.path == kOpenPath) return {};
    MUSTER_TRY_ASSIGN(const std::string token, bearer_token(request));
    if (!token.starts_with(kRunTokenPrefix)) {
      MUSTER_TRY_ASSIGN(request.context, of_person(services, token));
      return {};
    }
    auto scope = genuine_run_token(services, token);
    if (!scope) return unauthorized("the token is not known to this server", "a run's processes find theirs in MUSTER_TOKEN");
    if (request.path.starts_with(kRunnerPaths)) {
      // A runner may have to repeat its last words after the run has ended: the scheduler tells it that all is over.
      request.context = Caller{scope->run_id, std::move(*scope)};
      return {};
    }
    MUSTER_TRY_ASSIGN(request.context, of_active_run(services, std::move(*scope)));
    return {};
  };
}

}  // namespace muster::api

#include "api/auth.h"

#include "api/caller.h"
#include "api/same_site.h"
#include "api/session_cookie.h"
#include "api/token_use.h"
#include "model/server_proof.h"
#include "store/browser_sessions.h"
#include "store/tokens.h"

namespace muster::api {
namespace {

constexpr std::string_view kSignedLogs = "/api/v1/signed-logs/";  // their handler looks at the signature

/// What needs no credentials: /healthz, signing in, signed addresses, and the page's own files, which tell nothing of anybody.
bool is_open(const http::Request& request) {
  if (request.path == "/api/v1/session") return request.method == "POST";
  if (request.path.starts_with(kSignedLogs)) return true;
  return !request.path.starts_with("/api/") && request.path != "/metrics";
}

tl::unexpected<Error> unauthorized(std::string detail, std::string hint) {
  return tl::unexpected(Error{Code::unauthorized, std::move(detail), std::move(hint), {}});
}

Result<std::string> bearer_token(const http::Request& request) {
  const std::string header = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  std::string scheme = header.substr(0, kScheme.size());
  for (char& c : scheme) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (scheme != kScheme || header.size() == kScheme.size()) {
    return unauthorized("the request has no bearer token", "send `Authorization: Bearer TOKEN`");
  }
  return header.substr(kScheme.size());
}

Caller of_run(Services& services, scheduler::RunTokens::Named named) {
  RunScope scope{named.holder, std::move(named.run_id), named.attempt, nullptr};
  auto run = services.scheduler.active(scope.run_id);
  if (run && run->attempt == scope.attempt) scope.run = std::move(run);
  std::string name = scope.run ? scope.run->created_by : scope.run_id;
  return Caller{std::move(name), std::nullopt, std::move(scope)};
}

Result<Caller> by_token(Services& services, TokenUse& use, std::optional<model::Token> token) {
  if (token->user_is_disabled)
    return unauthorized(fmt::format("the user {} of the token {} is disabled", token->user, token->id),
                        fmt::format("ask an owner of this server to run `muster user enable {}`", token->user));
  const TimeUs now = services.clock.now_us();
  if (!store::tokens::usable(*token, now))
    return unauthorized(fmt::format("the token {} of {} expired at {}", token->id, token->user, to_rfc3339(token->expires_at)),
                        "ask an owner of this server for another (`muster token create`), then store it with `muster login`");
  use.note(*token, now);
  std::string name = token->user;
  return Caller{std::move(name), std::move(token), std::nullopt};
}

Result<Caller> of_user(Services& services, TokenUse& use, const std::string& secret) {
  MUSTER_TRY_ASSIGN(auto token, services.store.read([&](store::Session& session) -> Result<std::optional<model::Token>> {
    return store::tokens::find(session, secret);
  }));
  if (!token)
    return unauthorized("the token is not known to this server: it was never made here, or it was revoked",
                        "ask an owner of this server for one; the first owner's is in MUSTER_HOME/credentials on the server's machine");
  return by_token(services, use, std::move(token));
}

Result<Caller> of_browser(Services& services, TokenUse& use, const http::Request& request, const std::string& secret) {
  MUSTER_TRY(check_same_site(request, own_host_names(services.info.url)));
  std::optional<store::browser_sessions::BrowserSession> browser;
  MUSTER_TRY_ASSIGN(auto token, services.store.read([&](store::Session& session) -> Result<std::optional<model::Token>> {
    browser = store::browser_sessions::find(session, secret);
    return browser ? store::tokens::find_by_key(session, browser->token_key) : std::nullopt;
  }));
  if (!token || browser->expires_at <= services.clock.now_us())
    return unauthorized("the session has ended", "sign in again: `muster ui` opens the page signed in");
  return by_token(services, use, std::move(token));
}

}  // namespace

http::Gate make_gate(Services& services) {
  return [&services, use = std::make_shared<TokenUse>(services.store)](http::Request& request) -> Result<void> {
    if (is_open(request)) return {};
    const std::string cookie = session_cookie(request, session_cookie_name(services.info));
    if (!cookie.empty() && request.header("authorization").empty()) {
      MUSTER_TRY_ASSIGN(request.context, of_browser(services, *use, request, cookie));
      return {};
    }
    MUSTER_TRY_ASSIGN(const std::string token, bearer_token(request));
    if (!scheduler::RunTokens::is_run_token(token)) {
      MUSTER_TRY_ASSIGN(request.context, of_user(services, *use, token));
      return {};
    }
    auto named = services.scheduler.tokens().genuine(token);
    if (!named) return unauthorized("the token is not known to this server", "a run's processes have their token in MUSTER_RUN_TOKEN");
    request.context = of_run(services, std::move(*named));
    return {};
  };
}

http::Finish make_prover(Services& services) {
  return [&services](const http::Request& request, http::Response& response) {
    const std::string nonce = request.header(model::kNonceHeader);
    if (nonce.empty()) return;
    const auto token = bearer_token(request);
    const auto named = token ? services.scheduler.tokens().genuine(*token) : std::nullopt;
    if (!named) return;
    const std::string key = services.scheduler.tokens().proof_key(named->run_id, named->attempt);
    response.headers.emplace_back(model::kProofHeader, model::server_proof(key, nonce, response.status));
  };
}

}  // namespace muster::api

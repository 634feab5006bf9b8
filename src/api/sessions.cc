// Signing a browser in and out: by a token, or by a link that the holder of one has had made.
#include <algorithm>
#include <chrono>
#include <memory>

#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/same_site.h"
#include "api/session_cookie.h"
#include "api/sign_in_links.h"
#include "base/id.h"
#include "store/browser_sessions.h"
#include "store/tokens.h"

namespace muster::api {
namespace {

constexpr std::chrono::hours kSessionLife{7 * 24};
constexpr std::size_t kSignInBytes = 4096;

/// By what a browser signs in: exactly one of the two.
struct SignIn {
  std::optional<std::string> token;
  std::optional<std::string> link;
};

Result<SignIn> read_sign_in(const Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call, kSignInBytes));
  ObjectReader in(body);
  SignIn by{in.optional_text("token"), in.optional_text("link")};
  if (by.token.has_value() == by.link.has_value()) in.fault("token", "give either a token or a link");
  MUSTER_TRY(in.finish("session"));
  return by;
}

Result<model::Token> token_of(Services& services, SignInLinks& links, const SignIn& by) {
  const TimeUs now = services.clock.now_us();
  const std::optional<std::int64_t> linked = by.link ? links.take(*by.link, now) : std::nullopt;
  if (by.link && !linked)
    return fail_hint(Code::unauthorized, "`muster ui` makes another, or sign in with a token",
                     "the link has been used, or is older than {} s", SignInLinks::kLife.count());
  MUSTER_TRY_ASSIGN(auto token, services.store.read([&](store::Session& session) -> Result<std::optional<model::Token>> {
    return linked ? store::tokens::find_by_key(session, *linked) : store::tokens::find(session, *by.token);
  }));
  if (token && store::tokens::usable(*token, now)) return std::move(*token);
  return fail_hint(Code::unauthorized, "ask an owner of this server for one (`muster token create`)",
                   "the token is not known to this server, has expired, or its user is disabled");
}

Result<http::Response> sign_in(Call& call, SignInLinks& links) {
  MUSTER_TRY_ASSIGN(const SignIn by, read_sign_in(call));
  MUSTER_TRY(check_same_site(call.request, own_host_names(call.services.info.url)));
  MUSTER_TRY_ASSIGN(const model::Token token, token_of(call.services, links, by));
  const TimeUs now = call.services.clock.now_us();
  const TimeUs longest = now + std::chrono::microseconds(kSessionLife).count();
  const TimeUs expires_at = token.expires_at == 0 ? longest : std::min(longest, token.expires_at);
  const std::string secret = "ms_" + random_hex(32);
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    store::browser_sessions::add(session, secret, {token.key, expires_at}, now);
    return {};
  }));
  http::Response response =
      http::json_response(201, {{"user", token.user}, {"role", to_string(token.role)}, {"expires_at", to_rfc3339(expires_at)}});
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::microseconds(expires_at - now));
  response.headers.emplace_back("set-cookie", set_session_cookie(call.services.info, secret, life));
  return response;
}

Result<http::Response> sign_out(Call& call) {
  const std::string secret = session_cookie(call.request, session_cookie_name(call.services.info));
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    store::browser_sessions::remove(session, secret);
    return {};
  }));
  http::Response response = http::empty_response();
  response.headers.emplace_back("set-cookie", set_session_cookie(call.services.info, "", std::chrono::seconds(0)));
  return response;
}

Result<http::Response> make_link(Call& call, SignInLinks& links) {
  const SignInLinks::Link link = links.make(call.caller.token->key, call.services.clock.now_us());
  return http::json_response(201, {{"link", link.secret}, {"expires_at", to_rfc3339(link.expires_at)}});
}

}  // namespace

void add_session_routes(Routes& routes) {
  const auto links = std::make_shared<SignInLinks>();
  routes.add(
      "POST", "/api/v1/session", {Users::anyone}, [links](Call& call) { return sign_in(call, *links); }, kSignInBytes);
  routes.add("DELETE", "/api/v1/session", {Users::reader}, sign_out, kSignInBytes);
  routes.add(
      "POST", "/api/v1/session/links", {Users::reader}, [links](Call& call) { return make_link(call, *links); }, kSignInBytes);
}

}  // namespace muster::api

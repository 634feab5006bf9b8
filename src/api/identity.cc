// Users, their tokens, and who the caller is.
#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/id.h"
#include "base/text.h"
#include "model/names.h"
#include "store/tokens.h"
#include "store/users.h"

namespace muster::api {
namespace {

constexpr std::size_t kLongestPurpose = 255;
constexpr std::int64_t kLongestLife = 10LL * 366 * 24 * 3600;

Result<http::Response> get_me(Call& call) {
  const model::Token& token = *call.caller.token;
  return http::json_response(200, {{"user", token.user},
                                   {"role", to_string(token.role)},
                                   {"workspace", token.workspace ? Json(*token.workspace) : Json()},
                                   {"token", to_json(token)}});
}

Result<http::Response> list_users(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) { return store::users::list(session, page); }));
  return page_response("users", found);
}

Result<http::Response> create_user(Call& call) {
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, kNoWorkspace));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const std::string name = in.text("name");
  if (in.has("name")) {
    if (const auto fault = model::user_name_fault(name)) in.fault("name", *fault);
  }
  MUSTER_TRY(in.finish("user"));
  return create(call, kNoWorkspace, [&](store::Session& session) -> Result<Created> {
    MUSTER_TRY_ASSIGN(const model::User user, store::users::create(session, name, call.caller.name, call.services.clock.now_us()));
    return Created{201, to_json(user)};
  });
}

Result<http::Response> patch_user(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const bool disabled = in.boolean_or("disabled", false);
  if (!in.has("disabled")) in.fault("disabled", "is missing");
  MUSTER_TRY(in.finish("user"));
  const std::string& name = call.parameter("name");
  MUSTER_TRY_ASSIGN(const auto user, call.services.store.write([&](store::Session& session) {
    return disabled ? store::users::disable(session, name, call.services.clock.now_us()) : store::users::enable(session, name);
  }));
  return object_response(user);
}

Result<http::Response> list_tokens(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found,
                    call.services.store.read([&](store::Session& session) { return store::tokens::list(session, page); }));
  return page_response("tokens", found);
}

Result<model::Token> read_token(const Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  model::Token token;
  token.user = in.text_or("user", call.caller.name);
  const std::string role = in.text("role");
  if (in.has("role")) {
    if (const auto known = model::role_from_string(role))
      token.role = *known;
    else
      in.fault("role", known.error().detail);
  }
  token.workspace = in.optional_text("workspace");
  token.purpose = in.text_or("purpose", "");
  if (utf8_length(token.purpose) > kLongestPurpose || model::display_name_fault(token.purpose.substr(0, kLongestPurpose)))
    in.fault("purpose", fmt::format("must be one line of at most {} characters", kLongestPurpose));
  const auto life = in.optional_integer("expires_in_seconds", 1, kLongestLife);
  token.created_at = call.services.clock.now_us();
  token.created_by = call.caller.name;
  if (life) token.expires_at = token.created_at + *life * 1'000'000;
  MUSTER_TRY(in.finish("token"));
  return token;
}

tl::unexpected<Error> shown_already(const Json& token) {
  const std::string id = text_at(token, "id");
  return fail_hint(Code::conflict,
                   fmt::format("if it did not arrive, revoke the token {} and create another with another Idempotency-Key", id),
                   "this request has been carried out, and the secret of the token {} was shown then: it is not kept", id);
}

/// The secret is in the first answer alone: what is kept for a repeated request has none.
Result<http::Response> create_token(Call& call) {
  MUSTER_TRY_ASSIGN(const auto earlier, earlier_answer(call, kNoWorkspace));
  if (earlier) return shown_already(Json::parse(std::get<std::string>(earlier->body), nullptr, false));
  MUSTER_TRY_ASSIGN(const model::Token wanted, read_token(call));
  const std::string secret = "mu_" + random_hex(32);
  bool made = false;
  MUSTER_TRY_ASSIGN(http::Response response, create(call, kNoWorkspace, [&](store::Session& session) -> Result<Created> {
                      MUSTER_TRY_ASSIGN(const model::Token token, store::tokens::add(session, secret, wanted));
                      made = true;
                      return Created{201, to_json(token)};
                    }));
  Json body = Json::parse(std::get<std::string>(response.body), nullptr, false);
  if (!made) return shown_already(body);
  body["secret"] = secret;
  return http::json_response(response.status, body);
}

Result<http::Response> revoke_token(Call& call) {
  MUSTER_TRY(call.services.store.write([&](store::Session& session) { return store::tokens::revoke(session, call.parameter("id")); }));
  return http::empty_response();
}

}  // namespace

void add_identity_routes(Routes& routes) {
  routes.add("GET", "/api/v1/me", {Users::reader}, get_me);
  routes.add("GET", "/api/v1/users", {Users::owner}, list_users);
  routes.add("POST", "/api/v1/users", {Users::owner}, create_user);
  routes.add("PATCH", "/api/v1/users/{name}", {Users::owner}, patch_user);
  routes.add("GET", "/api/v1/tokens", {Users::owner}, list_tokens);
  routes.add("POST", "/api/v1/tokens", {Users::owner}, create_token);
  routes.add("DELETE", "/api/v1/tokens/{id}", {Users::owner}, revoke_token);
}

}  // namespace muster::api

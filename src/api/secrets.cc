// Secrets of a workspace. Their names are everybody's there; their values are read by who may run code there, and by that code.
#include "store/secrets.h"

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/secrets.h"
#include "base/text.h"

namespace muster::api {
namespace {

std::string place_of(std::int64_t workspace_key, std::string_view name) { return fmt::format("{}/{}", workspace_key, name); }

Error no_such_secret(std::string_view workspace, std::string_view name) {
  return fail_hint(Code::not_found, "see `muster secret list`, and `muster secret set NAME`", "the workspace {} has no secret '{}'",
                   workspace, to_utf8(name.substr(0, model::kLongestSecretName)))
      .value();
}

Result<http::Response> list_secrets(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::Secret>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::secrets::list(session, workspace.key, page);
  }));
  return page_response("secrets", found);
}

Result<http::Response> put_secret(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call, kSecretBytes));
  ObjectReader in(body);
  store::secrets::Stored stored;
  stored.secret.name = call.parameter("name");
  const std::string value = in.text("value");
  if (const auto fault = model::secret_name_fault(stored.secret.name)) in.fault("name", *fault);
  if (in.has("value")) {
    if (const auto fault = model::secret_value_fault(value)) in.fault("value", *fault);
  }
  MUSTER_TRY(in.finish("secret"));
  stored.secret.created_at = stored.secret.updated_at = call.services.clock.now_us();
  stored.secret.created_by = stored.secret.updated_by = call.caller.name;
  MUSTER_TRY_ASSIGN(const model::Secret secret, call.services.store.write([&](store::Session& session) -> Result<model::Secret> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    MUSTER_TRY_ASSIGN(stored.value, call.services.sealing_key.seal(value, place_of(workspace.key, stored.secret.name)));
    return store::secrets::put(session, workspace.key, stored);
  }));
  return object_response(secret);
}

Result<http::Response> get_secret(Call& call) {
  const std::string& name = call.parameter("name");
  MUSTER_TRY_ASSIGN(const std::string value, call.services.store.read([&](store::Session& session) -> Result<std::string> {
    MUSTER_TRY(check_not_over(call));
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return secret_value(session, call.services.sealing_key, workspace, name);
  }));
  http::Response response = http::json_response(200, {{"name", name}, {"value", value}});
  response.headers.push_back({"cache-control", "no-store"});
  return response;
}

Result<http::Response> delete_secret(Call& call) {
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    if (store::secrets::remove(session, workspace.key, call.parameter("name"))) return {};
    return tl::unexpected(no_such_secret(workspace.name, call.parameter("name")));
  }));
  return http::empty_response();
}

}  // namespace

Result<std::string> secret_value(store::Session& session, const SealingKey& key, const model::Workspace& workspace, std::string_view name) {
  const auto stored = store::secrets::find(session, workspace.key, name);
  if (!stored) return tl::unexpected(no_such_secret(workspace.name, name));
  auto value = key.open(stored->value, place_of(workspace.key, name));
  if (value) return std::move(*value);
  return fail_hint(value.error().code,
                   fmt::format("bring the file `secrets.key` of the server's home back, or set it again: muster secret set {}", name),
                   "the secret '{}' cannot be read: {}", name, value.error().detail);
}

void add_secret_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/secrets";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_secrets);
  routes.add("PUT", base + "/{name}", {Users::contributor}, put_secret, kSecretBytes);
  // As runs' own token: a job gets what its user could read, and a node what its environment's definition refers to.
  routes.add("GET", base + "/{name}", {Users::contributor, Runs::transfer}, get_secret);
  routes.add("DELETE", base + "/{name}", {Users::contributor}, delete_secret);
}

}  // namespace muster::api

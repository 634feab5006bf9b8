#include "store/environments.h"

#include <nlohmann/json.hpp>

#include <set>

#include "api/answers.h"
#include "api/create.h"
#include "api/curated_environments.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "model/names.h"

namespace muster::api {
namespace {

namespace overrides = store::environment_overrides;

Json override_json(const overrides::Override& override) {
  return {{"name", override.with_name},
          {"version", override.with_version ? Json(*override.with_version) : Json()},
          {"created_at", time_to_json(override.created_at)},
          {"created_by", override.created_by}};
}

/// A curated name shows what runs get: under this name, and said, what it is pointed at.
Json meaning_json(const std::string& name, Meaning meaning) {
  meaning.record.definition.name = name;
  Json json = to_json(meaning.record);
  json["curated"] = true;
  if (meaning.override) json["override"] = override_json(*meaning.override);
  return json;
}

/// Those that Muster brings, and other reserved names that are pointed at something.
Result<http::Response> list_curated(Call& call) {
  MUSTER_TRY_ASSIGN(Json items, call.services.store.read([&](store::Session& session) -> Result<Json> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    std::set<std::string> names;
    for (const auto& one : curated_environments()) names.insert(one.definition.name);
    for (const auto& one : overrides::list(session, workspace.key)) names.insert(one.name);
    Json found = Json::array();
    for (const std::string& name : names) {
      MUSTER_TRY_ASSIGN(auto meaning, meaning_of(session, workspace.key, name));
      if (meaning) found.push_back(meaning_json(name, std::move(*meaning)));
    }
    return found;
  }));
  return http::json_response(200, {{"environments", std::move(items)}, {"next", nullptr}});
}

Result<http::Response> list_environments(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  const bool curated = query.flag("curated");
  MUSTER_TRY(query.finish());
  if (curated) return list_curated(call);
  MUSTER_TRY_ASSIGN(const auto found,
                    call.services.store.read([&](store::Session& session) -> Result<store::Page<model::EnvironmentRecord>> {
                      MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
                      return store::environments::list(session, workspace.key, page);
                    }));
  return page_response("environments", found);
}

Result<http::Response> create_environment(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY_ASSIGN(const auto definition, model::environment_from_json(body, ""));
  MUSTER_TRY(check_may_register(definition.name));
  return create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
    const auto ensured = store::environments::ensure(session, workspace.key, definition, call.services.clock.now_us(), call.caller.name);
    return Created{ensured.created ? 201 : 200, to_json(ensured.record)};
  });
}

Result<http::Response> get_environment(Call& call) {
  QueryReader query(call.request);
  const auto version = query.text("version");
  MUSTER_TRY(query.finish());
  const std::string& name = call.parameter("name");
  MUSTER_TRY_ASSIGN(Json shown, call.services.store.read([&](store::Session& session) -> Result<Json> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    MUSTER_TRY_ASSIGN(Meaning meaning, environment_named(session, workspace.key, name, version));
    if (model::is_reserved_environment(name)) return meaning_json(name, std::move(meaning));
    return to_json(meaning.record);
  }));
  return http::json_response(200, shown);
}

Result<void> check_is_reserved(const std::string& name) {
  if (model::is_reserved_environment(name)) return {};
  return fail_hint(Code::invalid, "register a new version of it instead", "{} is no curated environment's name: those begin with AzureML",
                   name.substr(0, 300));
}

Result<http::Response> set_override(Call& call) {
  const std::string& name = call.parameter("name");
  MUSTER_TRY(check_is_reserved(name));
  if (const auto fault = model::environment_name_fault(name)) return fail(Code::invalid, "the environment's name {}", *fault);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  overrides::Override override{name, in.text("name"), in.optional_text("version"), call.services.clock.now_us(), call.caller.name};
  if (model::is_reserved_environment(override.with_name))
    in.fault("name", "is a curated environment's name too", "give an environment of this workspace");
  MUSTER_TRY(in.finish("override"));
  MUSTER_TRY_ASSIGN(Json shown, call.services.store.write([&](store::Session& session) -> Result<Json> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    MUSTER_TRY_ASSIGN(Meaning target, environment_named(session, workspace.key, override.with_name, override.with_version));
    overrides::set(session, workspace.key, override);
    return meaning_json(name, {std::move(target.record), override});
  }));
  return http::json_response(200, shown);
}

Result<http::Response> delete_override(Call& call) {
  MUSTER_TRY(call.services.store.write([&](store::Session& session) -> Result<void> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    if (overrides::remove(session, workspace.key, call.parameter("name"))) return {};
    return fail_hint(Code::not_found, "`muster environment list` shows which are", "the environment '{}' is not overridden",
                     call.parameter("name").substr(0, 300));
  }));
  return http::empty_response();
}

}  // namespace

void add_environment_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/environments";
  routes.add("GET", base, {Users::reader, Runs::workspace}, list_environments);
  routes.add("POST", base, {Users::contributor}, create_environment);
  routes.add("GET", base + "/{name}", {Users::reader, Runs::workspace}, get_environment);
  routes.add("POST", base + "/{name}/override", {Users::contributor}, set_override);
  routes.add("DELETE", base + "/{name}/override", {Users::contributor}, delete_override);
}

}  // namespace muster::api

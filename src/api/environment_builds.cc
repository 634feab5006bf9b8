// Environments as they are on this server's disk: built before a run needs them, listed, removed.
#include "scheduler/environment_builds.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/curated_environments.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "environment/spec.h"
#include "store/run_attempts.h"

namespace muster::api {
namespace {

constexpr std::size_t kMostLog = 256u << 10;

std::string_view word_for(environment::BuildState::Kind kind) {
  switch (kind) {
    case environment::BuildState::Kind::absent: return "absent";
    case environment::BuildState::Kind::building: return "building";
    case environment::BuildState::Kind::ready: return "ready";
    case environment::BuildState::Kind::failed: return "failed";
  }
  return "absent";
}

/// The longest start that ends with a whole character, as long as what follows may still come.
std::string_view whole_characters(std::string_view text) {
  for (std::size_t cut = 0; cut < 4 && cut < text.size(); ++cut) {
    const auto byte = static_cast<unsigned char>(text[text.size() - 1 - cut]);
    if (byte < 0x80) return text;                                    // nothing is cut
    if (byte >= 0xC0) return text.substr(0, text.size() - 1 - cut);  // its first byte: let it come whole
  }
  return text;
}

Result<http::Response> shown(Call& call, const model::EnvironmentDefinition& definition, const scheduler::EnvironmentBuilds::Seen& seen,
                             std::uint64_t log_from, int status) {
  MUSTER_TRY_ASSIGN(const std::string log, call.services.environments.log(seen.plan, log_from, kMostLog));
  const std::string_view whole = log.size() == kMostLog ? whole_characters(log) : std::string_view(log);
  Json json{{"name", definition.name},
            {"version", definition.version ? Json(*definition.version) : Json()},
            {"builder", seen.plan.builder},
            {"hash", seen.plan.hash},
            {"interpreter", seen.plan.interpreter},
            {"status", word_for(seen.state.kind)},
            {"error", nullptr},
            {"log", to_utf8(whole)},
            {"log_next", log_from + whole.size()},
            {"log_size", seen.state.log_bytes}};
  if (seen.state.kind == environment::BuildState::Kind::failed)
    json["error"] = {{"detail", seen.state.error.detail}, {"hint", seen.state.error.hint}};
  return http::json_response(status, json);
}

Result<model::EnvironmentDefinition> definition_of(Call& call, const std::optional<std::string>& version) {
  return call.services.store.read([&](store::Session& session) -> Result<model::EnvironmentDefinition> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    MUSTER_TRY_ASSIGN(Meaning meaning, environment_named(session, workspace.key, call.parameter("name"), version));
    return std::move(meaning.record.definition);
  });
}

Result<http::Response> get_build(Call& call) {
  QueryReader query(call.request);
  const auto version = query.text("version");
  const std::int64_t from = query.integer("log_from", 0, INT64_MAX).value_or(0);
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto definition, definition_of(call, version));
  MUSTER_TRY_ASSIGN(const auto seen, call.services.environments.look(definition));
  return shown(call, definition, seen, static_cast<std::uint64_t>(from), 200);
}

Result<http::Response> begin_build(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, optional_json_body(call));
  ObjectReader in(body);
  const auto version = in.optional_text("version");
  MUSTER_TRY(in.finish("build"));
  MUSTER_TRY_ASSIGN(const auto definition, definition_of(call, version));
  MUSTER_TRY_ASSIGN(const auto seen, call.services.environments.begin(definition));
  const bool is_there = seen.state.kind == environment::BuildState::Kind::ready;
  return shown(call, definition, seen, seen.state.log_bytes, is_there ? 200 : 202);
}

/// What was installed, of an environment that is built here.
Result<std::vector<std::string>> installed_in(Call& call, const model::EnvironmentDefinition& definition) {
  MUSTER_TRY_ASSIGN(const auto seen, call.services.environments.look(definition));
  if (seen.state.kind != environment::BuildState::Kind::ready) {
    return fail_hint(Code::conflict, fmt::format("`muster environment build {}` builds it", definition.name),
                     "{} is not built on this server, so nobody knows yet which packages it gets", definition.name);
  }
  MUSTER_TRY_ASSIGN(const auto all, call.services.environments.list());
  const auto built = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.kept.hash == seen.plan.hash; });
  if (built != all.end()) return built->kept.packages;
  return fail_hint(Code::conflict, "list its packages in the definition, and they are installed and can be pinned",
                   "{} uses {} as it is: Muster installs nothing there that it could pin", definition.name, seen.plan.interpreter);
}

Result<http::Response> get_lock(Call& call) {
  QueryReader query(call.request);
  const auto version = query.text("version");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto definition, definition_of(call, version));
  MUSTER_TRY_ASSIGN(const auto installed, installed_in(call, definition));
  return http::json_response(200, {{"name", definition.name},
                                   {"version", definition.version ? Json(*definition.version) : Json()},
                                   {"packages", installed},
                                   {"definition", to_json(environment::locked_to(definition, installed))}});
}

Result<http::Response> get_run_environment(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Run run, whole_run_of(call));
  MUSTER_TRY_ASSIGN(const auto resolved, call.services.store.read([&](store::Session& session) -> Result<std::optional<Json>> {
    return store::run_attempts::resolved_environment(session, run.key, run.attempt);
  }));
  if (!resolved || !resolved->is_object()) {
    return fail_hint(Code::conflict, "ask again when it has ended", "the run {} has not said yet what its environment holds", run.run_id);
  }
  Json json = *resolved;
  json["environment"] = {{"name", run.spec.environment.name},
                         {"version", run.environment_version.empty() ? Json() : Json(run.environment_version)},
                         {"hash", run.environment_hash.empty() ? Json() : Json(run.environment_hash)}};
  return http::json_response(200, json);
}

Json kept_json(const environment::Kept& kept) {
  return {{"hash", kept.hash},
          {"builder", kept.builder},
          {"interpreter", kept.interpreter},
          {"packages", kept.packages},
          {"bytes", kept.bytes},
          {"built_at", time_to_json(kept.built_at)},
          {"used_at", time_to_json(kept.used_at)}};
}

Result<http::Response> list_built(Call& call) {
  MUSTER_TRY_ASSIGN(const auto all, call.services.environments.list());
  Json items = Json::array();
  for (const auto& one : all) {
    Json item = kept_json(one.kept);
    item["in_use"] = one.in_use;
    items.push_back(std::move(item));
  }
  return http::json_response(200, {{"environments", std::move(items)}});
}

Result<http::Response> prune(Call& call) {
  constexpr std::int64_t kLongest = 1'000'000'000;
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  environment::PruneRules rules;
  if (const auto most = in.optional_integer("max_bytes", 0, INT64_MAX)) rules.most_bytes = static_cast<std::uint64_t>(*most);
  if (const auto unused = in.optional_integer("unused_seconds", 0, kLongest)) rules.unused_for = std::chrono::seconds(*unused);
  const bool dry_run = in.boolean_or("dry_run", false);
  if (!in.has("max_bytes") && !in.has("unused_seconds")) in.fault("unused_seconds", "must be given, or `max_bytes`");
  MUSTER_TRY(in.finish("prune"));
  MUSTER_TRY_ASSIGN(const auto gone, call.services.environments.prune(rules, !dry_run));
  Json items = Json::array();
  std::uint64_t bytes = 0;
  for (const auto& one : gone) {
    bytes += one.bytes;
    items.push_back(kept_json(one));
  }
  return http::json_response(200, {{"removed", std::move(items)}, {"bytes", bytes}, {"dry_run", dry_run}});
}

}  // namespace

void add_environment_build_routes(Routes& routes) {
  const std::string build = "/api/v1/workspaces/{workspace}/environments/{name}/build";
  routes.add("GET", build, {Users::reader}, get_build);
  routes.add("POST", build, {Users::contributor}, begin_build);
  routes.add("GET", "/api/v1/workspaces/{workspace}/environments/{name}/lock", {Users::reader}, get_lock);
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/environment", {Users::reader}, get_run_environment);
  routes.add("GET", "/api/v1/environments", {Users::reader}, list_built);
  routes.add("POST", "/api/v1/environments/prune", {Users::owner}, prune);
}

}  // namespace muster::api

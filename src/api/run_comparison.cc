#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "model/run.h"
#include "store/run_attempts.h"
#include "store/run_metrics.h"

namespace muster::api {
namespace {

constexpr std::size_t kMostCompared = 20;

/// What a user has set of a run, apart from its parameters and tags; what the server notes by itself is none.
constexpr const char* kSettings[] = {"experiment",
                                     "kind",
                                     "script",
                                     "command",
                                     "arguments",
                                     "compute_target",
                                     "environment",
                                     "snapshot_id",
                                     "distribution",
                                     "node_count",
                                     "environment_variables",
                                     "inputs",
                                     "max_run_duration_seconds",
                                     "max_retries",
                                     "priority",
                                     "grace_seconds"};

/// A run and, by group ("parameters", …), its values by name.
struct Compared {
  Json run;
  std::map<std::string, std::map<std::string, Json>> values;

  Json value(const std::string& group, const std::string& name) const {
    const auto& there = values.at(group);
    const auto found = there.find(name);
    return found == there.end() ? Json() : found->second;
  }
};

std::map<std::string, Json> members_of(const Json& object) {
  std::map<std::string, Json> members;
  if (!object.is_object()) return members;
  for (const auto& [name, value] : object.items()) members.emplace(name, value);
  return members;
}

Compared values_of(store::Session& session, const model::Run& run) {
  Compared one;
  const Json json = to_json(run);
  for (const char* key : {"run_id", "experiment", "display_name", "status", "created_at", "snapshot_id"}) one.run[key] = json[key];
  one.values["parameters"] = members_of(json["parameters"]);
  one.values["tags"] = members_of(json["tags"]);
  for (const char* key : kSettings) one.values["settings"].emplace(key, json[key]);
  for (const auto& [name, number] : store::run_metrics::all(session, run.key))
    one.values["metrics"].emplace(name, number ? to_json(model::MetricValue(*number)) : Json());
  one.values["metrics"];
  one.values["packages"];
  const auto resolved = store::run_attempts::resolved_environment(session, run.key, run.attempt);
  if (resolved) {
    one.values["packages"] = members_of(member(*resolved, "packages"));
    if (const std::string python = text_at(*resolved, "python_version"); !python.empty()) one.values["packages"].emplace("python", python);
  }
  return one;
}

/// A row for each name that one of them has: the runs' values in their order, null where a run lacks it.
Json rows_of(const std::vector<Compared>& runs, const std::string& group) {
  std::set<std::string> names;
  for (const Compared& one : runs) {
    for (const auto& [name, _] : one.values.at(group)) names.insert(name);
  }
  Json rows = Json::array();
  for (const std::string& name : names) {
    Json values = Json::array();
    for (const Compared& one : runs) values.push_back(one.value(group, name));
    bool differs = false;
    for (const Json& value : values) differs = differs || value != values.front();
    rows.push_back({{"name", name}, {"values", std::move(values)}, {"differs", differs}});
  }
  return rows;
}

Result<http::Response> compare_runs(Call& call) {
  QueryReader query(call.request);
  const std::vector<std::string> names = query.texts("run");
  if (names.size() < 2 || names.size() > kMostCompared)
    query.fault("run", fmt::format("must be given 2 to {} times, not {}", kMostCompared, names.size()));
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const std::vector<Compared> runs,
                    call.services.store.read([&](store::Session& session) -> Result<std::vector<Compared>> {
                      MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
                      std::vector<Compared> found;
                      for (const std::string& name : names) {
                        const auto run = store::runs::find_brief_by_name(session, workspace.key, name);
                        if (!run) {
                          return fail_hint(Code::not_found, "`muster run list` shows the runs there are",
                                           "there is no run '{}' in workspace {}", to_utf8(name.substr(0, 300)), workspace.name);
                        }
                        found.push_back(values_of(session, *store::runs::find(session, run->key)));
                      }
                      return found;
                    }));
  Json answer;
  answer["runs"] = Json::array();
  for (const Compared& one : runs) answer["runs"].push_back(one.run);
  for (const char* group : {"parameters", "metrics", "tags", "settings", "packages"}) answer[group] = rows_of(runs, group);
  return http::json_response(200, answer);
}

}  // namespace

void add_run_comparison_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/run-comparison", {Users::reader, Runs::workspace}, compare_runs);
}

}  // namespace muster::api

#include <nlohmann/json.hpp>

#include "api/query.h"
#include "api/resources.h"
#include "store/experiments.h"
#include "store/run_names.h"

namespace muster::api {
namespace {

using store::run_names::Kind;

constexpr std::size_t kMostNames = 100;  // of each kind
const std::vector<std::string> kNumberSigns{">=", "<=", ">", "<", "=", "!="};

Json field(const std::string& name, const std::vector<std::string>& signs, std::vector<std::string> values = {}) {
  return {{"field", name}, {"signs", signs}, {"values", std::move(values)}};
}

/// As it is typed into a filter (run_filter.h): quoted when a blank or a sign would end it.
std::string typed(const std::string& name) {
  if (name.find_first_of(" :=<>!\"") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::vector<std::string> status_names() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(model::RunStatus::canceled); ++i)
    names.emplace_back(model::to_string(static_cast<model::RunStatus>(i)));
  return names;
}

Result<http::Response> list_run_fields(Call& call) {
  QueryReader query(call.request);
  const std::string prefix = query.text("prefix").value_or("");
  MUSTER_TRY(query.finish());
  Json fields = Json::array();
  const auto add = [&](Json one) {
    if (one["field"].get_ref<const std::string&>().starts_with(prefix) || prefix.empty()) fields.push_back(std::move(one));
  };
  MUSTER_TRY(call.services.store.read([&](store::Session& session) -> Result<void> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    std::vector<std::string> experiments;
    MUSTER_TRY_ASSIGN(const auto known, store::experiments::list(session, workspace.key, {"", static_cast<int>(kMostNames)}));
    for (const model::Experiment& one : known.items) experiments.push_back(one.name);
    add(field("status", {":"}, status_names()));
    add(field("experiment", {":"}, std::move(experiments)));
    add(field("kind", {":"}, {"job", "interactive"}));
    add(field("name", {":"}));
    add(field("parent", {":"}));
    add(field("lifecycle", {":"}, {"active", "deleted", "all"}));
    add(field("created", {">=", "<"}));
    const std::tuple<Kind, std::string, std::vector<std::string>> kinds[] = {
        {Kind::metric, "metric.", kNumberSigns}, {Kind::parameter, "param.", kNumberSigns}, {Kind::tag, "tag.", {"="}}};
    for (const auto& [kind, dotted, signs] : kinds) {
      const bool names_it = prefix.starts_with(dotted);
      if (!names_it && !std::string_view(dotted).starts_with(prefix)) continue;
      const std::string begin = names_it ? prefix.substr(dotted.size()) : "";
      for (const std::string& name : store::run_names::list(session, workspace.key, kind, begin, kMostNames))
        fields.push_back(field(dotted + typed(name), signs));
    }
    return {};
  }));
  return http::json_response(200, {{"fields", std::move(fields)}});
}

}  // namespace

void add_run_field_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/run-fields", {Users::reader, Runs::workspace}, list_run_fields);
}

}  // namespace muster::api

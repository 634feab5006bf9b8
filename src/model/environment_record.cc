#include "model/environment_record.h"

#include <nlohmann/json.hpp>

namespace muster::model {
namespace {

/// Leaves what differs from what a definition is that says nothing.
Json without_defaults(const Json& json, const Json& defaults) {
  Json left = Json::object();
  for (const auto& [key, value] : json.items()) {
    const Json& usual = member(defaults, key.c_str());
    if (value == usual) continue;
    Json kept = value.is_object() && usual.is_object() ? without_defaults(value, usual) : value;
    if (!kept.is_null() && !(kept.is_structured() && kept.empty())) left[key] = std::move(kept);
  }
  return left;
}

}  // namespace

std::string content_form(const EnvironmentDefinition& definition) {
  Json json = to_json(definition);
  json.erase("name");
  json.erase("version");
  return "muster-environment-definition v1\n" + dump_json(without_defaults(json, to_json(EnvironmentDefinition()))) + "\n";
}

Json to_json(const EnvironmentRecord& record) {
  return {{"name", record.definition.name},
          {"version", record.definition.version ? Json(*record.definition.version) : Json()},
          {"hash", record.hash},
          {"created_at", time_to_json(record.created_at)},
          {"created_by", record.created_by},
          {"definition", to_json(record.definition)}};
}

}  // namespace muster::model

#include "engine/registry.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::engine {
namespace {

constexpr std::size_t kMostOptions = 100;
constexpr std::size_t kLongestValue = 4'000;

tl::unexpected<Error> refuse(std::vector<FieldError> faults) {
  Error error{Code::invalid, faults.front().field + ": " + faults.front().detail, faults.front().hint, {}};
  error.errors = std::move(faults);
  return tl::unexpected(std::move(error));
}

std::string named(std::string_view field) { return "engine_options." + to_utf8(std::string(field.substr(0, 100))); }

std::string known_options(const EngineKind& kind) {
  if (kind.options.empty()) return "it has no options";
  std::vector<std::string> names;
  for (const EngineOption& option : kind.options) names.push_back(option.name);
  return "its options are: " + join(names, ", ");
}

}  // namespace

Json to_json(const EngineKind& kind) {
  Json options = Json::array();
  for (const EngineOption& option : kind.options) options.push_back({{"name", option.name}, {"description", option.description}});
  return {{"kind", kind.kind},
          {"description", kind.description},
          {"shares_disk", kind.capabilities.shares_disk},
          {"options", std::move(options)}};
}

Json to_json(const Proposal& proposal) {
  Json json{{"name", proposal.name},         {"max_nodes", proposal.max_nodes}, {"engine_options", proposal.engine_options},
            {"cpus", proposal.cpus},         {"memory_mb", proposal.memory_mb}, {"gpus", proposal.gpus},
            {"features", proposal.features}, {"time_limit_seconds", nullptr},   {"remark", proposal.remark}};
  if (proposal.longest.count() > 0) json["time_limit_seconds"] = proposal.longest.count();
  return json;
}

const EngineKind* Registry::find(const std::string& kind) const {
  const auto at = kinds_.find(kind);
  return at == kinds_.end() ? nullptr : &at->second;
}

Result<void> Registry::check(const model::ComputeTarget& target) const {
  const std::string& kind = target.engine;
  const Json& options = target.engine_options;
  const EngineKind* found = find(kind);
  if (found == nullptr) {
    std::vector<std::string> known;
    for (const auto& [name, one] : kinds_) known.push_back(name);
    return refuse(
        {{"engine", fmt::format("there is no engine '{}'", to_utf8(kind.substr(0, 100))), "this server has: " + join(known, ", ")}});
  }
  if (!options.is_object()) return refuse({{"engine_options", "must be an object", {}}});
  if (options.size() > kMostOptions) return refuse({{"engine_options", fmt::format("must have at most {} members", kMostOptions), {}}});
  std::vector<FieldError> faults;
  for (const auto& [name, value] : options.items()) {
    const auto is_it = [&wanted = name](const EngineOption& option) { return option.name == wanted; };
    if (std::none_of(found->options.begin(), found->options.end(), is_it))
      faults.push_back({named(name), fmt::format("is no option of the engine {}", kind), known_options(*found)});
    else if (!value.is_string() && !value.is_number() && !value.is_boolean())
      faults.push_back({named(name), "must be a text, a number or true or false", {}});
    else if (value.is_string() && value.get_ref<const std::string&>().size() > kLongestValue)
      faults.push_back({named(name), fmt::format("must have at most {} bytes", kLongestValue), {}});
  }
  if (!faults.empty()) return refuse(std::move(faults));
  if (!found->check) return {};
  auto checked = found->check(target);
  if (checked || !checked.error().errors.empty()) return checked;
  return refuse({{"engine_options", checked.error().detail, checked.error().hint}});
}

}  // namespace muster::engine

#include "environment/builder.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::environment {

Json to_json(const Description& description) {
  return {{"interpreter", description.interpreter}, {"real_interpreter", description.real_interpreter}, {"packages", description.packages}};
}

Result<Description> description_from_json(const Json& json) {
  ObjectReader in(json, ObjectReader::OtherKeys::ignored);
  Description description;
  description.interpreter = in.text("interpreter");
  description.real_interpreter = in.text("real_interpreter");
  description.packages = in.texts_or_empty("packages");
  MUSTER_TRY(in.finish("built environment"));
  return description;
}

Result<const Builder*> Builders::choose(const model::EnvironmentDefinition& definition) const {
  std::vector<std::string> reasons;
  for (const auto& builder : builders_) {
    const auto why_not = builder->cannot_build(definition);
    if (!why_not) return builder.get();
    reasons.push_back(fmt::format("{}: {}", builder->kind(), *why_not));
  }
  return fail(Code::invalid, "no builder of this machine can make the environment {} ({})", definition.name, join(reasons, "; "));
}

const Builder* Builders::find(std::string_view kind) const {
  for (const auto& builder : builders_) {
    if (builder->kind() == kind) return builder.get();
  }
  return nullptr;
}

Builders standard_builders(const std::map<std::string, std::string>& variables) {
  std::vector<std::unique_ptr<const Builder>> builders;
  builders.push_back(make_system_builder(variables));
  builders.push_back(make_venv_builder(variables));
  return Builders(std::move(builders));
}

}  // namespace muster::environment

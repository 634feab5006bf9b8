#include "environment/builder.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::environment {

Json to_json(const Description& description) {
  Json json{
      {"interpreter", description.interpreter}, {"real_interpreter", description.real_interpreter}, {"packages", description.packages}};
  if (!description.container) return json;
  json["image"] = {{"id", description.image}, {"digest", description.image_digest}, {"path", description.image_path}};
  json["container"] = {
      {"runtime", description.container->runtime}, {"limits", description.container->limits}, {"devices", description.container->devices}};
  return json;
}

Result<Description> description_from_json(const Json& json) {
  ObjectReader in(json, ObjectReader::OtherKeys::ignored);
  Description description;
  description.interpreter = in.text("interpreter");
  description.real_interpreter = in.text("real_interpreter");
  description.packages = in.texts_or_empty("packages");
  MUSTER_TRY(in.finish("built environment"));
  description.image = text_at(member(json, "image"), "id");
  description.image_digest = text_at(member(json, "image"), "digest");
  description.image_path = text_at(member(json, "image"), "path");
  const Json& container = member(json, "container");
  if (!container.is_object()) return description;
  ObjectReader host(container, ObjectReader::OtherKeys::ignored);
  description.container = ContainerHost{host.texts_or_empty("runtime"), host.texts_or_empty("limits"), host.texts_or_empty("devices")};
  MUSTER_TRY(host.finish("how its containers are started"));
  if (description.container->runtime.empty()) return fail(Code::malformed, "what starts its containers is missing");
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
  builders.push_back(make_container_builder(variables));
  return Builders(std::move(builders));
}

}  // namespace muster::environment

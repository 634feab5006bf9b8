#include "store/stored_spec.h"

#include <nlohmann/json.hpp>

#include "store/session.h"

namespace muster::store {
namespace {

// Ours can be larger than what a client may send.
constexpr JsonLimits kLimits{1u << 30, 1000};

template <typename T>
void read(const Json& json, const char* key, T& value) {
  if (const auto at = json.find(key); at != json.end()) at->get_to(value);
}

template <typename T>
void read(const Json& json, const char* key, std::optional<T>& value) {
  if (const auto at = json.find(key); at != json.end()) value = at->get<T>();
}

template <typename T>
void write(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

Json container_json(const model::ContainerDefinition& container) {
  Json json = {{"base_image", container.base_image},
               {"dockerfile", container.dockerfile},
               {"registry_address", container.registry_address},
               {"registry_username", container.registry_username},
               {"arguments", container.arguments}};
  write(json, "enabled", container.enabled);
  write(json, "shm_size_bytes", container.shm_size_bytes);
  return json;
}

model::ContainerDefinition container_from(const Json& json) {
  model::ContainerDefinition container;
  read(json, "enabled", container.enabled);
  read(json, "base_image", container.base_image);
  read(json, "dockerfile", container.dockerfile);
  read(json, "registry_address", container.registry_address);
  read(json, "registry_username", container.registry_username);
  read(json, "arguments", container.arguments);
  read(json, "shm_size_bytes", container.shm_size_bytes);
  return container;
}

Json environment_json(const model::EnvironmentDefinition& environment) {
  Json json = {{"name", environment.name},
               {"interpreter_path", environment.interpreter_path},
               {"user_managed_dependencies", environment.user_managed_dependencies},
               {"pip_packages", environment.pip_packages},
               {"conda_packages", environment.conda_packages},
               {"variables", environment.variables}};
  write(json, "version", environment.version);
  write(json, "python_version", environment.python_version);
  if (environment.system_site_packages) json["system_site_packages"] = true;
  if (!environment.pip_constraints.empty()) json["pip_constraints"] = environment.pip_constraints;
  if (!environment.conda_channels.empty()) json["conda_channels"] = environment.conda_channels;
  if (environment.container) json["container"] = container_json(*environment.container);
  return json;
}

model::EnvironmentDefinition environment_from(const Json& json) {
  model::EnvironmentDefinition environment;
  read(json, "name", environment.name);
  read(json, "version", environment.version);
  read(json, "interpreter_path", environment.interpreter_path);
  read(json, "user_managed_dependencies", environment.user_managed_dependencies);
  read(json, "pip_packages", environment.pip_packages);
  read(json, "conda_packages", environment.conda_packages);
  read(json, "system_site_packages", environment.system_site_packages);
  read(json, "pip_constraints", environment.pip_constraints);
  read(json, "conda_channels", environment.conda_channels);
  read(json, "python_version", environment.python_version);
  read(json, "variables", environment.variables);
  if (const auto at = json.find("container"); at != json.end()) environment.container = container_from(*at);
  return environment;
}

Json distribution_json(const model::Distribution& distribution) {
  Json json = {{"kind", distribution.kind == model::Distribution::Kind::mpi ? "mpi" : "pytorch"},
               {"process_count_per_node", distribution.process_count_per_node},
               {"backend", distribution.backend}};
  write(json, "process_count", distribution.process_count);
  return json;
}

model::Distribution distribution_from(const Json& json) {
  model::Distribution distribution;
  std::string kind;
  read(json, "kind", kind);
  distribution.kind = kind == "mpi" ? model::Distribution::Kind::mpi : model::Distribution::Kind::pytorch;
  read(json, "process_count", distribution.process_count);
  read(json, "process_count_per_node", distribution.process_count_per_node);
  read(json, "backend", distribution.backend);
  return distribution;
}

model::RunInputs inputs_from(const Json& json) {
  auto inputs = model::inputs_from_json(json);
  if (!inputs) throw StoreFailure(Error{Code::internal, "database: damaged inputs: " + inputs.error().detail, "", {}});
  return *std::move(inputs);
}

template <typename Read>
auto guarded(std::string_view text, Read&& from) {
  try {
    return from(json_from_stored(text));
  } catch (const Json::exception& error) {
    throw StoreFailure(Error{Code::internal, fmt::format("database: damaged JSON: {}", error.what()), "", {}});
  }
}

}  // namespace

Json json_from_stored(std::string_view text) {
  auto json = parse_json(text, kLimits);
  if (!json) throw StoreFailure(Error{Code::internal, "database: damaged JSON: " + json.error().detail, "", {}});
  return std::move(*json);
}

std::string to_stored(const model::EnvironmentDefinition& environment) { return dump_json(environment_json(environment)); }

model::EnvironmentDefinition environment_from_stored(std::string_view text) { return guarded(text, environment_from); }

std::string to_stored(const model::RunSpec& spec) {
  Json json = {{"script", spec.script},
               {"command", spec.command},
               {"arguments", spec.arguments},
               {"environment", environment_json(spec.environment)},
               {"environment_variables", spec.environment_variables},
               {"node_count", spec.node_count},
               {"max_run_duration_seconds", spec.max_run_duration_seconds},
               {"max_retries", spec.max_retries},
               {"priority", spec.priority},
               {"grace_seconds", spec.grace_seconds}};
  if (!spec.inputs.empty()) json["inputs"] = to_json(spec.inputs);
  for (const auto& [index, name] : spec.argument_inputs) json["argument_inputs"].push_back(Json::array({index, name}));
  if (spec.distribution) json["distribution"] = distribution_json(*spec.distribution);
  return dump_json(json);
}

model::RunSpec spec_from_stored(std::string_view text) {
  return guarded(text, [](const Json& json) {
    model::RunSpec spec;
    read(json, "script", spec.script);
    read(json, "command", spec.command);
    read(json, "arguments", spec.arguments);
    if (const auto at = json.find("inputs"); at != json.end()) spec.inputs = inputs_from(*at);
    if (const auto at = json.find("argument_inputs"); at != json.end()) {
      for (const Json& pair : *at) spec.argument_inputs.emplace(pair.at(0).get<std::size_t>(), pair.at(1).get<std::string>());
    }
    if (const auto at = json.find("environment"); at != json.end()) spec.environment = environment_from(*at);
    read(json, "environment_variables", spec.environment_variables);
    if (const auto at = json.find("distribution"); at != json.end()) spec.distribution = distribution_from(*at);
    read(json, "node_count", spec.node_count);
    read(json, "max_run_duration_seconds", spec.max_run_duration_seconds);
    read(json, "max_retries", spec.max_retries);
    read(json, "priority", spec.priority);
    read(json, "grace_seconds", spec.grace_seconds);
    return spec;
  });
}

}  // namespace muster::store

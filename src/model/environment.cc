#include "model/environment.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/checks.h"
#include "model/names.h"

namespace muster::model {
namespace {

constexpr std::size_t kMostPackages = 2000;
constexpr std::size_t kLongestPackage = 2000;

/// "python=3.8.13" → {"python", "3.8.13"}; the version is "" when none is pinned.
std::pair<std::string, std::string> split_conda_package(std::string_view package) {
  const std::size_t end = package.find_first_of("=<>! [");
  const std::string name(package.substr(0, end));
  if (end == std::string_view::npos) return {name, ""};
  std::string_view rest = package.substr(end);
  while (rest.starts_with('=') || rest.starts_with(' ')) rest.remove_prefix(1);
  return {name, std::string(rest)};
}

/// "3", "3.8" or "3.8.13", also as conda writes "any patch release": "3.8.*".
bool is_python_version(std::string_view version) {
  if (version.ends_with(".*")) version.remove_suffix(2);
  const auto parts = split(version, '.');
  if (parts.size() > 3) return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), is_digit);
  });
}

void check_text(ObjectReader& in, const std::string& field, std::string_view text, std::size_t longest) {
  if (text.empty() || text.size() > longest) in.fault(field, fmt::format("must have 1 to {} bytes, not {}", longest, text.size()));
  if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos)
    in.fault(field, "must be one line, without NUL characters");
}

/// What is understood, and not built yet. (A builder for it takes this away.)
void not_supported(ObjectReader& in, std::string_view field, std::string_view what) {
  in.fault(std::string(field), fmt::format("{} that this version cannot build yet", what),
           "give `python.pip_packages`, or name a Python that has what is needed in `python.interpreter_path`");
}

/// Of which registry an image comes, as Azure ML has it.
Result<void> read_registry(const Json& json) {
  ObjectReader in(json);
  in.text("address");
  in.optional_text("username");
  in.optional_text("password");
  return in.finish("registry");
}

/// The container that programs run in, as Azure ML has it. One that is not enabled is none, whatever else is said of it.
Result<void> read_docker(const Json& json) {
  constexpr std::int64_t kLargestShm = 1LL << 40;
  ObjectReader in(json);
  const bool says_enabled = in.has("enabled");
  const bool enabled = in.boolean_or("enabled", false);
  const bool has_image = in.optional_text("base_image").has_value();
  const bool has_steps = in.optional_text("base_dockerfile").has_value();
  in.texts_or_empty("arguments");
  in.optional_integer("shm_size_bytes", 1, kLargestShm);
  const Json* registry = in.member("base_image_registry");
  if (registry != nullptr) {
    if (const auto understood = read_registry(*registry); !understood) in.adopt("base_image_registry", understood.error());
  }
  if (!says_enabled || enabled) {
    if (has_image) not_supported(in, "base_image", "asks for a container");
    if (has_steps) not_supported(in, "base_dockerfile", "asks for a container");
    if (registry != nullptr) not_supported(in, "base_image_registry", "asks for a container");
    if (enabled) not_supported(in, "enabled", "asks for a container");
  }
  return in.finish("docker");
}

/// conda's channels, in the order in which they are asked.
void read_channels(ObjectReader& in) {
  const auto channels = in.texts_or_empty("conda_channels");
  for (std::size_t i = 0; i < channels.size(); ++i) check_text(in, fmt::format("conda_channels[{}]", i), channels[i], kLongestPackage);
  if (!channels.empty()) not_supported(in, "conda_channels", "asks for conda's channels");
}

void read_packages(ObjectReader& in, EnvironmentDefinition& environment) {
  environment.pip_packages = in.texts_or_empty("pip_packages");
  environment.conda_packages = in.texts_or_empty("conda_packages");
  environment.python_version = in.optional_text("python_version");
  if (environment.pip_packages.size() > kMostPackages) in.fault("pip_packages", fmt::format("must have at most {} items", kMostPackages));
  for (std::size_t i = 0; i < environment.pip_packages.size(); ++i) {
    check_text(in, fmt::format("pip_packages[{}]", i), environment.pip_packages[i], kLongestPackage);
  }
  // A specification that asks conda for nothing but Python and pip needs no conda.
  for (std::size_t i = 0; i < environment.conda_packages.size(); ++i) {
    const auto [name, version] = split_conda_package(environment.conda_packages[i]);
    const std::string field = fmt::format("conda_packages[{}]", i);
    if (name == "pip") continue;
    if (name != "python") {
      in.fault(field, fmt::format("asks conda for '{}', and this version builds environments with pip alone", to_utf8(name)),
               "give it in `pip_packages`, or make the environment yourself and name its Python in `interpreter_path`");
    } else if (!version.empty() && environment.python_version && *environment.python_version != version) {
      in.fault(field, fmt::format("asks for Python {} and `python_version` for {}", to_utf8(version), *environment.python_version));
    } else if (!version.empty()) {
      environment.python_version = version;
    }
  }
  if (environment.python_version && !is_python_version(*environment.python_version)) {
    in.fault("python_version",
             fmt::format("must be a version such as 3.11 or 3.6.2, not '{}'", to_utf8(environment.python_version->substr(0, 64))));
  }
}

Result<EnvironmentDefinition> read(const Json& json) {
  EnvironmentDefinition environment;
  ObjectReader in(json);
  environment.name = in.text_or("name", environment.name);
  if (const auto fault = environment_name_fault(environment.name)) in.fault("name", *fault);
  environment.version = in.optional_text("version");
  if (environment.version) check_text(in, "version", *environment.version, 255);
  if (const Json* python = in.member("python")) {
    ObjectReader inner(*python);
    environment.interpreter_path = inner.text_or("interpreter_path", environment.interpreter_path);
    check_text(inner, "interpreter_path", environment.interpreter_path, 4096);
    environment.user_managed_dependencies = inner.boolean_or("user_managed_dependencies", environment.user_managed_dependencies);
    read_packages(inner, environment);
    read_channels(inner);
    if (const auto read_inner = inner.finish("python"); !read_inner) in.adopt("python", read_inner.error());
  }
  environment.variables = in.text_map_or_empty("environment_variables");
  check_variables(in, "environment_variables", environment.variables);
  if (const Json* docker = in.member("docker")) {
    if (const auto understood = read_docker(*docker); !understood) in.adopt("docker", understood.error());
  }
  for (const std::string_view kind : {"conda", "spark", "databricks"}) {
    if (in.member(kind) != nullptr) not_supported(in, kind, "is a kind of environment");
  }
  MUSTER_TRY(in.finish("environment"));
  return environment;
}

}  // namespace

Result<EnvironmentDefinition> environment_from_json(const Json& json, std::string_view field) {
  auto environment = read(json);
  if (!environment && !field.empty()) {
    for (FieldError& fault : environment.error().errors) {
      fault.field = fault.field.empty() ? std::string(field) : fmt::format("{}.{}", field, fault.field);
    }
  }
  return environment;
}

Json to_json(const EnvironmentDefinition& environment) {
  Json json;
  json["name"] = environment.name;
  json["version"] = environment.version ? Json(*environment.version) : Json();
  json["python"] = {{"interpreter_path", environment.interpreter_path},
                    {"user_managed_dependencies", environment.user_managed_dependencies},
                    {"pip_packages", environment.pip_packages},
                    {"conda_packages", environment.conda_packages},
                    {"python_version", environment.python_version ? Json(*environment.python_version) : Json()}};
  json["environment_variables"] = environment.variables;
  return json;
}

}  // namespace muster::model

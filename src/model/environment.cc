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

/// What this program knows nothing of.
void not_supported(ObjectReader& in, std::string_view field, std::string_view what) {
  in.fault(std::string(field), fmt::format("{} that this version cannot build", what),
           "give `python.pip_packages`, or name a Python that has what is needed in `python.interpreter_path`");
}

/// Of which registry an image comes, as Azure ML has it.
Result<void> read_registry(const Json& json, ContainerDefinition& container) {
  ObjectReader in(json);
  container.registry_address = in.text("address");
  container.registry_username = in.optional_text("username").value_or("");
  if (in.optional_text("password")) in.fault("password", "is not taken: definitions are kept, and shown to everybody in the workspace");
  return in.finish("registry");
}

/// As Azure ML has it.
Result<ContainerDefinition> read_docker(const Json& json) {
  constexpr std::int64_t kLargestShm = 1LL << 40;
  constexpr std::size_t kLongestDockerfile = 1u << 20;
  ContainerDefinition container;
  ObjectReader in(json);
  if (in.has("enabled")) container.enabled = in.boolean_or("enabled", false);
  container.base_image = in.optional_text("base_image").value_or("");
  container.dockerfile = in.optional_text("base_dockerfile").value_or("");
  container.arguments = in.texts_or_empty("arguments");
  container.shm_size_bytes = in.optional_integer("shm_size_bytes", 1, kLargestShm);
  if (!container.base_image.empty()) check_text(in, "base_image", container.base_image, 4096);
  if (container.dockerfile.size() > kLongestDockerfile)
    in.fault("base_dockerfile", fmt::format("must have at most {} bytes", kLongestDockerfile));
  if (!container.base_image.empty() && !container.dockerfile.empty())
    in.fault("base_dockerfile", "cannot go with `base_image`: the Dockerfile names its image itself");
  if (const Json* registry = in.member("base_image_registry")) {
    if (const auto understood = read_registry(*registry, container); !understood) in.adopt("base_image_registry", understood.error());
  }
  MUSTER_TRY(in.finish("docker"));
  return container;
}

/// Items that are lines of a file once.
std::vector<std::string> read_lines(ObjectReader& in, const char* field) {
  auto lines = in.texts_or_empty(field);
  if (lines.size() > kMostPackages) in.fault(field, fmt::format("must have at most {} items", kMostPackages));
  for (std::size_t i = 0; i < lines.size(); ++i) check_text(in, fmt::format("{}[{}]", field, i), lines[i], kLongestPackage);
  return lines;
}

void read_packages(ObjectReader& in, EnvironmentDefinition& environment) {
  environment.pip_packages = read_lines(in, "pip_packages");
  environment.pip_constraints = read_lines(in, "pip_constraints");
  environment.conda_channels = read_lines(in, "conda_channels");
  environment.conda_packages = read_lines(in, "conda_packages");
  environment.python_version = in.optional_text("python_version");
  for (std::size_t i = 0; i < environment.conda_packages.size(); ++i) {
    const auto [name, version] = split_conda_package(environment.conda_packages[i]);
    if (name != "python" || version.empty()) continue;
    if (environment.python_version && *environment.python_version != version) {
      in.fault(fmt::format("conda_packages[{}]", i),
               fmt::format("asks for Python {} and `python_version` for {}", to_utf8(version), *environment.python_version));
    } else {
      environment.python_version = version;
    }
  }
  if (environment.python_version && !is_python_version(*environment.python_version)) {
    in.fault("python_version",
             fmt::format("must be a version such as 3.11 or 3.6.2, not '{}'", to_utf8(environment.python_version->substr(0, 64))));
  }
}

Json docker_json(const ContainerDefinition& container) {
  Json json = Json::object();
  if (container.enabled) json["enabled"] = *container.enabled;
  if (!container.base_image.empty()) json["base_image"] = container.base_image;
  if (!container.dockerfile.empty()) json["base_dockerfile"] = container.dockerfile;
  if (!container.registry_address.empty()) {
    json["base_image_registry"] = {{"address", container.registry_address}};
    if (!container.registry_username.empty()) json["base_image_registry"]["username"] = container.registry_username;
  }
  if (!container.arguments.empty()) json["arguments"] = container.arguments;
  if (container.shm_size_bytes) json["shm_size_bytes"] = *container.shm_size_bytes;
  return json;
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
    environment.system_site_packages = inner.boolean_or("system_site_packages", false);
    read_packages(inner, environment);
    if (const auto read_inner = inner.finish("python"); !read_inner) in.adopt("python", read_inner.error());
  }
  environment.variables = in.text_map_or_empty("environment_variables");
  check_variables(in, "environment_variables", environment.variables);
  if (const Json* docker = in.member("docker")) {
    auto container = read_docker(*docker);
    if (container)
      environment.container = std::move(*container);
    else
      in.adopt("docker", container.error());
  }
  for (const std::string_view kind : {"conda", "spark", "databricks"}) {
    if (in.member(kind) != nullptr) not_supported(in, kind, "is a kind of environment");
  }
  MUSTER_TRY(in.finish("environment"));
  return environment;
}

}  // namespace

bool is_reserved_environment(std::string_view name) {
  constexpr std::string_view kReserved = "azureml";
  return to_lower(name.substr(0, kReserved.size())) == kReserved;
}

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
  if (environment.system_site_packages) json["python"]["system_site_packages"] = true;
  if (!environment.pip_constraints.empty()) json["python"]["pip_constraints"] = environment.pip_constraints;
  if (!environment.conda_channels.empty()) json["python"]["conda_channels"] = environment.conda_channels;
  json["environment_variables"] = environment.variables;
  if (environment.container) json["docker"] = docker_json(*environment.container);
  return json;
}

}  // namespace muster::model

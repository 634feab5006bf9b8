#include "cli/run/job_file.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/environment/conda_file.h"
#include "cli/yaml.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kLongestFile = 1u << 20;
constexpr std::int64_t kMostNodes = 1'000;
constexpr std::int64_t kMostProcesses = 1'024;
constexpr std::string_view kAzurePrefix = "azureml:";

std::vector<std::string> as_options(const std::map<std::string, std::string>& pairs) {
  std::vector<std::string> options;
  for (const auto& [name, value] : pairs) options.push_back(name + "=" + value);
  return options;
}

std::string without_prefix(std::string text) { return text.starts_with(kAzurePrefix) ? text.substr(kAzurePrefix.size()) : text; }

/// Of a conda file that the job names, or that stands in it.
Json definition_of_conda(const YAML::Node& node, const fs::path& folder, std::string_view what) {
  std::string text;
  if (node.IsScalar()) {
    const fs::path path = folder / node.Scalar();
    auto read = read_file(path, kLongestFile);
    if (!read) throw YamlFault{node.Mark(), fmt::format("{}: {}", what, read.error().detail)};
    text = std::move(*read);
  } else {
    text = YAML::Dump(node);
  }
  auto definition = definition_of_conda_file(text, folder);
  if (!definition) throw YamlFault{node.Mark(), fmt::format("{}: {}", what, definition.error().detail), definition.error().hint};
  return std::move(*definition);
}

/// "${{inputs.lr}}" in a command is the input's value.
std::string with_inputs(std::string command, const YAML::Node& where, const std::map<std::string, std::string>& inputs) {
  std::string filled;
  for (std::size_t at = 0;;) {
    const std::size_t begin = command.find("${{", at);
    filled += command.substr(at, begin - at);
    if (begin == std::string::npos) return filled;
    const std::size_t end = command.find("}}", begin);
    if (end == std::string::npos) throw YamlFault{where.Mark(), "command: '${{' has no '}}'"};
    std::string name = command.substr(begin + 3, end - begin - 3);
    std::erase(name, ' ');
    const std::string key = name.starts_with("inputs.") ? name.substr(7) : "";
    const auto input = inputs.find(key);
    if (input == inputs.end()) {
      const bool is_output = name.starts_with("outputs.");
      throw YamlFault{where.Mark(), fmt::format("command: there is no {}", to_utf8(name)),
                      is_output ? "write to the folder outputs/: it is kept with the run" : "name it under `inputs`"};
    }
    filled += input->second;
    at = end + 2;
  }
}

/// Values; data are not a command job's yet.
std::map<std::string, std::string> read_inputs(YamlFields& in) {
  std::map<std::string, std::string> inputs;
  const auto part = in.part("inputs");
  if (!part) return inputs;
  for (const auto& input : *part) {
    const std::string name = input.first.Scalar();
    if (!input.second.IsScalar())
      throw YamlFault{input.second.Mark(), fmt::format("inputs.{} must be a value: inputs of data are not supported in job files", name),
                      "put small data beside the script, or give a path that the nodes have as the value"};
    inputs[name] = input.second.Scalar();
  }
  return inputs;
}

void read_distribution(YamlFields& in, SubmitOptions& options) {
  const std::int64_t nodes = options.nodes.value_or(1);
  const auto part = in.part("distribution");
  if (!part) return;
  YamlFields distribution(*part, "distribution");
  const auto type = to_lower(distribution.text("type").value_or(distribution.text("distribution_type").value_or("")));
  const auto processes = distribution.number("process_count_per_instance", 1, kMostProcesses).value_or(1);
  if (type != "pytorch" && type != "mpi")
    throw YamlFault{distribution.where("type"), fmt::format("distribution.type must be pytorch or mpi, not '{}'", to_utf8(type))};
  options.mpi = type == "mpi";
  options.processes = processes * nodes;
  distribution.finish();
}

void read_v2_environment(YamlFields& in, const fs::path& folder, JobFile& job) {
  if (in.is_text("environment")) {
    std::string reference = without_prefix(*in.text("environment"));
    if (reference.ends_with("@latest")) reference.erase(reference.rfind('@'));
    job.options.environment = reference;
    return;
  }
  const auto part = in.part("environment");
  if (!part) return;
  YamlFields environment(*part, "environment");
  job.environment = Json{{"python", Json::object()}};
  if (const auto conda = (*part)["conda_file"]; conda.IsDefined() && !conda.IsNull())
    job.environment = definition_of_conda(conda, folder, "environment.conda_file");
  else
    job.environment["python"]["user_managed_dependencies"] = true;
  if (const auto image = environment.text("image")) job.environment["docker"] = {{"enabled", true}, {"base_image", *image}};
  if (const auto name = environment.text("name")) job.environment["name"] = *name;
  if (environment.part("build"))
    throw YamlFault{environment.where("build"), "environment.build is not supported",
                    "register it: muster environment create --dockerfile"};
  environment.pass_over({"$schema", "conda_file", "description", "tags", "version", "type"});
  environment.finish();
}

JobFile read_command_job(const YAML::Node& root, const fs::path& folder) {
  JobFile job;
  SubmitOptions& options = job.options;
  YamlFields in(root, "");
  const std::string type = in.text("type").value_or("command");
  if (type != "command")
    throw YamlFault{in.where("type"), fmt::format("type must be command, not '{}'", to_utf8(type)),
                    "sweeps and pipelines are not supported yet"};
  const auto inputs = read_inputs(in);
  const auto command = in.text("command");
  if (!command) throw YamlFault{root.Mark(), "it needs a `command`"};
  options.command = with_inputs(*command, root["command"], inputs);
  const std::string code = in.text("code").value_or(".");
  if (code.find(':') != std::string::npos)
    throw YamlFault{in.where("code"), fmt::format("code must be a folder of this machine, not '{}'", to_utf8(code))};
  options.source_directory = (folder / code).lexically_normal().string();
  options.run_id = in.text("name");
  options.experiment = in.text("experiment_name");
  options.name = in.text("display_name");
  options.description = in.text("description");
  options.tags = as_options(in.pairs("tags"));
  options.properties = as_options(in.pairs("properties"));
  options.variables = as_options(in.pairs("environment_variables"));
  if (const auto compute = in.text("compute")) options.compute = without_prefix(*compute);
  if (const auto part = in.part("resources")) {
    YamlFields resources(*part, "resources");
    options.nodes = resources.number("instance_count", 1, kMostNodes);
    resources.pass_over({"instance_type", "shm_size", "docker_args", "properties", "locations", "max_instance_count"});
    resources.finish();
  }
  read_distribution(in, options);
  if (const auto part = in.part("limits")) {
    YamlFields limits(*part, "limits");
    if (const auto seconds = limits.number("timeout", 1, INT32_MAX)) options.max_duration = fmt::format("{}s", *seconds);
    limits.finish();
  }
  read_v2_environment(in, folder, job);
  if (in.part("outputs"))
    throw YamlFault{in.where("outputs"), "outputs are not supported in job files", "write to the folder outputs/: it is kept with the run"};
  in.pass_over({"$schema", "identity", "services", "queue_settings", "parent_job_name"});
  in.finish();
  return job;
}

void read_v1_environment(YamlFields& in, const fs::path& folder, JobFile& job) {
  const auto part = in.part("environment");
  if (!part) return;
  YamlFields environment(*part, "environment");
  const auto name = environment.text("name");
  const auto variables = environment.pairs("environmentVariables");
  Json definition{{"python", Json::object()}};
  if (const auto python_part = environment.part("python")) {
    YamlFields python(*python_part, "environment.python");
    const YAML::Node inline_conda = (*python_part)["condaDependencies"];
    const YAML::Node conda_file = (*python_part)["condaDependenciesFile"];
    const bool user_managed = python.flag("userManagedDependencies", false);
    if (!user_managed && inline_conda.IsDefined() && inline_conda.IsMap())
      definition = definition_of_conda(inline_conda, folder, "environment.python.condaDependencies");
    else if (!user_managed && conda_file.IsDefined() && conda_file.IsScalar())
      definition = definition_of_conda(conda_file, folder, "environment.python.condaDependenciesFile");
    definition["python"]["user_managed_dependencies"] = user_managed;
    const auto interpreter = python.text("interpreterPath");
    if (interpreter && *interpreter != "python") definition["python"]["interpreter_path"] = *interpreter;
    python.pass_over({"condaDependencies", "condaDependenciesFile", "baseCondaEnvironment"});
    python.finish();
  }
  if (const auto docker_part = environment.part("docker")) {
    YamlFields docker(*docker_part, "environment.docker");
    const auto image = docker.text("baseImage");
    if (docker.flag("enabled", false) && image) definition["docker"] = {{"enabled", true}, {"base_image", *image}};
  }
  environment.pass_over({"version", "spark", "databricks", "r", "inferencingStackVersion", "assetId"});
  environment.finish();
  if (name) definition["name"] = *name;
  for (const auto& [key, value] : variables) definition["environment_variables"][key] = value;
  job.environment = std::move(definition);
}

/// How many processes, by the communicator that the configuration names.
void read_v1_launch(YamlFields& in, SubmitOptions& options) {
  const std::string communicator = to_lower(in.text("communicator").value_or("None"));
  options.nodes = in.number("nodeCount", 1, kMostNodes);
  const std::int64_t nodes = options.nodes.value_or(1);
  const auto mpi = in.part("mpi");
  const auto pytorch = in.part("pytorch");
  if (communicator == "openmpi" || communicator == "intelmpi") {
    options.mpi = true;
    std::int64_t per_node = 1;
    if (mpi) per_node = YamlFields(*mpi, "mpi").number("processCountPerNode", 1, kMostProcesses).value_or(1);
    options.processes = per_node * nodes;
  } else if (communicator == "nccl" || communicator == "gloo") {
    if (pytorch) options.processes = YamlFields(*pytorch, "pytorch").number("processCount", 1, kMostProcesses * kMostNodes);
  } else if (communicator != "none") {
    throw YamlFault{in.where("communicator"),
                    fmt::format("communicator must be OpenMpi, IntelMpi, Nccl, Gloo or None, not '{}'", to_utf8(communicator))};
  }
}

JobFile read_run_configuration(const YAML::Node& root, const fs::path& folder) {
  JobFile job;
  SubmitOptions& options = job.options;
  YamlFields in(root, "");
  options.script = in.text("script");
  options.command = in.text("command");
  options.arguments = in.texts("arguments");
  options.source_directory = folder.string();
  options.compute = in.text("target");
  if (const auto seconds = in.number("maxRunDurationSeconds", 1, INT32_MAX)) options.max_duration = fmt::format("{}s", *seconds);
  options.variables = as_options(in.pairs("environmentVariables"));
  read_v1_launch(in, options);
  read_v1_environment(in, folder, job);
  for (const char* key : {"dataReferences", "data", "outputData"}) {
    if (in.part(key)) throw YamlFault{in.where(key), fmt::format("{} are not supported in job files", key)};
  }
  in.pass_over({"framework", "priority", "autoPrepareEnvironment", "history", "docker", "tensorflow", "paralleltask", "hdi", "spark",
                "datacaches", "sourceDirectoryDataStore", "amlcompute", "kubernetescompute", "credentialPassthrough",
                "applicationEndpoints", "fileShares"});
  in.finish();
  return job;
}

}  // namespace

Result<JobFile> job_of_text(std::string_view yaml, const fs::path& folder) {
  return read_yaml(yaml, [&](const YAML::Node& root) {
    if (!root.IsMap()) throw YamlFault{root.Mark(), "it must have keys, such as command"};
    // Only a run configuration writes its keys so.
    const bool is_v1 = root["script"].IsDefined() || root["framework"].IsDefined() || root["target"].IsDefined();
    return is_v1 ? read_run_configuration(root, folder) : read_command_job(root, folder);
  });
}

Result<JobFile> read_job_file(const fs::path& file) {
  const std::string shown = to_utf8(file.string());
  const auto text = read_file(file, kLongestFile);
  if (!text) return fail(text.error().code, "--file: {}", text.error().detail);
  if (!is_utf8(*text)) return fail(Code::invalid, "--file: {} is not UTF-8", shown);
  fs::path folder = fs::absolute(file).lexically_normal().parent_path();
  if (folder.filename() == ".azureml" || folder.filename() == "aml_config") folder = folder.parent_path();
  auto job = job_of_text(*text, folder);
  if (!job) return fail_hint(job.error().code, job.error().hint, "--file: {}: {}", shown, job.error().detail);
  return job;
}

SubmitOptions typed_over(SubmitOptions typed, SubmitOptions file) {
  const bool names_program = typed.script || typed.command;
  if (!names_program) {
    typed.script = std::move(file.script);
    typed.command = std::move(file.command);
    if (typed.arguments.empty()) typed.arguments = std::move(file.arguments);
  }
  const auto fill = [](auto& of_typed, auto& of_file) {
    if (!of_typed) of_typed = std::move(of_file);
  };
  fill(typed.source_directory, file.source_directory);
  fill(typed.experiment, file.experiment);
  fill(typed.compute, file.compute);
  if (!typed.python && typed.pip.empty()) fill(typed.environment, file.environment);
  fill(typed.run_id, file.run_id);
  fill(typed.name, file.name);
  fill(typed.description, file.description);
  fill(typed.max_duration, file.max_duration);
  if (!typed.nodes && !typed.processes && !typed.mpi) {
    typed.nodes = file.nodes;
    typed.processes = file.processes;
    typed.mpi = file.mpi;
  }
  // A later one of the same name is the one that counts.
  for (auto [of_typed, of_file] : {std::pair(&typed.variables, &file.variables), std::pair(&typed.tags, &file.tags)})
    of_typed->insert(of_typed->begin(), of_file->begin(), of_file->end());
  typed.properties = std::move(file.properties);
  return typed;
}

}  // namespace muster::cli

#include "launch/job_variables.h"

#include <algorithm>
#include <array>

namespace muster::launch {
namespace {

constexpr std::array<std::string_view, 24> kPassed{
    "PATH",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "SHELL",
    "LD_LIBRARY_PATH",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
};
constexpr std::array<std::string_view, 2> kPassedPrefixes{"CUDA_", "NVIDIA_"};

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void put_in_front(Variables& variables, const std::string& name, const std::filesystem::path& folder, std::string_view fallback) {
  if (folder.empty()) return;
  std::string& value = variables[name];
  if (value.empty()) value = fallback;
  value = value.empty() ? folder.string() : folder.string() + ":" + value;
}

Variables muster_variables(const JobVariablesInput& input) {
  return {{"MUSTER_RUN_ID", input.run_id},
          {"MUSTER_RUN_UUID", input.uuid},
          {"MUSTER_RUN_TOKEN", input.token},
          {"MUSTER_URL", input.url},
          {"MUSTER_WORKSPACE", input.workspace},
          {"MUSTER_EXPERIMENT", input.experiment},
          {"MUSTER_ATTEMPT", std::to_string(input.attempt)},
          {"MUSTER_NODE_COUNT", std::to_string(input.node_count)}};
}

Variables azureml_variables(const JobVariablesInput& input) {
  Variables variables{{"AZUREML_RUN_ID", input.run_id},
                      {"AZUREML_RUN_TOKEN", input.token},
                      {"AZUREML_SERVICE_ENDPOINT", input.url},
                      {"AZUREML_ARM_SUBSCRIPTION", "muster"},
                      {"AZUREML_ARM_RESOURCEGROUP", "muster"},
                      {"AZUREML_ARM_WORKSPACE_NAME", input.workspace},
                      {"AZUREML_ARM_PROJECT_NAME", input.experiment}};
  if (input.token_expires_at > 0) variables["AZUREML_RUN_TOKEN_EXPIRY"] = std::to_string(input.token_expires_at / 1'000'000);
  return variables;
}

void set_all(Variables& variables, const Variables& more) {
  for (const auto& [name, value] : more) variables[name] = value;
}

}  // namespace

bool passes_from_server(std::string_view name) {
  return std::find(kPassed.begin(), kPassed.end(), name) != kPassed.end() ||
         std::any_of(kPassedPrefixes.begin(), kPassedPrefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::filesystem::path input_folder(const std::filesystem::path& run_folder, const std::string& name) {
  return run_folder / ".muster" / "inputs" / name;
}

std::string input_variable(const std::string& name) { return "AZUREML_DATAREFERENCE_" + name; }

Variables node_variables(const NodeVariablesInput& input) {
  Variables variables{{"MUSTER_NODE_RANK", std::to_string(input.node_rank)},
                      {"MUSTER_RUN_DIR", input.run_folder.string()},
                      {"MUSTER_METRICS_DIR", (input.run_folder / ".muster" / "metrics").string()},
                      {"AZUREML_OUTPUT_DIRECTORY", (input.run_folder / "outputs").string()},
                      {"AZUREML_LOGDIRECTORY_PATH", (input.run_folder / "logs").string()},
                      {"AZUREML_CR_NODE_RANK", std::to_string(input.node_rank)}};
  if (!input.group.empty()) variables["MUSTER_GROUP"] = input.group;
  for (std::size_t at = 0; at < input.inputs.size();) {
    const std::string line = input.inputs.substr(at, input.inputs.find('\n', at) - at);
    at += line.size() + 1;
    const std::string name = line.substr(0, line.find('='));
    const std::string file = line.substr(std::min(line.size(), name.size() + 1));
    const std::filesystem::path folder = input_folder(input.run_folder, name);
    variables[input_variable(name)] = (file.empty() || file == kUploadMark ? folder : folder / file).string();
  }
  return variables;
}

Variables job_variables(const JobVariablesInput& input) {
  Variables variables;
  for (const auto& [name, value] : input.server) {
    if (passes_from_server(name)) variables[name] = value;
  }
  // Python before 3.7 prints in ASCII where no locale is set, and dies of the first umlaut.
  variables["PYTHONIOENCODING"] = "utf-8";
  set_all(variables, input.environment);
  set_all(variables, input.run);

  set_all(variables, muster_variables(input));
  set_all(variables, node_variables(input.node));
  if (!input.node.inputs.empty()) variables["MUSTER_INPUTS"] = input.node.inputs;
  set_all(variables, azureml_variables(input));
  variables["PYTHONUNBUFFERED"] = "1";
  put_in_front(variables, "PYTHONPATH", input.sdk_folder, "");
  for (auto folder = input.path.rbegin(); folder != input.path.rend(); ++folder) put_in_front(variables, "PATH", *folder, kDefaultPath);
  set_all(variables, input.prepared);
  return variables;
}

}  // namespace muster::launch

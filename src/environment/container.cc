#include "environment/container.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace muster::environment {
namespace {

constexpr std::string_view kAzuresImages = "mcr.microsoft.com/azureml/";
constexpr std::string_view kVerb = "run";

/// Those that the command itself needs.
constexpr std::array<std::string_view, 12> kOfMachine{"PATH",           "HOME",
                                                      "USER",           "LOGNAME",
                                                      "SHELL",          "LD_LIBRARY_PATH",
                                                      "TMPDIR",         "SSL_CERT_FILE",
                                                      "SSL_CERT_DIR",   "REQUESTS_CA_BUNDLE",
                                                      "CURL_CA_BUNDLE", "XDG_RUNTIME_DIR"};

bool names_registry(std::string_view image) {
  const std::size_t slash = image.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view first = image.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line;
}

}  // namespace

bool needs_container(const model::EnvironmentDefinition& definition) {
  if (!definition.container || !definition.container->is_asked_for()) return false;
  const std::string& image = definition.container->base_image;
  return !definition.container->dockerfile.empty() || (!image.empty() && !image.starts_with(kAzuresImages));
}

std::string image_reference(const model::ContainerDefinition& container) {
  const std::string& image = container.base_image;
  const std::string& registry = container.registry_address;
  if (!registry.empty()) return image.starts_with(registry + "/") ? image : registry + "/" + image;
  if (names_registry(image)) return image;
  return image.find('/') == std::string::npos ? "docker.io/library/" + image : "docker.io/" + image;
}

bool is_docker(const std::vector<std::string>& runtime) {
  return !runtime.empty() && runtime.front().substr(runtime.front().rfind('/') + 1) == "docker";
}

std::vector<std::string> gpu_options(bool docker, const std::vector<std::string>& device_files, const std::vector<std::string>& cdi_files) {
  std::vector<std::string> options;
  const bool nvidia =
      std::any_of(device_files.begin(), device_files.end(), [](const std::string& name) { return name.starts_with("nvidia"); });
  const bool described =
      std::any_of(cdi_files.begin(), cdi_files.end(), [](const std::string& name) { return name.starts_with("nvidia"); });
  if (nvidia && docker) options.insert(options.end(), {"--gpus", "all"});
  if (nvidia && !docker && described) options.insert(options.end(), {"--device", "nvidia.com/gpu=all"});
  for (const std::string& name : device_files) {
    const bool plain_nvidia = name.starts_with("nvidia") && !docker && !described;
    if (plain_nvidia || name == "kfd" || name == "dri") options.insert(options.end(), {"--device", "/dev/" + name});
  }
  return options;
}

std::vector<std::string> container_prefix(const ContainerHost& host, const model::ContainerDefinition& container, const std::string& image,
                                          const std::vector<std::string>& mounts) {
  std::vector<std::string> words = host.runtime;
  words.insert(words.end(),
               {std::string(kVerb), "--rm", "--network=host", "--pid=host", "--entrypoint=", "--security-opt", "label=disable"});
  // Without root's rights outside there are none inside: this is the server's own account there.
  if (!is_docker(host.runtime)) words.insert(words.end(), {"--user", "0:0"});
  words.push_back(container.shm_size_bytes ? fmt::format("--shm-size={}", *container.shm_size_bytes) : "--ipc=host");
  words.insert(words.end(), host.limits.begin(), host.limits.end());
  words.insert(words.end(), host.devices.begin(), host.devices.end());
  for (const std::string& mount : mounts) words.insert(words.end(), {"--volume", mount + ":" + mount});
  words.insert(words.end(), container.arguments.begin(), container.arguments.end());
  words.push_back(image);
  return words;
}

std::vector<std::string> runtime_of(const std::vector<std::string>& prefix) {
  return {prefix.begin(), std::find(prefix.begin(), prefix.end(), kVerb)};
}

std::vector<std::string> container_command(const std::vector<std::string>& prefix, const ContainerEntry& entry,
                                           const std::vector<std::string>& words) {
  std::vector<std::string> own{"--label", fmt::format("{}={}", kGroupLabel, entry.group)};
  if (!entry.id_file.empty()) own.insert(own.end(), {"--cidfile", entry.id_file});
  if (!entry.folder.empty()) own.insert(own.end(), {"--workdir", entry.folder});
  for (const std::string& mount : entry.mounts) {
    const bool read_only = mount.ends_with(":ro");
    const std::string place = read_only ? mount.substr(0, mount.size() - 3) : mount;
    own.insert(own.end(), {"--volume", place + ":" + mount});
  }
  for (const auto& [name, value] : entry.variables) own.insert(own.end(), {"--env", is_of_machine(name) ? name + "=" + value : name});
  const std::size_t verb = runtime_of(prefix).size();
  std::vector<std::string> command(prefix.begin(), prefix.begin() + static_cast<std::ptrdiff_t>(std::min(verb + 1, prefix.size())));
  command.insert(command.end(), own.begin(), own.end());
  command.insert(command.end(), prefix.begin() + static_cast<std::ptrdiff_t>(std::min(verb + 1, prefix.size())), prefix.end());
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

std::map<std::string, std::string> client_variables(std::map<std::string, std::string> machine,
                                                    const std::map<std::string, std::string>& variables) {
  std::erase_if(machine, [](const auto& one) { return one.first.starts_with("MUSTER_"); });
  for (const auto& [name, value] : variables) {
    if (!is_of_machine(name)) machine[name] = value;
  }
  return machine;
}

bool is_of_machine(std::string_view variable) { return std::find(kOfMachine.begin(), kOfMachine.end(), variable) != kOfMachine.end(); }

std::vector<std::string> dockerfile_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view said = trimmed(line);
    if (!said.empty() && !said.starts_with('#')) lines.emplace_back(said);
  }
  return lines;
}

std::optional<std::string> failed_step(std::string_view output) {
  std::string step;
  std::string why;
  for (const std::string_view line : split(output, '\n')) {
    const std::string_view said = trimmed(line);
    // podman "STEP 3/5: RUN …", docker "Step 3/5 : RUN …"
    if (said.starts_with("STEP ") || said.starts_with("Step ")) {
      const std::size_t colon = said.find(':');
      if (colon == std::string_view::npos) continue;
      step = fmt::format("step {} ({})", trimmed(said.substr(5, colon - 5)), trimmed(said.substr(colon + 1)).substr(0, 200));
    } else if (said.starts_with("Error: ") || said.starts_with("error ") || said.starts_with("The command ")) {
      why = said;
    }
  }
  if (step.empty()) return std::nullopt;
  const std::size_t last = why.rfind(": ");
  return fmt::format("{}: {}", step, why.empty() ? "see its log" : last == std::string::npos ? why : why.substr(last + 2));
}

}  // namespace muster::environment

#include "environment/container_runtime.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/id.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "environment/command.h"
#include "environment/interpreter.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

constexpr std::chrono::seconds kCleanupTime{60};
/// More than that some kernels' containers may not have, though the machine's own processes do.
constexpr std::uint64_t kMostProcesses = 32'768;

std::string path_of_machine(const Variables& variables) {
  const auto path = variables.find("PATH");
  return (path == variables.end() ? std::string() : path->second) + ":/usr/sbin:/usr/local/sbin";
}

std::string limit_of(int resource, std::uint64_t at_most) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return "";
  return std::to_string(limit.rlim_max == RLIM_INFINITY ? at_most : std::min<std::uint64_t>(limit.rlim_max, at_most));
}

/// What processes outside may have, as far as containers may have it too.
Words own_limits() {
  Words words;
  const std::string files = limit_of(RLIMIT_NOFILE, 1u << 20);
  const std::string processes = limit_of(RLIMIT_NPROC, kMostProcesses);
  if (!files.empty()) words.insert(words.end(), {"--ulimit", fmt::format("nofile={}:{}", files, files)});
  if (!processes.empty()) words.insert(words.end(), {"--ulimit", fmt::format("nproc={}:{}", processes, processes)});
  return words;
}

std::vector<std::string> names_in(const fs::path& folder) { return list_folder(folder).value_or(std::vector<std::string>{}); }

Words gpus_of_machine(bool docker) {
  Words described = names_in("/etc/cdi");
  for (std::string& name : names_in("/var/run/cdi")) described.push_back(std::move(name));
  return gpu_options(docker, names_in("/dev"), described);
}

/// With each thing that may differ from machine to machine, the likeliest first.
std::vector<ContainerHost> candidates(const std::string& program, const Variables& variables) {
  const Words plain{program};
  const auto runc = resolve_interpreter("runc", path_of_machine(variables));
  const Words devices = gpus_of_machine(is_docker(plain));
  std::vector<ContainerHost> all{{plain, own_limits(), devices}, {plain, {}, devices}};
  if (runc && !is_docker(plain)) {
    const Words by_runc{program, "--runtime", *runc};
    all.push_back({by_runc, own_limits(), devices});
    all.push_back({by_runc, {}, devices});
  }
  return all;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The last line that says something.
std::string last_words(std::string_view output) {
  std::string last;
  for (const std::string_view line : split(output, '\n')) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) last = to_utf8(line);
  }
  return last.substr(0, 1000);
}

Error cannot_get(std::string_view what, const Outcome& outcome) {
  Error error;
  error.code = Code::invalid;
  error.detail = fmt::format("{}: {}", what, last_words(outcome.output));
  if (outcome.output.find("no space left on device") != std::string::npos || outcome.output.find("No space left") != std::string::npos) {
    error.code = Code::disk_full;
    error.hint = "free some space on the disk that holds the images";
  }
  for (const char* network : {"dial tcp", "i/o timeout", "no such host", "TLS handshake", "connection reset"}) {
    if (error.code == Code::invalid && outcome.output.find(network) != std::string::npos) error.code = Code::timeout;
  }
  return unless_killed(std::move(error), outcome);
}

Result<std::optional<Image>> find_image(const BuildSteps& steps, const std::string& program, const std::string& reference) {
  MUSTER_TRY_ASSIGN(const Outcome shown, steps.run_quietly({program, "image", "inspect", reference}));
  const std::size_t begin = shown.output.find('[');
  if (!shown.succeeded() || begin == std::string::npos) return std::nullopt;
  MUSTER_TRY_ASSIGN(const Json list, parse_json(std::string_view(shown.output).substr(begin)));
  if (!list.is_array() || list.empty()) return std::nullopt;
  Image image{text_at(list[0], "Id"), text_at(list[0], "Digest"), ""};
  const Json& digests = member(list[0], "RepoDigests");
  if (image.digest.empty() && digests.is_array() && !digests.empty() && digests[0].is_string()) {
    const std::string one = digests[0].get<std::string>();
    image.digest = one.substr(one.find('@') == std::string::npos ? one.size() : one.find('@') + 1);
  }
  const Json& variables = member(member(list[0], "Config"), "Env");
  for (const Json& variable : variables.is_array() ? variables : Json::array()) {
    if (variable.is_string() && variable.get<std::string>().starts_with("PATH=")) image.path = variable.get<std::string>().substr(5);
  }
  if (image.id.empty()) return std::nullopt;
  return image;
}

/// A short program of ours, in no build; its output.
Result<std::string> say(const Words& words) {
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, process::ProcessGroup::create("muster-containers-" + random_hex(8)));
  std::string output;
  const auto ended = run_command(
      {words, client_variables(own_variables(), {}), "/"}, group, std::chrono::steady_clock::now() + kCleanupTime,
      [&](std::string_view text) { output += text; }, [] { return Result<void>{}; });
  const auto killed = group.kill(process::kKillDeadline);
  group.remove();
  MUSTER_TRY(ended);
  MUSTER_TRY(killed);
  if (ended->exit_code != 0) return fail(Code::unavailable, "{} failed: {}", join(words, " "), last_words(output));
  return output;
}

}  // namespace

Result<std::string> find_container_program(const Variables& variables) {
  for (const char* name : {"podman", "docker"}) {
    if (auto found = resolve_interpreter(name, path_of_machine(variables))) return std::move(*found);
  }
  return fail_hint(
      Code::not_found,
      "install podman (on Debian and Ubuntu: apt-get install podman), or list the packages in `python.pip_packages` without an image",
      "the environment needs a container, and there is no podman or docker on this machine");
}

Result<Image> get_image(const BuildSteps& steps, const std::string& program, const std::string& reference) {
  MUSTER_TRY_ASSIGN(auto there, find_image(steps, program, reference));
  if (there) return std::move(*there);
  MUSTER_TRY_ASSIGN(const Outcome pulled, steps.run({program, "pull", reference}));
  if (!pulled.succeeded()) return tl::unexpected(cannot_get(fmt::format("the image '{}' cannot be had", reference), pulled));
  MUSTER_TRY_ASSIGN(there, find_image(steps, program, reference));
  if (there) return std::move(*there);
  return fail(Code::internal, "the image '{}' was pulled, and {} does not find it", reference, program);
}

Result<ContainerHost> try_host(const BuildSteps& steps, const std::string& program, const std::string& image, const Variables& variables) {
  std::string why;
  for (const ContainerHost& host : candidates(program, variables)) {
    Words words = container_prefix(host, {}, image, {});
    words.insert(words.end(), {"/bin/sh", "-c", "exit 0"});
    MUSTER_TRY_ASSIGN(const Outcome tried, steps.run_quietly(words));
    if (tried.succeeded()) return host;
    if (why.empty()) why = last_words(tried.output);
  }
  return fail_hint(Code::invalid, "see whether `podman run --rm IMAGE /bin/sh -c true` does; an image needs a /bin/sh",
                   "no container of the image {} starts on this machine: {}", image.substr(0, 19), why);
}

Result<Image> build_image(const BuildRequest& request, const BuildSteps& steps, const std::string& program, const std::string& dockerfile,
                          const std::string& tag, const Variables& variables) {
  const fs::path context = request.folder / "context";
  MUSTER_TRY(make_folders(context));
  MUSTER_TRY(write_file(request.folder / "Dockerfile", dockerfile, 0644, Durable::no));
  Outcome last;
  for (const ContainerHost& host : candidates(program, variables)) {
    Words words = with(host.runtime, {"build", "--network=host"});
    words = with(std::move(words), host.limits);
    words = with(std::move(words), {"--tag", tag, "--file", (request.folder / "Dockerfile").string(), context.string()});
    MUSTER_TRY_ASSIGN(last, steps.run(words));
    if (last.succeeded()) break;
    // That a container cannot be started here as this one was is no step's fault.
    const bool not_started = last.output.find("runc create failed") != std::string::npos || last.output.find("crun: ") != std::string::npos;
    if (!not_started) break;
    request.on_log("no container starts here so: another way is tried\n");
  }
  if (!last.succeeded()) {
    Error error = cannot_get("the Dockerfile cannot be built", last);
    if (const auto step = failed_step(last.output)) error.detail = "the Dockerfile failed at " + to_utf8(*step);
    return tl::unexpected(std::move(error));
  }
  MUSTER_TRY_ASSIGN(auto image, find_image(steps, program, tag));
  if (image) return std::move(*image);
  return fail(Code::internal, "the image of the Dockerfile was built, and {} does not find it", program);
}

Result<void> remove_containers(const Words& runtime, const std::string& group) {
  MUSTER_TRY_ASSIGN(
      const std::string found,
      say(with(runtime, {"ps", "--all", "--quiet", "--no-trunc", "--filter", fmt::format("label={}={}", kGroupLabel, group)})));
  Words words = with(runtime, {"rm", "--force"});
  const std::size_t before = words.size();
  for (const std::string_view id : split(found, '\n')) {
    if (id.size() == 64) words.emplace_back(id);
  }
  if (words.size() > before) MUSTER_TRY(say(words));
  return {};
}

Result<void> remove_image(const std::string& program, const std::string& tag) {
  MUSTER_TRY(say({program, "rmi", tag}));
  return {};
}

}  // namespace muster::environment

#include "runner/resolved_environment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "process/process_table.h"
#include "process/spawn.h"

namespace muster::runner {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;
constexpr std::uint64_t kLongestAnswer = 8 << 20;

/// Works from Python 3.6 on; importlib.metadata came with 3.8. Folders (and the program itself) with the time of their last change in
/// nanoseconds, as still_holds() compares them.
constexpr const char* kQuestion = R"(
import json, os, platform, sys
packages = {}
try:
    from importlib.metadata import distributions
    for one in distributions():
        name = one.metadata["Name"]
        if name and name not in packages:
            packages[name] = one.version
except ImportError:
    import pkg_resources
    for one in pkg_resources.working_set:
        packages[one.project_name] = one.version
folders = {}
for path in sys.path + [os.path.realpath(sys.executable)]:
    if path and os.path.exists(path):
        folders[path] = os.stat(path).st_mtime_ns
print(json.dumps({"interpreter": sys.executable, "python_version": platform.python_version(), "platform": platform.platform(),
                  "packages": packages, "folders": folders}))
)";

Json changed_at(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return nullptr;
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

std::string variable(const std::map<std::string, std::string>& variables, const char* name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

}  // namespace

bool still_holds(const Json& remembered) {
  const auto folders = remembered.find("folders");
  if (folders == remembered.end() || !folders->is_object() || folders->empty()) return false;
  for (const auto& [folder, time] : folders->items()) {
    if (changed_at(folder) != time) return false;
  }
  return true;
}

ResolvedEnvironment::ResolvedEnvironment(std::string interpreter, std::map<std::string, std::string> variables, std::filesystem::path cache)
    : interpreter_(std::move(interpreter)), variables_(std::move(variables)) {
  const std::string key = interpreter_ + '\0' + variable(variables_, "PYTHONPATH") + '\0' + variable(variables_, "HOME");
  cache_file_ = std::move(cache) / (sha256_hex(key).substr(0, 32) + ".json");
  try {
    thread_ = std::thread([this] { resolve(); });
  } catch (const std::system_error& none) {
    log::info("runner", "the environment is asked at the end: there is no thread for it now ({})", none.what());
  }
}

ResolvedEnvironment::~ResolvedEnvironment() {
  if (thread_.joinable()) thread_.join();
}

Json ResolvedEnvironment::take() {
  if (thread_.joinable())
    thread_.join();
  else if (answer_.with([](const Json& answer) { return answer.is_null(); }))
    resolve();
  return answer_.with([](const Json& answer) { return answer; });
}

void ResolvedEnvironment::resolve() {
  Json answer;
  if (const auto text = read_file(cache_file_, kLongestAnswer)) {
    const auto remembered = parse_json(*text);
    if (remembered && remembered->is_object() && still_holds(*remembered)) answer = *remembered;
  }
  if (answer.is_null()) {
    answer = ask();
    if (!answer.contains("error") && make_folders(cache_file_.parent_path())) {
      // Only a convenience: without it the next run asks again.
      if (const auto kept = write_file(cache_file_, dump_json(answer), 0644, Durable::no); !kept)
        log::debug("runner", "{}", kept.error().detail);
    }
  }
  answer.erase("folders");
  answer_.with([&](Json& shown) { shown = std::move(answer); });
}

Json ResolvedEnvironment::ask() const {
  const auto fault = [&](std::string why) { return Json{{"interpreter", interpreter_}, {"error", std::move(why)}}; };
  const Fd output(::memfd_create("muster-resolve", MFD_CLOEXEC));
  process::SpawnOptions options;
  options.command = {interpreter_, "-c", kQuestion};
  options.variables = variables_;
  options.variables["PYTHONWARNINGS"] = "ignore";
  options.variables.erase("PYTHONSTARTUP");
  options.variables.erase(std::string(process::kGroupVariable));  // it is not of the job, which does not wait for it nor end it
  options.folder = "/";  // not the run's: a snapshot may hold modules named like those that are asked for
  options.output = output.get();
  auto child = process::spawn(options);
  if (!child) return fault(child.error().detail);
  const auto ended = child->wait(kPatience);
  if (!ended) {
    (void)child->signal(SIGKILL);
    (void)child->wait(5s);
    return fault("it did not answer in time");
  }
  const auto text = read_file(fmt::format("/proc/self/fd/{}", output.get()), kLongestAnswer);
  if (ended->exit_code != 0) return fault(fmt::format("it ended with {}: {}", process::to_words(*ended), text ? text->substr(0, 500) : ""));
  auto answer = text ? parse_json(*text) : Result<Json>(fail(Code::internal, "no answer"));
  if (!answer || !answer->is_object()) return fault("its answer cannot be read");
  return *answer;
}

}  // namespace muster::runner

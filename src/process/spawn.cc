#include "process/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "process/child_code.h"
#include "process/file_limit.h"
#include "process/orphans.h"

namespace muster::process {
namespace fs = std::filesystem;
namespace {

std::string_view words(SpawnStep step) {
  switch (step) {
    case SpawnStep::session: return "start a session for";
    case SpawnStep::descriptors: return "set up the descriptors of";
    case SpawnStep::folder: return "enter the folder of";
    case SpawnStep::cpus: return "reserve cpus for";
    case SpawnStep::at_gate: return "hold back";
    case SpawnStep::exec: return "run";
  }
  return "start";
}

bool is_program(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// As execvp would look it up, but on the child's own PATH and from its own folder.
Result<std::string> program_of(const SpawnOptions& options) {
  const auto path = options.variables.find("PATH");
  return find_program(options.command.front(), path == options.variables.end() ? kUsualPath : std::string_view(path->second),
                      options.folder);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Every signal is blocked while the child shares our memory, so that no handler of ours runs in it.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

// Not inlined: the stack frame of a function that calls vfork must not change under it.
[[gnu::noinline]] pid_t start_shared(const ChildPlan& plan) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const pid_t pid = vfork();
#pragma GCC diagnostic pop
  if (pid == 0) run_child(plan);
  return pid;
}

// With a gate the parent has to go on while the child waits: a copy of it, not a loan.
[[gnu::noinline]] pid_t start_copied(const ChildPlan& plan) {
  const pid_t pid = fork();
  if (pid == 0) run_child(plan);
  return pid;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  spawned_children().with([&](std::set<pid_t>& spawned) { spawned.erase(pid); });
}

}  // namespace

Result<std::string> find_program(const std::string& name, std::string_view places, const fs::path& folder) {
  if (name.find('/') != std::string::npos) return name;
  for (const std::string_view place : split(places, ':')) {
    const fs::path candidate = folder / fs::path(place.empty() ? "." : place) / name;
    if (is_program(candidate)) return candidate.string();
  }
  return fail_hint(Code::not_found, "install it, or give its full path", "no program named '{}' on the PATH '{}'", name, places);
}

Result<Child> spawn(const SpawnOptions& options) {
  if (options.command.empty()) return fail(Code::invalid, "an empty command was to be started");
  MUSTER_TRY_ASSIGN(const std::string program, program_of(options));

  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.variables) environment.push_back(name + "=" + value);
  std::vector<std::string> procs_files;
  for (const fs::path& cgroup : options.cgroups) procs_files.push_back((cgroup / "cgroup.procs").string());
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const std::vector<char*> procs = pointers(procs_files);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const int cpu : options.cpus) CPU_SET(static_cast<std::size_t>(cpu), &cpus);

  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return tl::unexpected(system_error("make a pipe to start " + program, errno));
  const Fd from_child(pipe[0]);
  Fd to_parent(pipe[1]);

  const std::optional<rlimit> file_limit = file_limit_of_children();
  const ChildPlan plan{program.c_str(),
                       argv.data(),
                       envp.data(),
                       options.folder.empty() ? nullptr : options.folder.c_str(),
                       procs.data(),
                       options.cpus.empty() ? nullptr : &cpus,
                       file_limit ? &*file_limit : nullptr,
                       options.input.value_or(-1),
                       options.output.value_or(-1),
                       options.gate.value_or(-1),
                       to_parent.get(),
                       ::getpid()};
  pid_t pid = -1;
  int error_number = 0;
  spawned_children().with([&](std::set<pid_t>& spawned) {
    const BlockedSignals blocked;
    pid = options.gate ? start_copied(plan) : start_shared(plan);
    error_number = errno;
    if (pid > 0) spawned.insert(pid);
  });
  if (pid < 0) return tl::unexpected(system_error("start a process for " + program, error_number));
  to_parent.reset();

  // Ours to reap, so the pid cannot be reused before this.
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    error_number = errno;
    ::kill(pid, SIGKILL);
    reap(pid);
    return tl::unexpected(system_error("open a pidfd of " + program, error_number));
  }

  SpawnReport report{};
  ssize_t got = -1;
  do {
    got = ::read(from_child.get(), &report, sizeof report);
  } while (got < 0 && errno == EINTR);
  const bool failed = got == static_cast<ssize_t>(sizeof report) && report.step != SpawnStep::at_gate;
  if (!failed) return Child(pid, std::move(pidfd));

  reap(pid);
  const std::string doing =
      fmt::format("{} {}{}", words(report.step), program, report.step == SpawnStep::folder ? " (" + options.folder.string() + ")" : "");
  Error error = system_error(doing, report.error_number);
  if (report.error_number == ENOENT) error.code = Code::not_found;
  if (report.error_number == EACCES && report.step == SpawnStep::exec) error.hint = "make it executable: chmod +x";
  if (report.error_number == ENOENT && report.step == SpawnStep::exec)
    error.hint = "the program, or the interpreter that its first line names, does not exist";
  return tl::unexpected(std::move(error));
}

}  // namespace muster::process

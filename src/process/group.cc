#include "process/group.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "process/cgroup.h"
#include "process/marker.h"

namespace muster::process {
namespace fs = std::filesystem;
namespace {

bool is_group_name(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 400 && std::all_of(name.begin(), name.end(), plain);
}

/// A cgroup's folder is named after the group; a long name (a run may be called by 275 characters) is cut and told from others by its hash.
std::string folder_name(const std::string& name) {
  if (name.size() <= 200) return fmt::format("muster-{}", name);
  return fmt::format("muster-{}-{}", name.substr(0, 160), sha256_hex(name).substr(0, 32));
}

bool is_cgroup(const fs::path& folder) { return !folder.empty() && ::access((folder / "cgroup.procs").c_str(), F_OK) == 0; }

/// The nearest cgroup from `folder` upwards that counts kills for want of memory.
fs::path nearest_counting(fs::path folder) {
  for (; is_cgroup(folder); folder = folder.parent_path()) {
    if (oom_kills(folder)) return folder;
  }
  return {};
}

/// Sends to the processes that `list` gives both before and after they are held by pidfd: a pid reused in between is not among them.
template <typename List>
void signal_listed(const List& list, int signal) {
  std::vector<std::pair<pid_t, Fd>> held;
  for (const pid_t pid : list()) {
    if (Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); pidfd) held.emplace_back(pid, std::move(pidfd));
  }
  const std::vector<pid_t> still = list();
  for (const auto& [pid, pidfd] : held) {
    if (std::find(still.begin(), still.end(), pid) != still.end()) ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
  }
}

std::string state_of(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid), 1 << 16);
  const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  return name_end == std::string::npos || name_end + 2 >= stat->size() ? "?" : std::string(1, (*stat)[name_end + 2]);
}

}  // namespace

ProcessGroup ProcessGroup::planned(const std::string& name) {
  const CgroupPlaces places = own_cgroups();
  const std::string folder = folder_name(name);
  ProcessGroup group;
  group.name_ = name;
  if (!places.memory_v1.empty()) group.memory_cgroup_ = places.memory_v1 / folder;
  group.cgroup_ = places.unified.empty() ? group.memory_cgroup_ : places.unified / folder;
  return group;
}

Result<ProcessGroup> ProcessGroup::create(const std::string& name) {
  if (!is_group_name(name)) return fail(Code::invalid, "'{}' is not a name for a process group", name);
  ProcessGroup group = planned(name);
  if (!group.memory_cgroup_.empty() && !make_cgroup(group.memory_cgroup_)) group.memory_cgroup_.clear();
  if (group.cgroup_.empty() || (group.cgroup_ != group.memory_cgroup_ && !make_cgroup(group.cgroup_))) group.cgroup_ = group.memory_cgroup_;
  group.counting_ =
      group.memory_cgroup_.empty() ? nearest_counting(group.cgroup_.empty() ? own_cgroups().unified : group.cgroup_) : group.memory_cgroup_;
  if (!group.counting_.empty()) group.counted_before_ = oom_kills(group.counting_).value_or(0);
  return group;
}

Json ProcessGroup::to_json() const {
  return {{"name", name_},
          {"cgroup", cgroup_.string()},
          {"memory_cgroup", memory_cgroup_.string()},
          {"counting", counting_.string()},
          {"counted_before", counted_before_}};
}

Result<ProcessGroup> ProcessGroup::reopen(const Json& state) {
  ObjectReader in(state);
  ProcessGroup group;
  group.name_ = in.text("name");
  group.cgroup_ = in.text("cgroup");
  group.memory_cgroup_ = in.text("memory_cgroup");
  group.counting_ = in.text("counting");
  group.counted_before_ = in.integer("counted_before", 0, INT64_MAX);
  MUSTER_TRY(in.finish("process group"));
  if (!is_group_name(group.name_)) return fail(Code::malformed, "'{}' is not the name of a process group", group.name_);
  // What is killed and removed by path is ours by name.
  for (const fs::path& folder : {group.cgroup_, group.memory_cgroup_}) {
    if (!folder.empty() && folder.filename() != folder_name(group.name_)) {
      return fail(Code::malformed, "{} is not the cgroup of {}", folder.string(), group.name_);
    }
  }
  return group;
}

bool ProcessGroup::has_cgroup() const { return is_cgroup(cgroup_); }

std::vector<fs::path> ProcessGroup::cgroups() const {
  std::vector<fs::path> folders;
  if (!cgroup_.empty()) folders.push_back(cgroup_);
  if (!memory_cgroup_.empty() && memory_cgroup_ != cgroup_) folders.push_back(memory_cgroup_);
  return folders;
}

std::map<std::string, std::string> ProcessGroup::variables() const { return {{std::string(kGroupVariable), name_}}; }

std::vector<pid_t> ProcessGroup::members() const { return has_cgroup() ? cgroup_members(cgroup_) : marked_processes(name_); }

std::optional<std::int64_t> ProcessGroup::out_of_memory_kills() const {
  const auto count = counting_.empty() ? std::nullopt : oom_kills(counting_);
  return count ? std::optional(std::max<std::int64_t>(0, *count - counted_before_)) : std::nullopt;
}

void ProcessGroup::signal_all(int signal) const {
  signal_listed([this] { return members(); }, signal);
}

Result<void> ProcessGroup::kill(std::chrono::milliseconds at_most) const {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  auto pause = std::chrono::milliseconds(1);
  while (true) {
    // The cgroup first; then those that left it, by marker: a job may move its processes to a cgroup of its own making.
    std::vector<pid_t> left = has_cgroup() ? cgroup_members(cgroup_) : std::vector<pid_t>{};
    if (!left.empty()) {
      if (!write_cgroup_kill(cgroup_)) signal_listed([this] { return cgroup_members(cgroup_); }, SIGKILL);
    } else {
      left = marked_processes(name_);
      if (left.empty()) return {};
      signal_listed([this] { return marked_processes(name_); }, SIGKILL);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      std::vector<std::string> named;
      for (const pid_t pid : left) named.push_back(fmt::format("{} (state {})", pid, state_of(pid)));
      return fail_hint(Code::timeout,
                       "a process in state D waits inside the kernel, mostly for a device or a network disk; the node needs a look",
                       "processes of {} did not end within {} ms of SIGKILL: {}", name_, at_most.count(), muster::join(named, ", "));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(20));
  }
}

void ProcessGroup::remove() {
  // The kernel may still be at the last steps of a process that nobody sees any more.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  for (const fs::path& folder : cgroups()) {
    remove_cgroup(folder);
    while (is_cgroup(folder) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      remove_cgroup(folder);
    }
  }
}

std::string ProcessGroup::words() const {
  return has_cgroup() ? "own cgroup" : "no cgroup can be made here: processes are found by a variable in their environment";
}

}  // namespace muster::process

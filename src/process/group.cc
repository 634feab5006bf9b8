#include "process/group.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "process/orphans.h"
#include "process/spawn.h"

namespace muster::process {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostNamed = 20;

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

Result<std::vector<Leader>> leaders_from_json(const Json& json) {
  std::vector<Leader> leaders;
  for (const Json& item : json) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_number_integer() || !item[1].is_number_integer()) {
      return fail(Code::malformed, "a leader of a process group is a pid and a start time, not {}", dump_json(item));
    }
    leaders.push_back({item[0].get<pid_t>(), item[1].get<std::int64_t>()});
  }
  return leaders;
}

bool is_container_id(const std::string& id) { return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos; }

/// What pids mean something in: this boot and this pid namespace.
std::string pid_space() {
  std::error_code ignored;
  return read_file("/proc/sys/kernel/random/boot_id").value_or("\n").substr(0, 36) + " " +
         fs::read_symlink("/proc/self/ns/pid", ignored).string();
}

std::string named(const ProcessFacts& one, bool denied) {
  return fmt::format("{} {} ({}state {})", one.pid, to_utf8(one.name), denied ? "not permitted to end it, " : "", one.state);
}

}  // namespace

std::string_view to_string(GroupKind kind) {
  switch (kind) {
    case GroupKind::cgroup: return "cgroup";
    case GroupKind::marker: return "marker";
    case GroupKind::container: return "container";
  }
  return "";
}

ProcessGroup ProcessGroup::planned(const std::string& name, const CgroupPlaces& places) {
  const std::string folder = folder_name(name);
  ProcessGroup group;
  group.name_ = name;
  if (!places.memory_v1.empty()) group.memory_cgroup_ = places.memory_v1 / folder;
  group.cgroup_ = places.unified.empty() ? group.memory_cgroup_ : place_for_groups(places) / folder;
  return group;
}

Result<ProcessGroup> ProcessGroup::create(const std::string& name, const CgroupPlaces& places) {
  if (!is_group_name(name)) return fail(Code::invalid, "'{}' is not a name for a process group", name);
  ProcessGroup group = planned(name, places);
  if (!group.memory_cgroup_.empty() && !make_cgroup(group.memory_cgroup_)) group.memory_cgroup_.clear();
  if (group.cgroup_.empty() || (group.cgroup_ != group.memory_cgroup_ && !make_cgroup(group.cgroup_))) group.cgroup_ = group.memory_cgroup_;
  if (group.memory_cgroup_.empty() && !group.cgroup_.empty()) count_memory_below(group.cgroup_.parent_path());
  group.counted_before_ = group.kills_counted().value_or(0);
  return group;
}

Json ProcessGroup::to_json() const {
  Json leaders = Json::array();
  for (const Leader& leader : leaders_) leaders.push_back({leader.pid, leader.start_time});
  return {{"kind", to_string(kind())},         {"name", name_},
          {"cgroup", cgroup_.string()},        {"memory_cgroup", memory_cgroup_.string()},
          {"counted_before", counted_before_}, {"leaders", std::move(leaders)},
          {"containers", containers_},         {"pids_of", pid_space()}};
}

Result<ProcessGroup> ProcessGroup::reopen(const Json& state) {
  ObjectReader in(state);
  ProcessGroup group;
  const std::string kind = in.text("kind");
  group.name_ = in.text("name");
  group.cgroup_ = in.text("cgroup");
  group.memory_cgroup_ = in.text("memory_cgroup");
  group.counted_before_ = in.integer("counted_before", 0, INT64_MAX);
  const Json* leaders = in.member("leaders");
  group.containers_ = in.texts_or_empty("containers");
  // After a reboot, or in a container that was started again, pids are given anew.
  const bool pids_hold = in.text_or("pids_of", "") == pid_space();
  MUSTER_TRY(in.finish("process group"));
  if (kind != "cgroup" && kind != "marker" && kind != "container")
    return fail(Code::malformed, "this version of Muster cannot end a process group of the kind '{}'", kind);
  for (const std::string& id : group.containers_) {
    if (!is_container_id(id)) return fail(Code::malformed, "'{}' is not the id of a container", id);
  }
  if (leaders != nullptr && pids_hold) {
    MUSTER_TRY_ASSIGN(group.leaders_, leaders_from_json(*leaders));
  }
  if (!is_group_name(group.name_)) return fail(Code::malformed, "'{}' is not the name of a process group", group.name_);
  // What is killed and removed by path is ours by name.
  for (const fs::path& folder : {group.cgroup_, group.memory_cgroup_}) {
    if (!folder.empty() && folder.filename() != folder_name(group.name_)) {
      return fail(Code::malformed, "{} is not the cgroup of {}", folder.string(), group.name_);
    }
  }
  return group;
}

GroupKind ProcessGroup::kind() const {
  if (!containers_.empty()) return GroupKind::container;
  return cgroup_.empty() ? GroupKind::marker : GroupKind::cgroup;
}

bool ProcessGroup::has_cgroup() const { return is_cgroup(cgroup_); }

std::vector<fs::path> ProcessGroup::cgroups() const {
  std::vector<fs::path> folders;
  if (!cgroup_.empty()) folders.push_back(cgroup_);
  if (!memory_cgroup_.empty() && memory_cgroup_ != cgroup_) folders.push_back(memory_cgroup_);
  return folders;
}

std::map<std::string, std::string> ProcessGroup::variables() const { return {{std::string(kGroupVariable), name_}}; }

void ProcessGroup::add_leader(pid_t pid) {
  const auto time = start_time(pid);
  if (time) leaders_.push_back({pid, *time});
}

Result<void> ProcessGroup::add_container(const std::string& id) {
  if (!is_container_id(id)) return fail(Code::invalid, "'{}' is not the id of a container", id);
  containers_.push_back(id);
  return {};
}

std::vector<ProcessFacts> ProcessGroup::find() const {
  GroupTraits traits{name_, {}, leaders_, ::getpid(), adopts_, {}};
  if (has_cgroup()) traits.in_cgroup = cgroup_members(cgroup_);
  const auto all = read_processes(Environments::read);
  if (!containers_.empty()) add_container_members(all, containers_, traits.in_cgroup);
  // After the look: a child that is just being started is among them by then.
  traits.own_children = spawned_children().with([](const std::set<pid_t>& spawned) { return spawned; });
  return find_members(all, traits);
}

std::vector<pid_t> ProcessGroup::members() const {
  std::vector<pid_t> pids;
  for (const ProcessFacts& one : find()) pids.push_back(one.pid);
  return pids;
}

bool ProcessGroup::is_empty() const {
  if (has_cgroup() && !cgroup_members(cgroup_).empty()) return false;
  return find().empty();
}

std::optional<std::int64_t> ProcessGroup::kills_counted() const {
  const fs::path& counting = memory_cgroup_.empty() ? cgroup_ : memory_cgroup_;
  return counting.empty() ? std::nullopt : oom_kills(counting);
}

std::optional<std::int64_t> ProcessGroup::out_of_memory_kills() const {
  const auto count = kills_counted();
  return count ? std::optional(std::max<std::int64_t>(0, *count - counted_before_)) : std::nullopt;
}

std::vector<pid_t> ProcessGroup::signal_these(const std::vector<ProcessFacts>& members, int signal) const {
  if (signal == SIGKILL && has_cgroup()) write_cgroup_kill(cgroup_);
  std::vector<pid_t> denied;
  for (const ProcessFacts& one : members) {
    const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, one.pid, 0)));
    // Held by now; the start time tells it from a later process that was given the same pid.
    if (!pidfd || start_time(one.pid) != one.start_time) continue;
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0 && errno == EPERM) denied.push_back(one.pid);
  }
  return denied;
}

void ProcessGroup::signal_all(int signal) const { (void)signal_these(find(), signal); }

Result<void> ProcessGroup::kill(std::chrono::milliseconds at_most) const {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  auto pause = std::chrono::milliseconds(1);
  while (true) {
    const std::vector<ProcessFacts> left = find();
    if (left.empty()) return {};
    const std::vector<pid_t> denied = signal_these(left, SIGKILL);
    if (std::chrono::steady_clock::now() >= deadline) {
      std::vector<std::string> names;
      for (const ProcessFacts& one : left) {
        if (names.size() == kMostNamed) break;
        names.push_back(named(one, std::find(denied.begin(), denied.end(), one.pid) != denied.end()));
      }
      if (left.size() > kMostNamed) names.push_back(fmt::format("and {} more", left.size() - kMostNamed));
      return fail_hint(Code::timeout,
                       "a process in state D waits inside the kernel, mostly for a device or a network disk: check those of the node",
                       "processes of {} did not end within {} ms of SIGKILL: {}", name_, at_most.count(), muster::join(names, ", "));
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

}  // namespace muster::process

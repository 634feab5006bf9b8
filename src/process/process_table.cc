#include "process/process_table.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace muster::process {
namespace {

// proc(5) counts fields from 1; the state, which follows the name, is the third.
constexpr std::size_t kFirst = 3;
constexpr std::size_t kParent = 4 - kFirst;
constexpr std::size_t kSession = 6 - kFirst;
constexpr std::size_t kThreads = 20 - kFirst;
constexpr std::size_t kStartTime = 22 - kFirst;
constexpr std::size_t kVirtualSize = 23 - kFirst;
constexpr std::size_t kEnvironmentEnd = 51 - kFirst;

constexpr pid_t kKernelThreads = 2;  // the parent of them all

/// The fields from the state on. The name before them, in parentheses, may hold anything.
std::vector<std::string_view> fields_of(std::string_view stat) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return {};
  return split(stat.substr(name_end + 2), ' ');
}

std::string read_stat(pid_t pid) { return read_file(fmt::format("/proc/{}/stat", pid), 1 << 16).value_or(""); }

/// The process's environment. The kernel says that exec has succeeded (it closes what is closed by it) a moment before it says where the
/// environment lies: that moment is waited for.
std::string environment_of(pid_t pid) {
  constexpr int kMostLooks = 50;
  for (int look = 1;; ++look) {
    auto environ = read_file(fmt::format("/proc/{}/environ", pid), 32 << 20);
    if (!environ) return "";  // not ours to read, or gone meanwhile
    if (!environ->empty() || look == kMostLooks || !is_amid_exec(read_stat(pid))) return *std::move(environ);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

std::optional<ProcessFacts> facts_from_stat(std::string_view stat) {
  const auto fields = fields_of(stat);
  const std::size_t name = stat.find('(');
  std::int64_t pid = 0;
  std::int64_t parent = 0;
  std::int64_t session = 0;
  std::int64_t threads = 0;
  ProcessFacts facts;
  if (fields.size() <= kStartTime || name == std::string_view::npos || name == 0 || fields[0].empty()) return std::nullopt;
  if (!parse_int64(stat.substr(0, name - 1), pid) || !parse_int64(fields[kParent], parent) || !parse_int64(fields[kSession], session) ||
      !parse_int64(fields[kThreads], threads) || !parse_int64(fields[kStartTime], facts.start_time)) {
    return std::nullopt;
  }
  facts.pid = static_cast<pid_t>(pid);
  facts.parent = static_cast<pid_t>(parent);
  facts.session = static_cast<pid_t>(session);
  facts.state = fields[0][0];
  // A process whose first thread has ended is a Z as well, while its other threads go on.
  facts.ended = facts.state == 'X' || (facts.state == 'Z' && threads <= 1);
  facts.name = stat.substr(name + 1, stat.rfind(") ") - name - 1);
  return facts;
}

bool is_amid_exec(std::string_view stat) {
  const auto fields = fields_of(stat);
  return fields.size() > kEnvironmentEnd && fields[kVirtualSize] != "0" && fields[kEnvironmentEnd] == "0";
}

std::string group_in_environment(std::string_view environ) {
  for (const std::string_view entry : split(environ, '\0')) {
    if (entry.size() > kGroupVariable.size() && entry.starts_with(kGroupVariable) && entry[kGroupVariable.size()] == '=') {
      return std::string(entry.substr(kGroupVariable.size() + 1));
    }
  }
  return "";
}

std::optional<ProcessFacts> process_facts(pid_t pid) { return facts_from_stat(read_stat(pid)); }

std::vector<ProcessFacts> read_processes(Environments environments) {
  std::vector<ProcessFacts> all;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::int64_t pid = 0;
    if (!parse_int64(entry.path().filename().native(), pid)) continue;
    auto facts = process_facts(static_cast<pid_t>(pid));
    if (!facts) continue;
    if (environments == Environments::read && facts->parent != kKernelThreads && !facts->ended) {
      facts->group = group_in_environment(environment_of(facts->pid));
    }
    all.push_back(std::move(*facts));
  }
  return all;
}

void add_container_members(const std::vector<ProcessFacts>& all, const std::vector<std::string>& containers, std::vector<pid_t>& members) {
  for (const ProcessFacts& one : all) {
    if (one.parent == kKernelThreads || one.ended) continue;
    const std::string cgroups = read_file(fmt::format("/proc/{}/cgroup", one.pid), 1 << 16).value_or("");
    const auto names_it = [&](const std::string& id) { return cgroups.find(id) != std::string::npos; };
    if (std::any_of(containers.begin(), containers.end(), names_it)) members.push_back(one.pid);
  }
}

std::vector<ProcessFacts> find_members(const std::vector<ProcessFacts>& all, const GroupTraits& group) {
  std::map<pid_t, const ProcessFacts*> by_pid;
  std::multimap<pid_t, const ProcessFacts*> by_parent;
  for (const ProcessFacts& one : all) {
    by_pid[one.pid] = &one;
    by_parent.emplace(one.parent, &one);
  }
  const std::set<pid_t> in_cgroup(group.in_cgroup.begin(), group.in_cgroup.end());
  const auto is_anothers = [&](const ProcessFacts& one) { return !one.group.empty() && one.group != group.name; };
  const auto is_leader = [&](const ProcessFacts& one) {
    return std::any_of(group.leaders.begin(), group.leaders.end(),
                       [&](const Leader& leader) { return leader.pid == one.pid && leader.start_time == one.start_time; });
  };
  const auto is_in_session = [&](const ProcessFacts& one) {
    return std::any_of(group.leaders.begin(), group.leaders.end(), [&](const Leader& leader) {
      if (one.session != leader.pid || one.start_time < leader.start_time) return false;
      // While anybody is in a session its leader's pid is given to nobody else.
      const auto now = by_pid.find(leader.pid);
      return now == by_pid.end() || now->second->start_time == leader.start_time;
    });
  };
  const auto is_orphan = [&](const ProcessFacts& one) {
    return group.adopts && one.parent == group.self && !group.own_children.contains(one.pid);
  };
  std::set<pid_t> members;
  std::vector<const ProcessFacts*> to_visit;
  const auto take = [&](const ProcessFacts& one) {
    if (one.pid != group.self && members.insert(one.pid).second) to_visit.push_back(&one);
  };
  for (const ProcessFacts& one : all) {
    if (in_cgroup.contains(one.pid) || is_leader(one)) take(one);
    if (one.group == group.name || (!is_anothers(one) && (is_in_session(one) || is_orphan(one)))) take(one);
  }
  while (!to_visit.empty()) {
    const pid_t parent = to_visit.back()->pid;
    to_visit.pop_back();
    const auto [first, last] = by_parent.equal_range(parent);
    for (auto at = first; at != last; ++at) {
      if (!is_anothers(*at->second)) take(*at->second);
    }
  }
  std::vector<ProcessFacts> found;
  for (const ProcessFacts& one : all) {
    if (members.contains(one.pid) && !one.ended) found.push_back(one);
  }
  return found;
}

}  // namespace muster::process

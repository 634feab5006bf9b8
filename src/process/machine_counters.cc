#include "process/machine_counters.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace muster::process {
namespace {

constexpr std::uint64_t kSectorBytes = 512;  // of /proc/diskstats, whatever the disk's own are

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

/// 0 for what is no number.
std::uint64_t count_in(std::string_view word) {
  std::int64_t number = 0;
  return parse_int64(word, number) && number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

std::string text_of(const std::filesystem::path& file) { return read_file(file).value_or(""); }

}  // namespace

void read_stat(std::string_view stat, std::int64_t ticks_a_second, MachineCounters& counters) {
  for (const std::string_view line : split(stat, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 9 || words[0] != "cpu" || ticks_a_second <= 0) continue;
    // user, nice, system, idle, iowait, irq, softirq, steal: all but the two that wait.
    std::uint64_t ticks = 0;
    for (const std::size_t i : {1u, 2u, 3u, 6u, 7u, 8u}) ticks += count_in(words[i]);
    counters.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(ticks_a_second);
  }
}

void read_meminfo(std::string_view meminfo, MachineCounters& counters) {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
  for (const std::string_view line : split(meminfo, '\n')) {
    const auto words = words_of(line);
    if (words.size() >= 2 && words[0] == "MemTotal:") total = count_in(words[1]) * 1024;
    if (words.size() >= 2 && words[0] == "MemAvailable:") available = count_in(words[1]) * 1024;
  }
  counters.memory_used = total > available ? total - available : 0;
}

void read_net_dev(std::string_view net_dev, MachineCounters& counters) {
  for (const std::string_view line : split(net_dev, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = words_of(line.substr(0, colon));
    const auto numbers = words_of(line.substr(colon + 1));
    if (name.empty() || name.front() == "lo" || numbers.size() < 9) continue;
    counters.network_received += count_in(numbers[0]);
    counters.network_sent += count_in(numbers[8]);
  }
}

void read_diskstats(std::string_view diskstats, const std::function<bool(std::string_view)>& is_whole, MachineCounters& counters) {
  for (const std::string_view line : split(diskstats, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 10) continue;
    // What is made of other disks (dm, md, loop) would count theirs again.
    bool is_made = false;
    for (const std::string_view kind : {"dm-", "md", "loop", "ram", "zram"}) is_made = is_made || words[2].starts_with(kind);
    if (is_made || !is_whole(words[2])) continue;
    counters.disk_read += count_in(words[5]) * kSectorBytes;
    counters.disk_written += count_in(words[9]) * kSectorBytes;
  }
}

MachineCounters read_machine_counters(const std::filesystem::path& proc, const std::filesystem::path& sys) {
  MachineCounters counters;
  read_stat(text_of(proc / "stat"), ::sysconf(_SC_CLK_TCK), counters);
  read_meminfo(text_of(proc / "meminfo"), counters);
  read_net_dev(text_of(proc / "net/dev"), counters);
  const auto is_whole = [&](std::string_view name) {
    std::error_code ignored;
    return std::filesystem::exists(sys / "block" / name, ignored);
  };
  read_diskstats(text_of(proc / "diskstats"), is_whole, counters);
  return counters;
}

CgroupCounters read_cgroup_counters(const std::filesystem::path& folder) {
  CgroupCounters counters;
  constexpr double kMicroseconds = 1e6;
  const std::string cpu = text_of(folder / "cpu.stat");
  for (const std::string_view line : split(cpu, '\n')) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[0] == "usage_usec") counters.cpu_seconds = static_cast<double>(count_in(words[1])) / kMicroseconds;
  }
  const std::string memory = text_of(folder / "memory.current");
  if (const auto words = words_of(std::string_view(memory).substr(0, memory.find('\n'))); !words.empty())
    counters.memory_used = count_in(words[0]);
  return counters;
}

}  // namespace muster::process

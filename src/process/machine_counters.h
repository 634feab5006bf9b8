#pragma once
// What this machine counts of its use: processors, memory, network, disks.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace muster::process {

/// Counters only grow; 0 where the machine does not say.
struct MachineCounters {
  double cpu_seconds = 0;  ///< that all processors together were busy
  std::uint64_t memory_used = 0;
  std::uint64_t network_received = 0;  ///< bytes, of all interfaces but loopback
  std::uint64_t network_sent = 0;
  std::uint64_t disk_read = 0;  ///< bytes, of whole disks
  std::uint64_t disk_written = 0;
};

// From the texts of /proc; each sets its own members. Pure.
void read_stat(std::string_view stat, std::int64_t ticks_a_second, MachineCounters& counters);
void read_meminfo(std::string_view meminfo, MachineCounters& counters);
void read_net_dev(std::string_view net_dev, MachineCounters& counters);
/// `is_whole` tells disks from their partitions, which would count twice.
void read_diskstats(std::string_view diskstats, const std::function<bool(std::string_view)>& is_whole, MachineCounters& counters);

/// Now. Reads four files of the kernel's.
MachineCounters read_machine_counters(const std::filesystem::path& proc = "/proc", const std::filesystem::path& sys = "/sys");

/// What the processes of a v2 cgroup, and of those below it, have used.
struct CgroupCounters {
  double cpu_seconds = 0;
  std::uint64_t memory_used = 0;
};
/// From cpu.stat and memory.current of that folder; members whose controller does not count stay 0.
CgroupCounters read_cgroup_counters(const std::filesystem::path& folder);

}  // namespace muster::process

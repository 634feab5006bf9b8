#pragma once
// What a node's use is recorded as: names and numbers from two looks at the machine. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/machine_counters.h"

namespace muster::runner {

/// What `nvidia-smi` said last of one GPU; absent what it does not know ("[N/A]").
struct GpuReading {
  std::optional<double> utilization_percent;
  std::optional<double> memory_used_bytes;
  std::optional<double> power_watts;
  std::optional<double> temperature_celsius;
};
/// By the GPU's index.
using GpuReadings = std::map<int, GpuReading>;

/// What nvidia-smi is asked for, in the order of read_gpu_line().
inline constexpr std::string_view kGpuQuery = "index,utilization.gpu,memory.used,power.draw,temperature.gpu";
/// Takes a line of it ("0, 97, 1024, 250.30, 61") into the readings; one that is none changes nothing.
void read_gpu_line(std::string_view line, GpuReadings& readings);

struct MachineLook {
  process::MachineCounters machine;
  std::optional<process::CgroupCounters> run;  ///< of the run's own processes, where they have a cgroup
  GpuReadings gpus;
  double seconds = 0;  ///< on a clock that never goes back
};

/// {"cpu_cores_used", "memory_used_bytes", "network_received_bytes_per_second", …, "run_cpu_cores_used", "gpu0_utilization_percent"}: rates
/// between the looks, the rest as of the second. Nothing without time between them. A counter that went back (an interface is gone) is
/// left out.
std::vector<std::pair<std::string, double>> machine_points(const MachineLook& before, const MachineLook& now);

}  // namespace muster::runner

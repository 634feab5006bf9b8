#include "runner/machine_points.h"

#include <map>

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

std::map<std::string, double> points_of(const MachineLook& before, const MachineLook& now) {
  std::map<std::string, double> points;
  for (const auto& [name, value] : machine_points(before, now)) points[name] = value;
  return points;
}

TEST(MachinePoints, CountersBecomeRates) {
  MachineLook before;
  before.machine = {10, 1000, 100, 200, 300, 400};
  before.run = process::CgroupCounters{1, 50};
  before.seconds = 100;
  MachineLook now;
  now.machine = {40, 2000, 300, 200, 1300, 400};
  now.run = process::CgroupCounters{21, 60};
  now.seconds = 110;
  const auto points = points_of(before, now);
  EXPECT_DOUBLE_EQ(points.at("cpu_cores_used"), 3);
  EXPECT_DOUBLE_EQ(points.at("memory_used_bytes"), 2000);
  EXPECT_DOUBLE_EQ(points.at("network_received_bytes_per_second"), 20);
  EXPECT_DOUBLE_EQ(points.at("network_sent_bytes_per_second"), 0);
  EXPECT_DOUBLE_EQ(points.at("disk_read_bytes_per_second"), 100);
  EXPECT_DOUBLE_EQ(points.at("run_cpu_cores_used"), 2);
  EXPECT_DOUBLE_EQ(points.at("run_memory_used_bytes"), 60);
  EXPECT_TRUE(machine_points(now, before).empty()) << "no time has passed";
}

TEST(MachinePoints, ACounterThatWentBackIsLeftOut) {
  MachineLook before;
  before.machine.network_sent = 500;
  MachineLook now;
  now.machine.network_sent = 100;
  now.seconds = 1;
  const auto points = points_of(before, now);
  EXPECT_FALSE(points.contains("network_sent_bytes_per_second"));
  EXPECT_FALSE(points.contains("run_cpu_cores_used")) << "the run has no cgroup";
}

TEST(MachinePoints, GpusAreWhatTheirProgramSays) {
  MachineLook now;
  now.seconds = 1;
  read_gpu_line("0, 97, 1024, 250.30, 61\r", now.gpus);
  read_gpu_line("1, [N/A], 2, [Not Supported], 40", now.gpus);
  for (const char* line : {"", "NVIDIA-SMI has failed", "-1, 1, 1, 1, 1", "999, 1, 1, 1, 1", "0, 1, 1", "x, 1, 1, 1, 1"})
    read_gpu_line(line, now.gpus);
  const auto points = points_of({}, now);
  EXPECT_DOUBLE_EQ(points.at("gpu0_utilization_percent"), 97);
  EXPECT_DOUBLE_EQ(points.at("gpu0_memory_used_bytes"), 1024.0 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(points.at("gpu0_power_watts"), 250.3);
  EXPECT_DOUBLE_EQ(points.at("gpu1_temperature_celsius"), 40);
  EXPECT_FALSE(points.contains("gpu1_utilization_percent"));
  EXPECT_EQ(now.gpus.size(), 2u);
}

}  // namespace
}  // namespace muster::runner

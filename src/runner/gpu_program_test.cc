#include "runner/gpu_program.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

constexpr std::chrono::seconds kDeadline{20};

/// What it prints last, waited for.
GpuReadings first_readings(GpuProgram& program) {
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  GpuReadings readings;
  while (readings.empty() && std::chrono::steady_clock::now() < until) {
    readings = program.take();
    std::this_thread::yield();
  }
  return readings;
}

TEST(GpuProgramTest, IsReadWhileItKeepsRunning) {
  const test::TempFolder folder;
  const auto script = folder / "nvidia-smi";
  ASSERT_TRUE(write_file(
      script, "#!/bin/sh\n[ \"$3\" = --loop=7 ] || exit 1\nenv | grep -q TOKEN && exit 1\necho '1, 50, 2, 3, 4'\nexec sleep 1000\n", 0755));
  GpuProgram program(std::chrono::seconds(7), script.string());
  const GpuReadings readings = first_readings(program);
  ASSERT_TRUE(readings.contains(1));
  EXPECT_DOUBLE_EQ(*readings.at(1).utilization_percent, 50);
  EXPECT_TRUE(program.take().empty()) << "nothing since";
}

TEST(GpuProgramTest, OneThatEndsOrIsNotThereSaysNothing) {
  const test::TempFolder folder;
  const auto script = folder / "nvidia-smi";
  ASSERT_TRUE(write_file(script, "#!/bin/sh\necho NVIDIA-SMI has failed\nexit 9\n", 0755));
  GpuProgram failing(std::chrono::seconds(1), script.string());
  GpuProgram absent(std::chrono::seconds(1), (folder / "absent").string());
  EXPECT_TRUE(absent.take().empty());
  EXPECT_TRUE(failing.take().empty());
}

}  // namespace
}  // namespace muster::runner

#include "process/machine_counters.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::process {
namespace {

TEST(MachineCounters, ProcessorsAreBusyWhenTheyDoNotWait) {
  MachineCounters counters;
  read_stat("cpu  100 10 40 9999 888 6 4 20 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nctxt 5\n", 100, counters);
  EXPECT_DOUBLE_EQ(counters.cpu_seconds, 1.8);
}

TEST(MachineCounters, MemoryIsUsedUnlessItIsAvailable) {
  MachineCounters counters;
  read_meminfo("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n", counters);
  EXPECT_EQ(counters.memory_used, 600u * 1024);
}

TEST(MachineCounters, OfInterfacesNotLoopback) {
  MachineCounters counters;
  read_net_dev(
      "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n"
      "  eth0: 100 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n ib0:20 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n",
      counters);
  EXPECT_EQ(counters.network_received, 120u);
  EXPECT_EQ(counters.network_sent, 10u);
}

TEST(MachineCounters, OfDisksNeitherPartitionsNorWhatIsMadeOfThem) {
  MachineCounters counters;
  read_diskstats(
      "   8 0 sda 10 0 4 0 20 0 6 0 0 0 0\n   8 1 sda1 10 0 4 0 20 0 6 0 0 0 0\n 253 0 dm-0 10 0 4 0 20 0 6 0 0 0 0\n"
      "   7 0 loop0 1 0 4 0 2 0 6 0 0 0 0\nshort\n",
      [](std::string_view name) { return name != "sda1"; }, counters);
  EXPECT_EQ(counters.disk_read, 4u * 512);
  EXPECT_EQ(counters.disk_written, 6u * 512);
}

TEST(MachineCounters, NonsenseIsNothing) {
  for (const char* text : {"", "\n\n", "cpu", "cpu a b c d e f g h i", "MemTotal: x kB", "eth0: 1", "8 0 sda x x x x x x x x"}) {
    MachineCounters counters;
    read_stat(text, 100, counters);
    read_meminfo(text, counters);
    read_net_dev(text, counters);
    read_diskstats(
        text, [](std::string_view) { return true; }, counters);
    EXPECT_EQ(counters.cpu_seconds, 0) << text;
    EXPECT_EQ(counters.memory_used + counters.network_received + counters.disk_read, 0u) << text;
  }
}

TEST(MachineCounters, ThisMachineCounts) {
  const MachineCounters counters = read_machine_counters();
  EXPECT_GT(counters.cpu_seconds, 0);
  EXPECT_GT(counters.memory_used, 0u);
}

TEST(MachineCounters, OfACgroupWhatItsControllersSay) {
  const test::TempFolder folder;
  EXPECT_EQ(read_cgroup_counters(folder.path()).memory_used, 0u);
  ASSERT_TRUE(write_file(folder.path() / "cpu.stat", "usage_usec 2500000\nuser_usec 1\n"));
  ASSERT_TRUE(write_file(folder.path() / "memory.current", "4096\n"));
  EXPECT_DOUBLE_EQ(read_cgroup_counters(folder.path()).cpu_seconds, 2.5);
  EXPECT_EQ(read_cgroup_counters(folder.path()).memory_used, 4096u);
}

}  // namespace
}  // namespace muster::process

#include "process/cgroup.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "process/group.h"
#include "process/test_support.h"
#include "support/temp_folder.h"

namespace muster::process {
namespace {

TEST(FindCgroups, PureV2) {
  const auto places = find_cgroups("0::/user.slice/user-1000.slice/session-3.scope\n",
                                   "25 30 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_EQ(places.unified, "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope");
  EXPECT_TRUE(places.memory_v1.empty());
}

TEST(FindCgroups, Hybrid) {
  const auto places = find_cgroups("8:pids:/\n4:cpu,memory:/jobs/7\n0::/\n",
                                   "31 30 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
                                   "32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(places.unified, "/sys/fs/cgroup/unified");
  EXPECT_EQ(places.memory_v1, "/sys/fs/cgroup/memory/jobs/7");
}

TEST(FindCgroups, AMountThatShowsOnlyAPart) {
  const auto places = find_cgroups("0::/docker/abc/inner\n", "25 30 0:23 /docker/abc /sys/fs/c\\040g rw - cgroup2 cgroup rw\n");
  EXPECT_EQ(places.unified, "/sys/fs/c g/inner");
  const auto outside = find_cgroups("0::/docker/abcd\n", "25 30 0:23 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
  EXPECT_TRUE(outside.unified.empty());
}

TEST(FindCgroups, NothingAtAllAndNonsense) {
  EXPECT_TRUE(find_cgroups("", "").unified.empty());
  EXPECT_TRUE(find_cgroups("nonsense\n:::\n0::\n", "a b c\n - - -\n1 2 3 4 5 6 -\n").unified.empty());
}

TEST(OomKills, ReadsBothVersions) {
  const test::TempFolder folder;
  EXPECT_EQ(oom_kills(folder.path()), std::nullopt);
  ASSERT_TRUE(write_file(folder / "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 0644, Durable::no));
  EXPECT_EQ(oom_kills(folder.path()), 2);
  ASSERT_TRUE(write_file(folder / "memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n", 0644, Durable::no));
  EXPECT_EQ(oom_kills(folder.path()), 3);
}

/// A folder with the files that a kernel would put there. Like a kernel, it takes what is written into them.
void make_fake_cgroup(const std::filesystem::path& folder, const std::string& controllers = "") {
  ASSERT_TRUE(make_folders(folder));
  ASSERT_TRUE(write_file(folder / "cgroup.procs", "", 0644, Durable::no));
  if (controllers.empty()) return;
  ASSERT_TRUE(write_file(folder / "cgroup.controllers", controllers + "\n", 0644, Durable::no));
  ASSERT_TRUE(write_file(folder / "cgroup.subtree_control", "", 0644, Durable::no));
}

TEST(CountMemoryBelow, AsksForTheControllerWhereItIsThereAndNotYetPassedDown) {
  const test::TempFolder folder;
  make_fake_cgroup(folder / "a", "cpu memory pids");
  count_memory_below(folder / "a");
  EXPECT_EQ(read_file(folder / "a/cgroup.subtree_control"), "+memory");
  make_fake_cgroup(folder / "b", "cpu memory_recursiveprot");
  count_memory_below(folder / "b");
  EXPECT_EQ(read_file(folder / "b/cgroup.subtree_control"), "");
  make_fake_cgroup(folder / "c", "cpu memory");
  ASSERT_TRUE(write_file(folder / "c/cgroup.subtree_control", "cpu memory\n", 0644, Durable::no));
  count_memory_below(folder / "c");
  EXPECT_EQ(read_file(folder / "c/cgroup.subtree_control"), "cpu memory\n");
  count_memory_below(folder / "none");
}

TEST(PlaceForGroups, IsTheCgroupAboveWhereThatWasHandedOver) {
  CgroupPlaces places{"/sys/fs/cgroup/muster.service/server", "", false};
  EXPECT_EQ(place_for_groups(places), "/sys/fs/cgroup/muster.service/server");
  places.handed_over = true;
  EXPECT_EQ(place_for_groups(places), "/sys/fs/cgroup/muster.service");
}

TEST(OutOfMemoryKills, AreCountedByTheGroupsOwnCgroupOnPureV2) {
  const test::TempFolder folder;
  const auto place = folder / "muster.service";
  make_fake_cgroup(place, "memory");
  make_fake_cgroup(place / "server");
  auto group = ProcessGroup::create("g-1-0", {place / "server", "", true}).value();
  EXPECT_EQ(read_file(place / "cgroup.subtree_control"), "+memory");
  EXPECT_EQ(group.out_of_memory_kills(), std::nullopt) << "nothing counts yet";
  ASSERT_TRUE(write_file(place / "memory.events", "oom_kill 9\n", 0644, Durable::no));
  EXPECT_EQ(group.out_of_memory_kills(), std::nullopt) << "others' kills";
  ASSERT_TRUE(write_file(place / "muster-g-1-0/memory.events", "oom 5\noom_kill 2\noom_group_kill 0\n", 0644, Durable::no));
  EXPECT_EQ(group.out_of_memory_kills(), 2);
}

TEST(OutOfMemoryKills, AreCountedByTheMemoryHierarchyOnV1AndHybrid) {
  const test::TempFolder folder;
  for (const char* unified : {"", "unified"}) {
    const auto memory = folder / (std::string("memory") + unified);
    make_fake_cgroup(memory);
    if (*unified != '\0') make_fake_cgroup(folder / unified, "hugetlb");
    auto group = ProcessGroup::create("g-1-0", {*unified == '\0' ? "" : folder / unified, memory, false}).value();
    const auto own = memory / "muster-g-1-0";
    ASSERT_TRUE(write_file(memory / "memory.oom_control", "oom_kill 9\n", 0644, Durable::no));
    EXPECT_EQ(group.out_of_memory_kills(), std::nullopt);
    ASSERT_TRUE(write_file(own / "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", 0644, Durable::no));
    make_fake_cgroup(own / "the jobs own");
    ASSERT_TRUE(write_file(own / "the jobs own/memory.oom_control", "oom_kill 2\n", 0644, Durable::no));
    EXPECT_EQ(group.out_of_memory_kills(), 3) << "v1 counts each cgroup for itself";
  }
}

TEST(OutOfMemoryKills, OfAnEarlierGroupOfThatNameDoNotCount) {
  const test::TempFolder folder;
  make_fake_cgroup(folder / "memory/muster-g-1-0");
  ASSERT_TRUE(write_file(folder / "memory/muster-g-1-0/memory.oom_control", "oom_kill 4\n", 0644, Durable::no));
  auto group = ProcessGroup::create("g-1-0", {"", folder / "memory", false}).value();
  EXPECT_EQ(group.out_of_memory_kills(), 0);
  EXPECT_EQ(ProcessGroup::reopen(group.to_json())->out_of_memory_kills(), 0);
}

}  // namespace
}  // namespace muster::process

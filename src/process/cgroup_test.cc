#include "process/cgroup.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "process/marker.h"
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

TEST(EnvironmentHolds, WantsTheWholeAssignment) {
  const std::string environ("PATH=/bin\0MUSTER_GROUP=run-1-0\0LAST=x\0", 38);
  EXPECT_TRUE(environment_holds(environ, "MUSTER_GROUP=run-1-0"));
  EXPECT_FALSE(environment_holds(environ, "MUSTER_GROUP=run-1"));
  EXPECT_FALSE(environment_holds(environ, "GROUP=run-1-0"));
  EXPECT_FALSE(environment_holds("", "MUSTER_GROUP=run-1-0"));
}

TEST(IsAmidExec, TellsAnEnvironmentThatIsToComeFromOneThatIsEmpty) {
  const auto stat = [](const char* virtual_size, const char* environment_end) {
    std::string text = "42 (a name with ) in it) R";
    for (int field = 4; field <= 52; ++field) text += std::string(" ") + (field == 23 ? virtual_size : field == 51 ? environment_end : "7");
    return text + "\n";
  };
  EXPECT_TRUE(is_amid_exec(stat("4096", "0")));
  EXPECT_FALSE(is_amid_exec(stat("4096", "140000"))) << "started with none";
  EXPECT_FALSE(is_amid_exec(stat("0", "0"))) << "ended, or the kernel's own";
  EXPECT_FALSE(is_amid_exec("42 (name) R 1 2 3"));
  EXPECT_FALSE(is_amid_exec(""));
}

}  // namespace
}  // namespace muster::process

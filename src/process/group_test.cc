#include "process/group.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "process/cgroup.h"
#include "process/orphans.h"
#include "process/spawn.h"
#include "process/test_support.h"
#include "support/event.h"
#include "support/temp_folder.h"

namespace muster::process {
namespace {

using test::eventually;
using test::TempFolder;
using testing::plain_variables;
using namespace std::chrono_literals;

enum class Kind { best_here, marker };

/// Every test runs on the best kind of group that this machine has, and on the one that works everywhere.
class GroupTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    auto made = ProcessGroup::create("test-" + random_hex(6) + "-1-0");
    ASSERT_TRUE(made) << made.error().detail;
    if (GetParam() == Kind::marker) {
      made->remove();
      Json state = made->to_json();
      state["cgroup"] = "";
      state["memory_cgroup"] = "";
      made = ProcessGroup::reopen(state);
      ASSERT_TRUE(made) << made.error().detail;
    }
    group_ = std::make_unique<ProcessGroup>(std::move(*made));
  }
  void TearDown() override {
    EXPECT_TRUE(group_->kill(10s));
    group_->remove();
    for (const auto& folder : group_->cgroups()) EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
  }
  /// A shell script as a member, its words in `output`.
  Child start(const std::string& script) {
    SpawnOptions options;
    options.command = {"/bin/sh", "-c", script};
    options.variables = plain_variables();
    options.variables.merge(group_->variables());
    options.cgroups = group_->cgroups();
    options.folder = folder_.path();
    auto child = spawn(options);
    EXPECT_TRUE(child) << child.error().detail;
    return std::move(child).value();
  }
  bool has_member(pid_t pid) {
    const auto members = group_->members();
    return std::find(members.begin(), members.end(), pid) != members.end();
  }
  std::vector<pid_t> wait_for_pids(const std::string& file, std::size_t count) {
    std::vector<pid_t> pids;
    EXPECT_TRUE(eventually([&] {
      pids.clear();
      const std::string text = read_file(folder_ / file).value_or("");
      for (const std::string_view line : split(text, '\n')) {
        std::int64_t pid = 0;
        if (parse_int64(line, pid)) pids.push_back(static_cast<pid_t>(pid));
      }
      return pids.size() >= count;
    }));
    return pids;
  }
  std::unique_ptr<ProcessGroup> group_;
  TempFolder folder_;
};

TEST_P(GroupTest, KnowsItsMembersAndNoOthers) {
  EXPECT_EQ(group_->kind(), group_->cgroups().empty() ? GroupKind::marker : GroupKind::cgroup);
  EXPECT_TRUE(group_->members().empty());
  Child member = start("sleep 60 & wait");
  SpawnOptions other;
  other.command = {"/bin/sleep", "60"};
  auto stranger = spawn(other);
  ASSERT_TRUE(eventually([&] { return group_->members().size() == 2; }));
  EXPECT_TRUE(has_member(member.pid()));
  EXPECT_FALSE(has_member(stranger->pid()));
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_TRUE(group_->members().empty());
  EXPECT_EQ(member.wait(20s)->signal, SIGKILL);
  EXPECT_FALSE(stranger->poll());
  ASSERT_TRUE(stranger->signal(SIGKILL));
  EXPECT_TRUE(stranger->wait(20s));
}

TEST_P(GroupTest, EndsDaemonsThatLeftSessionAndParent) {
  // Twice forked, in a session of its own, its parents gone: no walk of the process tree finds it.
  Child member = start("setsid sh -c '(setsid sh -c \"echo \\$\\$ >> pids; exec sleep 60\" &) ; exit 0'; exit 0");
  EXPECT_EQ(member.wait(20s)->exit_code, 0);
  const auto daemons = wait_for_pids("pids", 1);
  ASSERT_EQ(daemons.size(), 1U);
  EXPECT_TRUE(eventually([&] { return has_member(daemons[0]); }));
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_FALSE(is_alive(daemons[0]));
}

/// Overwrites the memory that its environment and its command line are read from, as setproctitle does, and takes another name.
constexpr const char* kRenamesItself = R"(exec python3 -c '
import ctypes, os, sys, time
fields = open("/proc/self/stat").read().rsplit(") ", 1)[1].split()
begin, end = int(fields[48 - 3]), int(fields[51 - 3])
ctypes.memset(begin, 0, end - begin)
ctypes.CDLL(None).prctl(15, b"something else")
print(os.getpid(), file=open("pids", "a"))
time.sleep(60)
')";

TEST_P(GroupTest, EndsALeaderThatRenamedItself) {
  Child member = start(kRenamesItself);
  group_->add_leader(member.pid());
  const auto pids = wait_for_pids("pids", 1);
  ASSERT_EQ(pids, std::vector<pid_t>{member.pid()});
  EXPECT_EQ(read_file(fmt::format("/proc/{}/environ", member.pid()))->find("MUSTER_GROUP"), std::string::npos);
  EXPECT_TRUE(has_member(member.pid()));
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_EQ(member.wait(20s)->signal, SIGKILL);
}

TEST_P(GroupTest, EndsALeaderThatRenamedItselfWhenFoundAgain) {
  Child member = start(kRenamesItself);
  group_->add_leader(member.pid());
  wait_for_pids("pids", 1);
  const Json state = group_->to_json();
  EXPECT_TRUE(ProcessGroup::reopen(state)->kill(10s));
  EXPECT_EQ(member.wait(20s)->signal, SIGKILL);

  Json of_another_boot = state;
  of_another_boot["pids_of"] = "another boot";
  EXPECT_TRUE(ProcessGroup::reopen(of_another_boot)->to_json()["leaders"].empty());
}

TEST_P(GroupTest, EndsWhoStaysInTheSessionWithoutAnEnvironment) {
  Child member = start("(env -i /bin/sh -c 'echo $$ >> pids; exec sleep 60' &); echo $$ >> pids; exec sleep 60");
  group_->add_leader(member.pid());
  for (const pid_t pid : wait_for_pids("pids", 2)) EXPECT_TRUE(has_member(pid)) << pid;
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_TRUE(member.wait(20s));
  for (const pid_t pid : wait_for_pids("pids", 2)) EXPECT_FALSE(is_alive(pid)) << pid;
}

TEST_P(GroupTest, EndsADaemonWithoutAnEnvironment) {
  ASSERT_TRUE(adopt_orphans());
  group_->adopt();
  Child member = start("env -i setsid /bin/sh -c '(setsid /bin/sh -c \"echo \\$\\$ >> pids; exec sleep 60\" &) ; exit 0'; exit 0");
  EXPECT_EQ(member.wait(20s)->exit_code, 0);
  const auto daemons = wait_for_pids("pids", 1);
  ASSERT_EQ(daemons.size(), 1U);
  EXPECT_TRUE(eventually([&] { return has_member(daemons[0]); }));
  EXPECT_FALSE(group_->is_empty());
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_FALSE(is_alive(daemons[0]));
  EXPECT_TRUE(group_->is_empty());
  EXPECT_TRUE(eventually([&] {
    reap_orphans();
    return !process_facts(daemons[0]);
  })) << "nobody waits for it";
}

TEST_P(GroupTest, ChildrenThatAreNoMembersAreLeftAlone) {
  ASSERT_TRUE(adopt_orphans());
  group_->adopt();
  SpawnOptions other;
  other.command = {"/bin/sh", "-c", "exit 7"};
  auto stranger = spawn(other);
  ASSERT_TRUE(stranger);
  EXPECT_TRUE(eventually([&] { return !is_alive(stranger->pid()); }));
  reap_orphans();
  EXPECT_TRUE(group_->members().empty());
  EXPECT_EQ(stranger->wait(20s)->exit_code, 7) << "its end is for whoever started it to read";
}

TEST_P(GroupTest, EndsWhatIgnoresSigtermAndWhatIsStopped) {
  Child stubborn = start("trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done");
  Child stopped = start("echo $$ >> pids; kill -STOP $$; sleep 60");
  wait_for_pids("pids", 2);
  group_->signal_all(SIGTERM);
  EXPECT_FALSE(stubborn.wait(50ms));
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_EQ(stubborn.wait(20s)->signal, SIGKILL);
  EXPECT_TRUE(stopped.wait(20s)->signal);
}

TEST_P(GroupTest, EndsOneThatKeepsForking) {
  Child forking = start("f() { sleep 0.2 & sleep 0.2 & sleep 0.01; f; }; echo $$ >> pids; f");
  wait_for_pids("pids", 1);
  EXPECT_TRUE(group_->kill(10s));
  EXPECT_TRUE(group_->members().empty());
  EXPECT_TRUE(forking.wait(20s));
}

TEST_P(GroupTest, SignalsAll) {
  Child first = start("echo $$ >> pids; exec sleep 60");
  Child second = start("echo $$ >> pids; exec sleep 60");
  wait_for_pids("pids", 2);
  group_->signal_all(SIGUSR1);
  EXPECT_EQ(first.wait(20s)->signal, SIGUSR1);
  EXPECT_EQ(second.wait(20s)->signal, SIGUSR1);
}

TEST_P(GroupTest, IsFoundAgainFromWhatWasRemembered) {
  Child member = start("exec sleep 60");
  auto again = ProcessGroup::reopen(parse_json(dump_json(group_->to_json())).value());
  ASSERT_TRUE(again) << again.error().detail;
  ASSERT_TRUE(eventually([&] { return again->members() == std::vector<pid_t>{member.pid()}; }));
  EXPECT_TRUE(again->kill(10s));
  EXPECT_EQ(member.wait(20s)->signal, SIGKILL);
}

TEST_P(GroupTest, IsFoundByNameByWhoeverStartedItsMaker) {
  Child member = start("exec sleep 60");
  const ProcessGroup planned = ProcessGroup::planned(group_->name());
  ASSERT_TRUE(eventually([&] { return planned.members() == std::vector<pid_t>{member.pid()}; }));
  EXPECT_TRUE(planned.kill(10s));
  EXPECT_EQ(member.wait(20s)->signal, SIGKILL);
}

TEST_P(GroupTest, KillOfAnEmptyOrRemovedGroupIsFine) {
  EXPECT_TRUE(group_->kill(10s));
  group_->remove();
  group_->remove();
  EXPECT_TRUE(group_->kill(10s));
}

INSTANTIATE_TEST_SUITE_P(Kinds, GroupTest, ::testing::Values(Kind::best_here, Kind::marker),
                         [](const auto& one) { return one.param == Kind::marker ? "Marker" : "BestHere"; });

TEST(ProcessGroup, EndsAMemberThatMovedToACgroupOfItsOwn) {
  auto group = ProcessGroup::create("test-" + random_hex(6) + "-1-0");
  ASSERT_TRUE(group);
  if (group->cgroups().empty()) GTEST_SUCCEED() << "no cgroups here: nothing to leave";
  const auto other = own_cgroups().unified / ("muster-test-other-" + random_hex(4));
  const bool can_leave = !own_cgroups().unified.empty() && make_cgroup(other).has_value();
  SpawnOptions options;
  options.command = {"/bin/sleep", "60"};
  options.variables = group->variables();
  options.cgroups = group->cgroups();
  if (can_leave) options.cgroups.push_back(other);
  auto child = spawn(options);
  ASSERT_TRUE(child);
  EXPECT_TRUE(group->kill(10s));
  const auto ended = child->wait(20s);
  ASSERT_TRUE(ended) << ended.error().detail;
  EXPECT_EQ(ended->signal, SIGKILL);
  group->remove();
  remove_cgroup(other);
}

/// As a container's process looks from outside: no child of a member, without our mark, in a cgroup that has the container's id in its
/// name.
TEST(ProcessGroup, EndsTheProcessesOfItsContainers) {
  const std::string id = random_hex(32);
  const CgroupPlaces places = own_cgroups();
  const auto place = places.unified.empty() ? places.memory_v1 : places.unified;
  if (place.empty() || !make_cgroup(place / ("libpod-" + id + ".scope"))) {
    std::vector<pid_t> members;
    add_container_members(read_processes(Environments::left_out), {id}, members);
    EXPECT_TRUE(members.empty()) << "no cgroup can be made here: there are no containers";
    return;
  }
  SpawnOptions options;
  options.command = {"/bin/sleep", "60"};
  options.cgroups = {place / ("libpod-" + id + ".scope")};
  auto child = spawn(options);
  ASSERT_TRUE(child);
  auto group = ProcessGroup::create("test-" + random_hex(6) + "-1-0");
  ASSERT_TRUE(group);
  EXPECT_TRUE(group->members().empty());
  EXPECT_FALSE(group->add_container("../" + id.substr(3)));
  ASSERT_TRUE(group->add_container(id));
  EXPECT_EQ(group->kind(), GroupKind::container);
  auto again = ProcessGroup::reopen(group->to_json());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->members(), std::vector<pid_t>{child->pid()});
  EXPECT_TRUE(again->kill(10s));
  EXPECT_EQ(child->wait(20s)->signal, SIGKILL);
  group->remove();
  remove_cgroup(options.cgroups.front());
}

TEST(ProcessGroup, SaysItsKindAndRefusesOneThatItDoesNotKnow) {
  const ProcessGroup here = ProcessGroup::planned("kind-1-0", {});
  EXPECT_EQ(here.kind(), GroupKind::marker);
  Json state = here.to_json();
  EXPECT_EQ(state["kind"], "marker");
  state["kind"] = "jail";
  const auto unknown = ProcessGroup::reopen(state);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().detail, "this version of Muster cannot end a process group of the kind 'jail'");
}

TEST(ProcessGroup, SaysWhatItCouldNotEnd) {
  auto group = ProcessGroup::create("test-" + random_hex(6) + "-1-0");
  ASSERT_TRUE(group);
  SpawnOptions options;
  options.command = {"/bin/sleep", "60"};
  options.variables = group->variables();
  auto child = spawn(options);
  ASSERT_TRUE(child);
  // One look, at which it is still there; the kernel has not yet had the time that this leaves it: none.
  const auto ended = group->kill(0ms);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::timeout);
  EXPECT_NE(ended.error().detail.find(fmt::format("{} sleep (state ", child->pid())), std::string::npos) << ended.error().detail;
  EXPECT_TRUE(group->kill(10s));
  EXPECT_TRUE(child->wait(20s));
  group->remove();
}

TEST(ProcessGroup, RefusesNamesThatCouldLeadElsewhere) {
  for (const char* name : {"", "a/b", "../x", "a b", "a\n"}) EXPECT_FALSE(ProcessGroup::create(name)) << name;
  Json state = ProcessGroup::planned("fine-1-0").to_json();
  state["cgroup"] = "/sys/fs/cgroup/unified/somebody-elses";
  EXPECT_FALSE(ProcessGroup::reopen(state));
  EXPECT_FALSE(ProcessGroup::reopen(Json::array()));
}

TEST(ProcessGroup, TakesNamesAsLongAsRunsMayHave) {
  const std::string name = std::string(255, 'x') + "_1795230131_0a1b2c3d-12-0-" + random_hex(4);
  auto group = ProcessGroup::create(name);
  ASSERT_TRUE(group) << group.error().detail;
  EXPECT_TRUE(ProcessGroup::reopen(group->to_json()));
  group->remove();
}

TEST(ProcessGroup, TellsOutOfMemoryFromOtherKills) {
  auto group = ProcessGroup::create("test-" + random_hex(6) + "-1-0");
  ASSERT_TRUE(group);
  const auto run = [&](const std::string& script) {
    SpawnOptions options;
    options.command = {"/bin/sh", "-c", script};
    options.variables = plain_variables();
    options.variables.merge(group->variables());
    options.cgroups = group->cgroups();
    auto child = spawn(options);
    EXPECT_TRUE(child);
    return child->wait(60s).value();
  };
  const auto before = group->out_of_memory_kills();
  EXPECT_EQ(run("kill -KILL $$").signal, SIGKILL);
  EXPECT_EQ(group->out_of_memory_kills(), before) << "killed by hand";

  // Where the kernel counts, it is made to. Where it does not, nothing is claimed.
  std::filesystem::path limit;
  for (const auto& folder : group->cgroups()) {
    for (const char* name : {"memory.max", "memory.limit_in_bytes"}) {
      if (std::filesystem::exists(folder / name)) limit = folder / name;
    }
  }
  EXPECT_EQ(before.has_value(), !limit.empty());
  if (!limit.empty()) {
    EXPECT_EQ(before, 0);
    const Fd file = open_file(limit, O_WRONLY).value();
    ASSERT_TRUE(write_all(file.get(), std::to_string(32 << 20)));
    run("exec /usr/bin/env python3 -c 'b = bytearray(512 << 20)'");
    EXPECT_EQ(group->out_of_memory_kills(), 1);
  }
  EXPECT_TRUE(group->kill(10s));
  group->remove();
}

}  // namespace
}  // namespace muster::process

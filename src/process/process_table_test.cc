#include "process/process_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace muster::process {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr pid_t kInit = 1;
constexpr pid_t kRunner = 10;

/// A machine's processes, by what a test wants to say of them.
class Table {
 public:
  Table() { add(kInit, 0, kInit); }
  ProcessFacts& add(pid_t pid, pid_t parent, pid_t session, const std::string& group = "") {
    ProcessFacts facts;
    facts.pid = pid;
    facts.parent = parent;
    facts.session = session;
    facts.start_time = pid * 10;
    facts.state = 'S';
    facts.group = group;
    all_.push_back(facts);
    return all_.back();
  }
  std::vector<pid_t> members(GroupTraits group) const {
    group.name = "ours";
    group.self = kRunner;
    std::vector<pid_t> pids;
    for (const ProcessFacts& one : find_members(all_, group)) pids.push_back(one.pid);
    return pids;
  }

 private:
  std::vector<ProcessFacts> all_;
};

TEST(FindMembers, ByMarkAndByCgroup) {
  Table table;
  table.add(20, kInit, 20, "ours");
  table.add(21, kInit, 21, "another's");
  table.add(22, kInit, 22);
  table.add(23, kInit, 23);
  EXPECT_THAT(table.members({}), ElementsAre(20));
  GroupTraits group;
  group.in_cgroup = {23, 999};
  EXPECT_THAT(table.members(group), UnorderedElementsAre(20, 23));
}

TEST(FindMembers, ALeaderThatHidesItsEnvironmentIsKnownByItsStart) {
  Table table;
  table.add(20, kRunner, 20);
  GroupTraits group;
  group.leaders = {{20, 200}};
  EXPECT_THAT(table.members(group), ElementsAre(20));
  group.leaders = {{20, 199}};
  EXPECT_THAT(table.members(group), IsEmpty()) << "a later process of the same pid";
}

TEST(FindMembers, WhoIsLeftInALeadersSessionIs) {
  Table table;
  table.add(30, kInit, 20);
  table.add(31, kInit, 20, "another's");
  table.add(15, kInit, 20);
  GroupTraits group;
  group.leaders = {{20, 200}};
  EXPECT_THAT(table.members(group), ElementsAre(30)) << "15 was there before the leader, 31 is somebody else's";
  table.add(20, kInit, 20).start_time = 700;
  EXPECT_THAT(table.members(group), IsEmpty()) << "the session is another's by now";
}

TEST(FindMembers, AllThatMembersHaveStarted) {
  Table table;
  table.add(20, kInit, 20, "ours");
  table.add(21, 20, 21);
  table.add(22, 21, 22);
  table.add(23, 21, 23, "another's");
  table.add(24, 23, 24);
  table.add(25, kRunner, 25);
  EXPECT_THAT(table.members({}), UnorderedElementsAre(20, 21, 22));
}

TEST(FindMembers, AdoptedOrphansButNotTheRunnersOwnChildren) {
  Table table;
  table.add(kRunner, kInit, kRunner);
  table.add(20, kRunner, 20);
  table.add(21, 20, 21);
  table.add(30, kRunner, 30);
  table.add(40, kRunner, 40, "another's");
  GroupTraits group;
  EXPECT_THAT(table.members(group), IsEmpty());
  group.adopts = true;
  group.own_children = {30};
  EXPECT_THAT(table.members(group), UnorderedElementsAre(20, 21));
}

TEST(FindMembers, NeitherOneselfNorTheDead) {
  Table table;
  table.add(kRunner, kInit, kRunner, "ours");
  table.add(20, kInit, 20, "ours").ended = true;
  table.add(21, 20, 20);
  EXPECT_THAT(table.members({}), ElementsAre(21));
}

TEST(FactsFromStat, ReadsAnyName) {
  const auto facts = facts_from_stat("42 (a) (b) Z 7 41 40 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 9876 4096 1 2\n");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->pid, 42);
  EXPECT_EQ(facts->parent, 7);
  EXPECT_EQ(facts->session, 40);
  EXPECT_EQ(facts->start_time, 9876);
  EXPECT_EQ(facts->name, "a) (b");
  EXPECT_EQ(facts->state, 'Z');
  EXPECT_FALSE(facts->ended) << "its first thread has ended, two others go on";
  EXPECT_TRUE(facts_from_stat("42 (a) Z 7 41 40 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 9876 0\n")->ended);
  for (const char* nonsense : {"", "42", "42 (a", "42 (a)", "42 (a) ", "x (a) S 1 2 3 4", "42 (a) S 1 2 3"}) {
    EXPECT_FALSE(facts_from_stat(nonsense)) << nonsense;
  }
}

TEST(ProcessFacts, AreThoseOfThisProcess) {
  const auto facts = process_facts(::getpid());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->pid, ::getpid());
  EXPECT_EQ(facts->parent, ::getppid());
  EXPECT_EQ(facts->session, ::getsid(0));
  EXPECT_FALSE(facts->ended);
}

TEST(GroupInEnvironment, WantsTheWholeName) {
  EXPECT_EQ(group_in_environment(std::string("PATH=/bin\0MUSTER_GROUP=run-1-0\0LAST=x\0", 38)), "run-1-0");
  EXPECT_EQ(group_in_environment(std::string("NOT_MUSTER_GROUP=x\0MUSTER_GROUPS=y\0", 35)), "");
  EXPECT_EQ(group_in_environment(""), "");
  EXPECT_EQ(group_in_environment(std::string(100, '\0')), "") << "written over";
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

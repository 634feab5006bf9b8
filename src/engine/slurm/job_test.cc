// What Slurm tells of jobs, as recorded of Slurm 22.05, and what is told on.
#include "engine/slurm/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/slurm/commands.h"
#include "engine/slurm/handle.h"
#include "engine/slurm/watch.h"

namespace muster::engine::slurm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kRecorded =
    "squeue: warning: something beside the jobs\n"
    "21|CANCELLED|JobHeldUser||(null)\n"
    "22|RUNNING|None|n[1-2]|muster:node-0=0,node-1=137:YmVndW4K,\n"
    "23_4|PENDING|Priority||(null)\n"
    "38|PENDING|PartitionDown||muster:\n"
    "144|FAILED|NonZeroExitCode|n1|somebody's words | with a bar\n";

TEST(SlurmJob, SqueueTellsOfJobsAndTheirRunners) {
  const auto jobs = parse_jobs(kRecorded);
  ASSERT_EQ(jobs.size(), 4U);
  EXPECT_EQ(jobs[1].id, 22);
  EXPECT_EQ(jobs[1].nodes, "n[1-2]");
  EXPECT_EQ(jobs[1].reason, "");
  ASSERT_EQ(jobs[1].ended.size(), 2U);
  EXPECT_EQ(gone_by(jobs[1], jobs[1].ended.at("node-0")).words, "exit code 0");
  const Gone killed = gone_by(jobs[1], jobs[1].ended.at("node-1"));
  EXPECT_EQ(killed.kind, GoneKind::killed);
  EXPECT_EQ(killed.words, "SIGKILL");
  EXPECT_EQ(killed.last_words, "begun\n");
  EXPECT_TRUE(jobs[3].ended.empty());
}

TEST(SlurmJob, WhatItWaitsForIsSaidInPlainWordsWithSlurmsOwn) {
  EXPECT_EQ(waiting_words({7, "PENDING", "Priority", ""}),
            "waiting in Slurm's queue: jobs of a higher priority come first (Priority, job 7)");
  EXPECT_THAT(waiting_words({7, "PENDING", "AssocGrpCpuLimit", ""}), HasSubstr("a limit of its account is reached (AssocGrpCpuLimit"));
  EXPECT_THAT(waiting_words({7, "PENDING", "ReqNodeNotAvail, UnavailableNodes:n3", ""}), HasSubstr("UnavailableNodes:n3"));
  EXPECT_EQ(waiting_words({7, "PENDING", "SomethingNew", ""}), "waiting in Slurm's queue: SomethingNew (job 7)");
}

TEST(SlurmJob, ItsEndIsAKindOfLossWithSlurmsWords) {
  const auto kind = [](const char* state) { return gone_with({7, state, "", "n1"}).kind; };
  EXPECT_EQ(kind("COMPLETED"), GoneKind::exited);
  EXPECT_EQ(kind("FAILED"), GoneKind::killed);
  EXPECT_EQ(kind("CANCELLED"), GoneKind::canceled_outside);
  EXPECT_EQ(kind("TIMEOUT"), GoneKind::time_limit);
  EXPECT_EQ(kind("DEADLINE"), GoneKind::time_limit);
  EXPECT_EQ(kind("NODE_FAIL"), GoneKind::node_failed);
  EXPECT_EQ(kind("BOOT_FAIL"), GoneKind::node_failed);
  EXPECT_EQ(kind("PREEMPTED"), GoneKind::preempted);
  EXPECT_EQ(kind("OUT_OF_MEMORY"), GoneKind::out_of_memory);
  EXPECT_EQ(gone_with({7, "TIMEOUT", "TimeLimit", "n1"}).words, "Slurm: TIMEOUT for TimeLimit, job 7");
  EXPECT_EQ(gone_with({7, "CANCELLED", "JobHeldUser", ""}).words, "Slurm: CANCELLED, job 7");
  EXPECT_FALSE(gone_with({7, "NODE_FAIL", "", "n1"}).collectable);
}

TEST(SlurmConfig, SaysHowLongProcessesHaveAfterSigterm) {
  EXPECT_EQ(parse_kill_wait("KeepAliveTime           = SYSTEM_DEFAULT\nKillOnBadExit           = 0\nKillWait                = 30 sec\n"),
            std::chrono::seconds(30));
  EXPECT_EQ(parse_kill_wait("KillWaits = 30 sec\nKillWait = many\n").error().code, Code::malformed);
}

TEST(SlurmJob, AListOfHostsIsWrittenShort) {
  EXPECT_THAT(*expand_hostlist("n1"), ElementsAre("n1"));
  EXPECT_THAT(*expand_hostlist("n[1-2,07],m3"), ElementsAre("n1", "n2", "n07", "m3"));
  EXPECT_THAT(*expand_hostlist("r[1-2]n[09-10]x"), ElementsAre("r1n09x", "r1n10x", "r2n09x", "r2n10x"));
  for (const char* bad : {"", "n[1-", "n[2-1]", "n[a-b]", "n[]", "n1,,n2", "n[1-99999]x[1-99999]"})
    EXPECT_FALSE(expand_hostlist(bad)) << bad;
}

/// In words: "waits …", "comes", "there n1,n2", "gone node-0 killed", "end", "release".
std::vector<std::string> told(Watched& watched, const Job& job, SteadyTime now = {}) {
  std::vector<std::string> words;
  for (const Telling& telling : look(watched, &job, now)) {
    if (std::holds_alternative<Waits>(telling)) words.emplace_back("waits");
    if (std::holds_alternative<Comes>(telling)) words.emplace_back("comes");
    if (std::holds_alternative<EndJob>(telling)) words.emplace_back("end");
    if (std::holds_alternative<ReleaseJob>(telling)) words.emplace_back("release");
    if (const auto* there = std::get_if<IsThere>(&telling)) {
      words.emplace_back("there");
      for (const Node& node : there->nodes) words.back() += " " + node.key + "@" + node.name;
    }
    if (const auto* gone = std::get_if<IsGone>(&telling)) words.push_back(fmt::format("gone {} {}", gone->key, to_string(gone->how.kind)));
  }
  return words;
}

Watched of_two() {
  Watched watched;
  watched.keys = {"node-0", "node-1"};
  return watched;
}

TEST(SlurmWatch, EachChangeIsToldOnce) {
  Watched watched = of_two();
  EXPECT_THAT(told(watched, {7, "PENDING", "Priority", ""}), ElementsAre("waits"));
  EXPECT_THAT(told(watched, {7, "PENDING", "Priority", ""}), ElementsAre());
  EXPECT_THAT(told(watched, {7, "PENDING", "Resources", ""}), ElementsAre("waits"));
  EXPECT_THAT(told(watched, {7, "CONFIGURING", "None", "n[1-2]"}), ElementsAre("comes"));
  EXPECT_THAT(told(watched, {7, "RUNNING", "", "n[1-2]"}), ElementsAre("there node-0@n1 node-1@n2"));
  EXPECT_THAT(told(watched, {7, "RUNNING", "", "n[1-2]", {{"node-1", {3, ""}}}}), ElementsAre("gone node-1 exited"));
  EXPECT_THAT(told(watched, {7, "COMPLETED", "", "n[1-2]", {{"node-1", {3, ""}}}}), ElementsAre("gone node-0 exited"));
  EXPECT_TRUE(watched.has_ended());
}

TEST(SlurmWatch, AJobThatNobodySawRunWasThereAllTheSame) {
  Watched watched = of_two();
  EXPECT_THAT(told(watched, {7, "COMPLETED", "", "n[1-2]"}),
              ElementsAre("there node-0@n1 node-1@n2", "gone node-0 exited", "gone node-1 exited"));
}

TEST(SlurmWatch, WhileItIsBeingEndedItsRunnersEndForTheReasonThatItsEndNames) {
  Watched watched = of_two();
  const std::map<std::string, RunnerEnd> both{{"node-0", {0, ""}}, {"node-1", {143, ""}}};
  EXPECT_THAT(told(watched, {7, "COMPLETING", "", "n[1-2]", both}), ElementsAre("there node-0@n1 node-1@n2"));
  EXPECT_THAT(told(watched, {7, "PREEMPTED", "", "n[1-2]", both}), ElementsAre("gone node-0 preempted", "gone node-1 preempted"));
}

TEST(SlurmWatch, ThatItsTimeIsNearlyOverIsTheReasonForWhatEndsThen) {
  Watched watched = of_two();
  EXPECT_THAT(told(watched, {7, "RUNNING", "", "n[1-2]", {{"node-0", {0, ""}}}, true}),
              ElementsAre("there node-0@n1 node-1@n2", "gone node-0 time_limit"));
  EXPECT_THAT(told(watched, {7, "COMPLETED", "", "n[1-2]", {{"node-0", {0, ""}}}, true}), ElementsAre("gone node-1 time_limit"));
}

TEST(SlurmWatch, AJobWithoutNodesIsGoneAsAWhole) {
  Watched watched = of_two();
  EXPECT_THAT(told(watched, {7, "CANCELLED", "Priority", ""}), ElementsAre("gone  canceled_outside"));
}

TEST(SlurmWatch, WhatWeKilledWasNotCanceledByOthers) {
  Watched watched = of_two();
  watched.is_killed = true;
  EXPECT_THAT(told(watched, {7, "CANCELLED", "", "n[1-2]"}),
              ElementsAre("there node-0@n1 node-1@n2", "gone node-0 killed", "gone node-1 killed"));
}

TEST(SlurmWatch, AJobThatSlurmPutsBackIntoItsQueueIsNotWaitedFor) {
  Watched watched = of_two();
  told(watched, {7, "RUNNING", "", "n[1-2]"});
  EXPECT_THAT(told(watched, {7, "PENDING", "BeginTime", ""}), ElementsAre("end", "gone node-0 preempted", "gone node-1 preempted"));
}

TEST(SlurmWatch, AJobThatWasRecordedAndIsStillHeldIsReleased) {
  Watched watched = of_two();
  EXPECT_THAT(told(watched, {7, "PENDING", "JobHeldUser", ""}), ElementsAre("release", "waits"));
  EXPECT_THAT(told(watched, {7, "PENDING", "JobHeldUser", ""}), ElementsAre()) << "whoever holds it now means it";
  watched.may_be_held = true;
  EXPECT_THAT(told(watched, {7, "PENDING", "JobHeldUser", ""}), ElementsAre("release")) << "Slurm was away, and has forgotten";
}

TEST(SlurmWatch, ANodeThatOthersHaveIsNotWaitedForForEver) {
  Watched watched = of_two();
  watched.keys = {"node-1"};
  watched.host = "n2";
  EXPECT_THAT(told(watched, {8, "PENDING", "Resources", ""}), ElementsAre());
  EXPECT_THAT(told(watched, {8, "PENDING", "Resources", ""}, SteadyTime{} + kCollectingPatience), ElementsAre("end", "gone node-1 killed"));
}

TEST(SlurmWatch, AJobThatSlurmHasForgottenIsGone) {
  Watched watched = of_two();
  told(watched, {7, "RUNNING", "", "n[1-2]"});
  EXPECT_EQ(look(watched, nullptr, {}).size(), 2U);
  EXPECT_TRUE(watched.has_ended());
}

TEST(SlurmHandle, NamesTheJobOfEachNode) {
  const JobNodes nodes{7, 11, {"default", "gpu"}, "", {"node-2", "node-10"}};
  const auto read = from_handle(to_handle(nodes));
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().job, 7);
  EXPECT_THAT(read->front().keys, ElementsAre("node-2", "node-10"));
  EXPECT_FALSE(read->front().is_whole());
  EXPECT_EQ(read->front().target, nodes.target);
  EXPECT_FALSE(from_handle(Json{{"node-0", {{"job", 0}}}}));
  EXPECT_FALSE(from_handle(Json::array()));
}

}  // namespace
}  // namespace muster::engine::slurm

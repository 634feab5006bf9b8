#include "scheduler/run_machine.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace muster::scheduler {
namespace {

using model::Run;
using model::RunStatus;

/// A run and its world: feeds events one after the other, a second apart, and keeps the effects wanted last.
struct Story {
  Run run;
  std::vector<Effect> effects;
  std::optional<Error> refusal;
  Circumstances at{1'000'000, false};

  explicit Story(int nodes = 1) {
    run.run_id = "birds_1_00000000";
    run.spec.node_count = nodes;
  }
  bool tell(const Event& event) {
    at.now += 1'000'000;
    Step next = step(run, event, at);
    run = std::move(next.run);
    effects = std::move(next.effects);
    refusal = std::move(next.refusal);
    return next.changed;
  }
  bool wanted(EffectKind kind) const {
    return std::any_of(effects.begin(), effects.end(), [&](const Effect& effect) { return effect.kind == kind; });
  }
  Story& until_running() {
    tell(Submitted{});
    tell(EnvironmentReady{"hash"});
    std::vector<std::string> ids;
    for (int i = 0; i < run.spec.node_count; ++i) ids.push_back("cpu-" + std::to_string(i));
    tell(NodesGranted{ids});
    tell(NodesThere{});
    for (int i = 0; i < run.spec.node_count; ++i) tell(NodeCheckedIn{"cpu-" + std::to_string(i), "127.0.0.1", 6105, 100 + i});
    for (int i = 0; i < run.spec.node_count; ++i) tell(RanksStarted{i, at.now});
    return *this;
  }
};

model::RankReport report(int rank, int node_rank, std::optional<int> exit_code, std::string exception = {}, std::string message = {}) {
  model::RankReport one;
  one.rank = rank;
  one.node_rank = node_rank;
  one.exit_code = exit_code;
  one.ended_at = 5'000'000 + rank;
  one.log = "azureml-logs/70_driver_log.txt";
  if (!exception.empty()) one.exception = model::PrintedException{exception, message, "Traceback …"};
  return one;
}

engine::Gone gone(std::string words, std::string last_words = {}) {
  return {engine::GoneKind::killed, std::move(words), std::move(last_words), true};
}

TEST(RunMachine, DoneFollowsFinished) {
  Story story(2);
  story.until_running();
  EXPECT_FALSE(story.tell(NodeDone{0, {"a warning"}}));
  EXPECT_EQ(story.refusal.value().code, Code::conflict);
  EXPECT_EQ(story.run.nodes[0].status, model::NodeStatus::running);
  EXPECT_TRUE(story.run.warnings.empty());
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  EXPECT_TRUE(story.tell(NodeDone{0, {}}));
  EXPECT_FALSE(story.refusal);
  EXPECT_FALSE(story.tell(NodeDone{0, {}})) << "repeated";
  EXPECT_FALSE(story.refusal);
  EXPECT_EQ(story.run.status, RunStatus::running);
}

TEST(RunMachine, ANodeThatTheRunDoesNotHaveSaysNothing) {
  Story story;
  story.until_running();
  for (const Event& event : {Event(RanksFinished{1, {report(1, 1, 0)}}), Event(NodeDone{1, {}}), Event(NodeDone{-1, {}})}) {
    EXPECT_FALSE(story.tell(event));
    EXPECT_EQ(story.refusal.value().code, Code::not_found);
  }
  EXPECT_EQ(story.run.status, RunStatus::running);
}

TEST(RunMachine, TheOrdinaryLife) {
  Story story;
  EXPECT_TRUE(story.tell(Submitted{}));
  EXPECT_EQ(story.run.status, RunStatus::preparing);
  EXPECT_TRUE(story.wanted(EffectKind::prepare_environment));
  story.tell(EnvironmentReady{"abc"});
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_EQ(story.run.environment_hash, "abc");
  EXPECT_TRUE(story.wanted(EffectKind::enqueue));
  story.tell(NodesGranted{{"local-0"}});
  EXPECT_EQ(story.run.status, RunStatus::provisioning);
  EXPECT_TRUE(story.wanted(EffectKind::start_nodes));
  story.tell(NodesThere{});
  EXPECT_EQ(story.run.status, RunStatus::starting);
  story.tell(NodeCheckedIn{"local-0", "127.0.0.1", 6105, 4711});
  EXPECT_EQ(still_to_check_in(story.run), 0);
  story.tell(RanksStarted{0, story.at.now});
  EXPECT_EQ(story.run.status, RunStatus::running);
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  EXPECT_EQ(story.run.status, RunStatus::finalizing);
  story.tell(NodeDone{0, {"a warning"}});
  EXPECT_EQ(story.run.status, RunStatus::completed);
  EXPECT_TRUE(story.wanted(EffectKind::release_nodes));
  EXPECT_EQ(story.run.warnings, std::vector<std::string>{"a warning"});
  EXPECT_FALSE(story.run.error);
}

TEST(RunMachine, StagesFollowEachOtherWithoutGaps) {
  Story story;
  story.until_running();
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  story.tell(NodeDone{0, {}});
  for (int i = 0; i + 1 < model::kStageCount; ++i) {
    EXPECT_EQ(story.run.stages[static_cast<std::size_t>(i)].ended_at, story.run.stages[static_cast<std::size_t>(i) + 1].started_at) << i;
  }
  EXPECT_EQ(story.run.stages[3].ended_at, story.run.ended_at);
}

TEST(RunMachine, ARunnerMayCheckInBeforeTheEngineHasAnswered) {
  Story story;
  story.tell(Submitted{});
  story.tell(EnvironmentReady{});
  story.tell(NodesGranted{{"local-0"}});
  story.tell(NodeCheckedIn{"local-0", "127.0.0.1", 1, 7});
  EXPECT_EQ(story.run.status, RunStatus::starting);
  EXPECT_FALSE(story.tell(NodesThere{}));
}

TEST(RunMachine, ARunRunsOnlyWhenAllItsNodesDo) {
  Story story(2);
  story.tell(Submitted{});
  story.tell(EnvironmentReady{});
  story.tell(NodesGranted{{"cpu-0", "cpu-1"}});
  story.tell(NodeCheckedIn{"cpu-0", "127.0.0.1", 1, 7});
  EXPECT_EQ(still_to_check_in(story.run), 1);
  story.tell(NodeCheckedIn{"cpu-1", "127.0.0.1", 2, 8});
  EXPECT_EQ(still_to_check_in(story.run), 0);
  story.tell(RanksStarted{1, 50});
  EXPECT_EQ(story.run.status, RunStatus::starting);
  story.tell(RanksStarted{0, 40});
  EXPECT_EQ(story.run.status, RunStatus::running);
  EXPECT_EQ(story.run.started_at, 40);
}

TEST(RunMachine, AnExceptionEndsAllNodesAndIsTheError) {
  Story story(2);
  story.until_running();
  EXPECT_TRUE(story.tell(RankFailed{report(1, 1, 1, "ValueError", "bad shape")}));
  EXPECT_TRUE(story.wanted(EffectKind::stop_nodes));
  ASSERT_TRUE(stop_reason(story.run));
  EXPECT_EQ(stop_reason(story.run)->code, "rank_failed");
  EXPECT_FALSE(story.tell(RankFailed{report(1, 1, 1, "ValueError", "bad shape")})) << "told twice, heard once";
  model::RankReport stopped = report(0, 0, std::nullopt);
  stopped.signal = "SIGTERM";
  stopped.stopped_by_us = true;
  story.tell(RanksFinished{0, {stopped}});
  story.tell(RanksFinished{1, {report(1, 1, 1, "ValueError", "bad shape")}});
  EXPECT_EQ(story.run.status, RunStatus::finalizing);
  story.tell(NodeDone{1, {}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "user_error");
  EXPECT_EQ(story.run.error->rank, 1);
  EXPECT_EQ(story.run.error->node_rank, 1);
  EXPECT_NE(story.run.error->message.find("ValueError"), std::string::npos) << story.run.error->message;
}

TEST(RunMachine, ALostConnectionWaitsForTheTrueCause) {
  Story story(2);
  story.until_running();
  story.tell(RankFailed{report(0, 0, 1, "RuntimeError", "Connection closed by peer [127.0.0.1]:1234")});
  EXPECT_TRUE(story.wanted(EffectKind::stop_nodes_soon));
  story.tell(RanksFinished{0, {report(0, 0, 1, "RuntimeError", "Connection closed by peer [127.0.0.1]:1234")}});
  story.tell(RanksFinished{1, {report(1, 1, 1, "KeyError", "'x'")}});
  story.tell(NodeDone{0, {}});
  story.tell(NodeDone{1, {}});
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->rank, 1);
}

TEST(RunMachine, WhatWaitsForDiskIsSaidUntilItHasSome) {
  Story story(2);
  story.until_running();
  EXPECT_TRUE(story.tell(WaitsForDisk{1, "logs"}));
  EXPECT_EQ(story.run.status_detail, "the server's disk is full: logs wait on node 1; free some space or cancel the run");
  EXPECT_TRUE(tells_of_disk(story.run));
  EXPECT_FALSE(story.tell(WaitsForDisk{1, "logs"})) << "nothing new";
  EXPECT_FALSE(story.tell(WaitsForDisk{0, "outputs"})) << "one node is enough";
  EXPECT_FALSE(story.tell(WaitsForDisk{0, ""})) << "the other one still waits";
  EXPECT_TRUE(story.tell(WaitsForDisk{1, ""}));
  EXPECT_EQ(story.run.status_detail, "");
  story.tell(CancelAsked{"enough"});
  EXPECT_FALSE(story.tell(WaitsForDisk{0, "outputs"}));
  EXPECT_EQ(story.run.status_detail, "enough");
}

TEST(RunMachine, ABrokenDiskIsSaidWithItsOwnWords) {
  Story story(1);
  story.until_running();
  EXPECT_TRUE(story.tell(WaitsForDisk{0, "outputs", false, "write: Input/output error"}));
  EXPECT_EQ(story.run.status_detail,
            "the server cannot write to its disk: outputs wait on node 0; repair the disk or cancel the run (write: Input/output error)");
  EXPECT_TRUE(story.tell(WaitsForDisk{0, ""}));
  EXPECT_EQ(story.run.status_detail, "");
}

TEST(RunMachine, WhatCouldNotBeKeptFailsTheRunByItsOwnCode) {
  Story story(1);
  story.until_running();
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  story.tell(NodeDone{0, {}, {"not_kept", "outputs are left on node 0 in /x"}});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "not_kept");
}

TEST(RunMachine, WhatFoundNoRoomInTimeFailsTheRun) {
  Story story(2);
  story.run.spec.max_retries = 1;
  story.until_running();
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  story.tell(NodeDone{0, {}, {"disk_full", "no room for outputs"}});
  EXPECT_EQ(story.run.status, RunStatus::running);
  EXPECT_FALSE(stop_reason(story.run)) << "no reason to end what still runs";
  story.tell(RanksFinished{1, {report(1, 1, 0)}});
  story.tell(NodeDone{1, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed) << "running it again would make no room";
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "disk_full");
  EXPECT_EQ(story.run.error->message, "no room for outputs");
  EXPECT_EQ(story.run.error->node_rank, 0);
}

TEST(RunMachine, AFailureOfItsOwnComesBeforeAFullDisk) {
  Story story;
  story.until_running();
  story.tell(RanksFinished{0, {report(0, 0, 1, "KeyError", "'x'")}});
  story.tell(NodeDone{0, {}, {"disk_full", "no room for outputs"}});
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "user_error");
}

TEST(RunMachine, CancelBeforeNodesAreGrantedEndsAtOnce) {
  for (const int steps : {0, 1, 2}) {
    Story story;
    if (steps > 0) story.tell(Submitted{});
    if (steps > 1) story.tell(EnvironmentReady{});
    EXPECT_TRUE(story.tell(CancelAsked{"not needed"}));
    EXPECT_EQ(story.run.status, RunStatus::canceled) << steps;
    EXPECT_TRUE(story.wanted(EffectKind::leave_queue));
    EXPECT_FALSE(story.tell(NodesGranted{{"local-0"}})) << "a grant on its way means nothing any more";
  }
}

TEST(RunMachine, CancelWhileRunningWaitsForTheNodes) {
  Story story;
  story.until_running();
  story.tell(CancelAsked{"enough"});
  EXPECT_EQ(story.run.status, RunStatus::cancel_requested);
  EXPECT_TRUE(story.wanted(EffectKind::stop_nodes));
  EXPECT_FALSE(story.tell(CancelAsked{"again"}));
  model::RankReport stopped = report(0, 0, 1);
  story.tell(RanksFinished{0, {stopped}});
  EXPECT_EQ(story.run.status, RunStatus::cancel_requested);
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::canceled);
  EXPECT_EQ(story.run.status_detail, "enough");
  EXPECT_FALSE(story.run.error);
}

TEST(RunMachine, CancelBeforeARunnerChecksIn) {
  Story story;
  story.tell(Submitted{});
  story.tell(EnvironmentReady{});
  story.tell(NodesGranted{{"local-0"}});
  story.tell(CancelAsked{"no"});
  EXPECT_EQ(story.run.status, RunStatus::cancel_requested);
  story.tell(NodeGone{0, gone("SIGTERM", "")});
  EXPECT_EQ(story.run.status, RunStatus::canceled);
}

TEST(RunMachine, ARunnerThatEndsBeforeItChecksInSaysWhy) {
  Story story;
  story.tell(Submitted{});
  story.tell(EnvironmentReady{});
  story.tell(NodesGranted{{"local-0"}});
  story.tell(NodesThere{});
  story.tell(NodeGone{0, gone("exit code 1", "cannot reach the server")});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "start_failed");
  EXPECT_NE(story.run.error->message.find("cannot reach the server"), std::string::npos);
}

TEST(RunMachine, ALostRunnerIsSalvagedAndTheRunFailsNamingTheNode) {
  Story story(2);
  story.until_running();
  story.tell(NodeGone{1, gone("SIGKILL", "")});
  EXPECT_TRUE(story.wanted(EffectKind::salvage_node));
  EXPECT_TRUE(story.wanted(EffectKind::stop_nodes)) << "the other node ends too";
  EXPECT_EQ(story.run.nodes[1].status, model::NodeStatus::lost);
  story.tell(NodeCheckedIn{"cpu-1", "127.0.0.1", 0, 999});
  story.tell(RanksFinished{1, {report(1, 1, std::nullopt)}});
  story.tell(NodeDone{1, {}});
  story.tell(RanksFinished{0, {report(0, 0, 1, "RuntimeError", "Connection reset by peer")}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  ASSERT_TRUE(story.run.error);
  EXPECT_EQ(story.run.error->code, "node_lost");
  EXPECT_NE(story.run.error->message.find("cpu-1"), std::string::npos) << story.run.error->message;
}

TEST(RunMachine, ARunnerLostAfterItsRanksSucceededCostsNothing) {
  Story story;
  story.until_running();
  story.tell(RanksFinished{0, {report(0, 0, 0)}});
  story.tell(NodeGone{0, gone("SIGKILL", "")});
  EXPECT_TRUE(story.wanted(EffectKind::salvage_node));
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::completed);
}

TEST(RunMachine, SalvageIsGivenUpAtLastAndSaidToBe) {
  Story story;
  story.until_running();
  for (int i = 0; i < kMostSalvages; ++i) {
    story.tell(NodeGone{0, gone("SIGKILL", "")});
    EXPECT_TRUE(story.wanted(EffectKind::salvage_node)) << i;
  }
  story.tell(NodeGone{0, gone("SIGKILL", "")});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  ASSERT_FALSE(story.run.warnings.empty());
  EXPECT_NE(story.run.warnings.back().find("could not be collected"), std::string::npos);
}

TEST(RunMachine, RetriesStartAnotherAttempt) {
  Story story;
  story.run.spec.max_retries = 1;
  story.until_running();
  story.tell(RankFailed{report(0, 0, 1, "OSError", "disk")});
  story.tell(RanksFinished{0, {report(0, 0, 1, "OSError", "disk")}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_EQ(story.run.attempt, 2);
  EXPECT_TRUE(story.run.nodes.empty());
  EXPECT_FALSE(story.run.error);
  EXPECT_EQ(story.effects.at(0).kind, EffectKind::release_nodes);
  EXPECT_EQ(story.effects.at(1).kind, EffectKind::enqueue);
  story.tell(NodesGranted{{"cpu-0"}});
  story.tell(NodeCheckedIn{"cpu-0", "127.0.0.1", 1, 9});
  story.tell(RanksStarted{0, story.at.now});
  story.tell(RanksFinished{0, {report(0, 0, 1, "OSError", "disk")}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed) << "one retry, not two";
}

model::RankReport port_in_use(int rank, int port) {
  return report(rank, 0, 1, "torch.distributed.DistNetworkError",
                "The server socket has failed to listen. port: " + std::to_string(port) + ", name: EADDRINUSE");
}

/// Rank 0 finds its port taken; node 1's rank is ended with it.
void lose_the_port(Story& story, int port) {
  story.until_running();
  story.run.nodes[0].port = port;
  story.tell(RankFailed{port_in_use(0, port)});
  model::RankReport stopped = report(1, 1, std::nullopt);
  stopped.signal = "SIGTERM";
  stopped.stopped_by_us = true;
  story.tell(RanksFinished{0, {port_in_use(0, port)}});
  story.tell(RanksFinished{1, {stopped}});
  story.tell(NodeDone{0, {}});
  story.tell(NodeDone{1, {}});
}

TEST(RunMachine, ATakenPortIsReplacedWithoutUsingUpRetries) {
  Story story(2);
  lose_the_port(story, 6105);
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_EQ(story.run.attempt, 2);
  EXPECT_EQ(story.run.taken_ports, std::vector<int>{6105});
  ASSERT_EQ(story.run.warnings.size(), 1U);
  EXPECT_NE(story.run.warnings[0].find("6105"), std::string::npos);
  lose_the_port(story, 6106);
  lose_the_port(story, 6107);
  EXPECT_EQ(story.run.status, RunStatus::queued);
  lose_the_port(story, 6108);
  EXPECT_EQ(story.run.status, RunStatus::failed) << "three other ports, not four";
  EXPECT_NE(story.run.error->message.find("6108"), std::string::npos);
}

TEST(RunMachine, RetriesAreLeftAfterATakenPort) {
  Story story(2);
  story.run.spec.max_retries = 1;
  lose_the_port(story, 6105);
  story.until_running();
  for (int node = 0; node < 2; ++node) story.tell(RanksFinished{node, {report(node, node, 1, "OSError", "disk")}});
  for (int node = 0; node < 2; ++node) story.tell(NodeDone{node, {}});
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_EQ(story.run.attempt, 3);
}

TEST(RunMachine, OnlyTheMasterPortIsReplacedAndOnlySoonAfterTheStart) {
  const auto ends_as = [](model::RankReport last) {
    Story story;
    story.until_running();
    story.tell(RanksFinished{0, {std::move(last)}});
    story.tell(NodeDone{0, {}});
    return story.run.status;
  };
  EXPECT_EQ(ends_as(port_in_use(0, 6105)), RunStatus::queued);
  EXPECT_EQ(ends_as(port_in_use(0, 8080)), RunStatus::failed) << "a port of the script's own";
  model::RankReport late = port_in_use(0, 6105);
  late.ended_at = late.started_at + kPortTimeUs + 1;
  EXPECT_EQ(ends_as(late), RunStatus::failed) << "the work of ten minutes";
}

TEST(RunMachine, ARanksOwnFailureCountsBeforeATakenPort) {
  Story story(2);
  story.until_running();
  story.tell(RanksFinished{0, {port_in_use(0, 6105)}});
  story.tell(RanksFinished{1, {report(1, 1, 1, "ValueError", "bad shape")}});
  for (int node = 0; node < 2; ++node) story.tell(NodeDone{node, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  EXPECT_EQ(story.run.error->message.substr(0, 21), "ValueError: bad shape");
}

TEST(RunMachine, ACanceledRunIsNotStartedAgainForItsPort) {
  Story story;
  story.until_running();
  story.tell(RankFailed{port_in_use(0, 6105)});
  story.tell(CancelAsked{"enough"});
  story.tell(RanksFinished{0, {port_in_use(0, 6105)}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::canceled);
}

TEST(RunMachine, ALowPriorityRunStartsAgainWhenItsNodeIsTakenAwayButNotWhenItFails) {
  for (const bool lost : {true, false}) {
    Story story;
    story.at.low_priority = true;
    story.until_running();
    if (lost) {
      story.tell(NodeGone{0, gone("SIGKILL", "")});
      story.tell(RanksFinished{0, {}});
    } else {
      story.tell(RanksFinished{0, {report(0, 0, 3)}});
    }
    story.tell(NodeDone{0, {}});
    EXPECT_EQ(story.run.status, lost ? RunStatus::queued : RunStatus::failed);
  }
}

TEST(RunMachine, MissedHeartbeatsAreShownAndForgotten) {
  Story story;
  story.until_running();
  story.tell(HeartbeatsMissed{"nothing heard from node 0 for 16 s"});
  EXPECT_EQ(story.run.status, RunStatus::not_responding);
  EXPECT_EQ(story.run.status_detail, "nothing heard from node 0 for 16 s");
  EXPECT_EQ(story.run.stages[2].ended_at, 0) << "the stage Running goes on";
  story.tell(HeartbeatsBack{});
  EXPECT_EQ(story.run.status, RunStatus::running);
}

TEST(RunMachine, AnEnvironmentThatCannotBeBuiltFailsTheRunWithoutRetry) {
  Story story;
  story.run.spec.max_retries = 5;
  story.tell(Submitted{});
  model::RunError error;
  error.code = "environment_error";
  error.message = "no such package";
  story.tell(AttemptFailed{error});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  EXPECT_EQ(story.run.error->message, "no such package");
}

TEST(RunMachine, RanksEndedFromOutsideAreNoSuccess) {
  Story story;
  story.until_running();
  model::RankReport stopped = report(0, 0, std::nullopt);
  stopped.signal = "SIGTERM";
  stopped.stopped_by_us = true;
  story.tell(RanksFinished{0, {stopped}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::failed);
  EXPECT_EQ(story.run.error->code, "node_lost");
}

/// A run whose engine grants nodes itself.
struct OutsideStory : Story {
  explicit OutsideStory(int nodes = 2) : Story(nodes) {
    at.engine_grants_nodes = true;
    tell(Submitted{});
    tell(EnvironmentReady{"hash"});
  }
  void until_it_runs() {
    tell(NodesThere{{{"0", "alpha"}, {"1", "beta"}}});
    for (int i = 0; i < 2; ++i) tell(NodeCheckedIn{std::to_string(i), "10.0.0.1", 6105, 7});
    for (int i = 0; i < 2; ++i) tell(RanksStarted{i, at.now});
  }
};

TEST(RunMachine, AnEngineThatGrantsNodesSaysHowFarItIs) {
  OutsideStory story;
  EXPECT_TRUE(story.wanted(EffectKind::enqueue));
  EXPECT_TRUE(story.tell(WaitingForNodes{"waiting for Resources"}));
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_EQ(story.run.status_detail, "waiting for Resources");
  EXPECT_FALSE(story.tell(WaitingForNodes{"waiting for Resources"}));
  EXPECT_TRUE(story.tell(NodesComing{}));
  EXPECT_EQ(story.run.status, RunStatus::provisioning);
  EXPECT_TRUE(story.run.nodes.empty()) << "none is there yet";
  EXPECT_TRUE(story.tell(WaitingForNodes{"waiting for Priority"})) << "its nodes were taken away again";
  EXPECT_EQ(story.run.status, RunStatus::queued);
  EXPECT_TRUE(story.tell(NodesThere{{{"0", "alpha"}, {"1", "beta"}}}));
  EXPECT_EQ(story.run.status, RunStatus::starting);
  ASSERT_EQ(story.run.nodes.size(), 2U);
  EXPECT_EQ(story.run.nodes[1].host, "beta");
  EXPECT_EQ(story.run.nodes[1].key, "1");
  EXPECT_FALSE(story.tell(NodesThere{{{"0", "alpha"}, {"1", "beta"}}})) << "said again after a restart";
}

TEST(RunMachine, ARankIsLearntAtCheckInAndStays) {
  OutsideStory story;
  // Runners may be faster than what the engine tells.
  EXPECT_TRUE(story.tell(NodeCheckedIn{"b", "10.0.0.2", 0, 8}));
  EXPECT_EQ(story.run.status, RunStatus::starting);
  EXPECT_EQ(node_of_key(story.run, "b")->node_rank, 0);
  EXPECT_TRUE(story.tell(NodeCheckedIn{"a", "10.0.0.1", 0, 9}));
  EXPECT_EQ(node_of_key(story.run, "a")->node_rank, 1);
  EXPECT_FALSE(story.tell(NodeCheckedIn{"b", "10.0.0.2", 0, 8})) << "repeated";
  EXPECT_FALSE(story.tell(NodeCheckedIn{"c", "10.0.0.3", 0, 9}));
  EXPECT_EQ(story.refusal.value().code, Code::not_found);
  EXPECT_EQ(still_to_check_in(story.run), 1) << "node 0 has no port yet";
  EXPECT_TRUE(story.tell(NodeCheckedIn{"b", "10.0.0.2", 6105, 8}));
  EXPECT_EQ(still_to_check_in(story.run), 0);
  EXPECT_TRUE(story.tell(NodesThere{{{"a", "alpha"}, {"b", "beta"}}}));
  EXPECT_EQ(story.run.nodes[0].host, "beta");
  EXPECT_FALSE(story.tell(NodeCheckedIn{"b", "10.0.0.2", 0, 8})) << "who salvages offers no port, and takes none away";
  EXPECT_EQ(story.run.nodes[0].port, 6105);
}

TEST(RunMachine, ACancelWhileTheEngineWaitsEndsAtOnceAndTakesItBack) {
  for (const bool coming : {false, true}) {
    OutsideStory story;
    if (coming) story.tell(NodesComing{});
    story.tell(CancelAsked{"not needed"});
    EXPECT_EQ(story.run.status, RunStatus::canceled);
    EXPECT_TRUE(story.wanted(EffectKind::kill_nodes));
    EXPECT_FALSE(story.tell(NodesThere{{{"0", "alpha"}}}));
  }
}

TEST(RunMachine, WhatEndsAWaitingAttemptIsItsEnd) {
  OutsideStory canceled;
  canceled.tell(AttemptGone{{engine::GoneKind::canceled_outside, "CANCELLED by 1000", "", true}});
  EXPECT_EQ(canceled.run.status, RunStatus::canceled);
  EXPECT_EQ(canceled.run.status_detail, "it was canceled outside of Muster (CANCELLED by 1000)");
  OutsideStory failed;
  failed.tell(AttemptGone{{engine::GoneKind::exited, "InvalidAccount", "", true}});
  EXPECT_EQ(failed.run.status, RunStatus::failed);
  EXPECT_EQ(failed.run.error->message, "it was ended before it had nodes (InvalidAccount)");
}

TEST(RunMachine, ALossSaysOfWhichKindItWas) {
  OutsideStory memory;
  memory.until_it_runs();
  memory.tell(NodeGone{1, {engine::GoneKind::out_of_memory, "it had no more memory (OUT_OF_MEMORY)", "", true}});
  EXPECT_TRUE(memory.wanted(EffectKind::salvage_node));
  memory.tell(RanksFinished{1, {}});
  memory.tell(NodeDone{1, {}});
  memory.tell(RanksFinished{0, {report(0, 0, 1, "RuntimeError", "Connection reset by peer")}});
  memory.tell(NodeDone{0, {}});
  EXPECT_EQ(memory.run.status, RunStatus::failed);
  EXPECT_EQ(memory.run.error->message, "node 1 (beta) was lost: it had no more memory (OUT_OF_MEMORY)");

  OutsideStory canceled;
  canceled.until_it_runs();
  for (int i = 0; i < 2; ++i) canceled.tell(NodeGone{i, {engine::GoneKind::time_limit, "TIMEOUT", "", true}});
  EXPECT_EQ(canceled.run.status, RunStatus::cancel_requested);
  for (int i = 0; i < 2; ++i) {
    canceled.tell(RanksFinished{i, {}});
    canceled.tell(NodeDone{i, {}});
  }
  EXPECT_EQ(canceled.run.status, RunStatus::canceled);
  EXPECT_EQ(canceled.run.status_detail, "its time is over (TIMEOUT)");
}

TEST(RunMachine, WhatWentWithItsNodeIsNotLookedFor) {
  OutsideStory story;
  story.at.low_priority = true;
  story.until_it_runs();
  story.tell(NodeGone{1, {engine::GoneKind::node_failed, "NODE_FAIL", "", false}});
  EXPECT_FALSE(story.wanted(EffectKind::salvage_node));
  EXPECT_TRUE(story.wanted(EffectKind::stop_nodes)) << "the other node ends too";
  EXPECT_EQ(story.run.nodes[1].status, model::NodeStatus::done);
  EXPECT_NE(story.run.warnings.at(0).find("what it had not sent is lost"), std::string::npos);
  story.tell(RanksFinished{0, {}});
  story.tell(NodeDone{0, {}});
  EXPECT_EQ(story.run.status, RunStatus::queued) << "its node was taken away: it starts again";
  EXPECT_TRUE(story.run.nodes.empty());
}

/// Any sequence of events: an ended run never changes, a run always can end, attempts are bounded, and every stage that ended had begun.
RC_GTEST_PROP(RunMachine, NeverLeavesTheTable, ()) {
  const int node_count = *rc::gen::inRange(1, 3);
  Story story(node_count);
  story.at.engine_grants_nodes = *rc::gen::arbitrary<bool>();
  story.run.spec.max_retries = *rc::gen::inRange(0, 2);
  const auto events = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 21));
  for (const int kind : events) {
    const int node = *rc::gen::inRange(0, story.run.spec.node_count);
    const bool ended_before = model::has_ended(story.run.status);
    const Run before = story.run;
    const std::optional<int> exit_code = *rc::gen::element<std::optional<int>>(0, 1, std::nullopt);
    const std::vector<Event> all{Submitted{},
                                 EnvironmentReady{"h"},
                                 AttemptFailed{{"start_failed", "m", {}, {}, {}, "", "", ""}},
                                 NodesGranted{node_count == 1 ? std::vector<std::string>{"n-0"} : std::vector<std::string>{"n-0", "n-1"}},
                                 NodesThere{},
                                 NodeCheckedIn{"n-" + std::to_string(node), "a", 1, 5},
                                 RanksStarted{node, story.at.now},
                                 RankFailed{report(node, node, 1)},
                                 RanksFinished{node, {report(node, node, exit_code)}},
                                 NodeDone{node, {}},
                                 NodeGone{node, gone("SIGKILL", "")},
                                 HeartbeatsMissed{"d"},
                                 HeartbeatsBack{},
                                 CancelAsked{"c"},
                                 RanksFinished{node, {port_in_use(node, 1)}},
                                 WaitingForNodes{"w"},
                                 NodesComing{},
                                 NodesThere{{{"n-0", "n-0"}}},
                                 AttemptGone{gone("w")},
                                 NodeGone{node, {engine::GoneKind::canceled_outside, "scancel", "", true}},
                                 NodeGone{node, {engine::GoneKind::node_failed, "NODE_FAIL", "", false}}};
    const bool changed = story.tell(all.at(static_cast<std::size_t>(kind)));
    if (ended_before) {
      RC_ASSERT(!changed);
      RC_ASSERT(story.run.status == before.status);
      RC_ASSERT(story.run.ended_at == before.ended_at);
    }
    if (model::has_ended(story.run.status)) RC_ASSERT(story.run.ended_at > 0);
    RC_ASSERT((story.run.status == RunStatus::failed) == (story.run.error.has_value() && model::has_ended(story.run.status)));
    RC_ASSERT(story.run.attempt <= 1 + story.run.spec.max_retries + kMostTakenPorts);
    RC_ASSERT(static_cast<int>(story.run.taken_ports.size()) < story.run.attempt);
    for (const model::StageTimes& times : story.run.stages) RC_ASSERT(times.ended_at == 0 || times.started_at > 0);
  }
}

}  // namespace
}  // namespace muster::scheduler

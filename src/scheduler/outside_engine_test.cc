// Runs on a target whose engine grants nodes itself, as a cluster manager does.
#include <nlohmann/json.hpp>

#include "environment/cache.h"
#include "scheduler/scheduler_fixture.h"

namespace muster::scheduler {
namespace {

class OutsideEngineTest : public SchedulerTest {
 protected:
  void SetUp() override {
    nodes_.grants_nodes = true;
    SchedulerTest::SetUp();
  }
  static engine::AttemptId id(const model::Run& run) { return {run.run_id, 1}; }
  /// Given to the engine, which has no nodes for it.
  model::Run waiting(int nodes = 1) {
    const std::size_t before = nodes_.starts.get().size();
    const model::Run run = submit([nodes](model::RunSpec& spec) { spec.node_count = nodes; });
    EXPECT_TRUE(started(before + 1));
    EXPECT_TRUE(shows(run, "no machine is free"));
    EXPECT_EQ(look(run).status, RunStatus::queued);
    return run;
  }
};

TEST_F(OutsideEngineTest, ARunGoesToItsEngineAtOnceWhichSaysHowFarItIs) {
  const model::Run run = waiting(2);
  EXPECT_TRUE(look(run).nodes.empty());
  EXPECT_TRUE(nodes_.starts.get().front().attempt.granted.empty());
  EXPECT_EQ(nodes_.starts.get().front().attempt.node_count, 2);
  EXPECT_EQ(scheduler_->target_status("default", "local").queued_runs, 1);
  nodes_.say_waiting(id(run), "waiting for others' jobs to end (Priority)");
  EXPECT_TRUE(shows(run, "waiting for others' jobs to end (Priority)"));
  nodes_.say_coming(id(run));
  EXPECT_TRUE(becomes(run, RunStatus::provisioning));
  nodes_.give_nodes(id(run));
  EXPECT_TRUE(becomes(run, RunStatus::starting));
  EXPECT_EQ(look(run).nodes.at(1).host, "machine-1");
  run_to_end(run, 0, 2);
  EXPECT_TRUE(becomes(run, RunStatus::completed));
}

TEST_F(OutsideEngineTest, NoQueueOfOursHoldsRunsBack) {
  const model::Run first = waiting();
  const model::Run second = waiting();
  nodes_.give_nodes(id(second));
  EXPECT_TRUE(becomes(second, RunStatus::starting));
  EXPECT_EQ(look(first).status, RunStatus::queued);
}

TEST_F(OutsideEngineTest, AWaitingRunOutlivesServers) {
  const model::Run run = waiting();
  start();
  EXPECT_TRUE(nodes_.recovered.wait([](const auto& ids) { return ids.size() == 1; }));
  EXPECT_TRUE(shows(run, "as before"));
  start();
  EXPECT_TRUE(nodes_.recovered.wait([](const auto& ids) { return ids.size() == 2; }));
  EXPECT_EQ(nodes_.starts.get().size(), 1U) << "it is not asked for twice";
  nodes_.give_nodes(id(run));
  EXPECT_TRUE(becomes(run, RunStatus::starting));
  start();
  EXPECT_TRUE(nodes_.recovered.wait([](const auto& ids) { return ids.size() == 3; }));
  EXPECT_TRUE(nodes_.stops.get().empty()) << "its start goes on, though no runner has checked in";
  run_to_end(run, 0);
  EXPECT_TRUE(becomes(run, RunStatus::completed));
}

TEST_F(OutsideEngineTest, ACancelWhileItWaitsEndsItThereToo) {
  const model::Run run = waiting();
  ASSERT_TRUE(scheduler_->cancel(run.key, "not needed", false));
  EXPECT_EQ(look(run).status, RunStatus::canceled);
  EXPECT_TRUE(nodes_.stops.wait([](const auto& stops) { return stops.size() == 1 && stops.front().how == engine::StopHow::kill; }));
  EXPECT_TRUE(nodes_.runners.wait([](const auto& runners) { return runners.size() == 1 && runners.front().gone; }));
}

TEST_F(OutsideEngineTest, ACancelByTheManagersOwnMeansIsTheRunsEnd) {
  const model::Run run = waiting();
  nodes_.lose(id(run), "", {engine::GoneKind::canceled_outside, "CANCELLED by 1000", "", true});
  EXPECT_TRUE(becomes(run, RunStatus::canceled));
  EXPECT_EQ(look(run).status_detail, "it was canceled outside of Muster (CANCELLED by 1000)");
}

/// A report of a rank that its runner was asked to end.
model::RankReport asked_to_end() {
  model::RankReport report;
  report.signal = "SIGTERM";
  report.stopped_by_us = true;
  return report;
}

TEST_F(OutsideEngineTest, WhyRunnersWereAskedToEndIsTheEnginesToSay) {
  const model::Run run = waiting();
  nodes_.give_nodes(id(run));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  ASSERT_TRUE(check_in(run));
  ASSERT_TRUE(scheduler_->finished(node(run), {asked_to_end()}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, Json::object(), {}));
  EXPECT_TRUE(shows(run, "its ranks were asked to end; waiting to hear why"));
  EXPECT_EQ(look(run).status, RunStatus::finalizing);
  start();  // the next server waits for it too
  EXPECT_TRUE(nodes_.recovered.wait([](const auto& ids) { return ids.size() == 1; }));
  nodes_.lose(id(run), "machine-0", {engine::GoneKind::canceled_outside, "CANCELLED by 1000", "", true});
  EXPECT_TRUE(becomes(run, RunStatus::canceled));
  EXPECT_EQ(look(run).status_detail, "it was canceled outside of Muster (CANCELLED by 1000)");
}

TEST_F(OutsideEngineTest, RanksThatWereSentTheSignalThemselvesAreNoCause) {
  const model::Run run = waiting();
  nodes_.give_nodes(id(run));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  ASSERT_TRUE(check_in(run));
  model::RankReport report = asked_to_end();
  report.stopped_by_us = false;
  ASSERT_TRUE(scheduler_->finished(node(run), {report}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, Json::object(), {}));
  EXPECT_TRUE(shows(run, "its ranks were asked to end; waiting to hear why"));
  nodes_.lose(id(run), "machine-0", {engine::GoneKind::exited, "exit code 0", "", true});
  EXPECT_TRUE(becomes(run, RunStatus::failed)) << "it was nobody that the engine knows of";
  EXPECT_EQ(look(run).error->code, "user_error");
}

TEST_F(OutsideEngineTest, ANodeThatWasTakenBeforeItsRanksWereDoneIsALostOne) {
  const model::Run run = waiting();
  nodes_.give_nodes(id(run));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  ASSERT_TRUE(check_in(run));
  ASSERT_TRUE(scheduler_->finished(node(run), {asked_to_end()}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, Json::object(), {}));
  nodes_.lose(id(run), "machine-0", {engine::GoneKind::preempted, "PREEMPTED", "", true});
  EXPECT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "node_lost");
  EXPECT_EQ(look(run).error->message, "node 0 (machine-0) was lost: PREEMPTED");
}

TEST_F(OutsideEngineTest, ANodesNameIsTheEnginesAlsoWhenItComesLate) {
  const model::Run run = waiting();
  ASSERT_TRUE(scheduler_->check_in(id(run), {"machine-0", "host", "10.0.0.1", 6105, 7, false}));
  EXPECT_EQ(look(run).nodes.at(0).host, "host");
  nodes_.give_nodes(id(run));
  run_to_end(run, 0, 1);
  EXPECT_TRUE(becomes(run, RunStatus::completed));
  EXPECT_EQ(look(run).nodes.at(0).host, "machine-0");
}

TEST_F(OutsideEngineTest, TimeToCheckInBeginsWhenTheNodesAreThere) {
  start_patience_ = std::chrono::milliseconds(1);
  start();
  const model::Run run = waiting();
  const model::Run other = waiting();  // by when the first would have been given up
  EXPECT_TRUE(nodes_.stops.get().empty());
  EXPECT_EQ(look(run).status, RunStatus::queued);
  nodes_.give_nodes(id(run));
  EXPECT_TRUE(nodes_.stops.wait([&](const auto& stops) { return stops.size() == 1 && stops.front().id == id(run); }));
  EXPECT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(other).status, RunStatus::queued);
}

TEST_F(OutsideEngineTest, RunnersAreWhoTheySayTheyAreWhateverTheOrder) {
  const model::Run run = waiting(2);
  nodes_.give_nodes(id(run));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  const auto arrive = [&](const std::string& node, int port) {
    return scheduler_->check_in(id(run), {node, "host", "10.0.0.1", port, 7, false});
  };
  EXPECT_EQ(arrive("machine-1", 0)->node_rank, 1);
  const auto first = arrive("machine-0", 0);
  EXPECT_EQ(first->node_rank, 0);
  EXPECT_EQ(first->waiting_for, 1) << "for the port of node 0";
  EXPECT_FALSE(first->order);
  const auto ordered = arrive("machine-0", 6105);
  ASSERT_TRUE(ordered->order);
  EXPECT_EQ((*ordered->order)["nodes"][1]["node"], "machine-1");
  EXPECT_EQ((*ordered->order)["master"]["port"], 6105);
  EXPECT_EQ(arrive("machine-1", 0)->node_rank, 1) << "asked again";
  const auto stranger = arrive("machine-7", 0);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Code::not_found);
}

TEST_F(OutsideEngineTest, ARunThatIsBeingEndedHasNoOrderForWhoChecksIn) {
  const model::Run run = waiting();
  nodes_.give_nodes(id(run));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  ASSERT_TRUE(scheduler_->cancel(run.key, "enough", false));
  const auto answer = checked_in(run);
  ASSERT_TRUE(answer) << "it is known, so that the heartbeat can tell it to stop";
  EXPECT_FALSE(answer->order);
  const auto told = scheduler_->heartbeat(node(run), {});
  ASSERT_TRUE(told && *told);
  EXPECT_EQ((*told)->code, "canceled");
}

TEST_F(OutsideEngineTest, NodesThatDoNotShareTheDiskGetTheDefinitionAndPrepareItThemselves) {
  nodes_.shares_disk = false;
  start();
  const model::Run run = submit([](model::RunSpec& spec) {
    spec.environment.name = "small";
    spec.environment.interpreter_path = "/opt/only/on/the/node/python";
    spec.environment.pip_packages = {"six"};
  });
  EXPECT_TRUE(started(1)) << "the server looks for no such Python";
  start();  // as a later server
  nodes_.give_nodes(id(run));
  EXPECT_TRUE(becomes(run, RunStatus::starting));
  const auto order = check_in(run);
  ASSERT_TRUE(order && *order);
  EXPECT_TRUE((**order)["environment"]["prepared"].is_null());
  EXPECT_EQ((**order)["environment"]["definition"]["python"]["pip_packages"], Json::array({"six"}));

  model::RankReport failed;
  failed.exit_code = 127;
  failed.start_failed = true;
  failed.environment_failed = true;
  failed.log = environment::kBuildLog;
  failed.exception = model::PrintedException{"StartFailed", "pip found no six", ""};
  ASSERT_TRUE(scheduler_->finished(node(run), {failed}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, Json::object(), {}));
  EXPECT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "environment_error");
  EXPECT_EQ(look(run).error->message, "pip found no six");
  EXPECT_EQ(look(run).error->log, environment::kBuildLog);
}

}  // namespace
}  // namespace muster::scheduler

#include "scheduler/scheduler_fixture.h"

namespace muster::scheduler {
namespace {

TEST_F(SchedulerTest, ARunFromSubmissionToItsEnd) {
  const model::Run run = submit();
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(becomes(run, RunStatus::starting));
  const auto start = nodes_.starts.get().front();
  EXPECT_EQ(start.id.run_id, run.run_id);
  EXPECT_EQ(start.attempt.variables.at("MUSTER_RUNNER_TOKEN"), scheduler_->tokens().token(TokenHolder::runner, run.run_id, 1));
  const auto order = check_in(run);
  ASSERT_TRUE(order && *order);
  EXPECT_EQ((**order)["environment"]["prepared"]["interpreter"], "/bin/sh");
  EXPECT_EQ((**order)["node_count"], 1);
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  ASSERT_TRUE(becomes(run, RunStatus::running));
  ASSERT_TRUE(scheduler_->finished(node(run), {report(0)}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, nullptr, {}));
  ASSERT_TRUE(becomes(run, RunStatus::completed));
  EXPECT_TRUE(scheduler_->done(node(run), {}, nullptr, {})) << "repeated, harmless";
}

TEST_F(SchedulerTest, AFailureIsTheRunsError) {
  const model::Run run = submit();
  ASSERT_TRUE(started(1));
  run_to_end(run, 1);
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "user_error");
}

TEST_F(SchedulerTest, OneAfterTheOtherOnATargetThatTakesOne) {
  const model::Run first = submit();
  ASSERT_TRUE(started(1));
  const model::Run second = submit();
  ASSERT_TRUE(becomes(second, RunStatus::queued));
  test::Watched<int> changed;
  const auto subscription = changes_.subscribe(second.key, [&](const store::LogGrowth*) { changed.change([](int& n) { ++n; }); });
  EXPECT_TRUE(changed.wait([&](int) { return look(second).status_detail.find("local") != std::string::npos; }))
      << look(second).status_detail;
  EXPECT_EQ(scheduler_->target_status("default", "local").queued_runs, 1);
  run_to_end(first, 0);
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.run_id, second.run_id);
}

TEST_F(SchedulerTest, AGangWaitsForAllItsNodesAndAllMustCheckIn) {
  make_target("cpu", 2);
  const auto two_nodes = [](model::RunSpec& spec) {
    spec.compute_target = "cpu";
    spec.node_count = 2;
    spec.distribution = model::Distribution{};
  };
  const model::Run run = submit(two_nodes);
  ASSERT_TRUE(started(1));
  EXPECT_EQ(nodes_.starts.get().front().attempt.node_count, 2);
  const auto early = check_in(run, 1);
  ASSERT_TRUE(early);
  EXPECT_FALSE(*early) << "node 0 is still to come";
  ASSERT_TRUE(*check_in(run, 0));
  const auto order = check_in(run, 1);
  ASSERT_TRUE(order && *order);
  EXPECT_EQ((**order)["master"]["port"], 6105);
  EXPECT_EQ((**order)["nodes"].size(), 2u);
  EXPECT_EQ(scheduler_->target_status("default", "cpu").nodes.size(), 2u);
}

TEST_F(SchedulerTest, CancelInTheQueueAndWhileRunning) {
  const model::Run running = submit();
  ASSERT_TRUE(started(1));
  const model::Run waiting = submit();
  ASSERT_TRUE(becomes(waiting, RunStatus::queued));
  ASSERT_TRUE(scheduler_->cancel(waiting.key, "not needed", false));
  ASSERT_TRUE(becomes(waiting, RunStatus::canceled));
  ASSERT_TRUE(check_in(running));
  ASSERT_TRUE(scheduler_->started(node(running), clock_.now_us()));
  EXPECT_FALSE(*scheduler_->heartbeat(node(running), {}));
  ASSERT_TRUE(scheduler_->cancel(running.key, "enough", false));
  EXPECT_TRUE(nodes_.stops.wait([](const auto& stops) { return !stops.empty(); }));
  const auto told = scheduler_->heartbeat(node(running), {});
  ASSERT_TRUE(told && *told);
  EXPECT_EQ((*told)->code, "canceled");
  ASSERT_TRUE(scheduler_->finished(node(running), {report(1)}));
  ASSERT_TRUE(scheduler_->done(node(running), {}, nullptr, {}));
  ASSERT_TRUE(becomes(running, RunStatus::canceled));
  const auto again = scheduler_->cancel(running.key, "again", false);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::conflict);
}

TEST_F(SchedulerTest, AServerThatComesBackTakesUpEveryRun) {
  const model::Run running = submit();
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(*check_in(running));
  ASSERT_TRUE(scheduler_->started(node(running), clock_.now_us()));
  const model::Run waiting = submit();
  ASSERT_TRUE(becomes(waiting, RunStatus::queued));
  start();
  EXPECT_TRUE(nodes_.recovered.wait([&](const auto& ids) { return ids.size() == 1 && ids.front().run_id == running.run_id; }));
  EXPECT_EQ(nodes_.starts.get().size(), 1u) << "its node is taken: nothing new may start";
  ASSERT_TRUE(scheduler_->finished(node(running), {report(0)}));
  ASSERT_TRUE(scheduler_->done(node(running), {}, nullptr, {}));
  ASSERT_TRUE(becomes(running, RunStatus::completed));
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.run_id, waiting.run_id);
}

TEST_F(SchedulerTest, AServerThatStartsRemovesWhatKilledRunnersLeftAndNothingElse) {
  namespace fs = std::filesystem;
  const auto run_one = [&] {
    const model::Run run = submit();
    EXPECT_TRUE(becomes(run, RunStatus::starting));
    EXPECT_TRUE(*check_in(run));
    EXPECT_TRUE(scheduler_->started(node(run), clock_.now_us()));
    return run;
  };
  const auto folder_of = [&](const model::Run& run) { return folder_ / "runs" / run.run_id / "1" / "node_0"; };
  const auto end = [&](const model::Run& run) {
    ASSERT_TRUE(make_folders(folder_of(run) / ".muster"));
    ASSERT_TRUE(scheduler_->finished(node(run), {report(0)}));
    ASSERT_TRUE(scheduler_->done(node(run), {}, nullptr, {}));
    ASSERT_TRUE(becomes(run, RunStatus::completed));
  };
  const model::Run over = run_one();
  end(over);
  const model::Run kept = run_one();
  end(kept);
  ASSERT_TRUE(write_file(folder_of(kept) / ".muster" / "kept", ""));
  const model::Run running = run_one();
  ASSERT_TRUE(make_folders(folder_of(running)));
  start();
  EXPECT_TRUE(goes(folder_of(over)));
  EXPECT_TRUE(fs::exists(folder_of(kept)));
  EXPECT_TRUE(fs::exists(folder_of(running)));
}

TEST_F(SchedulerTest, WhatARunnerThatWasKilledAfterItsLastReportLeftGoesAtOnce) {
  const model::Run run = submit();
  ASSERT_TRUE(started(1));
  const auto folder = folder_ / "runs" / run.run_id;
  ASSERT_TRUE(make_folders(folder / "1" / "node_0" / ".muster"));
  ASSERT_TRUE(write_file(folder / "1" / "runner_local-0.log", "words"));
  run_to_end(run, 0);
  lose(run);
  EXPECT_TRUE(goes(folder));
}

TEST_F(SchedulerTest, AnAttemptThatCouldNotBeStartedLeavesNothing) {
  nodes_.before_start = [&](const engine::AttemptId& id) { ASSERT_TRUE(make_folders(folder_ / "runs" / id.run_id / "1")); };
  nodes_.refuse_start.set("no such program");
  const model::Run run = submit();
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_TRUE(goes(folder_ / "runs" / run.run_id));
}

TEST_F(SchedulerTest, ALostRunnerIsFollowedByOneThatSalvages) {
  const model::Run run = submit();
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(*check_in(run));
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  lose(run);
  ASSERT_TRUE(started(2));
  const auto salvage = nodes_.starts.get().back();
  EXPECT_EQ(salvage.attempt.command.back(), "--salvage");
  EXPECT_EQ(salvage.restarted, "local-0");
  ASSERT_TRUE(*check_in(run, 0, true));
  ASSERT_TRUE(scheduler_->finished(node(run), {}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, nullptr, {}));
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "node_lost");
}

TEST_F(SchedulerTest, ANodeThatCannotBeStartedFailsTheRunAndFreesTheTarget) {
  nodes_.refuse_start.set("no such program");
  const model::Run run = submit();
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "start_failed");
  nodes_.refuse_start.set("");
  submit();
  EXPECT_TRUE(started(1));
}

TEST_F(SchedulerTest, AnInterpreterThatIsNotThereFailsTheRunInWords) {
  const model::Run run = submit([](model::RunSpec& spec) { spec.environment.interpreter_path = "/no/such/python"; });
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_EQ(look(run).error->code, "environment_error");
  EXPECT_NE(look(run).error->message.find("/no/such/python"), std::string::npos);
}

TEST_F(SchedulerTest, ARunPastItsDurationIsCanceledWithTheReason) {
  const model::Run run = submit([](model::RunSpec& spec) { spec.max_run_duration_seconds = 1; });
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(*check_in(run));
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  ASSERT_TRUE(becomes(run, RunStatus::cancel_requested));
  ASSERT_TRUE(scheduler_->finished(node(run), {report(1)}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, nullptr, {}));
  ASSERT_TRUE(becomes(run, RunStatus::canceled));
  EXPECT_NE(look(run).status_detail.find("max_run_duration_seconds"), std::string::npos);
}

TEST_F(SchedulerTest, AnotherAttemptHasItsOwnTokenAndOldRunnersAreRefused) {
  const model::Run run = submit([](model::RunSpec& spec) { spec.max_retries = 1; });
  ASSERT_TRUE(started(1));
  run_to_end(run, 1);
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.attempt, 2);
  EXPECT_NE(scheduler_->tokens().token(TokenHolder::runner, run.run_id, 1), scheduler_->tokens().token(TokenHolder::runner, run.run_id, 2));
  const auto old = scheduler_->heartbeat(node(run, 0, 1), {});
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Code::conflict);
  const auto order = check_in(run);
  ASSERT_TRUE(order && *order);
  EXPECT_EQ((**order)["restore_outputs"], true);
  EXPECT_EQ((**order)["job_token"], scheduler_->tokens().token(TokenHolder::job, run.run_id, 2));
}

}  // namespace
}  // namespace muster::scheduler

// What the scheduler owes runs when the disk, the engine or a runner misbehaves.
#include "scheduler/scheduler_fixture.h"

namespace muster::scheduler {
namespace {

class PromisesTest : public SchedulerTest {
 protected:
  model::Run running() {
    const model::Run run = submit();
    EXPECT_TRUE(started(1));
    EXPECT_TRUE(*check_in(run));
    EXPECT_TRUE(scheduler_->started(node(run), clock_.now_us()));
    return run;
  }
  bool killed(std::size_t count = 1) {
    return nodes_.stops.wait([&](const auto& stops) {
      return static_cast<std::size_t>(
                 std::count_if(stops.begin(), stops.end(), [](const auto& one) { return one.how == engine::StopHow::kill; })) >= count;
    });
  }
};

TEST_F(PromisesTest, AMomentOfFullDiskLeavesNoRunInPreparing) {
  // Whatever write of a submission meets it, for each of the first ones.
  for (int skip = 0; skip < 5; ++skip) {
    make_target("t" + std::to_string(skip), 1);
    store_->skip_then_refuse(skip + 1, 3);
    const model::Run run = submit([&](model::RunSpec& spec) { spec.compute_target = "t" + std::to_string(skip); });
    ASSERT_TRUE(started(static_cast<std::size_t>(skip) + 1)) << skip;
    ASSERT_TRUE(becomes(run, RunStatus::starting)) << skip;
    EXPECT_GT(store_->refused, 0) << skip;
  }
}

TEST_F(PromisesTest, AFullDiskIsShownThoughTheDatabaseHasNoRoomForIt) {
  const model::Run run = running();
  store_->refuse_writes = 1'000'000;
  Heartbeat beat;
  beat.waits.what = "28 MiB of outputs";
  ASSERT_TRUE(scheduler_->heartbeat(node(run), beat));
  ASSERT_EQ(scheduler_->unstored().size(), 1U);
  EXPECT_EQ(scheduler_->unstored()[0].run_id, run.run_id);
  EXPECT_EQ(scheduler_->unstored()[0].detail,
            "the server's disk is full: 28 MiB of outputs wait on node 0; free some space or cancel the run");
  // That the ranks have ended cannot be stored either, and takes nothing from what is known.
  EXPECT_FALSE(scheduler_->finished(node(run), {report(0)}));
  EXPECT_NE(scheduler_->unstored().at(0).detail.find("28 MiB of outputs"), std::string::npos);
  EXPECT_EQ(look(run).status_detail, "") << "it was not stored";
  store_->refuse_writes = 0;
  ASSERT_TRUE(scheduler_->heartbeat(node(run), beat));
  EXPECT_TRUE(scheduler_->unstored().empty());
  EXPECT_NE(look(run).status_detail.find("28 MiB of outputs"), std::string::npos);
}

TEST_F(PromisesTest, AnEventThatTheDiskRefusesIsShownUntilItIsStored) {
  store_->skip_then_refuse(1, 1'000'000);
  const model::Run run = submit();
  ASSERT_TRUE(looks(run, [&](const model::Run&) { return !scheduler_->unstored().empty(); }));
  EXPECT_EQ(scheduler_->unstored()[0].run_key, run.key);
  EXPECT_EQ(scheduler_->unstored()[0].detail,
            "the server's disk is full: what happens to the run cannot be stored, and is tried again; free some space");
  EXPECT_FALSE(scheduler_->cancel(run.key, "enough", false));
  store_->refuse_writes = 0;
  ASSERT_TRUE(started(1));
  EXPECT_TRUE(scheduler_->unstored().empty());
}

TEST_F(PromisesTest, ACancelThatTheDiskRefusesIsTheAnswerAlone) {
  const model::Run run = running();
  store_->refuse_writes = 1;
  EXPECT_FALSE(scheduler_->cancel(run.key, "enough", false));
  EXPECT_TRUE(scheduler_->unstored().empty());
}

TEST_F(PromisesTest, ADurationIsEnforcedThoughTheDiskIsFullAtItsEnd) {
  const model::Run run = submit([](model::RunSpec& spec) { spec.max_run_duration_seconds = 1; });
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(*check_in(run));
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  store_->refuse_writes = 2;
  ASSERT_TRUE(becomes(run, RunStatus::cancel_requested));
  EXPECT_EQ(store_->refused, 2);
}

/// Of a run that may last an hour, by a server that was restarted after its clock had been set.
class ClockThatWasSetTest : public PromisesTest {
 protected:
  model::Run running_when_the_clock_is_set(std::chrono::hours by) {
    const model::Run run = submit([](model::RunSpec& spec) { spec.max_run_duration_seconds = 3600; });
    EXPECT_TRUE(started(1));
    EXPECT_TRUE(*check_in(run));
    EXPECT_TRUE(scheduler_->started(node(run), clock_.now_us()));
    clock_.jump(by);
    start();
    return run;
  }
};

TEST_F(ClockThatWasSetTest, ForwardItEndsNoRun) {
  const model::Run run = running_when_the_clock_is_set(std::chrono::hours(24));
  EXPECT_FALSE(*scheduler_->heartbeat(node(run), {{}, std::chrono::seconds(10)}));
  make_target("other", 1);
  const model::Run other = submit([](model::RunSpec& spec) { spec.compute_target = "other"; });
  ASSERT_TRUE(started(2));
  run_to_end(other, 0);
  ASSERT_TRUE(becomes(other, RunStatus::completed));
  EXPECT_FALSE(look(run).cancel_asked);
}

TEST_F(ClockThatWasSetTest, BackwardItKeepsNoRunAlive) {
  const model::Run run = running_when_the_clock_is_set(std::chrono::hours(-24));
  ASSERT_TRUE(scheduler_->heartbeat(node(run), {{}, std::chrono::seconds(3600)}));
  EXPECT_TRUE(becomes(run, RunStatus::cancel_requested));
}

TEST_F(PromisesTest, AServerKilledBeforeTheGateOpenedStartsTheAttemptAgain) {
  const model::Run run = submit();
  ASSERT_TRUE(started(1));  // the handle is stored; no runner has ever checked in
  start();
  ASSERT_TRUE(killed()) << "whatever stands at the gate is ended first";
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.attempt, 1);
  ASSERT_TRUE(*check_in(run));
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  ASSERT_TRUE(scheduler_->finished(node(run), {report(0)}));
  ASSERT_TRUE(scheduler_->done(node(run), {}, nullptr, {}));
  EXPECT_TRUE(becomes(run, RunStatus::completed));
}

TEST_F(PromisesTest, AShortageOfProcessesMakesARunWait) {
  nodes_.refuse_start_for_now.set("start a process: Resource temporarily unavailable");
  const model::Run run = submit();
  ASSERT_TRUE(becomes(run, RunStatus::provisioning));
  ASSERT_TRUE(shows(run, "its nodes cannot be started now and will be tried again: start a process: Resource temporarily unavailable"));
  nodes_.refuse_start_for_now.set("");
  ASSERT_TRUE(started(1));
  EXPECT_TRUE(becomes(run, RunStatus::starting));
}

TEST_F(PromisesTest, ARunThatWaitsForProcessesCanBeCanceled) {
  nodes_.refuse_start_for_now.set("no processes");
  const model::Run run = submit();
  ASSERT_TRUE(becomes(run, RunStatus::provisioning));
  ASSERT_TRUE(scheduler_->cancel(run.key, "enough", false));
  EXPECT_TRUE(becomes(run, RunStatus::canceled));
}

TEST_F(PromisesTest, OnlyRunnersThatNeverCheckedInAreGivenUp) {
  start_patience_ = std::chrono::milliseconds(1);
  start();
  nodes_.while_starting = [this](const engine::AttemptId& id) {
    EXPECT_TRUE(scheduler_->check_in({id.run_id, 1}, {"cpu-0", "host", "127.0.0.1", 6105, 1, false}));
  };
  make_target("cpu", 2);
  const model::Run run = submit([](model::RunSpec& spec) {
    spec.compute_target = "cpu";
    spec.node_count = 2;
  });
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(killed());
  EXPECT_EQ(nodes_.stopped_handles.get().back().size(), 1U) << "one node of the two";
  EXPECT_TRUE(nodes_.stopped_handles.get().back().contains("cpu-1"));
}

TEST_F(PromisesTest, ARunnerThatRestoresForLongIsLeftAlone) {
  start_patience_ = std::chrono::milliseconds(1);
  start();
  // It checks in, and then it fetches a hundred gigabytes.
  nodes_.while_starting = [this](const engine::AttemptId& id) {
    EXPECT_TRUE(scheduler_->check_in({id.run_id, 1}, {"local-0", "host", "127.0.0.1", 6105, 1, false}));
  };
  submit();
  ASSERT_TRUE(started(1));
  const model::Run other = submit();
  ASSERT_TRUE(becomes(other, RunStatus::queued));
  EXPECT_TRUE(nodes_.stops.get().empty());
}

TEST_F(PromisesTest, AForcedCancelEndsARunThatFinalizes) {
  const model::Run run = running();
  ASSERT_TRUE(scheduler_->finished(node(run), {report(0)}));
  ASSERT_TRUE(becomes(run, RunStatus::finalizing));
  std::filesystem::create_directories(folder_.path() / "runs" / run.run_id / "1" / "node_0" / ".muster");
  ASSERT_TRUE(scheduler_->cancel(run.key, "too long", false));
  ASSERT_TRUE(becomes(run, RunStatus::cancel_requested));
  const auto after = scheduler_->cancel(run.key, "now", true);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->status, RunStatus::canceled);
  EXPECT_EQ(after->status_detail, "too long");
  EXPECT_EQ(after->nodes[0].salvages, kMostSalvages) << "so that no server that starts removes its folder";
  EXPECT_TRUE(scheduler_->cancel(run.key, "now", true)) << "repeated, harmless";
  const auto polite = scheduler_->cancel(run.key, "again", false);
  EXPECT_FALSE(polite);
  ASSERT_EQ(after->warnings.size(), 1U);
  EXPECT_NE(after->warnings[0].find("runs/" + run.run_id + "/1/node_0"), std::string::npos) << after->warnings[0];
  ASSERT_TRUE(killed());
  const model::Run next = submit();  // the node is free again
  ASSERT_TRUE(started(2));
  EXPECT_TRUE(becomes(next, RunStatus::starting));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "runs" / run.run_id / "1" / "node_0" / ".muster" / "kept"));
}

TEST_F(PromisesTest, AForcedCancelWaitsForNobody) {
  const model::Run run = running();
  ASSERT_TRUE(scheduler_->cancel(run.key, "now", true));
  EXPECT_TRUE(becomes(run, RunStatus::canceled));
  EXPECT_TRUE(killed());
}

TEST_F(PromisesTest, ARunnerThatSaysNothingForLongIsEndedAndItsWorkSalvaged) {
  silence_is_loss_ = std::chrono::milliseconds(1);
  start();
  const model::Run run = running();
  ASSERT_TRUE(killed());
  EXPECT_EQ(nodes_.stopped_handles.get().back().size(), 1U);
  ASSERT_TRUE(started(2)) << "its engine tells that it is gone";
  const auto command = nodes_.starts.get().back().attempt.command;
  EXPECT_NE(std::find(command.begin(), command.end(), "--salvage"), command.end());
}

TEST_F(PromisesTest, ATargetMadeTooSmallSaysSoAndLetsOthersPass) {
  make_target("cpu", 2);
  const auto on_cpu = [](int nodes) {
    return [nodes](model::RunSpec& spec) {
      spec.compute_target = "cpu";
      spec.node_count = nodes;
    };
  };
  const model::Run first = submit(on_cpu(2));
  ASSERT_TRUE(started(1));
  const model::Run large = submit(on_cpu(2));
  ASSERT_TRUE(becomes(large, RunStatus::queued));
  const model::Run small = submit(on_cpu(1));
  ASSERT_TRUE(becomes(small, RunStatus::queued));
  resize_target("cpu", 1);
  ASSERT_TRUE(shows(large, "waiting for 2 nodes: the compute target cpu has at most 1 node now; make it larger, or cancel the run"));
  run_to_end(first, 0, 2);
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.run_id, small.run_id);
  resize_target("cpu", 2);
  run_to_end(small, 0);
  ASSERT_TRUE(started(3));
  EXPECT_EQ(nodes_.starts.get().back().id.run_id, large.run_id);
}

}  // namespace
}  // namespace muster::scheduler

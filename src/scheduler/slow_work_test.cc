// No slow work where others wait: what the scheduler does while an environment is built or an engine takes its time.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>

#include <nlohmann/json.hpp>

#include "environment/prepared.h"
#include "scheduler/scheduler_fixture.h"
#include "support/no_descriptors.h"

namespace muster::scheduler {
namespace {

/// Holds up whoever comes, until it is opened.
struct Barrier {
  test::Watched<bool> is_reached;
  test::Watched<bool> is_open;
  void hold_up() {
    is_reached.set(true);
    EXPECT_TRUE(is_open.wait_for(true));
  }
};

class SlowWorkTest : public SchedulerTest {
 protected:
  void TearDown() override {
    barrier_.is_open.set(true);
    SchedulerTest::TearDown();
  }
  model::Run submit_to(const std::string& target) {
    return submit([&](model::RunSpec& spec) { spec.compute_target = target; });
  }
  model::Run running_on(const std::string& target) {
    const std::size_t before = nodes_.starts.get().size();
    const model::Run run = submit_to(target);
    EXPECT_TRUE(started(before + 1));
    EXPECT_TRUE(*check_in(run));
    EXPECT_TRUE(scheduler_->started(node(run), clock_.now_us()));
    return run;
  }
  ::testing::AssertionResult goes_from_start_to_end_on(const std::string& target) {
    const model::Run run = submit_to(target);
    if (auto starts = becomes(run, RunStatus::starting); !starts) return starts;
    run_to_end(run, 0);
    return becomes(run, RunStatus::completed);
  }
  Barrier barrier_;
  /// Every write waits behind one that goes on until the barrier is opened.
  std::thread slow_disk() {
    std::thread slow([this] {
      EXPECT_TRUE(store_->write([this](store::Session&) -> Result<void> {
        barrier_.hold_up();
        return {};
      }));
    });
    EXPECT_TRUE(barrier_.is_reached.wait_for(true));
    return slow;
  }

  /// A program that plays `python -m venv` and pip. While its gate is closed, nothing that it is asked for returns.
  std::string fake_python() {
    const std::filesystem::path program = folder_ / "python";
    EXPECT_TRUE(write_file(program,
                           "#!/bin/sh\n[ -p '" + gate() + "' ] && read line < '" + gate() +
                               "'\ncase \"$*\" in '-m venv '*) mkdir -p \"$3/bin\" && cp '" + program.string() +
                               "' \"$3/bin/python\" ;; esac\n",
                           0755));
    return program.string();
  }
  std::string gate() const { return (folder_ / "gate").string(); }
  void close_gate() { ASSERT_EQ(::mkfifo(gate().c_str(), 0600), 0); }

  std::function<void(model::RunSpec&)> with_package() {
    return [python = fake_python()](model::RunSpec& spec) {
      spec.environment.interpreter_path = python;
      spec.environment.pip_packages = {"numpy"};
    };
  }
};

TEST_F(SlowWorkTest, WhatHappensToManyRunsWaitsForTheDiskOnceTogether) {
  constexpr int kRuns = 20;
  make_target("cpu", kRuns);
  std::vector<model::Run> runs;
  for (int i = 0; i < kRuns; ++i) runs.push_back(stored([](model::RunSpec& spec) { spec.compute_target = "cpu"; }));
  std::thread slow = slow_disk();
  for (const model::Run& run : runs) scheduler_->submitted(run.key);
  EXPECT_TRUE(store_->asked_later.wait([](int count) { return count >= kRuns; })) << "none waits until an earlier one is stored";
  EXPECT_TRUE(nodes_.starts.get().empty());
  barrier_.is_open.set(true);
  slow.join();
  ASSERT_TRUE(started(kRuns));
  for (const model::Run& run : runs) EXPECT_TRUE(becomes(run, RunStatus::starting));
}

TEST_F(SlowWorkTest, WhoAsksForARunThatWaitsInAQueueGetsAllOfIt) {
  make_target("cpu", 1);
  const model::Run first = running_on("cpu");
  const model::Run second = submit_to("cpu");
  ASSERT_TRUE(shows(second, "waiting for a node of cpu: 0 of at most 1 are free"));
  const auto queued = scheduler_->active(second.run_id);
  ASSERT_TRUE(queued);
  EXPECT_EQ(queued->status, RunStatus::queued);
  EXPECT_EQ(queued->spec.command, "true");
  EXPECT_EQ(queued->status_detail, "waiting for a node of cpu: 0 of at most 1 are free");
  start();  // and the next server's
  EXPECT_TRUE(scheduler_->active(second.run_id));
  EXPECT_TRUE(scheduler_->active(first.run_id));
  ASSERT_TRUE(scheduler_->cancel(second.key, "enough", false));
  EXPECT_FALSE(scheduler_->active(second.run_id));
}

TEST_F(SlowWorkTest, ANodeThatIsGoneBeforeItIsStoredThatItCameIsNotForgotten) {
  nodes_.grants_nodes = true;
  start();
  const model::Run run = submit();
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(shows(run, "no machine is free"));
  std::thread slow = slow_disk();
  const engine::AttemptId id{run.run_id, 1};
  nodes_.give_nodes(id);
  nodes_.lose(id, "machine-0", {engine::GoneKind::exited, "exit code 1", "no library", true});
  barrier_.is_open.set(true);
  slow.join();
  ASSERT_TRUE(becomes(run, RunStatus::failed));
  EXPECT_NE(look(run).error->message.find("ended before it checked in"), std::string::npos) << look(run).error->message;
}

TEST_F(SlowWorkTest, CheckInTakesWhatWasPreparedAndBuildsNothing) {
  const model::Run run = submit(with_package());
  ASSERT_TRUE(started(1));
  // Somebody makes room; whoever builds the environment again would wait at the gate.
  ASSERT_TRUE(remove_tree(folder_ / "environments"));
  close_gate();
  const auto order = check_in(run);
  ASSERT_TRUE(order && *order) << order.error().detail;
  const std::string folder = (folder_ / "environments" / look(run).environment_hash).string();
  const auto prepared = environment::prepared_from_json((**order)["environment"]["prepared"]);
  ASSERT_TRUE(prepared) << prepared.error().detail;
  EXPECT_EQ(environment::interpreter_of(*prepared), folder + "/bin/python");
  EXPECT_EQ(prepared->root, folder);
  EXPECT_EQ(prepared->builder, "venv");
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(SlowWorkTest, AServerThatWasRestartedStillHasWhatWasPrepared) {
  make_target("cpu", 2);
  const auto two_nodes = [&](model::RunSpec& spec) {
    with_package()(spec);
    spec.compute_target = "cpu";
    spec.node_count = 2;
    spec.max_retries = 1;
  };
  const model::Run run = submit(two_nodes);
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(remove_tree(folder_ / "environments"));
  ASSERT_TRUE(check_in(run, 0));
  ASSERT_TRUE(check_in(run, 1));
  close_gate();
  start();
  const auto order = check_in(run, 0);
  ASSERT_TRUE(order && *order) << order.error().detail;
  const auto prepared = (**order)["environment"]["prepared"];
  EXPECT_EQ(prepared["root"], (folder_ / "environments" / look(run).environment_hash).string());

  // Another attempt has it from the one before.
  for (int rank = 0; rank < 2; ++rank) {
    ASSERT_TRUE(scheduler_->started(node(run, rank), clock_.now_us()));
    ASSERT_TRUE(scheduler_->finished(node(run, rank), {report(1)}));
    ASSERT_TRUE(scheduler_->done(node(run, rank), {}, nullptr, {}));
  }
  ASSERT_TRUE(started(2));
  ASSERT_TRUE(check_in(run, 0));
  const auto again = check_in(run, 1);
  ASSERT_TRUE(again && *again) << again.error().detail;
  EXPECT_EQ((**again)["environment"]["prepared"], prepared);
}

TEST_F(SlowWorkTest, WhatALostRunnerLeftIsCollectedThoughTheEnvironmentIsGone) {
  const model::Run run = submit(with_package());
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(*check_in(run));
  ASSERT_TRUE(scheduler_->started(node(run), clock_.now_us()));
  // As of an attempt from before that was kept, whose virtual environment is gone.
  ASSERT_TRUE(store_->write([&](store::Session& session) -> Result<void> {
    session.run("UPDATE run_attempts SET prepared = NULL", {});
    return {};
  }));
  ASSERT_TRUE(remove_tree(folder_ / "environments"));
  lose(run);
  ASSERT_TRUE(started(2));
  const auto order = check_in(run, 0, true);
  ASSERT_TRUE(order && *order) << order.error().detail;
  EXPECT_EQ((**order)["workspace"], "default");
}

TEST_F(SlowWorkTest, WithoutADescriptorTheEnvironmentIsWaitedForAndTheRunSaysSo) {
  {
    const auto add_package = with_package();
    const test::NoDescriptors none;
    const model::Run run = submit(add_package);
    ASSERT_TRUE(looks(run, [](const model::Run& now) {
      return now.status_detail.starts_with("its environment cannot be prepared now and will be tried again: open ") &&
             now.status_detail.ends_with("Too many open files");
    }));
    EXPECT_EQ(look(run).status, RunStatus::preparing);
  }
  EXPECT_TRUE(started(1));
}

TEST_F(SlowWorkTest, AnEngineThatIsSlowToStartHoldsUpNoOtherRun) {
  make_target("slow", 1);
  make_target("fast", 1);
  nodes_.before_start = [this, first = std::make_shared<std::atomic<bool>>(true)](const engine::AttemptId&) {
    if (first->exchange(false)) barrier_.hold_up();
  };
  const model::Run slow = submit_to("slow");
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  EXPECT_TRUE(goes_from_start_to_end_on("fast"));
  EXPECT_EQ(look(slow).status, RunStatus::provisioning);
  barrier_.is_open.set(true);
  EXPECT_TRUE(becomes(slow, RunStatus::starting));
}

TEST_F(SlowWorkTest, AnEngineThatIsSlowToStopOrToRecoverHoldsUpNoOtherRun) {
  make_target("slow", 1);
  make_target("fast", 1);
  const model::Run slow = running_on("slow");
  nodes_.before_stop = [this](const engine::AttemptId&, engine::StopHow) { barrier_.hold_up(); };
  ASSERT_TRUE(scheduler_->cancel(slow.key, "enough", false));
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  EXPECT_TRUE(goes_from_start_to_end_on("fast"));
  barrier_.is_open.set(true);
  ASSERT_TRUE(nodes_.stops.wait([](const auto& stops) { return !stops.empty(); }));

  nodes_.before_stop = {};
  barrier_.is_reached.set(false);
  barrier_.is_open.set(false);
  nodes_.before_recover = [this](const engine::AttemptId&) { barrier_.hold_up(); };
  start();
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  EXPECT_TRUE(goes_from_start_to_end_on("fast"));
  EXPECT_TRUE(nodes_.recovered.get().empty());
  barrier_.is_open.set(true);
  EXPECT_TRUE(nodes_.stops.wait([](const auto& stops) { return stops.size() == 2; })) << "the restarted server asks again, once it watches";
  EXPECT_EQ(nodes_.recovered.get().size(), 1U);
}

TEST_F(SlowWorkTest, AKillThatTakesItsTimeHoldsUpNoOtherKill) {
  make_target("slow", 1);
  make_target("fast", 1);
  const model::Run slow = running_on("slow");
  const model::Run fast = running_on("fast");
  nodes_.before_stop = [this, id = slow.run_id](const engine::AttemptId& attempt, engine::StopHow) {
    if (attempt.run_id == id) barrier_.hold_up();
  };
  ASSERT_TRUE(scheduler_->cancel(slow.key, "now", true));
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  ASSERT_TRUE(scheduler_->cancel(fast.key, "now", true));
  ASSERT_TRUE(nodes_.stops.wait([&](const auto& stops) { return !stops.empty() && stops.back().id.run_id == fast.run_id; }));
  EXPECT_TRUE(goes_from_start_to_end_on("fast")) << "its node is free";
}

TEST_F(SlowWorkTest, TheCallsForARunAreMadeInOrder) {
  make_target("other", 1);
  const auto is_first = std::make_shared<std::atomic<bool>>(true);
  nodes_.before_start = [this, is_first](const engine::AttemptId&) {
    if (is_first->exchange(false)) barrier_.hold_up();
  };
  nodes_.before_stop = [this](const engine::AttemptId& id, engine::StopHow) {
    const auto starts = nodes_.starts.get();
    EXPECT_TRUE(std::any_of(starts.begin(), starts.end(), [&](const auto& one) { return one.id.run_id == id.run_id; }))
        << "nothing is stopped that is not started yet";
  };
  const model::Run run = submit();
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  ASSERT_TRUE(scheduler_->cancel(run.key, "enough", false));
  // When what was submitted later is started, the polite stop has been asked for.
  submit([](model::RunSpec& spec) { spec.compute_target = "other"; });
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(scheduler_->cancel(run.key, "now", true));
  EXPECT_EQ(look(run).status, RunStatus::canceled);
  barrier_.is_open.set(true);
  ASSERT_TRUE(nodes_.stops.wait([](const auto& stops) { return stops.size() >= 2; }));
  EXPECT_EQ(nodes_.stops.get()[0].how, engine::StopHow::polite);
  EXPECT_EQ(nodes_.stops.get()[1].how, engine::StopHow::kill);
}

TEST_F(SlowWorkTest, AnEngineThatDoesNotAnswerHoldsUpNoEndAndStartsNothingAfterIt) {
  engine_patience_ = std::chrono::milliseconds(50);
  start();
  nodes_.before_start = [this](const engine::AttemptId&) { barrier_.hold_up(); };
  const model::Run run = submit();
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  scheduler_.reset();
  barrier_.is_open.set(true);
  ASSERT_TRUE(nodes_.not_recorded.wait_for(1)) << "the handle of a start that comes too late is refused";
  EXPECT_TRUE(nodes_.starts.get().empty());
  nodes_.before_start = {};
  start();
  EXPECT_TRUE(started(1));
  EXPECT_TRUE(becomes(run, RunStatus::starting));
}

TEST_F(SlowWorkTest, WhatAForcedCancelDidNotGetToKillIsKilledByTheNextServer) {
  make_target("cpu", 1);
  const model::Run run = running_on("cpu");
  engine_patience_ = std::chrono::milliseconds(50);
  start();
  nodes_.before_stop = [this](const engine::AttemptId&, engine::StopHow) { barrier_.hold_up(); };
  ASSERT_TRUE(scheduler_->cancel(run.key, "now", true));
  ASSERT_TRUE(barrier_.is_reached.wait_for(true));
  scheduler_.reset();  // as a server that is killed in the middle of it
  barrier_.is_open.set(true);
  ASSERT_TRUE(nodes_.stops.wait([](const auto& stops) { return stops.size() == 1; }));

  barrier_.is_open.set(false);
  start();
  const model::Run next = submit_to("cpu");
  ASSERT_TRUE(becomes(next, RunStatus::queued)) << "its node is not given to another before that";
  barrier_.is_open.set(true);
  ASSERT_TRUE(nodes_.stops.wait([](const auto& stops) { return stops.size() == 2; }));
  EXPECT_EQ(nodes_.stops.get().back().id.run_id, run.run_id);
  EXPECT_EQ(nodes_.stops.get().back().how, engine::StopHow::kill);
  ASSERT_TRUE(started(2));
  EXPECT_EQ(nodes_.starts.get().back().id.run_id, next.run_id);
  ASSERT_TRUE(becomes(next, RunStatus::starting));

  engine_patience_ = std::chrono::seconds(5);
  start();  // that was that: it is not killed again
  EXPECT_TRUE(nodes_.stops.wait([&](const auto& stops) { return stops.size() == 3 && stops.back().id.run_id == next.run_id; }));
}

}  // namespace
}  // namespace muster::scheduler

#pragma once
// For this room's tests: the scheduler on a real store, with an engine that starts nothing; the test speaks for the runners.

#include "scheduler/scheduler.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/file.h"
#include "base/id.h"
#include "store/compute_targets.h"
#include "store/experiments.h"
#include "store/runs.h"
#include "store/workspaces.h"
#include "support/fake_engine.h"
#include "support/faulty_store.h"
#include "support/jumping_clock.h"
#include "support/repeating_store.h"
#include "support/temp_folder.h"

namespace muster::scheduler {

using model::RunStatus;

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() : logs_(folder_ / "logs") {}

  void SetUp() override {
    auto store = store::open_sqlite_store(folder_ / "muster.db");
    ASSERT_TRUE(store) << store.error().detail;
    store_ = std::make_unique<test::FaultyStore>(std::make_unique<test::RepeatingStore>(std::move(*store)));
    start();
  }
  void TearDown() override { scheduler_.reset(); }

  /// A server starts (again).
  void start() {
    scheduler_.reset();
    SchedulerOptions options;
    options.home = folder_.path();
    options.runner_binary = "/bin/true";
    options.url = "http://127.0.0.1:1";
    options.token_secret = "secret";
    options.start_patience = start_patience_;
    options.silence_is_loss = silence_is_loss_;
    options.engine_patience = engine_patience_;
    scheduler_ = Scheduler::create(options, *store_, logs_, changes_, clock_, nodes_.registry());
    const auto recovered = scheduler_->recover();
    ASSERT_TRUE(recovered) << recovered.error().detail;
  }

  model::Run submit(const std::function<void(model::RunSpec&)>& change = {}) {
    const model::Run run = stored(change);
    scheduler_->submitted(run.key);
    return run;
  }
  /// The scheduler has not heard of it yet.
  model::Run stored(const std::function<void(model::RunSpec&)>& change = {}) {
    model::Run run;
    run.workspace = "default";
    run.spec.experiment = "birds";
    run.spec.command = "true";
    run.spec.environment.interpreter_path = "/bin/sh";
    if (change) change(run.spec);
    run.run_id = make_run_id(run.spec.experiment, clock_.now_us());
    run.uuid = random_hex(16);
    run.created_at = clock_.now_us();
    const auto key = store_->write([&](store::Session& session) -> Result<std::int64_t> {
      run.workspace_key = store::workspaces::find(session, "default")->key;
      return store::runs::insert(session, run);
    });
    EXPECT_TRUE(key) << key.error().detail;
    run.key = *key;
    return run;
  }
  void make_target(const std::string& name, int max_nodes) {
    const auto made = store_->write([&](store::Session& session) -> Result<model::ComputeTarget> {
      model::ComputeTarget target;
      target.workspace = "default";
      target.name = name;
      target.max_nodes = max_nodes;
      return store::compute_targets::create(session, store::workspaces::find(session, "default")->key, target);
    });
    ASSERT_TRUE(made) << made.error().detail;
    scheduler_->target_changed("default", name);
  }

  void resize_target(const std::string& name, int max_nodes) {
    const auto made = store_->write([&](store::Session& session) -> Result<model::ComputeTarget> {
      const auto workspace = store::workspaces::find(session, "default")->key;
      model::ComputeTarget target = *store::compute_targets::find(session, workspace, name);
      target.max_nodes = max_nodes;
      store::compute_targets::update(session, target);
      return target;
    });
    ASSERT_TRUE(made) << made.error().detail;
    scheduler_->target_changed("default", name);
  }

  model::Run look(const model::Run& run) {
    return *store_->read([&](store::Session& session) -> Result<model::Run> { return *store::runs::find(session, run.key); });
  }
  /// Waits, by the change hub, until the run has this status.
  ::testing::AssertionResult becomes(const model::Run& run, RunStatus status) {
    return looks(run, [&](const model::Run& now) { return now.status == status; });
  }
  /// The same, until it shows this detail.
  ::testing::AssertionResult shows(const model::Run& run, const std::string& detail) {
    return looks(run, [&](const model::Run& now) { return now.status_detail == detail; });
  }
  ::testing::AssertionResult looks(const model::Run& run, const std::function<bool(const model::Run&)>& wanted) {
    // Shared, because a wake may be under way when the subscription goes.
    const auto changed = std::make_shared<test::Watched<int>>();
    const auto subscription = changes_.subscribe(run.key, [changed](const store::LogGrowth*) { changed->change([](int& n) { ++n; }); });
    if (changed->wait([&](int) { return wanted(look(run)); })) return ::testing::AssertionSuccess();
    const model::Run now = look(run);
    return ::testing::AssertionFailure() << "it is " << model::to_string(now.status) << " (" << now.status_detail << ") "
                                         << (now.error ? now.error->message : "");
  }
  bool started(std::size_t count) {
    return nodes_.starts.wait([&](const auto& starts) { return starts.size() >= count; });
  }
  static ::testing::AssertionResult goes(const std::filesystem::path& path) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::filesystem::exists(path)) {
      if (std::chrono::steady_clock::now() > deadline) return ::testing::AssertionFailure() << path << " is still there";
      std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
  }
  NodeId node(const model::Run& run, int rank = 0, int attempt = 1) { return {run.run_id, attempt, rank}; }
  /// The engine's name for the node.
  std::string key(const model::Run& run, int rank = 0) { return look(run).nodes.at(static_cast<std::size_t>(rank)).key; }
  /// The work order, or nothing while other nodes are still to come.
  Result<std::optional<Json>> check_in(const model::Run& run, int rank = 0, bool salvage = false) {
    MUSTER_TRY_ASSIGN(const CheckedIn answer, checked_in(run, rank, salvage));
    EXPECT_EQ(answer.node_rank, rank);
    return answer.order;
  }
  Result<CheckedIn> checked_in(const model::Run& run, int rank = 0, bool salvage = false) {
    const std::int64_t pid = 4711 + rank + (salvage ? 100 : 0);
    return scheduler_->check_in({run.run_id, look(run).attempt}, {key(run, rank), "host", "127.0.0.1", 6105, pid, salvage});
  }
  /// The runner of that node ends so, and nobody asked it to.
  void lose(const model::Run& run, int rank = 0) { nodes_.lose({run.run_id, look(run).attempt}, key(run, rank)); }
  model::RankReport report(int exit_code) {
    model::RankReport one;
    one.exit_code = exit_code;
    one.ended_at = clock_.now_us();
    if (exit_code != 0) one.exception = model::PrintedException{"ValueError", "bad", "Traceback"};
    return one;
  }
  void run_to_end(const model::Run& run, int exit_code, int nodes = 1) {
    for (int rank = nodes - 1; rank > 0; --rank) ASSERT_TRUE(check_in(run, rank));
    const auto order = check_in(run);
    ASSERT_TRUE(order && *order);
    for (int rank = 0; rank < nodes; ++rank) {
      ASSERT_TRUE(scheduler_->started(node(run, rank), clock_.now_us()));
      ASSERT_TRUE(scheduler_->finished(node(run, rank), {report(exit_code)}));
      ASSERT_TRUE(scheduler_->done(node(run, rank), {}, Json{{"python", "3"}}, {}));
    }
  }

  test::TempFolder folder_;
  test::JumpingClock clock_;
  std::chrono::milliseconds start_patience_ = std::chrono::minutes(5);
  std::chrono::milliseconds silence_is_loss_ = std::chrono::minutes(30);
  std::chrono::milliseconds engine_patience_ = std::chrono::seconds(5);
  std::unique_ptr<test::FaultyStore> store_;
  store::LogStore logs_;
  store::Changes changes_;
  test::FakeNodes nodes_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace muster::scheduler

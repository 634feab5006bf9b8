// How fast runs that wait in a queue are given nodes, each decision durable, and what one of them holds in memory: the scheduler on a real
// store, with an engine that starts nothing.
//
//   queue_decisions FOLDER RUNS    prints "<decisions a second> <bytes of memory a queued run>"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/id.h"
#include "base/text.h"
#include "engine/local/local_pool.h"
#include "engine/registry.h"
#include "scheduler/scheduler.h"
#include "store/compute_targets.h"
#include "store/runs.h"
#include "store/workspaces.h"

namespace muster {
namespace {

constexpr int kDecisions = 2000;
constexpr int kAtOnce = 1000;  // runs that are stored together
constexpr auto kDeadline = std::chrono::minutes(10);

/// The local engine's nodes; nothing is started on them.
class IdleEngine final : public engine::Engine {
 public:
  engine::NodePool* pool() override { return &pool_; }
  engine::TargetStatus status(const engine::TargetName&) const override { return {}; }
  Result<engine::Handle> start(const engine::Attempt&, const Record&) override { return Json::object(); }
  Result<engine::Handle> restart(const engine::Attempt&, const std::string&, const Record&) override { return Json::object(); }
  Result<void> recover(const engine::AttemptId&, const engine::Handle&) override { return {}; }
  Result<void> stop(const engine::AttemptId&, const engine::Handle&, engine::StopHow) override { return {}; }

 private:
  engine::LocalPool pool_{engine::LocalOptions{}};
};

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  statm >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

class Bench {
 public:
  explicit Bench(const std::filesystem::path& folder)
      : store_(store::open_sqlite_store(folder / "muster.db").value()), logs_(folder / "logs") {
    engine::EngineKind kind;
    kind.kind = "local";
    kind.make = [](engine::Listener) { return std::make_unique<IdleEngine>(); };
    scheduler::SchedulerOptions options;
    options.home = folder;
    options.runner_binary = "/bin/true";
    options.token_secret = "secret";
    scheduler_ = scheduler::Scheduler::create(options, *store_, logs_, changes_, clock_, engine::Registry(kind));
    if (!scheduler_->recover()) throw std::runtime_error("the scheduler does not start");
    size_target(1);
  }

  void submit(int count) {
    std::vector<std::int64_t> keys;
    store_
        ->write([&](store::Session& session) -> Result<int> {
          const std::int64_t workspace = store::workspaces::find(session, "default")->key;
          for (int i = 0; i < count; ++i) {
            model::Run run;
            run.workspace = "default";
            run.workspace_key = workspace;
            run.spec.experiment = fmt::format("experiment-{}", i % 10);
            run.spec.command = "python train.py --learning-rate 0.001 --epochs 30";
            run.spec.compute_target = "bench";
            run.spec.priority = i % 3;
            run.spec.environment.interpreter_path = "/bin/sh";
            run.spec.tags = {{"kind", "bench"}, {"number", std::to_string(i)}};
            run.created_at = clock_.now_us();
            run.run_id = make_run_id(run.spec.experiment, run.created_at);
            run.uuid = random_hex(16);
            MUSTER_TRY_ASSIGN(const std::int64_t key, store::runs::insert(session, run));
            keys.push_back(key);
          }
          return count;
        })
        .value();
    for (const std::int64_t key : keys) scheduler_->submitted(key);
  }

  void size_target(int nodes) {
    store_
        ->write([&](store::Session& session) -> Result<int> {
          const std::int64_t workspace = store::workspaces::find(session, "default")->key;
          auto target = store::compute_targets::find(session, workspace, "bench");
          model::ComputeTarget changed = target ? *target : model::ComputeTarget{};
          changed.workspace = "default";
          changed.name = "bench";
          changed.max_nodes = nodes;
          if (target) {
            store::compute_targets::update(session, changed);
            return nodes;
          }
          MUSTER_TRY(store::compute_targets::create(session, workspace, changed));
          return nodes;
        })
        .value();
    scheduler_->target_changed("default", "bench");
  }

  /// As the store has it.
  void wait_until_queued(std::int64_t count) {
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    while (true) {
      const auto counts = store_
                              ->read([](store::Session& session) -> Result<std::map<model::RunStatus, std::int64_t>> {
                                return store::runs::count_active(session);
                              })
                              .value();
      const auto queued = counts.find(model::RunStatus::queued);
      const std::int64_t now = queued == counts.end() ? 0 : queued->second;
      const auto preparing = counts.find(model::RunStatus::preparing);
      const bool is_steady = preparing == counts.end() && !counts.contains(model::RunStatus::not_started);
      if (now == count && is_steady) return;
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error(fmt::format("{} runs are queued, not {}", now, count));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  store::LogStore logs_;
  store::Changes changes_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
};

int measure(const std::filesystem::path& folder, int runs) {
  Bench bench(folder);
  bench.submit(kAtOnce + 1);  // the first has the one node; what is made once is made
  bench.wait_until_queued(kAtOnce);
  const std::int64_t before = resident_bytes();
  for (int i = kAtOnce; i < runs; i += kAtOnce) bench.submit(kAtOnce);
  bench.wait_until_queued(runs);
  const std::int64_t grown = resident_bytes() - before;
  const auto began = std::chrono::steady_clock::now();
  bench.size_target(1 + kDecisions);
  bench.wait_until_queued(runs - kDecisions);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.0f %.0f\n", kDecisions / took.count(), static_cast<double>(grown) / (runs - kAtOnce));
  return 0;
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  std::int64_t runs = 0;
  if (argc != 3 || !muster::parse_int64(argv[2], runs)) return 2;
  return muster::measure(argv[1], static_cast<int>(runs));
}

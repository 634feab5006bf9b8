#pragma once
// What is asked of an engine, away from the thread that decides: an engine may take its time (a cluster manager that is slow to answer),
// and no other run waits for it. The calls for one run are made in the order in which they were asked for: a start before its stop, that
// before a kill.

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/registry.h"
#include "model/run.h"
#include "scheduler/door.h"
#include "scheduler/ordered_workers.h"
#include "store/store.h"

namespace muster::scheduler {

/// Thread-safe.
class EngineCalls {
 public:
  using Post = std::function<void(std::function<void()>)>;
  using Answer = std::function<void(const Result<void>&)>;

  /// One engine of each kind is made. Answers, and what engines tell, are given to `post`.
  EngineCalls(const engine::Registry& engines, engine::Listener listener, store::Store& store, Post post);
  ~EngineCalls() { stop(std::chrono::milliseconds(0)); }

  /// nullptr for an engine without one, and for a kind that there is not.
  engine::NodePool* pool(const std::string& kind) const;
  engine::TargetStatus status(const std::string& kind, const engine::TargetName& target) const;
  /// Those of an engine that says nothing of itself, for a kind that there is not.
  engine::Capabilities capabilities(const std::string& kind) const;

  /// By the engine of the attempt's target, which is stored with the handle and asked whatever follows. The handle is stored before any
  /// node does anything.
  void start(const model::Run& run, engine::Attempt attempt, Answer then);
  /// Another runner on that node of a started attempt. Its handle takes the place of the earlier runner's.
  void restart(const model::Run& run, engine::Attempt attempt, const std::string& key, Answer then);
  void recover(const model::Run& run, Answer then);
  /// Which starts of nodes are meant: filled in when an engine is asked first. A start that took the place of one of them is not meant.
  using Meant = std::shared_ptr<std::optional<engine::Handle>>;
  static Meant as_started_now() { return std::make_shared<std::optional<engine::Handle>>(); }
  /// Of the nodes with these keys, or of all, as far as they were started. `unavailable` when it could not be asked.
  using Nodes = std::optional<std::vector<std::string>>;
  void stop(const model::Run& run, Nodes nodes, engine::StopHow how, Answer then, Meant meant = as_started_now());

  /// No other call is made. Those under way are waited for so long; one that takes longer finds the store closed, so that nothing is
  /// started that a restarted server would not find, and its answer is not heard.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Inside;
  void make(const model::Run& run, std::function<Result<void>(Inside&)> call, Answer then);

  std::shared_ptr<Inside> inside_;  ///< a call that has not ended in time keeps it
  OrderedWorkers workers_;
};

}  // namespace muster::scheduler

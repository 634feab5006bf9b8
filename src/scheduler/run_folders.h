#pragma once
// What attempts leave in MUSTER_HOME/runs: RUN/ATTEMPT/ with the runners' own logs and a folder for each node. A runner removes its node's
// folder when the server has answered its last report; the rest, and what a runner that was killed left, is removed here.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "model/run.h"
#include "scheduler/ordered_workers.h"
#include "store/store.h"

namespace muster::scheduler {

/// Thread-safe. Removing may take long, and is done on a thread of its own, one attempt after the other. It cannot meet a start or a
/// salvage of the same attempt: only what belongs to attempts that are over by the store is removed, and those begin nothing any more.
class RunFolders {
 public:
  /// Runs the task after that time, on another thread.
  using After = std::function<void(std::chrono::milliseconds, std::function<void()>)>;
  using Remove = std::function<Result<void>(const std::filesystem::path&)>;

  /// `root`: MUSTER_HOME/runs. `store` is not used after stop(). `remove`: remove_tree, or what stands for it in a test.
  RunFolders(std::filesystem::path root, store::Store& store, After after, Remove remove);
  ~RunFolders() { stop(std::chrono::milliseconds(0)); }

  std::filesystem::path folder_of(const std::string& run_id, int attempt) const;

  /// What is in the nodes' folders now was not brought home, and is not to be removed.
  void keep(const model::Run& run) const;

  /// Removes what the attempt left, if it is over: of each node that reported that all of it is recorded, and the runners' logs if no
  /// node's folder remains. What cannot be removed now is tried again, for some minutes. Never blocks.
  void clean(const engine::AttemptId& id);
  /// The same for all attempts that left something. For the start of a server: the one before it may have been killed at any time.
  void clean_all();

  /// No other removal begins. One under way is waited for so long, and is left to itself then.
  void stop(std::chrono::milliseconds patience);

  static constexpr int kMostTries = 10;

 private:
  struct Inside;
  void clean(const engine::AttemptId& id, int tries);
  void clean_all(int tries);
  /// `what` on the worker; while it fails, `again` after a while.
  void post(std::string fault, std::function<Result<void>()> what, std::function<void()> again, int tries);

  std::shared_ptr<Inside> inside_;  ///< a removal that has not ended in time keeps it
  const After after_;
  OrderedWorkers worker_{1};
};

}  // namespace muster::scheduler

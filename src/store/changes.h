#pragma once
// Who wants to know when something about a run changes: event streams and log followers. Only a hint where to look again; the store holds
// the truth.

#include <cstdint>
#include <functional>
#include <memory>

#include "store/log_store.h"

namespace muster::store {

/// One log got longer, to at least `size` bytes; nothing else about the run changed.
struct LogGrowth {
  LogId id;
  std::uint64_t size = 0;
};

class Changes {
 public:
  Changes();
  ~Changes();

  /// Gets what grew, good for the call, or nullptr: anything may have changed.
  using Wake = std::function<void(const LogGrowth* growth)>;
  /// `wake` is called from the notifying thread, without locks of ours held, until the subscription is destroyed (and perhaps once more
  /// while it is); those of one run in the order in which they subscribed. It must not block.
  using Subscription = std::shared_ptr<void>;
  [[nodiscard]] Subscription subscribe(std::int64_t run_key, Wake wake);
  /// Thread-safe, cheap when nobody listens.
  void notify(std::int64_t run_key) { tell(run_key, nullptr); }
  void notify(std::int64_t run_key, const LogGrowth& growth) { tell(run_key, &growth); }

 private:
  void tell(std::int64_t run_key, const LogGrowth* growth);
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace muster::store

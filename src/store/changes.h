#pragma once
// Who wants to know when something about a run changes: event streams and log followers. Only a hint to look again; the store holds the truth.

#include <cstdint>
#include <functional>
#include <memory>

namespace muster::store {

class Changes {
 public:
  Changes();
  ~Changes();

  /// `wake` is called from the notifying thread, without locks of ours held, until the subscription is destroyed (and perhaps once more while it is). It must not block.
  using Subscription = std::shared_ptr<void>;
  [[nodiscard]] Subscription subscribe(std::int64_t run_key, std::function<void()> wake);
  /// Thread-safe, cheap when nobody listens.
  void notify(std::int64_t run_key);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace muster::store

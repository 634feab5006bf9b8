#include "store/changes.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace muster::store {

struct Changes::Shared {
  std::mutex mutex;
  std::uint64_t next = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::shared_ptr<const Wake>> listeners;  ///< by run and number

  /// Copies, so that they are called without the lock: they may subscribe or leave.
  std::vector<std::shared_ptr<const Wake>> of(std::int64_t run_key) {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<const Wake>> found;
    for (auto at = listeners.lower_bound({run_key, 0}); at != listeners.end() && at->first.first == run_key; ++at)
      found.push_back(at->second);
    return found;
  }
};

Changes::Changes() : shared_(std::make_shared<Shared>()) {}
Changes::~Changes() = default;

Changes::Subscription Changes::subscribe(std::int64_t run_key, Wake wake) {
  const std::lock_guard lock(shared_->mutex);
  const auto name = std::make_pair(run_key, shared_->next++);
  shared_->listeners.emplace(name, std::make_shared<const Wake>(std::move(wake)));
  // Leaving works even when the hub is gone.
  return {static_cast<void*>(shared_.get()), [weak = std::weak_ptr<Shared>(shared_), name](void*) {
            const auto shared = weak.lock();
            if (!shared) return;
            std::shared_ptr<const Wake> last;  // destroyed after the lock is let go: what it holds may do anything
            const std::lock_guard leave(shared->mutex);
            const auto at = shared->listeners.find(name);
            last = std::move(at->second);
            shared->listeners.erase(at);
          }};
}

void Changes::tell(std::int64_t run_key, const LogGrowth* growth) {
  for (const auto& wake : shared_->of(run_key)) (*wake)(growth);
}

}  // namespace muster::store

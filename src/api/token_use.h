#pragma once
// When tokens were last used.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "model/identity.h"
#include "store/store.h"

namespace muster::api {

/// Takes note in memory and stores it at most once a minute a token, by a thread of its own: no request waits for a write. What the disk
/// does not take is left out. Thread-safe.
class TokenUse {
 public:
  explicit TokenUse(store::Store& store);
  ~TokenUse();

  /// `token` as it was found for a request that came at `now`.
  void note(const model::Token& token, TimeUs now);

 private:
  void store_what_comes();

  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::int64_t, TimeUs> noted_;  ///< by key: what was last given to the thread
  std::map<std::int64_t, TimeUs> wanted_;
  std::thread thread_;
};

}  // namespace muster::api

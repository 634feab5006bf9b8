#pragma once
// The thread that removes what nothing refers to any more, and gives its space back to the disk.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "blob/blob_store.h"
#include "store/log_store.h"
#include "store/store.h"

namespace muster::housekeeping {

struct Rules {
  std::chrono::hours keep_deleted{7 * 24};  ///< how long a deleted run can be restored
  /// How long what nothing refers to stays: somebody may be uploading what will. At least twice blob::kUseResolution.
  std::chrono::hours keep_unused{2};
  std::chrono::milliseconds after_start = std::chrono::hours(1);  ///< clients and runners that waited for the server come first
  std::chrono::milliseconds between = std::chrono::hours(1);      ///< when something was removed
  std::chrono::milliseconds at_least = std::chrono::hours(24);    ///< when nothing was
};

/// What was done, the last time and now.
struct Report {
  bool running = false;
  TimeUs started_at = 0;   ///< 0: not since the server started
  TimeUs ended_at = 0;     ///< 0: running, or never
  std::uint64_t runs = 0;  ///< deleted ones, removed for good
  std::uint64_t snapshots = 0;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t database_bytes = 0;
  std::string fault;  ///< why it ended early; "" when it did not
};
/// The API's form (docs/rest-api.md, housekeeping).
Json to_json(const Report& report);

/// Thread-safe.
class Housekeeper {
 public:
  /// References must outlive this.
  Housekeeper(store::Store& store, blob::BlobStore& blobs, store::LogStore& logs, const Clock& clock, Rules rules);
  /// A tidying under way ends at its next small step.
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  /// Something that held space was removed (a run, a model): look sooner than otherwise.
  void something_was_removed();
  enum class Deleted { keep, remove };
  /// Begin now, unless it is under way. `deleted`: whether runs that are deleted, and could still be restored, are removed for good.
  void tidy_now(Deleted deleted = Deleted::keep);
  Report report() const;

 private:
  void serve();
  void tidy(Deleted deleted);
  Result<void> remove_runs(TimeUs deleted_before);
  Result<void> remove_snapshots(TimeUs unused_since);
  Result<void> shrink_database();
  template <typename Change>
  void note(Change&& change);
  bool stopping() const;

  store::Store& store_;
  blob::BlobStore& blobs_;
  store::LogStore& logs_;
  const Clock& clock_;
  const Rules rules_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool now_ = false;
  Deleted deleted_ = Deleted::keep;
  bool removed_ = false;  ///< since the last tidying began
  Report report_;
  std::thread thread_;  ///< last, so that all above is there when it starts
};

}  // namespace muster::housekeeping

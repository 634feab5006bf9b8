#pragma once
// What is shown of runs while the database has no room to store it: in memory, until a write succeeds again.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "model/run.h"
#include "scheduler/run_machine.h"

namespace muster::scheduler {

/// Takes the place of the run's stored status_detail.
struct UnstoredDetail {
  std::int64_t run_key = 0;
  std::string run_id;
  std::string detail;  ///< "" when the stored one is over
};

/// Thread-safe.
class Unstored {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The event, which somebody will tell again, could not be stored for the run as it is in the store. Only a full or broken disk counts.
  void refused(const model::Run& run, const Event& event, const Error& error, TimePoint now);
  /// A write succeeded: what is stored is true again, or will be refused again.
  void stored();
  /// In the order of the runs. What was not refused again for a while is no longer known to wait.
  std::vector<UnstoredDetail> all(TimePoint now) const;

 private:
  struct Entry {
    UnstoredDetail shown;
    bool is_own = false;  ///< the detail that the event would have stored, rather than that it could not be
    TimePoint at;
  };
  Guarded<std::map<std::int64_t, Entry>> entries_;
};

}  // namespace muster::scheduler

#pragma once
// When each blob was last of use, as its file's time of modification; and removing one, which must not meet somebody who begins to use it.

#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace muster::blob {

/// Thread-safe.
class LastUse {
 public:
  /// `root`: the store's folder, open; must outlive this.
  explicit LastUse(const Fd& root) : root_(root) {}

  /// The blob, last of use at `used_at`, is of use now: remove_unless_used() with an earlier time keeps it. Writes only when the last use
  /// lies more than kUseResolution back. False: it is gone.
  Result<bool> note(std::string_view sha256, TimeUs used_at);

  /// False: it was of use since, or is not there.
  Result<bool> remove_unless_used(std::string_view sha256, TimeUs since);

 private:
  const Fd& root_;
  std::mutex removing_;  ///< nobody notes a use between the look at the last one and the removal
};

}  // namespace muster::blob

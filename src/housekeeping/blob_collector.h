#pragma once
// Removes the blobs that nothing refers to.

#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/result.h"
#include "blob/blob_store.h"
#include "store/store.h"

namespace muster::housekeeping {

struct Collected {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
};

/// Marks all that is referred to, then removes of the rest what was of no use from `unused_since` on (at least twice blob::kUseResolution
/// ago, so that what somebody has just found or stored, and is about to refer to, stays). About one in 400 of those to be removed is
/// overlooked, and found by a later call. Two bytes of memory a blob. Blocks for as long as it takes to look at every blob twice; asks
/// `stop` between small steps. An error of the store ends it; blobs that cannot be removed are passed over and logged.
Result<Collected> collect_blobs(store::Store& store, blob::BlobStore& blobs, TimeUs unused_since, const std::function<bool()>& stop);

}  // namespace muster::housekeeping

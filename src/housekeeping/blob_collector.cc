#include "housekeeping/blob_collector.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "housekeeping/reference_set.h"
#include "store/references.h"

namespace muster::housekeeping {
namespace {

using store::references::Owner;

constexpr int kFirstBytes = 256;

/// Owners read at once: their blobs are some 10,000, and a reader of the store is held for milliseconds.
std::int64_t slice_of(Owner owner) { return owner == Owner::snapshot ? 20 : 500; }

/// The number of blobs of which one may be removed; 0 when there is none.
Result<std::uint64_t> count_if_any_unused(blob::BlobStore& blobs, TimeUs unused_since, const std::function<bool()>& stop) {
  std::uint64_t count = 0;
  bool any = false;
  for (int byte = 0; byte < kFirstBytes && !stop(); ++byte) {
    MUSTER_TRY_ASSIGN(const auto found, blobs.list(static_cast<std::uint8_t>(byte)));
    count += found.size();
    any = any || std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.used_at < unused_since; });
  }
  return any ? count : 0;
}

Result<void> mark(store::Store& store, ReferenceSet& referred, const std::function<bool()>& stop) {
  for (const Owner owner : store::references::kOwners) {
    MUSTER_TRY_ASSIGN(const std::int64_t newest, store.read([&](store::Session& session) -> Result<std::int64_t> {
      return store::references::newest(session, owner);
    }));
    for (std::int64_t after = 0; after < newest && !stop(); after += slice_of(owner)) {
      MUSTER_TRY(store.read([&](store::Session& session) -> Result<void> {
        store::references::each_blob(session, owner, after, after + slice_of(owner),
                                     [&](std::string_view sha256) { referred.add(sha256); });
        return {};
      }));
    }
  }
  return {};
}

}  // namespace

Result<Collected> collect_blobs(store::Store& store, blob::BlobStore& blobs, TimeUs unused_since, const std::function<bool()>& stop) {
  Collected collected;
  MUSTER_TRY_ASSIGN(const std::uint64_t count, count_if_any_unused(blobs, unused_since, stop));
  if (count == 0) return collected;
  ReferenceSet referred(count, std::random_device{}());
  MUSTER_TRY(mark(store, referred, stop));
  for (int byte = 0; byte < kFirstBytes; ++byte) {
    if (stop()) return collected;  // also when it stopped amid the marking
    MUSTER_TRY_ASSIGN(const auto found, blobs.list(static_cast<std::uint8_t>(byte)));
    for (const blob::StoredBlob& one : found) {
      if (one.used_at >= unused_since || referred.may_have(one.sha256)) continue;
      const Result<bool> removed = blobs.remove(one.sha256, unused_since);
      if (!removed) log::warning("housekeeping", "{}", removed.error().detail);
      if (!removed.value_or(false)) continue;
      ++collected.blobs;
      collected.bytes += one.size;
    }
  }
  return collected;
}

}  // namespace muster::housekeeping

#pragma once
// A source folder becomes a snapshot on the server: walk, hash, ask, send, post.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "client/server_api.h"
#include "client/snapshot/walk.h"

namespace muster::client {

/// Where a snapshot stands, for a progress bar. Bytes and files of the step in hand.
struct SnapshotProgress {
  enum class Step { hashing, sending };
  Step step = Step::hashing;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};
/// Called often, from several threads, one at a time; must be quick.
using OnSnapshotProgress = std::function<void(const SnapshotProgress&)>;

struct SnapshotOptions {
  std::filesystem::path folder;
  std::filesystem::path cache_folder;  ///< where hashes are remembered; "" = nowhere
  SnapshotLimits limits;
  OnSnapshotProgress on_progress;
};

struct Snapshot {
  std::string snapshot_id;
  std::uint64_t file_count = 0;
  std::uint64_t size = 0;
  std::uint64_t bytes_sent = 0;  ///< what the server did not have
};

/// Blocks for as long as reading and sending takes. Errors of walk(), and of the server.
Result<Snapshot> send_snapshot(Api& api, const SnapshotOptions& options);

/// $XDG_CACHE_HOME/muster or ~/.cache/muster; "" when neither is known.
std::filesystem::path default_cache_folder();

}  // namespace muster::client

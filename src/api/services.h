#pragma once
// What handlers work with; built by the server room and passed to each resource's routes.

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/seal.h"
#include "blob/blob_store.h"
#include "engine/registry.h"
#include "housekeeping/housekeeper.h"
#include "http/router.h"
#include "scheduler/scheduler.h"
#include "store/changes.h"
#include "store/log_store.h"
#include "store/store.h"

namespace muster::scheduler {
class EnvironmentBuilds;
}

namespace muster::api {

/// What the server says of itself (GET /status); fixed when it starts.
struct ServerInfo {
  std::string url;
  std::string version;
  std::string home;
  TimeUs started_at = 0;
  std::uint64_t snapshot_limit_bytes = 300ULL << 20;
  std::string fingerprint = {};  ///< of its certificate, "SHA256:…"; "" without TLS
};

/// References outlive the HTTP server; all of it may be used from any thread.
struct Services {
  store::Store& store;
  blob::BlobStore& blobs;
  store::LogStore& logs;
  store::Changes& changes;
  scheduler::Scheduler& scheduler;
  const engine::Registry& engines;
  housekeeping::Housekeeper& housekeeper;
  scheduler::EnvironmentBuilds& environments;
  const SealingKey& sealing_key;  ///< of secrets
  const Clock& clock;
  ServerInfo info;
};

}  // namespace muster::api

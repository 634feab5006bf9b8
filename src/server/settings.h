#pragma once
// MUSTER_HOME/muster.toml. Every setting has a default, so the file need not exist. One table of all settings: docs/settings.md.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace muster::server {

struct Settings {
  std::string listen;                     ///< server.listen: "HOST:PORT"
  std::string advertise;                  ///< server.advertise: a URL
  std::string tls_certificate;            ///< server.tls_certificate: a PEM file
  std::string tls_key;                    ///< server.tls_key: a PEM file
  bool insecure = false;                  ///< server.insecure: without TLS, wherever it listens
  std::string log_level = "info";         ///< server.log_level: debug, info, warning or error
  int worker_threads = 8;                 ///< server.worker_threads: 2 to 256
  int local_runs_at_once = 0;             ///< local.runs_at_once: 1 to 10,000; 0: one per GPU, or without GPUs one per two processors
  std::int64_t snapshot_limit_mb = 300;   ///< limits.snapshot_mb: 1 to 1,000,000, in MiB
  std::int64_t environments_mb = 51'200;  ///< limits.environments_mb: 0 (no limit) to 100,000,000, in MiB
};

/// The defaults when there is no file. invalid names the line, or every key that is wrong or unknown.
Result<Settings> read_settings(const std::filesystem::path& file);

}  // namespace muster::server

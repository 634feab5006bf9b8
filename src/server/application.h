#pragma once
// The server as a whole: everything built once, in order, and taken down in reverse.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace muster::server {

/// What `muster serve` was told; empty members mean "as muster.toml says, else as it was the last time".
struct ServeOptions {
  std::filesystem::path home;   ///< MUSTER_HOME; made when it is not there
  std::string listen;           ///< "HOST:PORT"; the first time 127.0.0.1 and 6464, or a free port when that is taken
  std::string advertise;        ///< the URL that other machines reach this server by
  std::string tls_certificate;  ///< PEM file
  std::string tls_key;          ///< PEM file of its key
  bool insecure = false;        ///< no TLS, even where other machines can listen

  bool operator==(const ServeOptions&) const = default;
};

/// Serves until SIGTERM or SIGINT. Blocks these signals for the whole process: call it from the main thread, before others exist.
/// Runs go on when it returns. An error says why it could not start: the home is in use, the port is taken, the database is newer, …
Result<void> serve(const ServeOptions& options);

}  // namespace muster::server

#pragma once
// How a server is started: as it is told now, as muster.toml says, else as it was told the last time. Pure.

#include <filesystem>
#include <string>

#include "server/settings.h"

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

struct Start {
  ServeOptions chosen;  ///< how to start; `listen` is empty where nobody has ever said
  ServeOptions told;    ///< what of it the next start begins with: what was told now or before, without what muster.toml says
};

/// `kept`: what was told before. A word on TLS (a certificate, its key, or that there be none) replaces all that was told of it before, and
/// the advertised address, whose scheme it decides. Where to listen, when it is told or muster.toml has another address, begins anew.
Start decide_start(const ServeOptions& now, const Settings& settings, const ServeOptions& kept);

}  // namespace muster::server

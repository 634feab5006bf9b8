#pragma once
// The server's certificate: one that was given, or one that it makes for itself and that clients know by its fingerprint.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace muster::server {

struct Certificate {
  std::filesystem::path file;  ///< PEM
  std::filesystem::path key;   ///< PEM
  std::string fingerprint;     ///< SHA-256 of the certificate, 64 hex digits
  bool vouched_for = false;    ///< for the host, by an authority that this machine trusts; else clients have to know its fingerprint
};

/// The one that was given. `host`: the name or address that clients reach the server by. invalid when it cannot be read.
Result<Certificate> given_certificate(const std::filesystem::path& file, const std::filesystem::path& key, const std::string& host);

/// The one in `folder`, made for these names and addresses when there is none (the key 0600).
Result<Certificate> own_certificate(const std::filesystem::path& folder, const std::vector<std::string>& names, const std::string& host);

}  // namespace muster::server

#pragma once
// MUSTER_HOME: what lies where, and the small files that are the server's own. All functions block on the disk.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace muster::server {

struct Home {
  std::filesystem::path root;
  std::string was_open{};  ///< a sentence for the log when others could enter it until now

  std::filesystem::path database() const { return root / "muster.db"; }
  std::filesystem::path blobs() const { return root / "blobs"; }
  std::filesystem::path logs() const { return root / "logs"; }
  std::filesystem::path log_file() const { return root / "server.log"; }
  std::filesystem::path settings() const { return root / "muster.toml"; }
  std::filesystem::path credentials() const { return root / "credentials"; }
  std::filesystem::path tls() const { return root / "tls"; }
  std::filesystem::path server_file() const { return root / "server.json"; }
};

/// Makes the folder (0700), or takes away what others may do with it and with what lies in it. invalid when that cannot be, when it is no
/// folder, lies on a network disk that SQLite's log cannot live on, or cannot be written.
Result<Home> open_home(const std::filesystem::path& root);

/// The process that serves this home now, whatever its files say: nothing when none does, 0 when it is not known which.
Result<std::optional<pid_t>> serving_process(const Home& home);

/// Random, made the first time, 0600. Run tokens are made from it.
Result<std::string> token_secret(const Home& home);

/// The address this home's server listened on the last time, "" the first time.
std::string kept_address(const Home& home);
Result<void> keep_address(const Home& home, const std::string& address);

/// Adds the token to `credentials` (0600), leaving other servers' alone.
Result<void> keep_token(const Home& home, const std::string& url, const std::string& token);
/// The fingerprint ("SHA256:…") by which this home's clients know the server at the URL; "": they need none.
Result<void> keep_fingerprint(const Home& home, const std::string& url, const std::string& fingerprint);
/// The token kept for this URL, "" when there is none.
std::string kept_token(const Home& home, const std::string& url);

}  // namespace muster::server

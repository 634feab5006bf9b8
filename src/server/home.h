#pragma once
// MUSTER_HOME: what lies where, and the small files that are the server's own. All functions block on the disk.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/seal.h"
#include "server/start_options.h"

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

/// invalid when the folder, which is there, belongs to another user. root may enter anybody's, but what it makes there the owner cannot
/// use.
Result<void> check_owner(const std::filesystem::path& root);

/// Makes the folder (0700), or takes away what others may do with it and with what lies in it. invalid when that cannot be, when it is no
/// folder, belongs to another user, lies on a network disk that SQLite's log cannot live on, or cannot be written.
Result<Home> open_home(const std::filesystem::path& root);

/// The process that serves this home now, whatever its files say: nothing when none does, 0 when it is not known which.
Result<std::optional<pid_t>> serving_process(const Home& home);

/// Random, made the first time, 0600. Run tokens are made from it.
Result<std::string> token_secret(const Home& home);

/// The key that the secrets of workspaces are encrypted with: `secrets.key`, random, made the first time, 0600. invalid when what lies
/// there is none: another one would open nothing that is stored.
Result<SealingKey> secrets_key(const Home& home);

struct KeptStart {
  ServeOptions told;              ///< what the next start begins with; without `home`
  std::string url = {};           ///< the server's address at its last start
  std::string scheme = {};        ///< what it spoke where it listened: "http" or "https"
  bool of_older_version = false;  ///< which kept where it listened, and no more
};
/// How this home's server was started the last time; empty the first time. An error when that cannot be read: elsewhere, runs would not
/// find it.
Result<KeptStart> kept_start(const Home& home);
/// For the next start.
Result<void> keep_start(const Home& home, const KeptStart& start);

}  // namespace muster::server

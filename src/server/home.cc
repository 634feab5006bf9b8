#include "server/home.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "store/sqlite/file_lock.h"

namespace muster::server {
namespace fs = std::filesystem;
namespace {

constexpr long kNfsMagic = 0x6969;  // statfs(2)

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

std::string name_of(uid_t user) {
  const passwd* known = ::getpwuid(user);
  return known != nullptr ? known->pw_name : fmt::format("user {}", user);
}

/// Takes away what others may do with this file or folder. False: nothing had to be taken.
Result<bool> close_one(const fs::path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return false;
    return tl::unexpected(system_error("stat " + path.string(), errno));
  }
  if (S_ISLNK(found.st_mode) || (found.st_mode & kOthers) == 0 || found.st_uid != ::geteuid()) return false;
  const auto fault = [&](std::string_view why) {
    return fail_hint(Code::invalid, fmt::format("`chmod go= {}` as its owner, or set MUSTER_HOME to a folder of yours", path.string()),
                     "{} is open to other users (mode {:o}), and has tokens and what runs were given in it: {}", path.string(),
                     found.st_mode & 07777, why);
  };
  if (::chmod(path.c_str(), found.st_mode & 07777 & ~kOthers) != 0) return fault(system_error("chmod", errno).detail);
  return true;
}

/// The home, and what lies in it: whoever made it, and with whatever umask. Says what was open; "" when nothing was.
Result<std::string> close_to_others(fs::path root) {
  if (!root.has_filename()) root = root.parent_path();
  std::error_code error;
  root = fs::canonical(root, error);
  if (error) return tl::unexpected(system_error("look at " + root.string(), error.value()));
  MUSTER_TRY_ASSIGN(const bool was_open, close_one(root));
  MUSTER_TRY_ASSIGN(const std::vector<std::string> names, list_folder(root));
  for (const std::string& name : names) MUSTER_TRY(close_one(root / name));
  return was_open ? fmt::format("{} was open to other users of this machine, and is closed to them now (mode 0700)", root.string())
                  : std::string();
}

}  // namespace

Result<void> check_owner(const fs::path& root) {
  struct stat found {};
  if (::stat(root.c_str(), &found) != 0) return tl::unexpected(system_error("stat " + root.string(), errno));
  if (found.st_uid == ::geteuid()) return {};
  const std::string owner = name_of(found.st_uid);
  return fail_hint(Code::invalid, fmt::format("run it as {}, or set MUSTER_HOME to another folder", owner),
                   "{} belongs to {}, and this is run by {}: {} could not use what is made there", root.string(), owner,
                   name_of(::geteuid()), owner);
}

Result<Home> open_home(const fs::path& root) {
  std::error_code error;
  const fs::path absolute = fs::absolute(root, error);
  if (!fs::exists(absolute, error)) {
    MUSTER_TRY(make_folders(absolute.parent_path()));
    if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) return tl::unexpected(system_error("make " + absolute.string(), errno));
  }
  if (!fs::is_directory(absolute, error)) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to another folder", "{} is not a folder", absolute.string());
  }
  if (::access(absolute.c_str(), W_OK | X_OK) != 0) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to a folder of yours", "{} cannot be written: {}", absolute.string(),
                     system_error("access", errno).detail);
  }
  MUSTER_TRY(check_owner(absolute));
  struct statfs disk {};
  if (::statfs(absolute.c_str(), &disk) == 0 && disk.f_type == kNfsMagic) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to a folder on a disk of this machine",
                     "{} lies on a network disk (NFS), where the database's write-ahead log cannot live", absolute.string());
  }
  Home home{absolute, {}};
  MUSTER_TRY_ASSIGN(home.was_open, close_to_others(absolute));
  // SQLite would make it as open as the umask says, and its log likewise.
  MUSTER_TRY(open_file(home.database(), O_RDWR | O_CREAT, 0600));
  return home;
}

Result<std::optional<pid_t>> serving_process(const Home& home) {
  fs::path lock = home.database();
  lock += ".lock";  // as the store names it
  return store::FileLock::holder(lock);
}

Result<std::string> token_secret(const Home& home) {
  const fs::path file = home.root / "secret";
  auto secret = read_file(file, 4096);
  if (secret && secret->size() == 64) return secret;
  if (!secret && secret.error().code != Code::not_found) return secret;
  const std::string fresh = random_hex(32);
  MUSTER_TRY(write_file(file, fresh, 0600));
  return fresh;
}

Result<SealingKey> secrets_key(const Home& home) {
  const fs::path file = home.root / "secrets.key";
  const auto kept = read_file(file, 4096);
  if (!kept && kept.error().code != Code::not_found) return tl::unexpected(kept.error());
  const std::string hex = kept ? *kept : random_hex(32);
  const auto key = SealingKey::from_hex(hex);
  if (!key) {
    return fail_hint(Code::invalid, "bring it back from a backup; or remove it, and set the secrets anew", "{} is damaged: {}",
                     file.string(), key.error().detail);
  }
  if (!kept) MUSTER_TRY(write_file(file, hex, 0600));
  return *key;
}

Result<KeptStart> kept_start(const Home& home) {
  const fs::path file = home.root / "address";
  KeptStart kept;
  const auto text = read_file(file, 1u << 16);
  if (!text && text.error().code == Code::not_found) return kept;
  if (!text) return tl::unexpected(text.error());
  if (!text->starts_with('{')) {
    kept.of_older_version = true;
    kept.told.listen = *text;
    return kept;
  }
  const auto json = parse_json(*text);
  if (!json) return fail_hint(Code::invalid, "correct or remove that file", "{}: {}", file.string(), json.error().detail);
  kept.url = text_at(*json, "url");
  kept.scheme = text_at(*json, "scheme");
  kept.told.listen = text_at(*json, "listen");
  kept.told.advertise = text_at(*json, "advertise");
  kept.told.tls_certificate = text_at(*json, "tls_certificate");
  kept.told.tls_key = text_at(*json, "tls_key");
  kept.told.insecure = member(*json, "insecure") == true;
  return kept;
}

Result<void> keep_start(const Home& home, const KeptStart& start) {
  const ServeOptions& told = start.told;
  const Json json{{"listen", told.listen},   {"advertise", told.advertise}, {"tls_certificate", told.tls_certificate},
                  {"tls_key", told.tls_key}, {"insecure", told.insecure},   {"url", start.url},
                  {"scheme", start.scheme}};
  return write_file(home.root / "address", json.dump(2) + "\n", 0600);
}

}  // namespace muster::server

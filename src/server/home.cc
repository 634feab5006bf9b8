#include "server/home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"

namespace muster::server {
namespace fs = std::filesystem;
namespace {

constexpr long kNfsMagic = 0x6969;  // statfs(2)

Json read_object(const fs::path& file) {
  const auto bytes = read_file(file, 1 << 20);
  if (!bytes) return Json::object();
  auto json = parse_json(*bytes);
  return json && json->is_object() ? *json : Json::object();
}

}  // namespace

Result<Home> open_home(const fs::path& root) {
  std::error_code error;
  const fs::path absolute = fs::absolute(root, error);
  if (!fs::exists(absolute, error)) {
    MUSTER_TRY(make_folders(absolute));
    fs::permissions(absolute, fs::perms::owner_all, error);
  }
  if (!fs::is_directory(absolute, error)) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to another folder", "{} is not a folder", absolute.string());
  }
  if (::access(absolute.c_str(), W_OK | X_OK) != 0) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to a folder of yours", "{} cannot be written: {}", absolute.string(),
                     system_error("access", errno).detail);
  }
  struct statfs disk {};
  if (::statfs(absolute.c_str(), &disk) == 0 && disk.f_type == kNfsMagic) {
    return fail_hint(Code::invalid, "set MUSTER_HOME to a folder on a disk of this machine",
                     "{} lies on a network disk (NFS), where the database's write-ahead log cannot live", absolute.string());
  }
  return Home{absolute};
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

std::string kept_address(const Home& home) {
  const auto text = read_file(home.root / "address", 4096);
  return text ? *text : "";
}

Result<void> keep_address(const Home& home, const std::string& address) { return write_file(home.root / "address", address); }

Result<void> keep_token(const Home& home, const std::string& url, const std::string& token) {
  Json credentials = read_object(home.credentials());
  credentials["servers"][url]["token"] = token;
  return write_file(home.credentials(), credentials.dump(2) + "\n", 0600);
}

std::string kept_token(const Home& home, const std::string& url) {
  const Json credentials = read_object(home.credentials());
  const Json::json_pointer at = Json::json_pointer("/servers") / url / "token";
  return credentials.contains(at) && credentials.at(at).is_string() ? credentials.at(at).get<std::string>() : "";
}

}  // namespace muster::server

#include "client/credentials.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "client/uri.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileLimit = 1u << 20;
constexpr std::chrono::seconds kLockPatience{10};

/// The servers that it knows; an object without any when there is no file.
Result<Json> read_credentials(const fs::path& home) {
  MUSTER_TRY_ASSIGN(auto json, read_object(home / "credentials"));
  if (!json) json = Json::object();
  Json& servers = (*json)["servers"];
  if (servers.is_null()) servers = Json::object();
  if (servers.is_object()) return std::move(*json);
  return fail_hint(Code::invalid, "correct or remove that file", "{}: servers must be an object", (home / "credentials").string());
}

/// Whether the key, as somebody may have written it, is that server's.
bool is_of(const std::string& known, const std::string& normal) {
  const auto other = normal_url(known);
  return other && *other == normal;
}

/// What `home`/credentials keeps for the URL under that key; "" when nothing.
Result<std::string> stored(const fs::path& home, const std::string& url, const char* key) {
  MUSTER_TRY_ASSIGN(const std::string wanted, normal_url(url));
  MUSTER_TRY_ASSIGN(const Json json, read_credentials(home));
  for (const auto& [known, entry] : json["servers"].items()) {
    if (!entry.is_object() || !is_of(known, wanted)) continue;
    std::string text = text_at(entry, key);
    if (!text.empty()) return text;
  }
  return "";
}

}  // namespace

Result<std::optional<Json>> read_object(const fs::path& path) {
  auto text = read_file(path, kFileLimit);
  if (!text && text.error().code == Code::not_found) return std::nullopt;
  if (!text) return tl::unexpected(std::move(text).error());
  std::string_view bytes = *text;
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF") bytes.remove_prefix(3);
  auto json = parse_json(bytes);
  if (!json) return fail_hint(Code::invalid, "correct or remove that file", "{}: {}", path.string(), json.error().detail);
  if (!json->is_object()) return fail_hint(Code::invalid, "correct or remove that file", "{} must hold one JSON object", path.string());
  return std::move(*json);
}

Result<std::optional<std::string>> stored_token(const fs::path& home, const std::string& url) {
  MUSTER_TRY_ASSIGN(std::string token, stored(home, url, "token"));
  if (token.empty()) return std::nullopt;
  return token;
}

Result<std::string> stored_fingerprint(const fs::path& home, const std::string& url) {
  MUSTER_TRY_ASSIGN(const std::string text, stored(home, url, "fingerprint"));
  if (text.empty()) return "";
  const auto fingerprint = parse_fingerprint(text);
  if (!fingerprint) {
    return fail_hint(Code::invalid, "it is SHA256: and 64 hex digits; correct or remove it", "the fingerprint for {} in {} is not one", url,
                     (home / "credentials").string());
  }
  return *fingerprint;
}

Result<void> store_token(const fs::path& home, const std::string& url, const std::string& token,
                         const std::optional<std::string>& fingerprint) {
  MUSTER_TRY(make_folders(home));
  MUSTER_TRY_ASSIGN(const std::string normal, normal_url(url));
  MUSTER_TRY_ASSIGN(const Fd lock, lock_file(home / "credentials.lock", kLockPatience));
  MUSTER_TRY_ASSIGN(Json json, read_credentials(home));
  Json& servers = json["servers"];
  Json entry = Json::object();
  for (auto at = servers.begin(); at != servers.end();) {  // under whatever spelling: what is kept must be what is found
    if (!is_of(at.key(), normal)) {
      ++at;
      continue;
    }
    if (at->is_object()) entry.update(*at);
    at = servers.erase(at);
  }
  entry["token"] = token;
  if (fingerprint) entry.erase("fingerprint");
  if (fingerprint && !fingerprint->empty()) entry["fingerprint"] = "SHA256:" + *fingerprint;
  servers[normal] = std::move(entry);
  return write_file(home / "credentials", json.dump(2) + "\n", 0600);
}

}  // namespace muster::client

#include "client/address.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "client/uri.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileLimit = 1u << 20;

std::string variable(const std::map<std::string, std::string>& variables, const std::string& name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

/// One JSON object from a file; nothing when there is no file.
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

std::string text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

struct Config {
  std::string workspace;
  std::string url;  ///< "" when the file names no server
};

/// As text_of, but what is there must be a text.
Result<std::string> text_in(const fs::path& path, const Json& object, const char* key) {
  const auto at = object.find(key);
  if (at != object.end() && !at->is_null() && !at->is_string()) {
    return fail_hint(Code::invalid, "`muster workspace config` prints a correct one", "{}: {} must be a string", path.string(), key);
  }
  return text_of(object, key);
}

/// Both shapes: three keys, or Azure's one "Scope" (/subscriptions/S/resourceGroups/G/providers/…/workspaces/W).
Result<Config> config_of(const fs::path& path, const Json& json) {
  Config config;
  MUSTER_TRY_ASSIGN(config.workspace, text_in(path, json, "workspace_name"));
  MUSTER_TRY_ASSIGN(config.url, text_in(path, json, "muster_url"));
  MUSTER_TRY_ASSIGN(const std::string scope, text_in(path, json, "Scope"));
  if (!scope.empty()) {
    const std::size_t at = scope.rfind("/workspaces/");
    if (at != std::string::npos) config.workspace = scope.substr(at + 12);
  }
  if (config.workspace.empty()) {
    return fail_hint(Code::invalid, "`muster workspace config` prints a correct one", "{}: workspace_name is missing", path.string());
  }
  return config;
}

/// The configuration file itself, or the nearest one from the folder upwards. Nothing when there is none.
Result<std::optional<Config>> find_config(const AddressHints& hints) {
  std::error_code ignored;
  if (!hints.config.empty() && !fs::is_directory(hints.config, ignored)) {
    MUSTER_TRY_ASSIGN(const auto json, read_object(hints.config));
    if (!json)
      return fail_hint(Code::not_found, "`muster workspace config > config.json` writes one", "there is no {}", hints.config.string());
    MUSTER_TRY_ASSIGN(Config config, config_of(hints.config, *json));
    return config;
  }
  fs::path folder = fs::absolute(hints.config.empty() ? hints.folder : hints.config, ignored);
  for (;; folder = folder.parent_path()) {
    for (const char* name :
         {".azureml/config.json", ".azureml/project.json", "aml_config/config.json", "aml_config/project.json", "config.json"}) {
      const fs::path path = folder / name;
      // An empty one is being written: the shell makes it before `muster workspace config > config.json` begins.
      if (!fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) == 0) continue;
      auto json = read_object(path);
      // Going on without a file that is broken would be talking to another server than the one it names.
      if (!json) return tl::unexpected(std::move(json).error());
      if (!*json) continue;
      // A config.json may be anybody's; one in a folder of Azure's, or one that says where a workspace is, is meant for us.
      const auto has = [&](const char* key) { return (*json)->contains(key); };
      if (std::string_view(name) == "config.json" && !has("workspace_name") && !has("Scope") && !has("muster_url")) continue;
      MUSTER_TRY_ASSIGN(Config config, config_of(path, **json));
      return config;
    }
    if (!folder.has_relative_path()) return std::nullopt;
  }
}

bool is_printable(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 127; });
}

/// Holds the lock file of the credentials for as long as it lives.
Result<Fd> lock_credentials(const fs::path& home) {
  MUSTER_TRY_ASSIGN(Fd lock, open_file(home / "credentials.lock", O_RDWR | O_CREAT, 0600));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return tl::unexpected(system_error("lock " + (home / "credentials.lock").string(), errno));
  }
  return lock;
}

/// What `home`/credentials keeps for the URL under that key; "" when nothing.
Result<std::string> stored(const fs::path& home, const std::string& url, const char* key) {
  const fs::path path = home / "credentials";
  MUSTER_TRY_ASSIGN(const auto json, read_object(path));
  if (!json || !json->contains("servers") || !(*json)["servers"].is_object()) return "";
  MUSTER_TRY_ASSIGN(const std::string wanted, normal_url(url));
  for (const auto& [known, entry] : (*json)["servers"].items()) {
    const auto normal = normal_url(known);
    if (!normal || *normal != wanted || !entry.is_object()) continue;
    std::string text = text_of(entry, key);
    if (!text.empty()) return text;
  }
  return "";
}

/// The token for the server at `address.url`, and where it came from.
Result<void> find_token(const AddressHints& hints, const fs::path& home, Address& address) {
  const std::string file = (home / "credentials").string();
  address.token = variable(hints.variables, "MUSTER_TOKEN");
  if (!address.token.empty()) {
    address.token_hint = address.in_run
                             ? "the token came from MUSTER_TOKEN; without that variable the run's own is used"
                             : fmt::format("the token came from MUSTER_TOKEN; `muster login {}` stores one, used without it", address.url);
    return {};
  }
  MUSTER_TRY_ASSIGN(const auto stored, stored_token(home, address.url));
  if (stored) {
    address.token = *stored;
    address.token_hint = address.in_run ? fmt::format("the token came from {}; set MUSTER_TOKEN to use another", file)
                                        : fmt::format("the token came from {}; `muster login {}` replaces it", file, address.url);
    return {};
  }
  address.token = variable(hints.variables, "MUSTER_RUN_TOKEN");
  address.token_hint = "the token came from MUSTER_RUN_TOKEN";
  if (!address.token.empty()) return {};
  return fail_hint(Code::unauthorized,
                   address.in_run ? "MUSTER_RUN_TOKEN, which Muster gives each process of a run, is missing from this process's environment"
                                  : fmt::format("`muster login {}` stores one, or set MUSTER_TOKEN", address.url),
                   "there is no token for the server at {} in {}", address.url, file);
}

}  // namespace

AddressHints hints_of_process() {
  AddressHints hints;
  std::error_code ignored;
  hints.folder = fs::current_path(ignored);
  for (const char* name : {"MUSTER_URL", "MUSTER_TOKEN", "MUSTER_HOME", "MUSTER_WORKSPACE", "MUSTER_RUN_TOKEN", "MUSTER_RUN_ID", "HOME"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') hints.variables[name] = value;
  }
  return hints;
}

Result<fs::path> home_folder(const std::map<std::string, std::string>& variables) {
  if (const std::string home = variable(variables, "MUSTER_HOME"); !home.empty()) return fs::path(home);
  if (const std::string home = variable(variables, "HOME"); !home.empty()) return fs::path(home) / ".muster";
  return fail_hint(Code::invalid, "set MUSTER_HOME to a folder for Muster's files", "neither MUSTER_HOME nor HOME is set");
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

Result<void> store_token(const fs::path& home, const std::string& url, const std::string& token, const std::string& fingerprint) {
  MUSTER_TRY(make_folders(home));
  MUSTER_TRY_ASSIGN(const std::string normal, normal_url(url));
  MUSTER_TRY_ASSIGN(const Fd lock, lock_credentials(home));
  const fs::path path = home / "credentials";
  MUSTER_TRY_ASSIGN(auto json, read_object(path));
  if (!json) json = Json::object();
  Json& servers = (*json)["servers"];
  if (!servers.is_object()) servers = Json::object();
  servers[normal]["token"] = token;
  servers[normal].erase("fingerprint");
  if (!fingerprint.empty()) servers[normal]["fingerprint"] = "SHA256:" + fingerprint;
  return write_file(path, json->dump(2) + "\n", 0600);
}

Result<Address> find_address(const AddressHints& hints) {
  Address address;
  address.in_run = !variable(hints.variables, "MUSTER_RUN_ID").empty();
  std::string url = hints.server;
  if (url.empty()) url = variable(hints.variables, "MUSTER_URL");
  address.workspace = hints.workspace.empty() ? variable(hints.variables, "MUSTER_WORKSPACE") : hints.workspace;

  if (url.empty() || address.workspace.empty() || !hints.config.empty()) {
    MUSTER_TRY_ASSIGN(const auto config, find_config(hints));
    if (config && url.empty()) url = config->url;
    if (config && address.workspace.empty()) address.workspace = config->workspace;
  }
  if (address.workspace.empty()) address.workspace = "default";

  MUSTER_TRY_ASSIGN(const fs::path home, home_folder(hints.variables));
  if (url.empty()) {
    MUSTER_TRY_ASSIGN(const auto server, read_object(home / "server.json"));
    if (server) url = text_of(*server, "url");
    if (url.empty()) {
      return fail_hint(Code::unavailable,
                       address.in_run ? "MUSTER_URL, which Muster gives each process of a run, is missing from this process's environment"
                                      : "start one with `muster up`, or name one with --server or MUSTER_URL",
                       "no server is known: {} is not there", (home / "server.json").string());
    }
  }
  MUSTER_TRY_ASSIGN(const HostPort server, parse_server_url(url));
  address.url = server.url();
  address.fingerprint = server.fingerprint;
  if (server.tls && address.fingerprint.empty()) {
    MUSTER_TRY_ASSIGN(address.fingerprint, stored_fingerprint(home, address.url));
  }

  MUSTER_TRY(find_token(hints, home, address));
  if (!is_printable(address.token))
    return fail_hint(Code::unauthorized, address.token_hint, "the token for {} has characters that cannot be in a token", address.url);
  return address;
}

}  // namespace muster::client

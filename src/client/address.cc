#include "client/address.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "client/credentials.h"
#include "client/uri.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

std::string variable(const std::map<std::string, std::string>& variables, const std::string& name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

struct Config {
  std::string workspace;
  std::string url;  ///< "" when the file names no server
};

/// As text_at, but what is there must be a text.
Result<std::string> text_in(const fs::path& path, const Json& object, const char* key) {
  const auto at = object.find(key);
  if (at != object.end() && !at->is_null() && !at->is_string()) {
    return fail_hint(Code::invalid, "`muster workspace config` prints a correct one", "{}: {} must be a string", path.string(), key);
  }
  return text_at(object, key);
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
    if (server) url = text_at(*server, "url");
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
  address.fingerprint_in_url = !server.fingerprint.empty();
  if (server.tls && address.fingerprint.empty()) {
    MUSTER_TRY_ASSIGN(address.fingerprint, stored_fingerprint(home, address.url));
  }

  MUSTER_TRY(find_token(hints, home, address));
  if (!is_printable(address.token))
    return fail_hint(Code::unauthorized, address.token_hint, "the token for {} has characters that cannot be in a token", address.url);
  return address;
}

}  // namespace muster::client

#pragma once
// Which server, which workspace, which token (docs/formats.md, "Credentials, addresses"). Reads a few small files; never the network.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace muster::client {

struct Address {
  std::string url;    ///< as normal_url() gives it
  std::string token;  ///< a secret: never shown or logged
  std::string workspace = "default";
  std::string fingerprint = {};     ///< of the server's certificate: what the address, or `credentials`, says; "" = one that is verified
  std::string token_hint = {};      ///< what to do when the server refuses the token: where it came from, and how to give another
  bool fingerprint_in_url = false;  ///< whether the fingerprint came with the URL
  bool in_run = false;              ///< whether this process belongs to a run: nobody there can log in or start a server
};

/// What the caller was told, and where it stands.
struct AddressHints {
  std::string server;                            ///< --server; "" = not told
  std::string workspace;                         ///< --workspace; "" = not told
  std::filesystem::path config;                  ///< a config.json or a folder that has one; "" = looked for from `folder` upwards
  std::filesystem::path folder;                  ///< the working folder
  std::map<std::string, std::string> variables;  ///< MUSTER_URL, _TOKEN, _HOME, _WORKSPACE, _RUN_TOKEN, _RUN_ID, HOME; others are ignored
};

/// The hints of this process: its working folder and variables.
AddressHints hints_of_process();

/// MUSTER_HOME, or ~/.muster. invalid when there is no HOME either.
Result<std::filesystem::path> home_folder(const std::map<std::string, std::string>& variables);

/// unavailable when no server is known, unauthorized when there is no token for it, invalid when a file on the way is damaged.
Result<Address> find_address(const AddressHints& hints);

}  // namespace muster::client

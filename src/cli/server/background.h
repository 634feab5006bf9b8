#pragma once
// The server of a home as a background process: found, started, stopped.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "client/server_api.h"

namespace muster::cli {

/// The home that was told, or the process's own, as an absolute path.
Result<std::filesystem::path> chosen_home(const std::string& told);

/// What server.json says of a server of this home.
struct ServerCard {
  std::string url;
  pid_t pid = 0;
  std::string started_at;
};
/// Nothing when there is no server.json.
Result<std::optional<ServerCard>> read_card(const std::filesystem::path& home);

/// The status that the home's server answers, nothing when none answers within a second or so.
std::optional<Json> ask_status(const std::filesystem::path& home);

/// The API of the home's own server, whatever MUSTER_URL says. unavailable when it has no server.json.
Result<std::shared_ptr<client::Api>> api_of_home(const std::filesystem::path& home);

struct Started {
  Json status;
  bool was_running = false;
};
/// Starts `muster serve` in a session of its own, its output appended to HOME/server.log, and waits until it answers (10 s). An error has
/// the server's own words when it ended instead.
Result<Started> start_in_background(const std::filesystem::path& home, const std::string& listen, const std::string& advertise);

/// A process that certainly is the home's server (or nothing, when that has ended): a pid that was used again by another program is not
/// taken for it.
Result<std::optional<Fd>> server_process(const ServerCard& card);

/// SIGTERM, then waits until it has ended; timeout names the pid when it does not within 20 s.
Result<void> stop_process(const Fd& pidfd, pid_t pid);

}  // namespace muster::cli

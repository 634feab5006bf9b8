#pragma once
// The server of a home as a background process: found, started, stopped.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/command.h"
#include "client/server_api.h"
#include "server/application.h"

namespace muster::cli {

/// The options of `muster serve` and `muster up`. `home`: as typed, for chosen_home().
void add_server_options(Command& command, server::ServeOptions& options, std::string& home);

/// The home that was told, or the process's own, as an absolute path.
Result<std::filesystem::path> chosen_home(const std::string& told);

/// The server of a home, as the lock on its database tells it: server.json may be gone, old or wrong, and clocks may jump.
struct ServerProcess {
  pid_t pid = 0;
  Fd pidfd;
};
/// Nothing when no server has the home. conflict when one has it that cannot be seen from here.
Result<std::optional<ServerProcess>> server_process(const std::filesystem::path& home);

/// The API of that server, whatever MUSTER_URL says. An error, of the last address that was tried, when it does not answer.
Result<std::shared_ptr<client::Api>> api_of(const std::filesystem::path& home, const ServerProcess& server);

/// Where this home's server may be asked, the likeliest first. By TLS where it has that, or may have it: a token sent without it is
/// readable.
std::vector<std::string> urls_of(const std::filesystem::path& home);

struct Started {
  Json status;
  bool was_running = false;
};
/// Starts `muster serve` with these options (their home is an absolute path) in a session of its own, its output appended to
/// HOME/server.log, and waits until it answers (10 s). An error is the server's own when it ended instead. One that runs already is found,
/// and its server.json mended.
Result<Started> start_in_background(const server::ServeOptions& options);

/// SIGTERM, then waits until it has ended; timeout names the pid when it does not within 20 s.
Result<void> stop(const ServerProcess& server);

}  // namespace muster::cli

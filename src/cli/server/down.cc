#include <chrono>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/server/background.h"
#include "client/pages.h"
#include "client/retry.h"
#include "client/uri.h"
#include "server/home.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

struct DownOptions {
  std::string home;
  bool cancel = false;
};

struct ActiveRun {
  std::string workspace;
  std::string run_id;
  std::int64_t grace_seconds = 0;
};

std::string runs_path(const std::string& workspace) { return "/api/v1/workspaces/" + client::encode_value(workspace) + "/runs"; }

Result<std::vector<ActiveRun>> active_runs(client::Api& api) {
  std::vector<ActiveRun> active;
  MUSTER_TRY_ASSIGN(const Json workspaces, client::get_list(api, "/api/v1/workspaces", {}, "workspaces", 0));
  for (const Json& workspace : workspaces["workspaces"]) {
    const std::string name = text_at(workspace, "name");
    for (const char* status :
         {"NotStarted", "Preparing", "Queued", "Provisioning", "Starting", "Running", "NotResponding", "Finalizing", "CancelRequested"}) {
      MUSTER_TRY_ASSIGN(const Json runs, client::get_list(api, runs_path(name), {{"status", status}}, "runs", 0));
      for (const Json& run : runs["runs"]) active.push_back({name, text_at(run, "run_id"), number_at(run, "grace_seconds")});
    }
  }
  return active;
}

std::string names_of(const std::vector<ActiveRun>& runs) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::string> names;
  for (const ActiveRun& run : runs) {
    if (names.size() == kNamed) {
      names.push_back(fmt::format("and {} more", runs.size() - kNamed));
      break;
    }
    names.push_back(run.run_id);
  }
  return join(names, ", ");
}

/// Cancels the runs and waits for their end, as long as the longest grace and what it takes to bring their outputs home.
Result<void> cancel_all(client::Api& api, const std::vector<ActiveRun>& runs) {
  std::int64_t longest_grace = 0;
  for (const ActiveRun& run : runs) longest_grace = std::max(longest_grace, run.grace_seconds);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(longest_grace + 30);
  for (const ActiveRun& run : runs) {
    const std::string path = runs_path(run.workspace) + "/" + client::encode_value(run.run_id) + "/cancel";
    auto canceled = api.post(path, {{"reason", "muster down --cancel"}});
    // A full disk may have room again at any moment, be it by the end of a run that was just canceled.
    while (!canceled && canceled.error().code == Code::disk_full && std::chrono::steady_clock::now() < deadline) {
      client::sleep_for(std::chrono::milliseconds(500), {});
      canceled = api.post(path, {{"reason", "muster down --cancel"}});
    }
    // A run that has ended meanwhile needs no cancel.
    if (!canceled && canceled.error().code != Code::conflict && canceled.error().code != Code::not_found)
      return tl::unexpected(canceled.error());
  }
  std::vector<ActiveRun> left;
  do {
    MUSTER_TRY_ASSIGN(left, active_runs(api));
    if (left.empty()) return {};
    client::sleep_for(std::chrono::milliseconds(50), {});
  } while (std::chrono::steady_clock::now() < deadline);
  return fail_hint(Code::timeout, "`muster run show` says what a run waits for; `muster down` leaves them going",
                   "some runs do not end: {}", names_of(left));
}

Result<Exit> down(Context& context, const DownOptions& options) {
  MUSTER_TRY_ASSIGN(const fs::path home, chosen_home(options.home));
  MUSTER_TRY_ASSIGN(auto process, server_process(home));
  const bool was_running = process.has_value();
  std::error_code ignored;
  if (!process && options.cancel && fs::exists(server::Home{home}.server_file(), ignored)) {
    // It was killed, and what it had started goes on. Only a server can end that in order.
    server::ServeOptions only_home;
    only_home.home = home;
    MUSTER_TRY(start_in_background(only_home));
    MUSTER_TRY_ASSIGN(process, server_process(home));
  }
  if (!process) {
    context.print(Json{{"stopped", false}, {"runs", Json::array()}}, fmt::format("No server runs in {}.\n", home.string()));
    return Exit::done;
  }

  std::vector<ActiveRun> runs;
  const auto api = api_of(home, *process);
  if (api) {
    auto found = active_runs(**api);
    // A server that cannot list its runs can still be stopped, unless they were to be canceled first.
    if (!found && options.cancel) return tl::unexpected(found.error());
    if (found) runs = std::move(*found);
    if (options.cancel) MUSTER_TRY(cancel_all(**api, runs));
  } else if (options.cancel) {
    return tl::unexpected(api.error());
  }
  MUSTER_TRY(stop(*process));

  Json going_on = Json::array();
  if (!options.cancel) {
    for (const ActiveRun& run : runs) going_on.push_back(run.run_id);
  }
  std::string text = was_running ? "The server has ended.\n" : "What the server had left running has ended.\n";
  if (options.cancel && !runs.empty()) text += fmt::format("Canceled: {}\n", names_of(runs));
  if (!options.cancel && !runs.empty()) {
    const bool one = runs.size() == 1;
    text += fmt::format(
        "{} not ended: {}\nWhat runs goes on without the server, and what it writes is kept on disk. `muster up` goes on with {}; "
        "`muster down --cancel` ends {}.\n",
        one ? "This run has" : "These runs have", names_of(runs), one ? "it" : "them", one ? "it" : "them");
  }
  context.print(Json{{"stopped", was_running}, {"runs", std::move(going_on)}}, text);
  return Exit::done;
}

}  // namespace

void add_down(Command& root, Context& context) {
  auto options = std::make_shared<DownOptions>();
  Command& command = root.verb("down", "Stop the server. Runs go on without it", [&context, options] { return down(context, *options); });
  command.flag("--cancel", options->cancel, "cancel all runs first, and wait for their end");
  command.option("--home", "DIR", options->home, "the server's home (else MUSTER_HOME, or ~/.muster)");
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster down");
  command.example("muster down --cancel");
}

}  // namespace muster::cli

#include <memory>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/retry.h"

namespace muster::cli {
namespace {

constexpr std::chrono::milliseconds kAskAgain{300};

/// Follows the build until it ends, its log as it comes; the last answer.
Result<Json> follow_build(Context& context, client::Api& api, const std::string& path, Json seen, const std::string& version) {
  std::int64_t next = number_at(seen, "log_next");
  LogOutput shown(context.err);
  bool is_last = false;
  while (true) {
    is_last = text_at(seen, "status") != "building";
    client::Query query{{"log_from", std::to_string(next)}};
    if (!version.empty()) query.emplace_back("version", version);
    MUSTER_TRY_ASSIGN(seen, api.get(path, query));
    const std::string log = text_at(seen, "log");
    next = number_at(seen, "log_next");
    if (!context.json) shown.write(log);
    if (is_last && log.empty()) {
      shown.finish();
      return seen;
    }
    if (log.empty() && !client::sleep_for(kAskAgain, api.stop_token())) return fail(Code::conflict, "interrupted; the build goes on");
  }
}

struct BuildOptions {
  std::string name;
  std::string version;
};

Result<Exit> environment_build(Context& context, const BuildOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  const std::string path = api->in_workspace({"environments", options.name, "build"});
  Json body = Json::object();
  if (!options.version.empty()) body["version"] = options.version;
  MUSTER_TRY_ASSIGN(Json seen, api->post(path, body));
  if (text_at(seen, "status") == "building") seen["log_next"] = 0;
  if (text_at(seen, "status") != "ready") {
    MUSTER_TRY_ASSIGN(seen, follow_build(context, *api, path, std::move(seen), options.version));
  }
  if (text_at(seen, "status") != "ready") {
    const Json& error = member(seen, "error");
    return fail_hint(Code::invalid, text_at(error, "hint"), "the environment {} could not be built: {}", options.name,
                     error.is_null() ? "its build was ended" : text_at(error, "detail"));
  }
  context.print(seen, fmt::format("{} version {} is ready: {} ({})\n", options.name, text_at(seen, "version"),
                                  text_at(seen, "hash").substr(0, 12), text_at(seen, "builder")));
  return Exit::done;
}

struct PruneOptions {
  std::optional<std::string> unused;
  std::optional<std::int64_t> max_gb;
  bool dry_run = false;
};

Result<Exit> environment_prune(Context& context, const PruneOptions& options) {
  Json body{{"dry_run", options.dry_run}};
  if (options.unused) {
    MUSTER_TRY_ASSIGN(body["unused_seconds"], parse_duration(*options.unused, "--unused", 0));
  }
  if (options.max_gb) {
    if (*options.max_gb < 0 || *options.max_gb > 1'000'000) return fail(Code::invalid, "--max-gb {}: from 0 to 1,000,000", *options.max_gb);
    body["max_bytes"] = *options.max_gb << 30;
  }
  if (!options.unused && !options.max_gb) body["unused_seconds"] = 3600;
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json gone, api->post("/api/v1/environments/prune", body));
  std::string text;
  for (const Json& one : member(gone, "removed")) {
    text += fmt::format("{}  {}, last used {}\n", text_at(one, "hash").substr(0, 12),
                        human_size(static_cast<std::uint64_t>(number_at(one, "bytes"))), ago(time_at(one, "used_at"), context.now()));
  }
  text += fmt::format("{} {}, {}\n", options.dry_run ? "Would remove" : "Removed", counted(member(gone, "removed").size(), "environment"),
                      human_size(static_cast<std::uint64_t>(number_at(gone, "bytes"))));
  context.print(gone, text);
  return Exit::done;
}

}  // namespace

void add_environment_build(Command& environment, Context& context) {
  auto options = std::make_shared<BuildOptions>();
  Command& command = environment.verb("build", "Build an environment on the server before a run needs it, and show the log",
                                      [&context, options] { return environment_build(context, *options); });
  command.positional("NAME", options->name, "the environment's name");
  command.option("--version", "V", options->version, "which version (the newest when not given)");
  context.add_common_options(command);
  command.example("muster environment build torch");
}

void add_environment_prune(Command& environment, Context& context) {
  auto options = std::make_shared<PruneOptions>();
  Command& command = environment.verb("prune", "Remove built environments that no run uses; they are built again when one asks for them",
                                      [&context, options] { return environment_prune(context, *options); });
  command.option("--unused", "TIME", options->unused,
                 "those that no run asked for in this time, as 7d (1h, the least, when nothing is given)");
  command.option("--max-gb", "N", options->max_gb, "the longest unused, until the rest takes no more");
  command.flag("--dry-run", options->dry_run, "only say what would go");
  context.add_common_options(command);
  command.example("muster environment prune --unused 30d");
}

}  // namespace muster::cli

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/log_printer.h"
#include "cli/run/run_grep.h"
#include "cli/run/status_lines.h"
#include "cli/terminal/table.h"
#include "client/follow.h"
#include "client/log_text.h"

namespace muster::cli {
namespace {

struct RunLogsOptions {
  std::string id;
  std::string file;
  bool follow = false;
  bool merge = false;
  bool list = false;
  std::optional<std::string> ranks;
  std::optional<std::int64_t> attempt;
  GrepOptions grep;
};

enum class Text { one_log, merged };

/// A log to standard output, exactly as it was written unless that is a terminal.
Result<Exit> print_text(Context& context, client::Api& api, Text text, const std::string& path, client::Query query,
                        const RunLogsOptions& options) {
  std::optional<std::int64_t> attempt = options.attempt;
  if (options.follow && !attempt) {
    // Of one attempt, also when the connection is lost and the run has begun another one meanwhile.
    MUSTER_TRY_ASSIGN(const Json run, api.get(api.in_workspace({"runs", options.id})));
    attempt = number_at(run, "attempt");
  }
  if (attempt) query.emplace_back("attempt", std::to_string(*attempt));
  if (options.follow) query.emplace_back("follow", "true");
  LogOutput out(context.out);
  const auto print = [&](std::string_view bytes) -> Result<void> {
    out.write(bytes);
    return {};
  };
  const auto printed = text == Text::merged ? client::read_merged_log(api, path, query, print) : client::read_log(api, path, query, print);
  out.finish();
  MUSTER_TRY(printed);
  return Exit::done;
}

Result<Exit> print_list(Context& context, const Json& logs) {
  Table table({{"SIZE", Column::Align::right},
               {"LOG", Column::Align::left, Column::Give::width},
               {"RANK", Column::Align::right, Column::Give::all},
               {"ATTEMPT", Column::Align::right, Column::Give::all}});
  for (const Json& log : member(logs, "logs")) {
    const Json& rank = member(log, "rank");
    table.add({{human_size(static_cast<std::uint64_t>(number_at(log, "size")))},
               {text_at(log, "path")},
               {rank.is_number() ? dump_json(rank) : ""},
               {std::to_string(number_at(log, "attempt"))}});
  }
  context.print(logs, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

/// From now on as it comes, from the first line on; also for a run that has not begun. Why nothing comes is said on standard error.
Result<Exit> follow_driver_logs(Context& context, client::Api& api, const std::string& id) {
  LogOutput out(context.out);
  LogPrinter printer([&](std::string_view bytes) { out.write(bytes); }, [](std::string_view) {});
  StatusLines statuses(context, StatusLines::Of::with_detail);
  client::FollowHandlers handlers;
  handlers.on_status = [&](const Json& run) -> Result<void> {
    bool in_line = false;
    statuses.show(run, in_line);
    return {};
  };
  handlers.on_log = [&](const client::LogPiece& piece) -> Result<void> {
    printer.print(piece.path, log_label(piece.event), piece.bytes);
    return {};
  };
  const auto run = client::follow_run(api, id, handlers);
  printer.finish();
  out.finish();
  if (!run) return tl::unexpected(run.error());
  return Exit::done;
}

/// The one driver log of the newest attempt; "" when there are several (or none: see `count`).
std::string only_driver_log(const Json& logs, std::size_t& count) {
  count = 0;
  std::string path;
  for (const Json& log : member(logs, "logs")) {
    const std::string name = text_at(log, "path");
    if (log_kind(name) == LogKind::other || name == path) continue;
    path = name;
    ++count;
  }
  return count == 1 ? path : "";
}

Result<Exit> run_logs(Context& context, const RunLogsOptions& options) {
  if (!options.file.empty() && (options.merge || options.ranks))
    return fail(Code::invalid, "a FILE and --merge or --ranks cannot go together");
  if (options.grep.pattern && (options.follow || options.merge || options.ranks || options.list))
    return fail(Code::invalid, "--grep looks through what is there: it goes with a FILE and --attempt alone");
  if (!options.grep.pattern && (options.grep.literal || options.grep.ignore_case || options.grep.context))
    return fail(Code::invalid, "--fixed-strings, --ignore-case and --context go with --grep");
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  if (options.grep.pattern) return grep_logs(context, *api, options.id, options.file, options.attempt, options.grep);
  if (!options.file.empty())
    return print_text(context, *api, Text::one_log, api->in_workspace({"runs", options.id, "logs", options.file}), {}, options);

  client::Query ranks;
  if (options.ranks) ranks.emplace_back("ranks", *options.ranks);
  const std::string merged = api->in_workspace({"runs", options.id, "merged-log"});
  if (options.merge || options.ranks) return print_text(context, *api, Text::merged, merged, ranks, options);
  if (options.follow && !options.attempt) return follow_driver_logs(context, *api, options.id);

  MUSTER_TRY_ASSIGN(const Json logs, api->get(api->in_workspace({"runs", options.id, "logs"})));
  if (options.list) return print_list(context, logs);
  std::size_t count = 0;
  const std::string only = only_driver_log(logs, count);
  if (!only.empty()) return print_text(context, *api, Text::one_log, api->in_workspace({"runs", options.id, "logs", only}), {}, options);
  if (count > 1) return print_text(context, *api, Text::merged, merged, ranks, options);
  context.note(fmt::format("The run has written nothing yet; `muster run show {}` says where it stands.", options.id));
  return Exit::done;
}

}  // namespace

void add_run_logs(Command& run, Context& context) {
  auto options = std::make_shared<RunLogsOptions>();
  Command& command = run.verb("logs", "Print what a run has written: its driver log, or those of all ranks merged by time",
                              [&context, options] { return run_logs(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.optional_positional("FILE", options->file, "one log, as it is, like azureml-logs/70_driver_log.txt or logs/train.log");
  command.flag("-f,--follow", options->follow, "go on as it grows, until the run has ended");
  command.flag("--merge", options->merge, "all ranks' lines by time, each with its rank");
  command.option("--ranks", "N,N", options->ranks, "merge only these ranks' lines");
  command.option("--attempt", "N", options->attempt, "the logs of an earlier attempt");
  command.flag("--list", options->list, "list the logs there are");
  command.option("--grep", "PATTERN", options->grep.pattern,
                 "only lines that hold for this regular expression (RE2's syntax), each with its number");
  command.flag("-F,--fixed-strings", options->grep.literal, "the pattern is the text itself");
  command.flag("-i,--ignore-case", options->grep.ignore_case, "small and capital letters are the same to the pattern");
  command.option("-C,--context", "N", options->grep.context, "with N lines before and after each");
  context.add_common_options(command);
  command.example("muster run logs ID -f");
  command.example("muster run logs ID --ranks 0,2");
  command.example("muster run logs ID --grep 'loss.*nan' -i -C 2");
}

}  // namespace muster::cli

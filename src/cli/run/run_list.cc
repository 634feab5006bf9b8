#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/run_view.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

constexpr std::int64_t kDefaultLimit = 20;

struct RunListOptions {
  std::optional<std::string> experiment;
  std::optional<std::string> status;
  std::optional<std::string> kind;
  std::optional<std::string> tag;
  std::optional<std::string> parameter;
  bool deleted = false;
  std::optional<std::string> name;
  std::optional<std::int64_t> limit;
  bool all = false;
};

std::string table_of(const Json& runs, TimeUs now, const Terminal& out) {
  Table table({{"RUN"},
               {"STATUS"},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"TOOK", Column::Align::right, Column::Give::all},
               {"COMPUTE", Column::Align::left, Column::Give::all},
               {"NAME", Column::Align::left, Column::Give::all},
               {"DETAIL", Column::Align::left, Column::Give::all}});
  for (const Json& run : runs) {
    const std::string status = text_at(run, "status");
    const std::string message = text_at(member(run, "error"), "message");
    table.add({{text_at(run, "run_id")},
               {status, tone_of_status(status)},
               {ago(time_at(run, "created_at"), now)},
               {span_text(run, "started_at", "ended_at", now)},
               {text_at(run, is_job(run) ? "compute_target" : "kind")},
               {text_at(run, "display_name")},
               {message.empty() ? text_at(run, "status_detail") : message, Tone::faint}});
  }
  return table.render(out.width, out.style);
}

Result<Exit> run_list(Context& context, const RunListOptions& options) {
  const std::int64_t limit = options.limit.value_or(kDefaultLimit);
  if (limit < 1) return fail(Code::invalid, "--limit must be at least 1; --all lists all");
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  for (const auto& [key, value] : {std::pair<const char*, const std::optional<std::string>&>{"experiment", options.experiment},
                                   {"status", options.status},
                                   {"kind", options.kind},
                                   {"tag", options.tag},
                                   {"parameter", options.parameter},
                                   {"name", options.name}}) {
    if (value) query.emplace_back(key, *value);
  }
  if (options.deleted) query.emplace_back("lifecycle", "deleted");
  MUSTER_TRY_ASSIGN(const Json runs,
                    client::get_list(*api, api->in_workspace({"runs"}), query, "runs", options.all ? 0 : static_cast<std::size_t>(limit)));
  if (runs["runs"].empty() && !context.json) {
    context.note(query.empty() ? "There are no runs yet. Submit one: muster run submit --script train.py"
                               : "No run matches these options.");
    return Exit::done;
  }
  context.print(runs, context.json ? "" : table_of(runs["runs"], context.now(), context.out));
  if (!runs["next"].is_null()) context.note(fmt::format("These are the newest {}; --limit N or --all shows more.", limit));
  return Exit::done;
}

}  // namespace

void add_run_list(Command& run, Context& context) {
  auto options = std::make_shared<RunListOptions>();
  Command& command = run.verb("list", "List runs, the newest first", [&context, options] { return run_list(context, *options); });
  command.option("--experiment", "NAME", options->experiment, "only those of this experiment");
  command.option("--status", "STATUS", options->status, "only those with this status, like Running or Failed");
  command.option("--kind", "KIND", options->kind, "only those of this kind: job or interactive");
  command.option("--tag", "K[=V]", options->tag, "only those with this tag");
  command.option("--parameter", "K[=V]", options->parameter, "only those with this parameter");
  command.flag("--deleted", options->deleted, "those that were deleted and can be restored");
  command.option("--name", "NAME", options->name, "only those with this display name");
  command.option("--limit", "N", options->limit, "at most N runs (20)");
  command.flag("--all", options->all, "list all runs");
  context.add_common_options(command);
  command.example("muster run list --experiment birds --status Failed");
}

}  // namespace muster::cli

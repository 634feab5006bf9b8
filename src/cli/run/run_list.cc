#include <set>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/metrics_view.h"
#include "cli/run/run_view.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

constexpr std::int64_t kDefaultLimit = 20;

struct RunListOptions {
  std::optional<std::string> filter;
  std::optional<std::string> experiment;
  std::optional<std::string> status;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::vector<std::string> parameters;
  std::vector<std::string> metrics;
  std::optional<std::string> name;
  std::optional<std::string> created_from;
  std::optional<std::string> created_before;
  std::optional<std::string> order_by;
  bool deleted = false;
  std::optional<std::int64_t> limit;
  bool all = false;
};

/// The parameter that the list is ordered by, which is shown as the metrics are.
std::optional<std::string> ordering_parameter(const std::optional<std::string>& order_by) {
  constexpr std::string_view kPrefix = "parameters.";
  if (!order_by || !order_by->starts_with(kPrefix)) return std::nullopt;
  std::string_view name = std::string_view(*order_by).substr(kPrefix.size());
  if (!take_ending(name, " desc")) take_ending(name, " asc");
  return std::string(name);
}

std::string table_of(const Json& runs, const RunListOptions& options, TimeUs now, const Terminal& out) {
  std::set<std::string> metrics;
  for (const Json& run : runs) {
    const Json& values = member(run, "metrics");
    for (const auto& [name, value] : values.items()) metrics.insert(name);
  }
  const auto parameter = ordering_parameter(options.order_by);
  std::vector<Column> columns{{"RUN"}, {"STATUS"}};
  for (const std::string& name : metrics) columns.push_back({name, Column::Align::right});
  if (parameter) columns.push_back({*parameter, Column::Align::right});
  columns.push_back({"CREATED", Column::Align::left, Column::Give::all});
  columns.push_back({"TOOK", Column::Align::right, Column::Give::all});
  columns.push_back({"COMPUTE", Column::Align::left, Column::Give::all});
  columns.push_back({"NAME", Column::Align::left, Column::Give::all});
  columns.push_back({"DETAIL", Column::Align::left, Column::Give::all});
  Table table(std::move(columns));
  for (const Json& run : runs) {
    const std::string status = text_at(run, "status");
    const std::string message = text_at(member(run, "error"), "message");
    std::vector<Cell> cells{{text_at(run, "run_id")}, {status, tone_of_status(status)}};
    for (const std::string& name : metrics) {
      const Json& value = member(member(run, "metrics"), name.c_str());
      cells.push_back({value.is_null() ? "" : value_text(value)});
    }
    if (parameter) cells.push_back({text_at(member(run, "parameters"), parameter->c_str())});
    cells.push_back({ago(time_at(run, "created_at"), now)});
    cells.push_back({span_text(run, "started_at", "ended_at", now)});
    cells.push_back({text_at(run, is_job(run) ? "compute_target" : "kind")});
    cells.push_back({text_at(run, "display_name")});
    cells.push_back({message.empty() ? text_at(run, "status_detail") : message, Tone::faint});
    table.add(std::move(cells));
  }
  return table.render(out.width, out.style);
}

Result<Exit> run_list(Context& context, const RunListOptions& options) {
  const std::int64_t limit = options.limit.value_or(kDefaultLimit);
  if (limit < 1) return fail(Code::invalid, "--limit must be at least 1; --all lists all");
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  for (const auto& [key, value] : {std::pair<const char*, const std::optional<std::string>&>{"filter", options.filter},
                                   {"experiment", options.experiment},
                                   {"status", options.status},
                                   {"kind", options.kind},
                                   {"name", options.name},
                                   {"created_from", options.created_from},
                                   {"created_before", options.created_before},
                                   {"order_by", options.order_by}}) {
    if (value) query.emplace_back(key, *value);
  }
  for (const auto& [key, values] : {std::pair<const char*, const std::vector<std::string>&>{"tag", options.tags},
                                    {"parameter", options.parameters},
                                    {"metric", options.metrics}}) {
    for (const std::string& value : values) query.emplace_back(key, value);
  }
  if (options.deleted) query.emplace_back("lifecycle", "deleted");
  MUSTER_TRY_ASSIGN(const Json runs,
                    client::get_list(*api, api->in_workspace({"runs"}), query, "runs", options.all ? 0 : static_cast<std::size_t>(limit)));
  if (runs["runs"].empty() && !context.json) {
    context.note(query.empty() ? "There are no runs yet. Submit one: muster run submit --script train.py"
                               : "No run matches these options.");
    return Exit::done;
  }
  context.print(runs, context.json ? "" : table_of(runs["runs"], options, context.now(), context.out));
  if (!runs["next"].is_null())
    context.note(fmt::format("These are the {} {}; --limit N or --all shows more.", options.order_by ? "first" : "newest", limit));
  return Exit::done;
}

}  // namespace

void add_run_list(Command& run, Context& context) {
  auto options = std::make_shared<RunListOptions>();
  Command& command = run.verb("list", "List runs, the newest first unless another order is asked for",
                              [&context, options] { return run_list(context, *options); });
  command.option("--filter", "TEXT", options->filter,
                 "only those for which all terms hold, like 'status:failed acc>=0.9 param.lr<0.01 tag.k=v'");
  command.option("--experiment", "NAME", options->experiment, "only those of this experiment");
  command.option("--status", "STATUS", options->status, "only those with this status, like Running or Failed");
  command.option("--kind", "KIND", options->kind, "only those of this kind: job or interactive");
  command.option("--tag", "K[=V]", options->tags, "only those with this tag");
  command.option("--parameter", "K[=V]", options->parameters, "only those with this parameter; also 'K<N', 'K>=N'");
  command.option("--metric", "'K>=N'", options->metrics, "only those whose metric's last value is so; K for any value");
  command.flag("--deleted", options->deleted, "those that were deleted and can be restored");
  command.option("--name", "NAME", options->name, "only those with this display name; '*' stands for any characters");
  command.option("--created-from", "TIME", options->created_from, "only those created then or later, like 2026-11-21T03:00:00Z");
  command.option("--created-before", "TIME", options->created_before, "only those created earlier");
  command.option("--order-by", "'WHAT [desc]'", options->order_by,
                 "metrics.NAME, parameters.NAME or created_at; the least first, or with desc the greatest");
  command.option("--limit", "N", options->limit, "at most N runs (20)");
  command.flag("--all", options->all, "list all runs");
  context.add_common_options(command);
  command.example("muster run list --experiment birds --status Failed");
  command.example("muster run list --filter 'status:completed acc>=0.9 resnet'");
  command.example("muster run list --order-by 'metrics.best_val_acc desc' --limit 5");
}

}  // namespace muster::cli

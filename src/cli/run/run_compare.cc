#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/metrics_view.h"
#include "cli/terminal/table.h"

namespace muster::cli {
namespace {

struct RunCompareOptions {
  std::vector<std::string> ids;
  bool all = false;
};

std::string compared_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.is_structured() ? dump_json(value) : value_text(value);
}

/// A table of each group that has a row to show: only those that differ, unless all are wanted.
std::string comparison_text(const Json& answer, bool all, const Terminal& out) {
  std::vector<Column> columns{{""}};
  for (const Json& run : member(answer, "runs")) columns.push_back({text_at(run, "run_id"), Column::Align::left, Column::Give::width});
  Table table(std::move(columns));
  for (const char* group : {"parameters", "metrics", "tags", "settings", "packages"}) {
    bool titled = false;
    for (const Json& row : member(answer, group)) {
      const Json& differs = member(row, "differs");
      if (!all && differs.is_boolean() && !differs.get<bool>()) continue;
      if (!titled) table.add({{group, Tone::strong}});
      titled = true;
      std::vector<Cell> cells{{"  " + text_at(row, "name")}};
      for (const Json& value : member(row, "values")) cells.push_back({compared_text(value)});
      table.add(std::move(cells));
    }
  }
  return table.empty() ? "" : table.render(out.width, out.style);
}

Result<Exit> run_compare(Context& context, const RunCompareOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  for (const std::string& id : options.ids) query.emplace_back("run", id);
  MUSTER_TRY_ASSIGN(const Json answer, api->get(api->in_workspace({"run-comparison"}), query));
  const std::string text = context.json ? "" : comparison_text(answer, options.all, context.out);
  context.print(answer, text);
  if (text.empty()) context.note("Nothing of what is kept of these runs differs; --all shows what they have.");
  return Exit::done;
}

}  // namespace

void add_run_compare(Command& run, Context& context) {
  auto options = std::make_shared<RunCompareOptions>();
  Command& command = run.verb("compare", "Show in what runs differ: parameters, last metric values, tags, settings, packages",
                              [&context, options] { return run_compare(context, *options); });
  command.positionals("RUN", options->ids, "two to twenty runs' ids");
  command.flag("--all", options->all, "what is the same in all as well");
  context.add_common_options(command);
  command.example("muster run compare ID EARLIER_ID");
}

}  // namespace muster::cli

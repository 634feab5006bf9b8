#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/metrics_view.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct RunMetricsOptions {
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> rank;
  std::optional<std::int64_t> points;
};

client::Query chosen(const RunMetricsOptions& options) {
  client::Query query;
  if (options.name) query.emplace_back("name", *options.name);
  if (options.rank) query.emplace_back("rank", *options.rank);
  return query;
}

/// All pages, the points of each name joined.
Result<Json> all_points(client::Api& api, const RunMetricsOptions& options) {
  client::Query query = chosen(options);
  query.emplace_back("limit", "100000");
  Json metrics = Json::object();
  Json cursor = nullptr;
  do {
    client::Query asked = query;
    if (cursor.is_string()) asked.emplace_back("cursor", cursor.get<std::string>());
    MUSTER_TRY_ASSIGN(Json answer, api.get(api.in_workspace({"runs", options.id, "metrics"}), asked));
    for (auto& [name, points] : answer["metrics"].items()) {
      Json& known = metrics[name];
      if (known.is_null())
        known = std::move(points);
      else
        for (Json& point : points) known.push_back(std::move(point));
    }
    cursor = member(answer, "next");
  } while (cursor.is_string());
  return Json{{"metrics", std::move(metrics)}, {"next", nullptr}};
}

Result<Exit> run_metrics(Context& context, const RunMetricsOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  if (context.json && !options.points) {
    MUSTER_TRY_ASSIGN(const Json metrics, all_points(*api, options));
    context.print_json(metrics);
    return Exit::done;
  }
  client::Query query = chosen(options);
  query.emplace_back("points", std::to_string(options.points.value_or(kCurvePoints)));
  MUSTER_TRY_ASSIGN(const Json list,
                    client::get_list(*api, api->in_workspace({"runs", options.id, "metrics", "curves"}), query, "curves", 0));
  const Json& curves = list["curves"];
  if (curves.empty()) {
    context.note(options.name || options.rank ? "The run has logged nothing by that name or rank."
                                              : "The run has logged no metrics: in the script, run.log(\"loss\", 0.25).");
  }
  context.print(list, context.json ? "" : metrics_text(curves, context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_run_metrics(Command& run, Context& context) {
  auto options = std::make_shared<RunMetricsOptions>();
  Command& command = run.verb("metrics", "Show what a run has logged; with --json every point",
                              [&context, options] { return run_metrics(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.option("--name", "NAME", options->name, "only this metric");
  command.option("--rank", "N", options->rank, "of this rank (0 when not given), or `all`");
  command.option("--points", "N", options->points,
                 "with --json: curves of at most N points each, 0 or from 5 to 10,000, instead of every point");
  context.add_common_options(command);
  command.example("muster run metrics ID");
  command.example("muster run metrics ID --name loss --json --points 500");
}

}  // namespace muster::cli

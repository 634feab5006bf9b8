#include "scheduler/run_outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "scheduler/run_machine.h"

namespace muster::scheduler {
namespace {

using model::Run;
using model::RunNode;

bool ranks_succeeded(const RunNode& node) {
  return !node.reports.empty() &&
         std::all_of(node.reports.begin(), node.reports.end(), [](const auto& report) { return report.succeeded(); });
}

std::vector<model::RankReport> all_reports(const Run& run) {
  std::vector<model::RankReport> reports;
  for (const RunNode& node : run.nodes) reports.insert(reports.end(), node.reports.begin(), node.reports.end());
  return reports;
}

/// A manager that takes a node sends these to all that runs there, the ranks too.
bool is_from_outside(const model::RankReport& report) { return report.signal == "SIGTERM" || report.signal == "SIGKILL"; }

/// It was lost with its node, for a reason that the engine has named.
bool went_with_its_node(const Run& run, const model::RankReport& report) {
  return is_from_outside(report) && std::any_of(run.nodes.begin(), run.nodes.end(), [&](const RunNode& node) {
           return node.node_rank == report.node_rank && node.salvages > 0 && !node.gone.empty();
         });
}

int world_size(const Run& run) {
  std::size_t ranks = 0;
  for (const RunNode& node : run.nodes) ranks += node.reports.size();
  return static_cast<int>(ranks);
}

}  // namespace

bool is_not_kept(const model::RunError& error) { return error.code == kDiskFull || error.code == kNotKept; }

bool lost_work(const RunNode& node) { return node.salvages > 0 && !ranks_succeeded(node); }

bool only_lost_its_peer(const model::RankReport& report) { return report.exception && model::is_communication_error(*report.exception); }

bool ended_unexplained(const Run& run) {
  if (run.cancel_asked || run.error) return false;
  const auto cause = model::choose_cause(all_reports(run));
  if (cause && !is_from_outside(*cause) && !only_lost_its_peer(*cause)) return false;
  const bool is_told =
      std::any_of(run.nodes.begin(), run.nodes.end(), [](const RunNode& node) { return !node.gone.empty() || lost_work(node); });
  return !is_told && !std::all_of(run.nodes.begin(), run.nodes.end(), ranks_succeeded);
}

std::optional<model::RunError> error_of(const Run& run) {
  if (run.error && !is_not_kept(*run.error)) return run.error;
  const auto cause = model::choose_cause(all_reports(run));
  if (cause && !only_lost_its_peer(*cause) && !went_with_its_node(run, *cause)) return model::to_run_error(*cause, world_size(run));
  for (const RunNode& node : run.nodes) {
    if (!lost_work(node)) continue;
    model::RunError error;
    error.code = "node_lost";
    error.message = fmt::format("node {} ({}) was lost: {}", node.node_rank, node.host,
                                node.gone.empty() ? "its runner ended while ranks were running" : node.gone);
    error.node_rank = node.node_rank;
    return error;
  }
  if (cause) return model::to_run_error(*cause, world_size(run));
  for (const RunNode& node : run.nodes) {
    if (node.reports.empty() || ranks_succeeded(node)) continue;
    model::RunError error;
    error.code = "node_lost";
    error.message =
        fmt::format("the ranks of node {} ({}) were ended from outside: somebody asked its runner to stop", node.node_rank, node.host);
    error.node_rank = node.node_rank;
    return error;
  }
  for (const RunNode& node : run.nodes) {
    if (run.error || !node.reports.empty()) continue;
    model::RunError error;
    error.code = "node_lost";
    error.message = fmt::format("node {} ({}) ended without reporting how its ranks had ended", node.node_rank, node.host);
    error.node_rank = node.node_rank;
    return error;
  }
  return run.error;
}

std::optional<int> taken_port(const Run& run) {
  if (run.nodes.empty() || run.nodes.front().port == 0) return std::nullopt;
  const int port = run.nodes.front().port;
  const std::vector<model::RankReport> reports = all_reports(run);
  const auto cause = model::choose_cause(reports);
  const auto found_it_taken = [&](const model::RankReport& report) {
    return !report.stopped_by_us && report.exception && report.ended_at - report.started_at <= kPortTimeUs &&
           model::is_port_in_use(*report.exception, port);
  };
  // Those that came to meet it may have failed of what answered there instead.
  if (!cause || !(only_lost_its_peer(*cause) || found_it_taken(*cause))) return std::nullopt;
  return std::any_of(reports.begin(), reports.end(), found_it_taken) ? std::optional(port) : std::nullopt;
}

}  // namespace muster::scheduler

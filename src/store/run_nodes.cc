#include "store/run_nodes.h"

#include <nlohmann/json.hpp>

#include "store/stored_spec.h"

namespace muster::store::run_nodes {

void put(Session& session, std::int64_t run_key, int attempt, const model::RunNode& node) {
  Json reports = Json::array();
  for (const model::RankReport& report : node.reports) reports.push_back(to_json(report));
  session.run(
      "INSERT INTO run_nodes (run_key, attempt, node_rank, host, address, port, status, runner_pid, last_heartbeat_at, "
      "salvages, reports, gpus, node_key, gone) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (run_key, attempt, node_rank) DO UPDATE SET host = excluded.host, address = excluded.address, port = excluded.port, "
      "status = excluded.status, runner_pid = excluded.runner_pid, last_heartbeat_at = excluded.last_heartbeat_at, salvages = "
      "excluded.salvages, reports = excluded.reports, gpus = excluded.gpus, node_key = excluded.node_key, gone = excluded.gone",
      {run_key, attempt, node.node_rank, node.host, node.address, node.port, to_string(node.status), node.runner_pid,
       node.last_heartbeat_at, node.salvages, dump_json(reports), node.gpus, node.key, node.gone});
}

void set_heartbeat(Session& session, std::int64_t run_key, int attempt, int node_rank, TimeUs at) {
  session.run("UPDATE run_nodes SET last_heartbeat_at = ? WHERE run_key = ? AND attempt = ? AND node_rank = ?",
              {at, run_key, attempt, node_rank});
}

model::RunNode read(const Row& row) {
  model::RunNode node;
  node.node_rank = static_cast<int>(row.integer(0));
  node.host = row.text(1);
  node.address = row.text(2);
  node.port = static_cast<int>(row.integer(3));
  const auto status = model::node_status_from_string(row.text(4));
  if (!status) throw StoreFailure(status.error());
  node.status = *status;
  node.runner_pid = row.integer(5);
  node.last_heartbeat_at = row.integer(6);
  node.salvages = static_cast<int>(row.integer(7));
  for (const Json& json : json_from_stored(row.bytes(8))) {
    auto report = model::rank_report_from_json(json);
    if (!report) throw StoreFailure(std::move(report).error());
    node.reports.push_back(std::move(*report));
  }
  node.gpus = row.text(9);
  node.key = row.text(10);
  node.gone = row.text(11);
  return node;
}

std::vector<model::RunNode> list(Session& session, std::int64_t run_key, int attempt) {
  std::vector<model::RunNode> nodes;
  session.query(fmt::format("SELECT {} FROM run_nodes WHERE run_key = ? AND attempt = ? ORDER BY node_rank", kColumns), {run_key, attempt},
                [&](const Row& row) { nodes.push_back(read(row)); });
  return nodes;
}

}  // namespace muster::store::run_nodes

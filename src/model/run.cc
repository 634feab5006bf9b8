#include "model/run.h"

#include <nlohmann/json.hpp>

namespace muster::model {
namespace {

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json stages_to_json(const Run& run) {
  Json stages = Json::array();
  for (int i = 0; i < kStageCount; ++i) {
    const StageTimes& times = run.stages[static_cast<std::size_t>(i)];
    stages.push_back({{"name", to_string(static_cast<Stage>(i))},
                      {"started_at", time_to_json(times.started_at)},
                      {"ended_at", time_to_json(times.ended_at)}});
  }
  return stages;
}

Json nodes_to_json(const Run& run) {
  Json nodes = Json::array();
  for (const RunNode& node : run.nodes) {
    nodes.push_back({{"node_rank", node.node_rank},
                     {"host", text_or_null(node.host)},
                     {"status", to_string(node.status)},
                     {"runner_pid", node.runner_pid > 0 ? Json(node.runner_pid) : Json()}});
  }
  return nodes;
}

constexpr std::array<std::pair<NodeStatus, std::string_view>, 5> kNodeStatuses{{{NodeStatus::starting, "Starting"},
                                                                                {NodeStatus::running, "Running"},
                                                                                {NodeStatus::finished, "Finished"},
                                                                                {NodeStatus::done, "Done"},
                                                                                {NodeStatus::lost, "Lost"}}};

}  // namespace

std::string_view to_string(NodeStatus status) {
  for (const auto& [one, name] : kNodeStatuses) {
    if (one == status) return name;
  }
  return "";
}

Result<NodeStatus> node_status_from_string(std::string_view name) {
  for (const auto& [one, known] : kNodeStatuses) {
    if (known == name) return one;
  }
  return fail(Code::invalid, "'{}' is no status of a node", name);
}

Json to_json(const RunError& error) {
  return {{"code", error.code},
          {"message", error.message},
          {"rank", value_or_null(error.rank)},
          {"node_rank", value_or_null(error.node_rank)},
          {"exit_code", value_or_null(error.exit_code)},
          {"signal", text_or_null(error.signal)},
          {"traceback", text_or_null(error.traceback)},
          {"last_lines", text_or_null(error.last_lines)},
          {"log", text_or_null(error.log)}};
}

Result<RunError> run_error_from_json(const Json& json) {
  RunError error;
  ObjectReader in(json);
  const auto small = [&](std::string_view key) {
    const auto value = in.optional_integer(key, INT32_MIN, INT32_MAX);
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  };
  error.code = in.text("code");
  error.message = in.text("message");
  error.rank = small("rank");
  error.node_rank = small("node_rank");
  error.exit_code = small("exit_code");
  error.signal = in.text_or("signal", "");
  error.traceback = in.text_or("traceback", "");
  error.last_lines = in.text_or("last_lines", "");
  error.log = in.text_or("log", "");
  MUSTER_TRY(in.finish("error"));
  return error;
}

Json to_json(const Run& run) {
  const RunSpec& spec = run.spec;
  const bool is_job = spec.kind == RunKind::job;
  const auto of_job = [&](Json value) { return is_job ? std::move(value) : Json(); };
  return {{"run_id", run.run_id},
          {"uuid", run.uuid},
          {"workspace", run.workspace},
          {"experiment", spec.experiment},
          {"kind", to_string(spec.kind)},
          {"number", run.number},
          {"lifecycle", run.deleted_at == 0 ? "active" : "deleted"},
          {"deleted_at", time_to_json(run.deleted_at)},
          {"description", text_or_null(spec.description)},
          {"display_name", text_or_null(spec.display_name)},
          {"status", to_string(run.status)},
          {"status_detail", text_or_null(run.status_detail)},
          {"attempt", run.attempt},
          {"created_at", time_to_json(run.created_at)},
          {"created_by", text_or_null(run.created_by)},
          {"started_at", time_to_json(run.started_at)},
          {"ended_at", time_to_json(run.ended_at)},
          {"stages", stages_to_json(run)},
          {"compute_target", of_job(spec.compute_target)},
          {"environment", of_job({{"name", spec.environment.name}, {"version", text_or_null(run.environment_version)}})},
          {"snapshot_id", value_or_null(spec.snapshot_id)},
          {"script", text_or_null(spec.script)},
          {"command", text_or_null(spec.command)},
          {"arguments", arguments_to_json(spec)},
          {"inputs", to_json(spec.inputs)},
          {"distribution", to_json(spec.distribution)},
          {"node_count", of_job(spec.node_count)},
          {"max_run_duration_seconds", of_job(spec.max_run_duration_seconds)},
          {"max_retries", of_job(spec.max_retries)},
          {"priority", of_job(spec.priority)},
          {"grace_seconds", of_job(spec.grace_seconds)},
          {"environment_variables", spec.environment_variables},
          {"parent_run_id", value_or_null(spec.parent_run_id)},
          {"nodes", nodes_to_json(run)},
          {"error", run.error ? to_json(*run.error) : Json()},
          {"warnings", run.warnings},
          {"tags", spec.tags},
          {"properties", spec.properties},
          {"parameters", spec.parameters}};
}

}  // namespace muster::model

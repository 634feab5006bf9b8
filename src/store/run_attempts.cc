#include "store/run_attempts.h"

#include <nlohmann/json.hpp>

#include "store/stored_spec.h"

namespace muster::store::run_attempts {
namespace {

using Stages = std::array<model::StageTimes, model::kStageCount>;

std::string to_text(const Stages& stages) {
  Json json = Json::array();
  for (const model::StageTimes& stage : stages) json.push_back({stage.started_at, stage.ended_at});
  return dump_json(json);
}

Stages from_text(std::string_view text) {
  const Json json = json_from_stored(text);
  Stages stages;
  for (std::size_t i = 0; i < stages.size() && i < json.size(); ++i) stages[i] = {json[i][0].get<TimeUs>(), json[i][1].get<TimeUs>()};
  return stages;
}

// `column` is one of our own names.
void set_json(Session& session, std::string_view column, std::int64_t run_key, int attempt, const Json& json) {
  session.run(fmt::format("UPDATE run_attempts SET {} = ? WHERE run_key = ? AND attempt = ?", column), {dump_json(json), run_key, attempt});
}

std::optional<Json> get_json(Session& session, std::string_view column, std::int64_t run_key, int attempt) {
  std::optional<Json> json;
  session.query(fmt::format("SELECT {} FROM run_attempts WHERE run_key = ? AND attempt = ?", column), {run_key, attempt},
                [&](const Row& row) {
                  if (!row.is_null(0)) json = json_from_stored(row.bytes(0));
                });
  return json;
}

}  // namespace

std::vector<Attempt> list(Session& session, std::int64_t run_key) {
  std::vector<Attempt> attempts;
  session.query("SELECT attempt, stages FROM run_attempts WHERE run_key = ? ORDER BY attempt", {run_key}, [&](const Row& row) {
    attempts.push_back({static_cast<int>(row.integer(0)), from_text(row.bytes(1))});
  });
  return attempts;
}

std::array<model::StageTimes, model::kStageCount> stages_from_stored(std::string_view text) { return from_text(text); }

void put_stages(Session& session, std::int64_t run_key, int attempt, const Stages& stages) {
  session.run(
      "INSERT INTO run_attempts (run_key, attempt, stages) VALUES (?, ?, ?) ON CONFLICT (run_key, attempt) DO UPDATE SET stages = "
      "excluded.stages",
      {run_key, attempt, to_text(stages)});
}

void set_handle(Session& session, std::int64_t run_key, int attempt, const Handle& handle) {
  session.run("UPDATE run_attempts SET engine = ?, handle = ? WHERE run_key = ? AND attempt = ?",
              {handle.engine, dump_json(handle.nodes), run_key, attempt});
}
std::optional<Handle> handle(Session& session, std::int64_t run_key, int attempt) {
  std::optional<Handle> found;
  session.query("SELECT engine, handle FROM run_attempts WHERE run_key = ? AND attempt = ? AND handle IS NOT NULL", {run_key, attempt},
                [&](const Row& row) {
                  found = Handle{row.text(0), json_from_stored(row.bytes(1))};
                });
  return found;
}

void set_to_kill(Session& session, std::int64_t run_key, int attempt, bool to_kill) {
  session.run("UPDATE run_attempts SET to_kill = ? WHERE run_key = ? AND attempt = ?", {to_kill ? 1 : 0, run_key, attempt});
}
std::vector<std::int64_t> runs_to_kill(Session& session) {
  std::vector<std::int64_t> keys;
  session.query("SELECT run_key FROM run_attempts WHERE to_kill = 1 ORDER BY run_key", {},
                [&](const Row& row) { keys.push_back(row.integer(0)); });
  return keys;
}

void set_prepared(Session& session, std::int64_t run_key, int attempt, const Json& prepared) {
  set_json(session, "prepared", run_key, attempt, prepared);
}
std::optional<Json> prepared(Session& session, std::int64_t run_key, int attempt) {
  std::optional<Json> json;
  session.query(
      "SELECT prepared FROM run_attempts WHERE run_key = ? AND attempt <= ? AND prepared IS NOT NULL ORDER BY attempt DESC LIMIT 1",
      {run_key, attempt}, [&](const Row& row) { json = json_from_stored(row.bytes(0)); });
  return json;
}

void set_resolved_environment(Session& session, std::int64_t run_key, int attempt, const Json& resolved) {
  set_json(session, "resolved_environment", run_key, attempt, resolved);
}
std::optional<Json> resolved_environment(Session& session, std::int64_t run_key, int attempt) {
  return get_json(session, "resolved_environment", run_key, attempt);
}

}  // namespace muster::store::run_attempts

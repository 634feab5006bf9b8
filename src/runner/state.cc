#include "runner/state.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace muster::runner {
namespace {

constexpr int kVersion = 1;

Json to_json(const RankState& rank) {
  return {{"rank", rank.rank}, {"local_rank", rank.local_rank}, {"log", rank.log}, {"pid", rank.pid}, {"started_at", rank.started_at}};
}

Result<RankState> rank_state_from_json(const Json& json) {
  ObjectReader in(json);
  RankState rank;
  rank.rank = static_cast<int>(in.integer("rank", model::kLauncherRank, INT32_MAX));
  rank.local_rank = static_cast<int>(in.integer("local_rank", 0, INT32_MAX));
  rank.log = in.text("log");
  rank.pid = in.integer("pid", 0, INT32_MAX);
  rank.started_at = in.integer("started_at", 0, INT64_MAX);
  MUSTER_TRY(in.finish("rank"));
  return rank;
}

}  // namespace

Json to_json(const RunnerState& state) {
  Json ranks = Json::array();
  for (const RankState& rank : state.ranks) ranks.push_back(to_json(rank));
  Json reports = Json::array();
  for (const model::RankReport& report : state.reports) reports.push_back(model::to_json(report));
  return {{"version", kVersion},       {"phase", state.phase == RunnerState::Phase::ended ? "ended" : "starting"},
          {"group", state.group},      {"container_runtime", state.container_runtime},
          {"ranks", std::move(ranks)}, {"reports", std::move(reports)}};
}

Result<RunnerState> runner_state_from_json(const Json& json) {
  ObjectReader in(json);
  const std::int64_t version = in.integer("version", 0, INT32_MAX);
  const std::string phase = in.text("phase");
  const Json* group = in.member("group");
  const Json* ranks = in.member("ranks");
  const Json* reports = in.member("reports");
  std::vector<std::string> container_runtime = in.texts_or_empty("container_runtime");
  MUSTER_TRY(in.finish("runner's state"));
  if (version != kVersion) return fail(Code::malformed, "a runner's state of version {}; this program reads version {}", version, kVersion);
  RunnerState state;
  state.phase = phase == "ended" ? RunnerState::Phase::ended : RunnerState::Phase::starting;
  if (group != nullptr) state.group = *group;
  state.container_runtime = std::move(container_runtime);
  for (const Json& item : ranks != nullptr ? *ranks : Json::array()) {
    MUSTER_TRY_ASSIGN(RankState rank, rank_state_from_json(item));
    state.ranks.push_back(std::move(rank));
  }
  for (const Json& item : reports != nullptr ? *reports : Json::array()) {
    MUSTER_TRY_ASSIGN(model::RankReport report, model::rank_report_from_json(item));
    state.reports.push_back(std::move(report));
  }
  return state;
}

Result<void> save(const RunnerState& state, const std::filesystem::path& path) {
  return write_file(path, dump_json(to_json(state)), 0644, Durable::no);
}

Result<RunnerState> load_state(const std::filesystem::path& path) {
  MUSTER_TRY_ASSIGN(const std::string text, read_file(path));
  MUSTER_TRY_ASSIGN(const Json json, parse_json(text, {64 << 20, 64}));
  return runner_state_from_json(json);
}

std::vector<model::RankReport> reports_of_the_lost(const RunnerState& state, const std::vector<int>& still_running, int node_rank,
                                                   TimeUs now) {
  std::vector<model::RankReport> reports = state.reports;
  for (const RankState& rank : state.ranks) {
    const auto known = [&](const model::RankReport& report) { return report.rank == rank.rank; };
    if (rank.pid == 0 || std::any_of(reports.begin(), reports.end(), known)) continue;
    model::RankReport report;
    report.rank = rank.rank;
    report.local_rank = rank.local_rank;
    report.node_rank = node_rank;
    report.log = rank.log;
    report.started_at = rank.started_at;
    report.ended_at = now;
    if (std::find(still_running.begin(), still_running.end(), rank.rank) != still_running.end()) {
      report.signal = "SIGKILL";
      report.stopped_by_us = true;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace muster::runner

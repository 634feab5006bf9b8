#include "client/runner_api.h"

#include <nlohmann/json.hpp>

#include "client/problem.h"

namespace muster::client {
namespace {

/// The answer's number of that name; internal when the server sent something else.
Result<std::int64_t> number_in(const Json& answer, const char* key) {
  const auto at = answer.find(key);
  if (at != answer.end() && at->is_number_integer()) return at->get<std::int64_t>();
  return fail(Code::internal, "the server's answer has no `{}`", key);
}

std::string text_in(const Json& answer, const char* key) {
  const auto at = answer.find(key);
  return at != answer.end() && at->is_string() ? at->get<std::string>() : "";
}

Json reports_json(const std::vector<model::RankReport>& reports) {
  Json ranks = Json::array();
  for (const model::RankReport& report : reports) ranks.push_back(model::to_json(report));
  return ranks;
}

}  // namespace

RunnerApi::RunnerApi(std::shared_ptr<Api> api, const std::string& run_id, int attempt, int node_rank)
    : api_(std::move(api)),
      attempt_(fmt::format("/api/v1/runner/runs/{}/attempts/{}/", encode_value(run_id), attempt)),
      base_(fmt::format("{}nodes/{}/", attempt_, node_rank)) {}

std::string RunnerApi::path(std::string_view what) const { return base_ + std::string(what); }

Result<Json> RunnerApi::call(std::string_view what, const Json& body) { return api_->post(path(what), body); }

Result<std::variant<WorkOrder, Waiting>> RunnerApi::check_in(const CheckIn& check_in) {
  const Json body{{"protocol", 2},         {"node", check_in.node},       {"version", check_in.version}, {"pid", check_in.pid},
                  {"host", check_in.host}, {"address", check_in.address}, {"port", check_in.port},       {"salvage", check_in.salvage}};
  MUSTER_TRY_ASSIGN(const Json answer, api_->post(attempt_ + "check-in", body));
  if (answer.contains("waiting_for")) {
    MUSTER_TRY_ASSIGN(const auto nodes, number_in(answer, "waiting_for"));
    MUSTER_TRY_ASSIGN(const auto rank, number_in(answer, "node_rank"));
    return Waiting{static_cast<int>(rank), static_cast<int>(nodes)};
  }
  MUSTER_TRY_ASSIGN(WorkOrder order, work_order_from_json(answer));
  return order;
}

Result<HeartbeatAnswer> RunnerApi::heartbeat(TimeUs now, std::uint64_t outbox_bytes, const WaitsForDisk& waits,
                                             std::optional<std::chrono::seconds> ran) {
  Json body{{"time", time_to_json(now)}, {"outbox_bytes", outbox_bytes}};
  if (!waits.what.empty()) body["waits_for_disk"] = {{"what", waits.what}, {"code", to_string(waits.code)}, {"detail", waits.detail}};
  if (ran) body["ran_seconds"] = ran->count();
  MUSTER_TRY_ASSIGN(const Json answer, call("heartbeat", body));
  HeartbeatAnswer result;
  MUSTER_TRY_ASSIGN(result.server_time, from_rfc3339(text_in(answer, "time")));
  if (const auto stop = answer.find("stop"); stop != answer.end() && stop->is_object()) {
    MUSTER_TRY_ASSIGN(const auto grace, number_in(*stop, "grace_seconds"));
    result.stop = StopOrder{text_in(*stop, "reason"), text_in(*stop, "code"), grace};
  }
  return result;
}

Result<void> RunnerApi::started(const std::vector<StartedRank>& ranks) {
  Json list = Json::array();
  for (const StartedRank& one : ranks) list.push_back({{"rank", one.rank}, {"pid", one.pid}, {"started_at", time_to_json(one.started_at)}});
  MUSTER_TRY(call("started", {{"ranks", std::move(list)}}));
  return {};
}

Result<void> RunnerApi::rank_failed(const model::RankReport& report) {
  MUSTER_TRY(call("rank-failed", model::to_json(report)));
  return {};
}

Result<void> RunnerApi::finished(const std::vector<model::RankReport>& reports) {
  MUSTER_TRY(call("finished", {{"ranks", reports_json(reports)}}));
  return {};
}

Result<void> RunnerApi::done(const std::vector<std::string>& warnings, const Json& resolved_environment, const NotKept& not_kept,
                             const std::vector<LogSize>& logs) {
  Json body{{"warnings", warnings}, {"resolved_environment", resolved_environment}};
  if (!not_kept.message.empty()) body["not_kept"] = {{"code", not_kept.code}, {"message", not_kept.message}};
  Json sizes = Json::array();
  for (const LogSize& log : logs) sizes.push_back({{"path", log.path}, {"size", log.size}});
  body["logs"] = std::move(sizes);
  MUSTER_TRY(call("done", body));
  return {};
}

Result<LogAnswer> RunnerApi::put_log(std::string_view log, std::uint64_t offset, TimeUs time, std::optional<int> rank, std::string bytes) {
  Query query{{"path", std::string(log)}, {"offset", std::to_string(offset)}, {"time", to_rfc3339(time)}};
  if (rank) query.emplace_back("rank", std::to_string(*rank));
  HttpRequest request = api_->request_for("PUT", path("logs"), query);
  request.headers.emplace_back("Content-Type", "application/octet-stream");
  request.body = std::move(bytes);
  MUSTER_TRY_ASSIGN(const HttpResponse response, api_->exchange(request));

  // A conflict that says how much the server has is an answer, not a fault.
  const auto answer = parse_json(response.body);
  const bool gap = response.status == 409 && answer && answer->is_object() && answer->contains("size");
  if (!response.succeeded() && !gap) return tl::unexpected(error_of(response));
  if (!answer) return fail(Code::internal, "the server's answer cannot be read: {}", answer.error().detail);
  MUSTER_TRY_ASSIGN(const auto size, number_in(*answer, "size"));
  return LogAnswer{static_cast<std::uint64_t>(size), gap};
}

Result<std::uint64_t> RunnerApi::post_metrics(std::string_view process, std::uint64_t sequence, std::optional<int> rank,
                                              std::string records) {
  Query query{{"process", std::string(process)}, {"sequence", std::to_string(sequence)}};
  if (rank) query.emplace_back("rank", std::to_string(*rank));
  MUSTER_TRY_ASSIGN(const Json answer, api_->post_bytes(path("metrics"), query, "application/x-muster-journal", std::move(records)));
  MUSTER_TRY_ASSIGN(const auto next, number_in(answer, "next_sequence"));
  return static_cast<std::uint64_t>(next);
}

Result<std::uint64_t> RunnerApi::post_machine(std::string_view process, std::uint64_t sequence, std::string records) {
  const Query query{{"process", std::string(process)}, {"sequence", std::to_string(sequence)}};
  MUSTER_TRY_ASSIGN(const Json answer, api_->post_bytes(path("machine"), query, "application/x-muster-journal", std::move(records)));
  MUSTER_TRY_ASSIGN(const auto next, number_in(answer, "next_sequence"));
  return static_cast<std::uint64_t>(next);
}

Result<std::vector<std::string>> RunnerApi::record_outputs(const std::vector<OutputFile>& files) {
  Json list = Json::array();
  for (const OutputFile& file : files) list.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
  MUSTER_TRY_ASSIGN(const Json answer, call("outputs", {{"files", std::move(list)}}));
  std::vector<std::string> warnings;
  if (const auto all = answer.find("warnings"); all != answer.end() && all->is_array()) {
    for (const Json& one : *all) {
      if (one.is_string()) warnings.push_back(one.get<std::string>());
    }
  }
  return warnings;
}

}  // namespace muster::client

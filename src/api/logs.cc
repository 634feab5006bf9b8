#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/log_follower.h"
#include "api/merged_log.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/run_log.h"
#include "base/hash.h"
#include "base/text.h"

namespace muster::api {
namespace {

using store::runs::Brief;

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr std::int64_t kSignedSeconds = 8 * 60 * 60;
constexpr std::int64_t kMicroseconds = 1'000'000;

std::string signature_of(const Call& call, const store::LogId& log, std::int64_t expires) {
  return call.services.scheduler.tokens().log_signature(log.run_uuid, log.attempt, log.node_rank, log.path, expires);
}

Result<http::Response> list_logs(Call& call) {
  QueryReader query(call.request);
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  const bool with_signatures = query.flag("signed");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const Brief run, run_of(call));
  const std::int64_t expires = call.services.clock.now_us() / kMicroseconds + kSignedSeconds;
  MUSTER_TRY_ASSIGN(const auto logs,
                    call.services.logs.list(run.uuid, attempt ? std::optional<int>(static_cast<int>(*attempt)) : std::nullopt));
  Json list = Json::array();
  for (const store::LogInfo& log : logs) {
    list.push_back({{"path", log.id.path},
                    {"size", log.size},
                    {"node_rank", log.id.node_rank},
                    {"rank", log.rank ? Json(*log.rank) : Json()},
                    {"attempt", log.id.attempt},
                    {"complete", log.complete || model::has_ended(run.status)}});
    if (!with_signatures) continue;
    list.back()["expires"] = expires;
    list.back()["signature"] = signature_of(call, log.id, expires);
  }
  return http::json_response(200, {{"logs", std::move(list)}});
}

Result<http::Response> get_log(Call& call) {
  QueryReader query(call.request);
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  const auto node_rank = query.integer("node_rank", 0, INT32_MAX);
  const auto offset = static_cast<std::uint64_t>(query.integer("offset", 0, INT64_MAX).value_or(0));
  const auto limit = static_cast<std::uint64_t>(query.integer("limit", 1, INT64_MAX).value_or(INT64_MAX));
  const bool follow = query.flag("follow");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const Brief run, run_of(call));
  MUSTER_TRY_ASSIGN(const store::LogInfo log,
                    run_log(call, run, call.parameter("path"), static_cast<int>(attempt.value_or(run.attempt)), node_rank));
  const bool complete = log.complete || model::has_ended(run.status);
  http::Response response{
      200,
      {{"content-type", kText}, {"muster-log-size", std::to_string(log.size)}, {"muster-log-complete", complete ? "true" : "false"}},
      {}};
  if (follow) {
    response.body = log_follower(call.services, run, log.id, offset, limit);
    return response;
  }
  MUSTER_TRY_ASSIGN(Fd file, call.services.logs.open(log.id));
  const std::uint64_t begin = std::min(offset, log.size);
  response.body =
      http::SourceRange{file_source(std::move(file), log.size, "the log " + log.id.path), begin, std::min(limit, log.size - begin)};
  return response;
}

/// For programs that are given an address and no token. Whether the run or the log is there is not told to who has no signature.
Result<http::Response> get_signed_log(Call& call) {
  QueryReader query(call.request);
  const auto attempt = static_cast<int>(query.required_integer("attempt", 1, INT32_MAX));
  const auto node_rank = static_cast<int>(query.required_integer("node_rank", 0, INT32_MAX));
  const std::int64_t expires = query.required_integer("expires", 0, INT64_MAX);
  const std::string signature = query.required_text("signature");
  MUSTER_TRY(query.finish());
  const auto refused = [](std::string detail) {
    return tl::unexpected(
        Error{Code::unauthorized, std::move(detail), "ask for the run's logs again: their addresses are good for 8 hours", {}});
  };
  if (expires < call.services.clock.now_us() / kMicroseconds) return refused("the address has expired");
  const auto run = run_of(call);
  const store::LogId log{run ? run->uuid : "", attempt, node_rank, call.parameter("path")};
  if (!equal_secrets(signature_of(call, log, expires), signature) || !run) return refused("the address is not one that this server gave");
  MUSTER_TRY_ASSIGN(const store::LogInfo found, run_log(call, *run, call.parameter("path"), attempt, node_rank));
  MUSTER_TRY_ASSIGN(Fd file, call.services.logs.open(found.id));
  return http::Response{200,
                        {{"content-type", kText}},
                        http::SourceRange{file_source(std::move(file), found.size, "the log " + found.id.path), 0, found.size}};
}

/// Silence is no answer to who asks for a rank or an attempt that there never was. One that may still come is waited for.
Result<void> check_there_is(Call& call, const Brief& run, const MergeWishes& wishes) {
  if (wishes.attempt > run.attempt) {
    return fail_hint(Code::not_found, fmt::format("its newest attempt is {}", run.attempt), "run {} has no attempt {}", run.run_id,
                     wishes.attempt);
  }
  const bool may_come = wishes.follow && wishes.attempt == run.attempt && !model::has_ended(run.status);
  if (!wishes.ranks || may_come) return {};
  MUSTER_TRY_ASSIGN(const std::set<int> there, ranks_with_logs(call.services, run, wishes.attempt));
  for (const int rank : *wishes.ranks) {
    if (there.contains(rank)) continue;
    return fail_hint(Code::not_found,
                     there.empty() ? "it has written none yet" : fmt::format("there are ranks {} to {}", *there.begin(), *there.rbegin()),
                     "attempt {} of run {} has no log of rank {}", wishes.attempt, run.run_id, rank);
  }
  return {};
}

Result<http::Response> get_merged_log(Call& call) {
  QueryReader query(call.request);
  MergeWishes wishes;
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  if (const auto ranks = query.text("ranks")) {
    wishes.ranks.emplace();
    for (const std::string_view rank : split(*ranks, ',')) {
      std::int64_t number = 0;
      if (parse_int64(rank, number) && number >= 0 && number <= INT32_MAX)
        wishes.ranks->insert(static_cast<int>(number));
      else
        query.fault("ranks", fmt::format("must be numbers separated by commas, as in 0,2, not '{}'", ranks->substr(0, 40)));
    }
  }
  if (const auto skip = query.text("skip")) {
    for (const std::string_view one : split(*skip, ',')) {
      const auto parts = split(one, ':');
      std::int64_t rank = 0;
      std::int64_t lines = 0;
      if (parts.size() == 2 && parse_int64(parts[0], rank) && parse_int64(parts[1], lines) && rank >= 0 && rank <= INT32_MAX && lines >= 0)
        wishes.skip[static_cast<int>(rank)] = static_cast<std::uint64_t>(lines);
      else
        query.fault("skip", fmt::format("must be ranks with their numbers of lines, as in 0:12,2:9, not '{}'", skip->substr(0, 40)));
    }
  }
  wishes.follow = query.flag("follow");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const Brief run, run_of(call));
  wishes.attempt = static_cast<int>(attempt.value_or(run.attempt));
  MUSTER_TRY(check_there_is(call, run, wishes));
  return http::Response{200, {{"content-type", kText}}, merged_log(call.services, run, std::move(wishes))};
}

}  // namespace

void add_log_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/runs/{run}";
  routes.add("GET", base + "/logs", {Users::reader, Runs::own_run}, list_logs);
  routes.add("GET", base + "/logs/{path...}", {Users::reader, Runs::own_run}, get_log);
  routes.add("GET", "/api/v1/signed-logs/{workspace}/{run}/{path...}", {Users::anyone}, get_signed_log);
  routes.add("GET", base + "/merged-log", {Users::reader, Runs::own_run}, get_merged_log);
}

}  // namespace muster::api

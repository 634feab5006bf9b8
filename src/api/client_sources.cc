// What clients send of a run: points, as sources of their own, and the logs of interactive runs. A repeated call changes nothing, and what
// is answered is on the disk.

#include <algorithm>
#include <mutex>

#include <nlohmann/json.hpp>

#include "api/points.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/room.h"
#include "base/crash_point.h"
#include "base/text.h"
#include "store/sources.h"

namespace muster::api {
namespace {

using store::runs::Brief;

constexpr std::uint64_t kPointsBytes = 8u << 20;
constexpr std::uint64_t kClientLogBytes = 4u << 20;
constexpr std::size_t kMostClientLogs = 1000;
constexpr std::size_t kLongestSourceId = 64;

bool is_source_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestSourceId &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

Result<PointBatch> read_batch(const Call& call) {
  const auto type = call.request.headers.find("content-type");
  const std::string kind = type == call.request.headers.end() ? "application/json" : type->second.substr(0, type->second.find(';'));
  if (kind == "application/octet-stream") return points_from_records(call.request.body);
  if (kind == "application/json") {
    MUSTER_TRY_ASSIGN(const Json body, json_body(call, kPointsBytes));
    return points_from_json(body, call.services.clock.now_us());
  }
  return fail_hint(Code::invalid, "send application/json, or records of the metric journal as application/octet-stream",
                   "points do not come as '{}'", to_utf8(kind.substr(0, 100)));
}

Result<http::Response> post_points(Call& call) {
  QueryReader query(call.request);
  const std::string id = query.required_text("source");
  if (!id.empty() && !is_source_id(id))
    query.fault("source", fmt::format("must be 1 to {} letters, digits and '-'", kLongestSourceId),
                "choose one at random for each process");
  const std::int64_t sequence = query.required_integer("sequence", 0, INT64_MAX);
  const auto rank = static_cast<int>(query.integer("rank", 0, INT32_MAX).value_or(0));
  MUSTER_TRY(query.finish());
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(const PointBatch batch, read_batch(call));
  const std::string source = store::sources::of_client(id);
  std::int64_t expected = 0;
  const auto next = call.services.store.write([&](store::Session& session) -> Result<std::int64_t> {
    MUSTER_TRY_ASSIGN(const Brief run, run_to_change(call, session));
    expected = store::sources::next_sequence(session, run.key, source);
    return store_points(session, source, {run.key, run.attempt, rank}, sequence, batch);
  });
  if (!next && next.error().code == Code::conflict && sequence > expected)
    return http::problem_response(next.error(), {{"next_sequence", expected}});
  if (!next) return tl::unexpected(next.error());
  crash_point("server.points.stored");
  return http::json_response(200, {{"next_sequence", *next}});
}

/// Bytes that are there already must be those that come again: anything else is another writer's.
Result<void> check_same(const store::LogStore& logs, const store::LogId& id, std::uint64_t offset, std::uint64_t size,
                        std::string_view bytes) {
  if (offset >= size) return {};
  MUSTER_TRY_ASSIGN(const std::string there, logs.read(id, offset, std::min<std::size_t>(bytes.size(), size - offset)));
  if (bytes.substr(0, there.size()) == there) return {};
  return fail_hint(Code::conflict, "a log has one writer: give each a name of its own", "the log {} has other bytes at {}", id.path,
                   offset);
}

Result<void> check_log_count(const store::LogStore& logs, const Brief& run) {
  MUSTER_TRY_ASSIGN(const auto there, logs.list(run.uuid, run.attempt));
  if (there.size() < kMostClientLogs) return {};
  return fail_hint(Code::invalid, "upload many small files as artifacts", "an interactive run may have at most {} logs", kMostClientLogs);
}

Result<http::Response> put_log(std::mutex& one_at_a_time, Call& call) {
  QueryReader query(call.request);
  const auto offset = static_cast<std::uint64_t>(query.required_integer("offset", 0, INT64_MAX));
  MUSTER_TRY(query.finish());
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(const Brief run, run_to_change(call));
  if (run.kind != model::RunKind::interactive)
    return fail_hint(Code::conflict, "print in the job, or write to logs/ there", "run {} is a {}: its logs come from its nodes",
                     run.run_id, to_string(run.kind));
  if (model::has_ended(run.status))
    return fail(Code::conflict, "run {} has ended, and its logs with it: it is {}", run.run_id, model::to_string(run.status));
  const store::LogId id{run.uuid, run.attempt, 0, call.parameter("path")};
  store::LogStore& logs = call.services.logs;
  std::uint64_t size = 0;
  {
    const std::lock_guard lock(one_at_a_time);  // between the look and the write
    MUSTER_TRY_ASSIGN(const std::uint64_t there, logs.size(id));
    if (there == 0) MUSTER_TRY(check_log_count(logs, run));
    if (offset > there) {
      const Error gap{Code::conflict,
                      fmt::format("the log {} has {} bytes, and {} are missing before {}", id.path, there, offset - there, offset),
                      fmt::format("send it from byte {} on", there),
                      {}};
      return http::problem_response(gap, {{"size", there}});
    }
    MUSTER_TRY(check_same(logs, id, offset, there, call.request.body));
    MUSTER_TRY_ASSIGN(size, logs.append(id, offset, call.request.body, call.services.clock.now_us(), std::nullopt));
  }
  MUSTER_TRY(logs.sync(run.uuid, run.attempt, 0));
  crash_point("server.client_log.synced");
  call.services.changes.notify(run.key, {id, size});
  return http::json_response(200, {{"size", size}});
}

}  // namespace

void add_client_source_routes(Routes& routes) {
  const std::string run = "/api/v1/workspaces/{workspace}/runs/{run}";
  routes.add("POST", run + "/metrics", {Users::contributor, Runs::own_run}, post_points, kPointsBytes);
  routes.add(
      "PUT", run + "/logs/{path...}", {Users::contributor, Runs::own_run},
      [one_at_a_time = std::make_shared<std::mutex>()](Call& call) { return put_log(*one_at_a_time, call); }, kClientLogBytes);
}

}  // namespace muster::api

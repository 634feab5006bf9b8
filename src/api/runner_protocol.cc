// The runner's protocol: what a node says is handed to the scheduler, the log store and the store. Every call may be repeated.
#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "api/points.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/room.h"
#include "base/crash_point.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/node_series.h"
#include "store/artifacts.h"
#include "store/run_nodes.h"
#include "store/runs.h"
#include "store/sources.h"

namespace muster::api {
namespace {

constexpr std::int64_t kProtocol = 2;
constexpr std::uint64_t kLogBytes = 4u << 20;
constexpr std::uint64_t kJournalBytes = 8u << 20;
constexpr std::uint64_t kOutputsBytes = 64u << 20;  ///< a manifest of 100,000 files
constexpr std::size_t kLongestText = 10'000;
constexpr std::int64_t kMostSeconds = 1'000'000'000;

Result<scheduler::NodeId> node_of(const Call& call) {
  scheduler::NodeId node;
  node.run_id = call.parameter("run_id");
  std::int64_t attempt = 0;
  std::int64_t rank = 0;
  if (!parse_int64(call.parameter("attempt"), attempt) || attempt < 1 || attempt > INT32_MAX ||
      !parse_int64(call.parameter("node_rank"), rank) || rank < 0 || rank > INT32_MAX) {
    return fail(Code::not_found, "there is no node {} of attempt {}", call.parameter("node_rank").substr(0, 40),
                call.parameter("attempt").substr(0, 40));
  }
  node.attempt = static_cast<int>(attempt);
  node.node_rank = static_cast<int>(rank);
  return node;
}

/// The run as it was when the request came: what it is does not change, where it stands may.
const model::Run& run_of_caller(const Call& call) { return *call.caller.run->run; }

/// Where it stands, inside the transaction that writes for a node of it: not over.
Result<void> check_goes_on(const Call& call, store::Session& session) {
  const auto run = store::runs::find_brief(session, run_of_caller(call).key);
  if (!run) return fail(Code::not_found, "there is no run {}", call.caller.run->run_id);
  return check_not_over(call, *run);
}

http::Response done_response() { return http::json_response(200, Json::object()); }

/// Of what an attempt that is over was refused, its runner hears just that.
Result<http::Response> heard(const Call& call, const Result<void>& taken) {
  if (taken) return done_response();
  MUSTER_TRY(check_not_over(call));
  return tl::unexpected(taken.error());
}

std::string short_text(ObjectReader& in, std::string_view field) {
  std::string text = in.text_or(field, "");
  if (text.size() > kLongestText) in.fault(std::string(field), fmt::format("must have at most {} bytes", kLongestText));
  return text;
}

Result<http::Response> check_in(Call& call) {
  engine::AttemptId attempt{call.parameter("run_id"), 0};
  std::int64_t number = 0;
  if (!parse_int64(call.parameter("attempt"), number) || number < 1 || number > INT32_MAX)
    return fail(Code::not_found, "there is no attempt {}", call.parameter("attempt").substr(0, 40));
  attempt.attempt = static_cast<int>(number);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  if (const auto protocol = in.integer("protocol", 0, INT32_MAX); protocol != kProtocol) {
    in.fault("protocol", fmt::format("must be {}, the one that this server speaks", kProtocol),
             "the server and the runner are of different versions");
  }
  short_text(in, "version");
  scheduler::CheckIn arrival;
  arrival.node = in.text("node");
  if (!arrival.node.empty() && !engine::is_node_key(arrival.node))
    in.fault("node", fmt::format("must be 1 to {} letters, digits, '.', '_' and '-'", engine::kLongestNodeKey));
  arrival.host = short_text(in, "host");
  arrival.address = short_text(in, "address");
  arrival.port = static_cast<int>(in.integer_or("port", 0, 0, 65'535));
  arrival.pid = in.integer_or("pid", 0, 0, INT64_MAX);
  arrival.salvage = in.boolean_or("salvage", false);
  MUSTER_TRY(in.finish("check-in"));
  MUSTER_TRY_ASSIGN(const auto checked_in, call.services.scheduler.check_in(attempt, arrival));
  crash_point("server.check_in.stored");
  if (checked_in.order) return http::json_response(200, *checked_in.order);
  return http::json_response(202, {{"node_rank", checked_in.node_rank}, {"waiting_for", checked_in.waiting_for}});
}

Result<http::Response> heartbeat(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  in.text_or("time", "");
  in.integer_or("outbox_bytes", 0, 0, INT64_MAX);
  scheduler::Heartbeat beat;
  scheduler::WaitsForDisk& waits = beat.waits;
  if (const auto ran = in.optional_integer("ran_seconds", 0, kMostSeconds)) beat.ran = std::chrono::seconds(*ran);
  if (const Json* waiting = in.member("waits_for_disk"); waiting != nullptr) {
    ObjectReader one(*waiting);
    waits.what = short_text(one, "what");
    waits.is_full = one.text("code") == to_string(Code::disk_full);
    waits.detail = short_text(one, "detail");
    if (const auto read = one.finish("waits_for_disk"); !read) in.adopt("waits_for_disk", read.error());
  }
  MUSTER_TRY(in.finish("heartbeat"));
  MUSTER_TRY_ASSIGN(const auto stop, call.services.scheduler.heartbeat(node, std::move(beat)));
  Json answer{{"time", time_to_json(call.services.clock.now_us())}, {"stop", nullptr}};
  if (stop) answer["stop"] = {{"reason", stop->reason}, {"code", stop->code}, {"grace_seconds", stop->grace_seconds}};
  return http::json_response(200, answer);
}

Result<http::Response> started(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const Json* ranks = in.member("ranks");
  if (ranks == nullptr || !ranks->is_array()) in.fault("ranks", "must be a list");
  TimeUs first = 0;
  for (std::size_t i = 0; ranks != nullptr && ranks->is_array() && i < ranks->size(); ++i) {
    const std::string field = fmt::format("ranks[{}]", i);
    ObjectReader one((*ranks)[i]);
    one.integer("rank", 0, INT32_MAX);
    one.integer_or("pid", 0, 0, INT64_MAX);
    const auto at = from_rfc3339(one.text("started_at"));
    if (!at)
      one.fault("started_at", "must be a time");
    else if (first == 0 || *at < first)
      first = *at;
    if (const auto read = one.finish("rank"); !read) in.adopt(field, read.error());
  }
  MUSTER_TRY(in.finish("started"));
  if (first == 0) first = call.services.clock.now_us();  // an MPI run's node, whose ranks mpirun starts
  MUSTER_TRY(call.services.scheduler.started(node, first));
  crash_point("server.started.stored");
  return done_response();
}

Result<http::Response> rank_failed(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY_ASSIGN(const model::RankReport report, model::rank_report_from_json(body));
  MUSTER_TRY(call.services.scheduler.rank_failed(node, report));
  return done_response();
}

/// The node's logs are on the disk, and hold as much as its runner has seen taken: else it sends the rest again, since its copy is the only
/// one. A power cut or a disk that failed took what was answered before.
Result<void> sync_logs(const Call& call, const scheduler::NodeId& node, const std::map<std::string, std::uint64_t>& sizes) {
  if (!call.caller.run->run || !check_not_over(call)) return {};  // said again after it was heard: the logs were synced then
  const model::Run& run = run_of_caller(call);
  MUSTER_TRY(call.services.logs.sync(run.uuid, node.attempt, node.node_rank));
  for (const auto& [path, size] : sizes) {
    MUSTER_TRY_ASSIGN(const std::uint64_t there, call.services.logs.size({run.uuid, node.attempt, node.node_rank, path}));
    if (there < size)
      return fail_hint(Code::storage_failed, "send the rest of it again", "the log {} has {} bytes on the server, not {}", path, there,
                       size);
  }
  return {};
}

Result<http::Response> finished(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const Json* ranks = in.member("ranks");
  std::vector<model::RankReport> reports;
  if (ranks == nullptr || !ranks->is_array()) in.fault("ranks", "must be a list");
  for (std::size_t i = 0; ranks != nullptr && ranks->is_array() && i < ranks->size(); ++i) {
    auto report = model::rank_report_from_json((*ranks)[i]);
    if (report)
      reports.push_back(std::move(*report));
    else
      in.adopt(fmt::format("ranks[{}]", i), report.error());
  }
  MUSTER_TRY(in.finish("finished"));
  MUSTER_TRY(sync_logs(call, node, {}));
  const auto taken = call.services.scheduler.finished(node, reports);
  crash_point("server.finished.stored");
  return heard(call, taken);
}

Result<http::Response> done(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const std::vector<std::string> warnings = in.texts_or_empty("warnings");
  const Json* resolved = in.member("resolved_environment");
  scheduler::NotKept not_kept;
  if (const Json* lost = in.member("not_kept"); lost != nullptr) {
    ObjectReader one(*lost);
    not_kept.code = one.text("code");
    not_kept.message = short_text(one, "message");
    if (not_kept.code != scheduler::kDiskFull && not_kept.code != scheduler::kNotKept) one.fault("code", "must be disk_full or not_kept");
    if (not_kept.message.empty()) one.fault("message", "must say what and where");
    if (const auto read = one.finish("not_kept"); !read) in.adopt("not_kept", read.error());
  }
  std::map<std::string, std::uint64_t> sizes;
  if (const Json* logs = in.member("logs"); logs != nullptr) {
    if (!logs->is_array()) in.fault("logs", "must be a list");
    for (std::size_t i = 0; logs->is_array() && i < logs->size(); ++i) {
      ObjectReader one((*logs)[i]);
      const std::string path = one.text("path");
      sizes[path] = static_cast<std::uint64_t>(one.integer("size", 0, INT64_MAX));
      if (const auto read = one.finish("log"); !read) in.adopt(fmt::format("logs[{}]", i), read.error());
    }
  }
  MUSTER_TRY(in.finish("done"));
  MUSTER_TRY(sync_logs(call, node, sizes));
  const auto taken = call.services.scheduler.done(node, warnings, resolved != nullptr ? *resolved : Json(), not_kept);
  crash_point("server.done.stored");
  return heard(call, taken);
}

Result<http::Response> put_logs(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  QueryReader query(call.request);
  store::LogId id{"", node.attempt, node.node_rank, query.required_text("path")};
  const auto offset = static_cast<std::uint64_t>(query.required_integer("offset", 0, INT64_MAX));
  const auto time = query.text("time");
  const auto rank = query.integer("rank", 0, INT32_MAX);
  TimeUs written_at = call.services.clock.now_us();
  if (time) {
    const auto read = from_rfc3339(*time);
    if (read)
      written_at = *read;
    else
      query.fault("time", read.error().detail);
  }
  MUSTER_TRY(query.finish());
  MUSTER_TRY(check_not_over(call));
  const model::Run& run = run_of_caller(call);
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  id.run_uuid = run.uuid;
  const auto size = call.services.logs.append(id, offset, call.request.body, written_at,
                                              rank ? std::optional<int>(static_cast<int>(*rank)) : std::nullopt);
  if (!size && size.error().code == Code::conflict) {
    MUSTER_TRY_ASSIGN(const std::uint64_t there, call.services.logs.size(id));
    return http::problem_response(size.error(), {{"size", there}});
  }
  if (!size) return tl::unexpected(size.error());
  crash_point("server.log.appended");
  call.services.changes.notify(run.key, {id, *size});
  return http::json_response(200, {{"size", *size}});
}

/// The points of a source of the node, whose series are those of a rank; `rank_of` reads it of the query.
template <typename RankOf>
Result<http::Response> take_points(Call& call, RankOf rank_of) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  QueryReader query(call.request);
  const std::string process = query.required_text("process");
  const bool is_key =
      process.size() <= 64 && std::all_of(process.begin(), process.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
  if (!is_key) query.fault("process", "must be a journal's key: letters, digits and '-'");
  const std::int64_t sequence = query.required_integer("sequence", 0, INT64_MAX);
  const int rank = rank_of(query, node);
  MUSTER_TRY(query.finish());
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(const PointBatch batch, points_from_records(call.request.body));
  const std::string source = store::sources::of_journal(node.attempt, node.node_rank, process);
  MUSTER_TRY_ASSIGN(const std::int64_t next, call.services.store.write([&](store::Session& session) -> Result<std::int64_t> {
    MUSTER_TRY(check_goes_on(call, session));
    const store::metrics::Writer writer{run_of_caller(call).key, node.attempt, rank};
    const auto stored = store_points(session, source, writer, sequence, batch);
    crash_point("server.metrics.in_transaction");
    return stored;
  }));
  crash_point("server.metrics.stored");
  return http::json_response(200, {{"next_sequence", next}});
}

Result<http::Response> post_metrics(Call& call) {
  return take_points(
      call, [](QueryReader& query, const scheduler::NodeId&) { return static_cast<int>(query.integer("rank", 0, INT32_MAX).value_or(0)); });
}

/// How much the node is used.
Result<http::Response> post_machine(Call& call) {
  return take_points(call, [](QueryReader&, const scheduler::NodeId& node) { return model::series_rank_of_node(node.node_rank); });
}

Result<std::vector<model::Artifact>> read_outputs(const Json& body, blob::BlobStore& blobs) {
  ObjectReader in(body);
  const Json* list = in.member("files");
  std::vector<model::Artifact> files;
  if (list == nullptr || !list->is_array()) in.fault("files", "must be a list");
  for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->size(); ++i) {
    const std::string field = fmt::format("files[{}]", i);
    ObjectReader one((*list)[i]);
    model::Artifact file;
    file.path = one.text("path");
    file.size = static_cast<std::uint64_t>(one.integer("size", 0, INT64_MAX));
    file.sha256 = one.text("sha256");
    if (!is_safe_relative_path(file.path)) one.fault("path", "must be a relative path without empty parts, '.' or '..'");
    const auto info = is_sha256(file.sha256) ? blobs.stat(file.sha256) : fail(Code::not_found, "no hash");
    if (!info)
      one.fault("sha256", "is not on the server", "upload it with PUT blobs/{sha256} first");
    else if (info->size != file.size)
      one.fault("size", fmt::format("is {} by the blob's sha256", info->size));
    if (const auto read = one.finish("file"); !read) in.adopt(field, read.error());
    files.push_back(std::move(file));
  }
  MUSTER_TRY(in.finish("outputs"));
  return files;
}

Result<http::Response> put_outputs(Call& call) {
  MUSTER_TRY_ASSIGN(const scheduler::NodeId node, node_of(call));
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call, kOutputsBytes));
  MUSTER_TRY_ASSIGN(auto files, read_outputs(body, call.services.blobs));
  MUSTER_TRY_ASSIGN(const auto warnings, call.services.store.write([&](store::Session& session) -> Result<std::vector<std::string>> {
    MUSTER_TRY(check_goes_on(call, session));
    const model::Run& run = run_of_caller(call);
    for (model::Artifact& file : files) {
      file.created_at = call.services.clock.now_us();
      file.created_by = run.created_by;
      file.attempt = node.attempt;
    }
    std::vector<std::string> warnings = store::artifacts::put_outputs(session, run.key, node.attempt, node.node_rank, files);
    MUSTER_TRY(store::artifacts::check_count(session, run.key));
    return warnings;
  }));
  crash_point("server.outputs.stored");
  // The runner tells them with its last word (done), which is how they come to be the run's.
  return http::json_response(200, {{"warnings", warnings}});
}

}  // namespace

void add_runner_protocol_routes(Routes& routes) {
  const std::string attempt = "/api/v1/runner/runs/{run_id}/attempts/{attempt}/";
  const std::string base = attempt + "nodes/{node_rank}/";
  routes.add("POST", attempt + "check-in", {Users::nobody, Runs::runner}, check_in);
  routes.add("POST", base + "heartbeat", {Users::nobody, Runs::runner}, heartbeat);
  routes.add("POST", base + "started", {Users::nobody, Runs::runner}, started);
  routes.add("POST", base + "rank-failed", {Users::nobody, Runs::runner}, rank_failed);
  routes.add("POST", base + "finished", {Users::nobody, Runs::last_report}, finished);
  routes.add("POST", base + "done", {Users::nobody, Runs::last_report}, done);
  routes.add("PUT", base + "logs", {Users::nobody, Runs::runner}, put_logs, kLogBytes);
  routes.add("POST", base + "metrics", {Users::nobody, Runs::runner}, post_metrics, kJournalBytes);
  routes.add("POST", base + "machine", {Users::nobody, Runs::runner}, post_machine, kJournalBytes);
  routes.add("POST", base + "outputs", {Users::nobody, Runs::runner}, put_outputs, kOutputsBytes);
}

}  // namespace muster::api

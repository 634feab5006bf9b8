#pragma once
// For this room's tests: a server that keeps what a runner sends in memory, and can be away.

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "model/journal.h"
#include "model/server_proof.h"
#include "support/fake_http_server.h"

namespace muster::test {

/// The run that the fake server has. Of this process alone: a process group is known by its run's name on the whole machine, and tests of
/// two checkouts may run at once.
inline const std::string& fake_run_id() {
  static const std::string id = [] {
    const char* given = std::getenv("MUSTER_TEST_RUN_ID");  // a runner's, in a process of its own
    return given != nullptr ? std::string(given) : fmt::format("fake_{}_0a", ::getpid());
  }();
  return id;
}
inline std::string fake_group() { return fake_run_id() + "-1-0"; }

inline constexpr const char* kProofKey = "proof-key";  ///< as the runner has it

/// What has arrived so far.
struct Arrived {
  std::map<std::string, std::string> logs;                ///< by path
  std::map<std::string, std::vector<double>> points;      ///< numbers by process
  std::map<std::string, std::optional<int>> point_ranks;  ///< by process
  std::map<std::string, std::string> blobs;               ///< by sha256
  std::map<std::string, std::string> outputs;             ///< path to sha256
  std::map<std::string, std::string> data;                ///< of the datastore: path to sha256
  std::vector<std::string> calls;  ///< "check-in", "started", "rank-failed", …; logs, metrics and heartbeats left out
  std::vector<Json> failed;
  std::vector<Json> finished;  ///< the last call's reports
  Json check_in;
  std::vector<Json> check_ins;
  Json started;
  Json done;
  std::map<std::string, int> refused;  ///< calls that were refused on purpose, by kind
  Json last_wait;                      ///< what the last heartbeat said of the disk
  int heartbeats = 0;
  Json ran_seconds;  ///< as the last heartbeat said
  int faults = 0;    ///< calls that no runner should make
};

class FakeMuster {
 public:
  FakeMuster() : http_([this](const FakeRequest& request) { return answer(request); }) {}

  /// Where runners find it. Takes the lock, so that what was set before is seen by the threads that answer.
  std::string url() const {
    const std::lock_guard lock(mutex_);
    return http_.url();
  }

  // What it gives out; set before the runner starts.
  Json order;
  std::string snapshot;                        ///< tar
  int broken_snapshots = 0;                    ///< how often the snapshot breaks off
  int waits = 0;                               ///< how often a check-in has to wait
  std::map<std::string, std::string> earlier;  ///< outputs of earlier attempts
  std::string lost_at_done;                    ///< a log that its disk loses when the runner comes to its last word

  /// A kind of call ("logs", "metrics", "blobs", "outputs", "finished", "done") is answered with this problem `times` times.
  void refuse(const std::string& kind, int status, std::string code, int times) {
    const std::lock_guard lock(mutex_);
    refusals_[kind] = {status, std::move(code), times};
  }
  std::function<void(pid_t)> on_check_in;  ///< called with the runner's
  /// Called, with no lock held by the caller, whenever a runner asks which blobs are missing.
  std::function<void()> on_missing;

  void set_stop(std::string code, int grace_seconds) {
    const std::lock_guard lock(mutex_);
    stop_ = Json{{"code", std::move(code)}, {"reason", "because"}, {"grace_seconds", grace_seconds}};
  }
  void set_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  /// Another server at the address from now on: what it answers has no proof. Nothing: ours is back.
  void set_stranger(std::optional<FakeAnswer> stranger) {
    const std::lock_guard lock(mutex_);
    stranger_ = std::move(stranger);
    strangers_answers_ = stranger_asked_ = 0;
  }
  /// As a server that is killed when it has stored the last report: nobody hears its answer, and its successor answers the report when it
  /// has told so many heartbeats that the attempt is over.
  void lose_done_answer(int until_heartbeats) {
    const std::lock_guard lock(mutex_);
    heartbeats_before_done_ = until_heartbeats;
  }
  /// What our server says of an attempt that is over.
  void set_over(bool over) {
    const std::lock_guard lock(mutex_);
    over_ = over;
  }
  /// Whether it has answered so many heartbeats, or (below) calls of any kind, in time.
  bool stranger_answers(int times, std::chrono::seconds at_most = std::chrono::seconds(60)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return strangers_answers_ >= times; });
  }
  bool stranger_asked(int times, std::chrono::seconds at_most = std::chrono::seconds(60)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return stranger_asked_ >= times; });
  }
  Arrived arrived() const {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }
  /// False when it has not come true within the time.
  template <typename Wanted>
  bool wait_for(Wanted wanted, std::chrono::seconds at_most = std::chrono::seconds(60)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return wanted(arrived_); });
  }

 private:
  static FakeAnswer raw(std::string body) {
    FakeAnswer answer;
    answer.body = std::move(body);
    return answer;
  }
  static FakeAnswer json(int status, const Json& body) {
    FakeAnswer answer = raw(dump_json(body));
    answer.status = status;
    return answer;
  }
  static FakeAnswer dropped() {
    FakeAnswer answer;
    answer.drop = true;
    return answer;
  }
  static FakeAnswer problem(int status, const char* code, Json more = Json::object()) {
    more["code"] = code;
    more["detail"] = "the test says so";
    return json(status, more);
  }

  static void prove(const FakeRequest& request, FakeAnswer& answer) {
    const auto nonce = request.headers.find(std::string(model::kNonceHeader));
    if (nonce == request.headers.end()) return;
    answer.headers.emplace_back(model::kProofHeader, model::server_proof(kProofKey, nonce->second, answer.status));
  }

  static std::string decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size()) {
        result.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
        i += 2;
      } else {
        result.push_back(text[i]);
      }
    }
    return result;
  }

  FakeAnswer answer(const FakeRequest& request) {
    const std::size_t question = request.target.find('?');
    const std::string path = request.target.substr(0, question);
    std::map<std::string, std::string> query;
    if (question != std::string::npos) {
      for (const std::string_view pair : split(std::string_view(request.target).substr(question + 1), '&')) {
        const std::size_t equals = pair.find('=');
        query[std::string(pair.substr(0, equals))] = decode(pair.substr(equals + 1));
      }
    }
    const std::lock_guard lock(mutex_);
    if (away_) return dropped();
    if (stranger_) {
      ++stranger_asked_;
      if (path.ends_with("/heartbeat")) ++strangers_answers_;
      changed_.notify_all();
      return *stranger_;
    }
    if (heartbeats_before_done_ > 0 && path.ends_with("/done")) {
      over_for_heartbeats_ = true;
      return dropped();
    }
    if (over_for_heartbeats_ && path.ends_with("/heartbeat")) {
      --heartbeats_before_done_;
      FakeAnswer is_over = problem(401, "unauthorized");
      prove(request, is_over);
      return is_over;
    }
    FakeAnswer result = over_ ? problem(401, "unauthorized") : dispatch(request, path, query);
    prove(request, result);
    if (over_) return result;
    if (result.status >= 400 && result.status != 409) ++arrived_.faults;
    changed_.notify_all();
    return result;
  }

  FakeAnswer dispatch(const FakeRequest& request, const std::string& path, const std::map<std::string, std::string>& query) {
    if (request.headers.count("authorization") == 0 || request.headers.at("authorization") != "Bearer run-token")
      return problem(401, "unauthorized");
    const std::string protocol = "/api/v1/runner/runs/" + fake_run_id() + "/attempts/1/nodes/0/";
    if (path == "/api/v1/runner/runs/" + fake_run_id() + "/attempts/1/check-in") return runner_call(request, "check-in", query);
    if (path.starts_with(protocol)) return runner_call(request, path.substr(protocol.size()), query);
    const std::string workspace = "/api/v1/workspaces/lab/";
    if (!path.starts_with(workspace)) return problem(404, "not_found");
    return resource(request, decode(path.substr(workspace.size())));
  }

  struct Refusal {
    int status = 500;
    std::string code;
    int times = 0;
  };
  std::optional<FakeAnswer> refusal_of(const std::string& kind) {
    const auto at = refusals_.find(kind);
    if (at == refusals_.end() || at->second.times <= 0) return std::nullopt;
    --at->second.times;
    ++arrived_.refused[kind];
    return problem(at->second.status, at->second.code.c_str());
  }

  FakeAnswer runner_call(const FakeRequest& request, const std::string& what, const std::map<std::string, std::string>& query) {
    if (auto refused = refusal_of(what)) return std::move(*refused);
    if (what == "logs") return log(request, query);
    if (what == "metrics") return metrics(request, query);
    if (what == "machine") return json(200, {{"next_sequence", INT64_MAX}});
    const Json body = parse_json(request.body).value();
    if (what == "heartbeat") {
      ++arrived_.heartbeats;
      arrived_.ran_seconds = body.value("ran_seconds", Json());
      if (body.contains("waits_for_disk")) arrived_.last_wait = body["waits_for_disk"];
      return json(200, {{"time", to_rfc3339(SystemClock().now_us())}, {"stop", stop_}});
    }
    arrived_.calls.push_back(what);
    if (what == "check-in") {
      arrived_.check_in = body;
      arrived_.check_ins.push_back(body);
      if (on_check_in) on_check_in(body.at("pid").get<pid_t>());
      if (waits-- > 0) return json(202, {{"node_rank", 0}, {"waiting_for", 1}});
      return json(200, order);
    }
    if (what == "started") arrived_.started = body;
    if (what == "rank-failed") arrived_.failed.push_back(body);
    if (what == "finished") arrived_.finished = body.at("ranks").get<std::vector<Json>>();
    if (what == "done") {
      if (!lost_at_done.empty()) arrived_.logs[std::exchange(lost_at_done, "")].clear();
      for (const Json& log : body.at("logs")) {
        const auto there = arrived_.logs.find(log.at("path"));
        if (there == arrived_.logs.end() || there->second.size() < log.at("size").get<std::size_t>()) {
          ++arrived_.refused["short logs"];
          return problem(500, "storage_failed");
        }
      }
      arrived_.done = body;
    }
    if (what == "outputs") {
      for (const Json& file : body.at("files")) arrived_.outputs[file.at("path")] = file.at("sha256");
    }
    return json(200, Json::object());
  }

  FakeAnswer log(const FakeRequest& request, const std::map<std::string, std::string>& query) {
    std::string& bytes = arrived_.logs[query.at("path")];
    const std::size_t offset = std::stoul(query.at("offset"));
    if (offset > bytes.size()) return problem(409, "conflict", {{"size", bytes.size()}});
    // As the real one: what is there already stays, whatever is sent for it.
    if (offset + request.body.size() > bytes.size()) bytes += request.body.substr(bytes.size() - offset);
    return json(200, {{"size", bytes.size()}});
  }

  FakeAnswer metrics(const FakeRequest& request, const std::map<std::string, std::string>& query) {
    std::vector<double>& values = arrived_.points[query.at("process")];
    arrived_.point_ranks[query.at("process")] = query.contains("rank") ? std::optional(std::stoi(query.at("rank"))) : std::nullopt;
    std::size_t sequence = std::stoul(query.at("sequence"));
    if (sequence > values.size()) return problem(409, "conflict");
    model::JournalWalker walker(0);
    model::NamedPoint point;
    using Found = model::JournalWalker::Found;
    for (Found found = walker.next(request.body, point).value(); found == Found::point || found == Found::left_out;
         found = walker.next(request.body, point).value()) {
      if (sequence++ < values.size()) continue;
      values.push_back(found == Found::point ? std::get<model::Number>(point.point.value).value : std::nan(""));
    }
    return json(200, {{"next_sequence", values.size()}});
  }

  FakeAnswer resource(const FakeRequest& request, const std::string& path) {
    if (path == "snapshots/snap/archive") {
      FakeAnswer archive;
      archive.chunks = {snapshot.substr(0, 700), snapshot.substr(700)};
      if (broken_snapshots-- > 0) {
        archive.chunks.pop_back();
        archive.cut_after = 0;
      }
      return archive;
    }
    if (path == "blobs/missing") {
      if (on_missing) on_missing();
      Json missing = Json::array();
      const Json body = parse_json(request.body).value();
      for (const Json& hash : body.at("sha256")) {
        if (!arrived_.blobs.contains(hash.get<std::string>())) missing.push_back(hash);
      }
      return json(200, {{"missing", missing}});
    }
    if (path.starts_with("blobs")) {
      if (auto refused = refusal_of("blobs")) return std::move(*refused);
    }
    if (path == "blobs") return tar_of_blobs(request.body);
    if (path.starts_with("blobs/") && request.method == "PUT") {
      arrived_.blobs[path.substr(6)] = request.body;
      return json(201, Json::object());
    }
    if (path.starts_with("datastores/store/files")) {
      Json list = Json::array();
      if (request.method == "POST") {
        const Json body = parse_json(request.body).value();
        for (const Json& file : body.at("files")) arrived_.data[file.at("path")] = file.at("sha256");
        return json(200, {{"kept", Json::array()}});
      }
      for (const auto& [name, sha256] : arrived_.data) list.push_back({{"path", name}, {"size", 0}, {"sha256", sha256}});
      return json(200, {{"files", list}, {"next", nullptr}});
    }
    if (path == "runs/" + fake_run_id() + "/artifacts") {
      Json list = Json::array();
      for (const auto& [name, bytes] : earlier) list.push_back({{"path", name}, {"size", bytes.size()}, {"sha256", sha256_hex(bytes)}});
      return json(200, {{"artifacts", list}, {"next", nullptr}});
    }
    const std::string artifact = "runs/" + fake_run_id() + "/artifacts/";
    if (path.starts_with(artifact) && earlier.contains(path.substr(artifact.size()))) return raw(earlier.at(path.substr(artifact.size())));
    return problem(404, "not_found");
  }

  /// Entries of a plain tar: a header of 512 bytes with the name at 0 and the size, octal, at 124.
  FakeAnswer tar_of_blobs(const std::string& tar) {
    for (std::size_t at = 0; at + 512 <= tar.size() && tar[at] != '\0';) {
      const std::string name = tar.substr(at, 100).c_str();
      const std::size_t size = std::stoul(tar.substr(at + 124, 11), nullptr, 8);
      arrived_.blobs[name] = tar.substr(at + 512, size);
      at += 512 + (size + 511) / 512 * 512;
    }
    return json(200, {{"stored", 1}});
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Arrived arrived_;
  Json stop_;
  bool away_ = false;
  bool over_ = false;
  int heartbeats_before_done_ = 0;
  bool over_for_heartbeats_ = false;
  std::optional<FakeAnswer> stranger_;
  int strangers_answers_ = 0;  ///< to heartbeats
  int stranger_asked_ = 0;
  std::map<std::string, Refusal> refusals_;
  FakeHttpServer http_;  ///< last: its threads call the rest
};

}  // namespace muster::test

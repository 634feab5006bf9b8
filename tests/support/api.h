#pragma once
// The whole REST API over a real store, blobs and logs in a folder of its own, with time that stands still and a scheduler that does what a
// test says. Requests go straight to the router, through the gate as the server would send them.

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "api/auth.h"
#include "api/routes.h"
#include "api/services.h"
#include "base/hash.h"
#include "http/target.h"
#include "scheduler/environment_builds.h"
#include "store/tokens.h"
#include "support/fake_scheduler.h"
#include "support/repeating_store.h"
#include "support/temp_folder.h"

namespace muster::test {

inline constexpr const char* kOwnerToken = "mu_owner";

struct ApiAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  std::unique_ptr<http::StreamSource> stream;  ///< for answers that go on

  Json json() const { return Json::parse(body, nullptr, false); }
  std::string code() const {
    const Json problem = json();
    return problem.is_object() ? problem.value("code", "") : "";
  }
  /// The fields of a problem's errors, in order.
  std::vector<std::string> fields() const {
    std::vector<std::string> names;
    for (const Json& error : json().value("errors", Json::array())) names.push_back(error.value("field", ""));
    return names;
  }
};

class Api {
 public:
  /// In `home`, or in a folder of its own.
  explicit Api(const std::filesystem::path& home = {})
      : own_(home.empty() ? std::make_unique<TempFolder>() : nullptr),
        folder(own_ ? own_->path() : home),
        store(std::make_unique<RepeatingStore>(std::move(*store::open_sqlite_store(folder / "muster.db")))),
        blobs(std::move(*blob::open_local_blob_store((folder / "blobs").string()))) {
    (void)store->write([&](store::Session& session) { return store::tokens::add_owner(session, kOwnerToken, "ada", "", clock.now_us()); });
    api::add_routes(router, services);
  }

  using Headers = std::map<std::string, std::string>;

  ApiAnswer operator()(const std::string& method, const std::string& target, const std::string& body = "", Headers headers = {}) {
    http::Request request;
    request.method = method;
    request.id = "test";
    auto parsed = http::parse_target(target);
    if (!parsed) return answer_of(http::problem_response(parsed.error()));
    request.path = parsed->path;
    request.query = parsed->query;
    request.headers = std::move(headers);
    request.headers.emplace("authorization", std::string("Bearer ") + kOwnerToken);
    auto match = router.match(method, request.path);
    if (!match) return answer_of(http::problem_response(match.error()));
    request.parameters = match->parameters;
    if (body.size() > match->route->body_limit) return answer_of(http::problem_response(Error{Code::too_large, "too large", "", {}}));
    if (const auto admitted = gate(request); !admitted) return answer_of(http::problem_response(admitted.error()));
    if (!match->route->upload) {
      request.body = body;
      return answer_of(match->route->handler(request));
    }
    auto sink = match->route->upload(request);
    if (!sink) return answer_of(http::problem_response(sink.error()));
    if (const auto written = (*sink)->write(body); !written) return answer_of(http::problem_response(written.error()));
    return answer_of((*sink)->finish());
  }
  ApiAnswer operator()(const std::string& method, const std::string& target, const Json& body, Headers headers = {}) {
    return (*this)(method, target, body.dump(), std::move(headers));
  }
  ApiAnswer operator()(const std::string& method, const std::string& target, const char* body, Headers headers = {}) {
    return (*this)(method, target, std::string(body), std::move(headers));
  }

  /// Below the default workspace.
  static std::string in(const std::string& path) { return "/api/v1/workspaces/default" + path; }

  std::string put_blob(const std::string& bytes) {
    const std::string sha256 = sha256_hex(bytes);
    (*this)("PUT", in("/blobs/" + sha256), bytes);
    return sha256;
  }
  /// A snapshot of files with these contents.
  std::string put_snapshot(const std::map<std::string, std::string>& files) {
    Json list = Json::array();
    for (const auto& [path, bytes] : files)
      list.push_back({{"path", path}, {"size", bytes.size()}, {"sha256", put_blob(bytes)}, {"mode", 420}});
    return (*this)("POST", in("/snapshots"), Json{{"files", list}}).json().value("snapshot_id", "");
  }
  /// Submits a run and gives it as it was stored.
  model::Run submit(Json spec = Json::object()) {
    if (!spec.contains("experiment")) spec["experiment"] = "birds";
    if (!spec.contains("command") && !spec.contains("script")) spec["command"] = "true";
    return run((*this)("POST", in("/runs"), spec).json().value("run_id", ""));
  }
  model::Run run(const std::string& run_id) {
    return *store->read([&](store::Session& session) -> Result<model::Run> {
      return *store::runs::find(session, store::runs::find_brief_by_name(session, run_id)->key);
    });
  }
  Headers as_runner(const model::Run& run) const { return as(scheduler::TokenHolder::runner, run); }
  Headers as_job(const model::Run& run) const { return as(scheduler::TokenHolder::job, run); }
  std::string node(const model::Run& run, const std::string& what, int node_rank = 0) const {
    if (what == "check-in") return fmt::format("/api/v1/runner/runs/{}/attempts/{}/check-in", run.run_id, run.attempt);
    return fmt::format("/api/v1/runner/runs/{}/attempts/{}/nodes/{}/{}", run.run_id, run.attempt, node_rank, what);
  }

 private:
  const std::unique_ptr<TempFolder> own_;

 public:
  const std::filesystem::path folder;
  FakeClock clock{1'795'230'131'000'000};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<blob::BlobStore> blobs;
  std::function<int(int fd)> sync = ::fsync;  ///< of logs
  store::LogStore logs{folder / "logs", [this](int fd) { return sync(fd); }};
  store::Changes changes;
  FakeScheduler scheduler{*store, changes, clock};
  engine::Registry engines = [] {
    engine::Registry both(engine::EngineKind{"local", "nodes are processes on the server's machine", {}, {}, {}, {}, {}});
    engine::EngineKind grid{"grid", "nodes of a grid", {false, true}, {{"partition", "which nodes"}}, {}, {}, {}};
    grid.propose = [] {
      engine::Proposal proposal{"night", 8, {{"partition", "night"}}, 16, 64'000, 2, "fast", std::chrono::hours(1), "closed by day"};
      return Result<std::vector<engine::Proposal>>({proposal, {"day", 1, {{"partition", "day"}}}});
    };
    both.add(std::move(grid));
    return both;
  }();
  housekeeping::Housekeeper housekeeper{*store, *blobs, logs, clock, {}};
  scheduler::EnvironmentBuilds environments{folder / "environments", 0, [this] { return in_use; }};
  std::set<std::string> in_use;  ///< hashes of environments
  SealingKey sealing_key = *SealingKey::from_hex(std::string(64, 'a'));
  api::Services services{*store,
                         *blobs,
                         logs,
                         changes,
                         scheduler,
                         engines,
                         housekeeper,
                         environments,
                         sealing_key,
                         clock,
                         {"http://127.0.0.1:6464", "0.1.0", folder.string(), clock.now_us(), 1u << 20}};
  /// The same services over another store.
  api::Services services_over(store::Store& other) {
    return {other, *blobs, logs, changes, scheduler, engines, housekeeper, environments, sealing_key, clock, services.info};
  }
  http::Router router;
  http::Gate gate = api::make_gate(services);

 private:
  Headers as(scheduler::TokenHolder holder, const model::Run& run) const {
    return {{"authorization", "Bearer " + scheduler.tokens().token(holder, run.run_id, run.attempt)}};
  }
  static ApiAnswer answer_of(http::Response response) {
    ApiAnswer answer;
    answer.status = response.status;
    for (auto& [name, value] : response.headers) answer.headers[name] = value;
    if (auto* text = std::get_if<std::string>(&response.body)) {
      answer.body = std::move(*text);
    } else if (auto* range = std::get_if<http::SourceRange>(&response.body)) {
      answer.body.resize(range->length);
      answer.body.resize(range->source->read(range->offset, answer.body).value_or(0));
    } else {
      answer.stream = std::move(std::get<std::unique_ptr<http::StreamSource>>(response.body));
      answer.stream->on_ready([] {});
      // JSON that is made while it is sent, and comes to its end by itself.
      if (answer.headers["content-type"] == "application/json") {
        while (const auto piece = answer.stream->pull()) answer.body += *piece;
        answer.stream.reset();
      }
    }
    return answer;
  }
};

/// Everything that a stream has now: until it has nothing more, or its end (`ended`).
inline std::string drain(http::StreamSource& stream, bool* ended = nullptr) {
  std::string all;
  while (true) {
    const auto piece = stream.pull();
    if (ended != nullptr) *ended = !piece;
    if (!piece || piece->empty()) return all;
    all += *piece;
  }
}

}  // namespace muster::test

#include "scheduler/engine_calls.h"

#include "base/log.h"
#include "store/run_attempts.h"

namespace muster::scheduler {
namespace {

/// How many runs' calls an engine may have at once.
constexpr int kMostThreads = 8;

}  // namespace

struct EngineCalls::Inside {
  Inside(store::Store& in, Post to) : store(in), post(std::move(to)) {}

  store::Store& store;  ///< this and `post` behind the door
  const Post post;
  Door door;
  std::map<std::string, std::unique_ptr<engine::Engine>> engines;  ///< by kind

  Result<engine::Engine*> engine(const std::string& kind) const {
    const auto at = engines.find(kind);
    if (at != engines.end()) return at->second.get();
    return fail(Code::not_found, "this server has no engine '{}'", kind);
  }

  Result<void> record(std::int64_t run_key, int attempt, const std::string& kind, const engine::Handle& handle) {
    Result<void> stored = fail(Code::unavailable, "the server is ending");
    door.pass([&] {
      stored = store.write([&](store::Session& session) -> Result<void> {
        auto all = store::run_attempts::handle(session, run_key, attempt).value_or(store::run_attempts::Handle{kind, Json::object()});
        all.engine = kind;
        all.nodes.update(handle);
        store::run_attempts::set_handle(session, run_key, attempt, all);
        return {};
      });
    });
    return stored;
  }

  /// Nothing when nothing was started.
  Result<std::optional<store::run_attempts::Handle>> recorded(std::int64_t run_key, int attempt) {
    Result<std::optional<store::run_attempts::Handle>> handle = fail(Code::unavailable, "the server is ending");
    door.pass([&] {
      handle = store.read([&](store::Session& session) -> Result<std::optional<store::run_attempts::Handle>> {
        return store::run_attempts::handle(session, run_key, attempt);
      });
    });
    if (!handle) return fail(Code::unavailable, "what was started of it cannot be read: {}", handle.error().detail);
    return handle;
  }
};

EngineCalls::EngineCalls(const engine::Registry& engines, engine::Listener listener, store::Store& store, Post post)
    : inside_(std::make_shared<Inside>(store, std::move(post))), workers_(kMostThreads) {
  // The engines are a part of what is inside, and do not outlive it.
  const engine::Listener to_thread{
      [inside = inside_.get(), gone = std::move(listener.node_gone)](const engine::AttemptId& id, int node_rank, const std::string& how) {
        inside->door.pass([&] { inside->post([gone, id, node_rank, how] { gone(id, node_rank, how); }); });
      }};
  for (const auto& [name, kind] : engines.kinds()) inside_->engines.emplace(name, kind.make(to_thread));
}

void EngineCalls::make(const model::Run& run, std::function<Result<void>(Inside&)> call, Answer then) {
  workers_.post(run.run_id, [inside = inside_, call = std::move(call), then = std::move(then), run_id = run.run_id] {
    Result<void> outcome;
    try {
      outcome = call(*inside);
    } catch (const std::exception& surprise) {
      log::error("scheduler", "{}: its engine failed: {}", run_id, surprise.what());
      outcome = fail(Code::unavailable, "the engine failed: {}", surprise.what());
    }
    inside->door.pass([&] { inside->post([then, outcome] { then(outcome); }); });
  });
}

void EngineCalls::start(const model::Run& run, const std::string& kind, std::vector<engine::NodeStart> nodes, Answer then) {
  const auto call = [nodes = std::move(nodes), kind, id = engine::AttemptId{run.run_id, run.attempt},
                     key = run.key](Inside& in) -> Result<void> {
    MUSTER_TRY_ASSIGN(engine::Engine* const engine, in.engine(kind));
    MUSTER_TRY(engine->start(id, nodes, [&](const engine::Handle& handle) { return in.record(key, id.attempt, kind, handle); }));
    return {};
  };
  make(run, call, std::move(then));
}

void EngineCalls::recover(const model::Run& run, Answer then) {
  const auto call = [id = engine::AttemptId{run.run_id, run.attempt}, key = run.key](Inside& in) -> Result<void> {
    MUSTER_TRY_ASSIGN(const auto handle, in.recorded(key, id.attempt));
    if (!handle) return {};
    MUSTER_TRY_ASSIGN(engine::Engine* const engine, in.engine(handle->engine));
    return engine->recover(id, handle->nodes);
  };
  make(run, call, std::move(then));
}

void EngineCalls::stop(const model::Run& run, std::vector<int> node_ranks, engine::StopHow how, Answer then, Meant meant) {
  const auto call = [node_ranks = std::move(node_ranks), how, meant = std::move(meant), id = engine::AttemptId{run.run_id, run.attempt},
                     key = run.key](Inside& in) -> Result<void> {
    MUSTER_TRY_ASSIGN(const auto handle, in.recorded(key, id.attempt));
    const engine::Handle now = handle ? handle->nodes : Json::object();
    if (!*meant) *meant = now;
    engine::Handle wanted = Json::object();
    for (const int rank : node_ranks) {
      const std::string name = std::to_string(rank);
      if (now.contains(name) && (*meant)->contains(name) && now[name] == (**meant)[name]) wanted[name] = now[name];
    }
    if (wanted.empty()) return {};
    MUSTER_TRY_ASSIGN(engine::Engine* const engine, in.engine(handle->engine));
    return engine->stop(id, wanted, how);
  };
  make(run, call, std::move(then));
}

void EngineCalls::stop(std::chrono::milliseconds patience) {
  if (!workers_.stop(patience)) log::error("scheduler", "an engine has not answered in time, and is left to itself");
  inside_->door.close();
}

}  // namespace muster::scheduler

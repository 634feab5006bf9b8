#include "scheduler/engine_calls.h"

#include <algorithm>

#include <nlohmann/json.hpp>

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
  struct Made {
    std::unique_ptr<engine::Engine> engine;
    engine::Capabilities capabilities;
  };
  std::map<std::string, Made> engines;  ///< by kind

  Result<engine::Engine*> engine(const std::string& kind) const {
    const auto at = engines.find(kind);
    if (at != engines.end()) return at->second.engine.get();
    return fail(Code::not_found, "this server has no engine '{}'", kind);
  }

  /// `beside`: what was recorded of other nodes stays.
  enum class Beside { nothing, others };
  Result<void> record(std::int64_t run_key, int attempt, const std::string& kind, const engine::Handle& handle, Beside beside) {
    Result<void> stored = fail(Code::unavailable, "the server is ending");
    door.pass([&] {
      stored = store.write([&](store::Session& session) -> Result<void> {
        store::run_attempts::Handle all{kind, Json::object()};
        if (beside == Beside::others) all = store::run_attempts::handle(session, run_key, attempt).value_or(all);
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
  // The engines are a part of what is inside, and do not outlive it. What they tell goes to the dispatch thread.
  const auto on_thread = [inside = inside_.get()](auto hear) {
    return [inside, hear = std::move(hear)](const auto&... what) {
      inside->door.pass([&] { inside->post([hear, what...] { hear(what...); }); });
    };
  };
  const engine::Listener listening{on_thread(std::move(listener.waiting)), on_thread(std::move(listener.nodes_coming)),
                                   on_thread(std::move(listener.nodes_there)), on_thread(std::move(listener.node_gone))};
  for (const auto& [name, kind] : engines.kinds()) inside_->engines.emplace(name, Inside::Made{kind.make(listening), kind.capabilities});
}

engine::NodePool* EngineCalls::pool(const std::string& kind) const {
  const auto engine = inside_->engine(kind);
  return engine ? (*engine)->pool() : nullptr;
}

engine::TargetStatus EngineCalls::status(const std::string& kind, const engine::TargetName& target) const {
  const auto engine = inside_->engine(kind);
  return engine ? (*engine)->status(target) : engine::TargetStatus{};
}

engine::Capabilities EngineCalls::capabilities(const std::string& kind) const {
  const auto at = inside_->engines.find(kind);
  return at == inside_->engines.end() ? engine::Capabilities{} : at->second.capabilities;
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

void EngineCalls::start(const model::Run& run, engine::Attempt attempt, Answer then) {
  const auto call = [attempt = std::move(attempt), key = run.key](Inside& in) -> Result<void> {
    const std::string& kind = attempt.target.engine;
    MUSTER_TRY_ASSIGN(engine::Engine* const engine, in.engine(kind));
    MUSTER_TRY(engine->start(
        attempt, [&](const engine::Handle& handle) { return in.record(key, attempt.id.attempt, kind, handle, Inside::Beside::nothing); }));
    return {};
  };
  make(run, call, std::move(then));
}

void EngineCalls::restart(const model::Run& run, engine::Attempt attempt, const std::string& node, Answer then) {
  const auto call = [attempt = std::move(attempt), node, key = run.key](Inside& in) -> Result<void> {
    MUSTER_TRY_ASSIGN(const auto earlier, in.recorded(key, attempt.id.attempt));
    const std::string kind = earlier ? earlier->engine : attempt.target.engine;
    MUSTER_TRY_ASSIGN(engine::Engine* const engine, in.engine(kind));
    MUSTER_TRY(engine->restart(attempt, node, [&](const engine::Handle& handle) {
      return in.record(key, attempt.id.attempt, kind, handle, Inside::Beside::others);
    }));
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

void EngineCalls::stop(const model::Run& run, Nodes nodes, engine::StopHow how, Answer then, Meant meant) {
  const auto call = [nodes = std::move(nodes), how, meant = std::move(meant), id = engine::AttemptId{run.run_id, run.attempt},
                     key = run.key](Inside& in) -> Result<void> {
    MUSTER_TRY_ASSIGN(const auto handle, in.recorded(key, id.attempt));
    const engine::Handle now = handle ? handle->nodes : Json::object();
    if (!*meant) *meant = now;
    engine::Handle wanted = Json::object();
    for (const auto& [name, node] : now.items()) {
      const bool is_named = !nodes || std::find(nodes->begin(), nodes->end(), name) != nodes->end();
      if (is_named && (*meant)->contains(name) && node == (**meant)[name]) wanted[name] = node;
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

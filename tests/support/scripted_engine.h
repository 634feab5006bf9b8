#pragma once
// An engine that starts nothing: it keeps what it was asked, and the test says what becomes of the nodes. Stands in for processes and their
// time.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/registry.h"
#include "support/event.h"

namespace muster::test {

/// What engines were asked, shared by all that one test makes (a restarted server makes another).
struct EngineScript {
  struct Start {
    engine::AttemptId id;
    std::vector<engine::NodeStart> nodes;
  };
  struct Stop {
    engine::AttemptId id;
    engine::StopHow how;
  };
  Watched<std::vector<Start>> starts;
  Watched<std::vector<Stop>> stops;
  Watched<std::vector<engine::AttemptId>> recovered;
  Watched<std::vector<engine::Handle>> stopped_handles;        ///< as `stops`
  Watched<std::string> refuse_start_for_now;                   ///< not empty: start() fails with these words, as for want of processes
  Watched<std::string> refuse_start;                           ///< not empty: start() fails with these words
  Watched<int> refuse_stops;                                   ///< how many of the next stop() fail
  std::function<void(const engine::AttemptId&)> before_start;  ///< called first
  std::function<void(const engine::AttemptId&, engine::StopHow)> before_stop;
  std::function<void(const engine::AttemptId&)> before_recover;
  Watched<int> not_recorded;                                     ///< starts whose handle was refused
  std::function<void(const engine::AttemptId&)> while_starting;  ///< called in start(), whose runners may speak before it returns
  engine::Listener listener;                                     ///< of the engine made last

  std::unique_ptr<engine::Engine> make(engine::Listener to);
  /// This engine alone, as the kind "local".
  engine::Registry registry() {
    engine::EngineKind kind;
    kind.kind = "local";
    kind.make = [this](engine::Listener to) { return make(std::move(to)); };
    return engine::Registry(kind);
  }
};

class ScriptedEngine final : public engine::Engine {
 public:
  explicit ScriptedEngine(EngineScript& script) : script_(script) {}

  Result<engine::Handle> start(const engine::AttemptId& id, const std::vector<engine::NodeStart>& nodes,
                               const std::function<Result<void>(const engine::Handle&)>& record) override {
    if (script_.before_start) script_.before_start(id);
    const std::string refusal = script_.refuse_start.get();
    if (!refusal.empty()) return fail(Code::internal, "{}", refusal);
    const std::string shortage = script_.refuse_start_for_now.get();
    if (!shortage.empty()) return fail(Code::unavailable, "{}", shortage);
    engine::Handle handle = Json::object();
    for (const auto& node : nodes) handle[std::to_string(node.node_rank)] = {{"start", node.node_id}};
    if (auto recorded = record(handle); !recorded) {
      script_.not_recorded.change([](int& count) { ++count; });
      return tl::unexpected(recorded.error());
    }
    if (script_.while_starting) script_.while_starting(id);
    script_.starts.change([&](auto& starts) { starts.push_back({id, nodes}); });
    return handle;
  }
  Result<void> recover(const engine::AttemptId& id, const engine::Handle&) override {
    if (script_.before_recover) script_.before_recover(id);
    script_.recovered.change([&](auto& ids) { ids.push_back(id); });
    return {};
  }
  Result<void> stop(const engine::AttemptId& id, const engine::Handle& handle, engine::StopHow how) override {
    if (script_.before_stop) script_.before_stop(id, how);
    bool is_refused = false;
    script_.refuse_stops.change([&](int& left) { is_refused = left > 0 && left-- > 0; });
    if (is_refused) return fail(Code::timeout, "it does not end");
    script_.stopped_handles.change([&](auto& handles) { handles.push_back(handle); });
    script_.stops.change([&](auto& stops) { stops.push_back({id, how}); });
    return {};
  }

 private:
  EngineScript& script_;
};

inline std::unique_ptr<engine::Engine> EngineScript::make(engine::Listener to) {
  listener = std::move(to);
  return std::make_unique<ScriptedEngine>(*this);
}

}  // namespace muster::test

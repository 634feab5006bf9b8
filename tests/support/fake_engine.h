#pragma once
// An engine in memory: its runners are entries in a list, and a test says what becomes of them. Held to the contract of all engines
// (src/engine/fake_engine_test.cc), so that what is tested with it holds for the others.

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/local/local_pool.h"
#include "engine/registry.h"
#include "support/event.h"

namespace muster::test {

/// What a fake runner does once it has begun.
enum class Part {
  stays,      ///< until the test ends it, or a kill
  waits,      ///< until let_go(), then exit code 0; a polite stop ends it too
  exits,      ///< at once, with exit code 3
  is_killed,  ///< at once, by SIGKILL
};

/// The machines of a fake engine, and what engines were asked: shared by all that one test makes (a restarted server makes another).
struct FakeNodes {
  struct Start {
    engine::AttemptId id;
    engine::Attempt attempt;
    std::string restarted;  ///< the key of the one node that was started again; "" of a whole attempt
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
  bool grants_nodes = false;                                     ///< without a pool: attempts wait until give_nodes(), unless has_nodes
  bool has_nodes = false;
  bool shares_disk = true;
  std::deque<Part> parts;             ///< of the next runners that begin; those after them stay
  engine::LocalOptions local{1, {}};  ///< of the pool

  // What the runners did.
  struct Runner {
    int start = 0;  ///< unique
    std::string key;
    engine::Attempt attempt;
    Part part = Part::stays;
    bool has_begun = false;
    std::optional<engine::Gone> gone;
  };
  Watched<std::vector<Runner>> runners;
  bool has_begun(const std::string& key) {
    const auto all = runners.get();
    return std::any_of(all.begin(), all.end(), [&](const Runner& one) { return one.key == key && one.has_begun; });
  }

  std::unique_ptr<engine::Engine> make(engine::Listener to);
  /// This engine alone, as the kind "local".
  engine::Registry registry() {
    engine::EngineKind kind;
    kind.kind = "local";
    kind.capabilities.start_survives_server = grants_nodes;
    kind.capabilities.shares_disk = shares_disk;
    kind.make = [this](engine::Listener to) { return make(std::move(to)); };
    return engine::Registry(kind);
  }

  /// The runner of this node ends so, and whoever watches it is told. "": the attempt, before it has nodes.
  void lose(const engine::AttemptId& id, const std::string& key, engine::Gone how = {engine::GoneKind::killed, "SIGKILL", "", true});
  /// Says why an attempt waits, that its nodes come, that they are there.
  void say_waiting(const engine::AttemptId& id, const std::string& reason);
  void say_coming(const engine::AttemptId& id);
  void give_nodes(const engine::AttemptId& id);
  void let_go();

  class FakeEngine* engine = nullptr;  ///< the one made last
  int last_start = 0;
  std::mutex mutex;  ///< of `engine`, `parts` and `last_start`
};

class FakeEngine final : public engine::Engine {
 public:
  FakeEngine(FakeNodes& nodes, engine::Listener listener) : nodes_(nodes), listener_(std::move(listener)), pool_(nodes.local) {
    const std::lock_guard lock(nodes_.mutex);
    nodes_.engine = this;
  }
  ~FakeEngine() override {
    const std::lock_guard lock(nodes_.mutex);
    if (nodes_.engine == this) nodes_.engine = nullptr;
  }

  engine::NodePool* pool() override { return nodes_.grants_nodes ? nullptr : &pool_; }
  engine::TargetStatus status(const engine::TargetName& target) const override { return pool_.status(target); }

  Result<engine::Handle> start(const engine::Attempt& attempt, const Record& record) override {
    std::vector<std::string> keys;
    for (const engine::GrantedNode& node : attempt.granted) keys.push_back(node.name);
    for (int i = 0; nodes_.grants_nodes && i < attempt.node_count; ++i) keys.push_back("machine-" + std::to_string(i));
    if (static_cast<int>(keys.size()) != attempt.node_count) return fail(Code::internal, "not all nodes were granted");
    return start_on(attempt, keys, record, "");
  }

  Result<engine::Handle> restart(const engine::Attempt& attempt, const std::string& key, const Record& record) override {
    const auto all = nodes_.runners.get();
    const auto is_it = [&](const auto& one) { return one.attempt.id == attempt.id && one.key == key; };
    if (std::none_of(all.begin(), all.end(), is_it)) return fail(Code::not_found, "the attempt has no node {}", key);
    return start_on(attempt, {key}, record, key);
  }

  Result<void> recover(const engine::AttemptId& id, const engine::Handle& handle) override {
    if (nodes_.before_recover) nodes_.before_recover(id);
    MUSTER_TRY_ASSIGN(const auto starts, starts_of(handle));
    nodes_.recovered.change([&](auto& ids) { ids.push_back(id); });
    std::vector<engine::Node> there;
    std::vector<FakeNodes::Runner> gone;
    for (const FakeNodes::Runner& one : nodes_.runners.get()) {
      if (!starts.contains(one.start)) continue;
      if (one.has_begun) there.push_back({one.key, one.key});
      if (one.gone)
        gone.push_back(one);
      else
        watch(one.start);
    }
    if (there.empty() && gone.empty())
      listener_.waiting(id, "as before");
    else if (!there.empty())
      listener_.nodes_there(id, there);
    for (const FakeNodes::Runner& one : gone) listener_.node_gone(id, one.has_begun ? one.key : "", *one.gone);
    return {};
  }

  Result<void> stop(const engine::AttemptId& id, const engine::Handle& handle, engine::StopHow how) override {
    if (nodes_.before_stop) nodes_.before_stop(id, how);
    MUSTER_TRY_ASSIGN(const auto starts, starts_of(handle));
    bool is_refused = false;
    nodes_.refuse_stops.change([&](int& left) { is_refused = left > 0 && left-- > 0; });
    if (is_refused) return fail(Code::timeout, "it does not end");
    for (const int start : starts) {
      if (how == engine::StopHow::kill) end(start, {engine::GoneKind::killed, "SIGKILL", "", true});
      if (how == engine::StopHow::polite) {
        const auto all = nodes_.runners.get();
        const auto asked = [&](const auto& one) { return one.start == start && (one.part == Part::waits || !one.has_begun); };
        if (std::any_of(all.begin(), all.end(), asked)) end(start, {engine::GoneKind::exited, "exit code 0", "begun\n", true});
      }
    }
    nodes_.stopped_handles.change([&](auto& handles) { handles.push_back(handle); });
    nodes_.stops.change([&](auto& stops) { stops.push_back({id, how}); });
    return {};
  }

  /// Once: a runner that is gone stays so.
  void end(int start, engine::Gone how) {
    std::optional<FakeNodes::Runner> ended;
    nodes_.runners.change([&](auto& runners) {
      for (FakeNodes::Runner& one : runners) {
        if (one.start != start || one.gone) continue;
        if (one.has_begun && how.last_words.empty()) how.last_words = "begun\n";
        one.gone = how;
        ended = one;
      }
    });
    if (!ended || !is_watched(start)) return;
    listener_.node_gone(ended->attempt.id, ended->has_begun ? ended->key : "", how);
  }

  void begin(const std::vector<int>& starts) {
    std::vector<engine::Node> there;
    engine::AttemptId id;
    for (const FakeNodes::Runner& one : nodes_.runners.get()) {
      if (std::find(starts.begin(), starts.end(), one.start) == starts.end() || one.gone) continue;
      id = one.attempt.id;
      there.push_back({one.key, one.key});
    }
    if (there.empty()) return;
    listener_.nodes_there(id, there);
    for (const int start : starts) {
      Part part = Part::stays;
      {
        const std::lock_guard lock(nodes_.mutex);
        if (!nodes_.parts.empty()) {
          part = nodes_.parts.front();
          nodes_.parts.pop_front();
        }
      }
      nodes_.runners.change([&](auto& runners) {
        for (FakeNodes::Runner& one : runners) {
          if (one.start == start) one.has_begun = true, one.part = part;
        }
      });
      if (part == Part::exits) end(start, {engine::GoneKind::exited, "exit code 3", "", true});
      if (part == Part::is_killed) end(start, {engine::GoneKind::killed, "SIGKILL", "", true});
    }
  }
  const engine::Listener& listener() const { return listener_; }

 private:
  Result<engine::Handle> start_on(const engine::Attempt& attempt, const std::vector<std::string>& keys, const Record& record,
                                  const std::string& restarted) {
    const engine::AttemptId& id = attempt.id;
    if (nodes_.before_start) nodes_.before_start(id);
    const std::string refusal = nodes_.refuse_start.get();
    if (!refusal.empty()) return fail(Code::internal, "{}", refusal);
    const std::string shortage = nodes_.refuse_start_for_now.get();
    if (!shortage.empty()) return fail(Code::unavailable, "{}", shortage);
    if (attempt.command.empty() || !std::filesystem::exists(attempt.command.front()))
      return fail(Code::not_found, "{} is not a program", attempt.command.empty() ? "''" : attempt.command.front());
    engine::Handle handle = Json::object();
    std::vector<FakeNodes::Runner> begun;
    std::vector<int> starts;
    for (const std::string& key : keys) {
      const std::lock_guard lock(nodes_.mutex);
      begun.push_back({++nodes_.last_start, key, attempt, Part::stays, false, {}});
      starts.push_back(nodes_.last_start);
      handle[key] = {{"start", nodes_.last_start}};
    }
    if (auto recorded = record(handle); !recorded) {
      nodes_.not_recorded.change([](int& count) { ++count; });
      return tl::unexpected(recorded.error());
    }
    nodes_.runners.change([&](auto& all) { all.insert(all.end(), begun.begin(), begun.end()); });
    for (const int start : starts) watch(start);
    if (nodes_.while_starting) nodes_.while_starting(id);
    if (nodes_.grants_nodes && restarted.empty()) listener_.waiting(id, "no machine is free");
    if (!nodes_.grants_nodes || !restarted.empty()) begin(starts);
    if (nodes_.grants_nodes && nodes_.has_nodes && restarted.empty()) {
      listener_.nodes_coming(id);
      begin(starts);
    }
    nodes_.starts.change([&](auto& all) { all.push_back({id, attempt, restarted}); });
    return handle;
  }

  static Result<std::set<int>> starts_of(const engine::Handle& handle) {
    std::set<int> starts;
    if (!handle.is_object()) return fail(Code::malformed, "this is no handle of the fake engine");
    for (const auto& [key, node] : handle.items()) {
      if (!node.is_object() || !node.contains("start")) return fail(Code::malformed, "this is no handle of the fake engine");
      starts.insert(node["start"].get<int>());
    }
    return starts;
  }
  void watch(int start) {
    watched_.change([&](auto& all) { all.insert(start); });
  }
  bool is_watched(int start) { return watched_.get().contains(start); }

  FakeNodes& nodes_;
  const engine::Listener listener_;
  engine::LocalPool pool_;
  Watched<std::set<int>> watched_;  ///< started or recovered by this engine
};

inline std::unique_ptr<engine::Engine> FakeNodes::make(engine::Listener to) { return std::make_unique<FakeEngine>(*this, std::move(to)); }

inline void FakeNodes::lose(const engine::AttemptId& id, const std::string& key, engine::Gone how) {
  std::vector<int> wanted;
  for (const Runner& one : runners.get()) {
    if (one.attempt.id == id && (key.empty() || one.key == key)) wanted.push_back(one.start);
  }
  for (const int start : wanted) engine->end(start, how);
}
inline void FakeNodes::say_waiting(const engine::AttemptId& id, const std::string& reason) { engine->listener().waiting(id, reason); }
inline void FakeNodes::say_coming(const engine::AttemptId& id) { engine->listener().nodes_coming(id); }
inline void FakeNodes::give_nodes(const engine::AttemptId& id) {
  std::vector<int> wanted;
  for (const Runner& one : runners.get()) {
    if (one.attempt.id == id && !one.has_begun) wanted.push_back(one.start);
  }
  engine->begin(wanted);
}
inline void FakeNodes::let_go() {
  for (const Runner& one : runners.get()) {
    if (one.part != Part::waits || one.gone) continue;
    const engine::Gone how{engine::GoneKind::exited, "exit code 0", "", true};
    if (engine != nullptr) {
      engine->end(one.start, how);
      continue;
    }
    runners.change([&](auto& all) {
      for (Runner& each : all) {
        if (each.start == one.start) each.gone = how;
      }
    });
  }
}

}  // namespace muster::test

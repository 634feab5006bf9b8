#pragma once
// What every engine must do, in src/engine/engine_contract_test.cc. An engine's test gives a world of nodes and instantiates the suites
// there:
//   INSTANTIATE_TEST_SUITE_P(Local, EngineContract, ::testing::Values(subject));
// The runners here play parts; the world knows how they are played on its nodes, and what they did.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/id.h"
#include "engine/registry.h"
#include "support/event.h"
#include "support/fake_engine.h"

namespace muster::engine {

/// The nodes of an engine, which outlive it as a cluster outlives the server.
class EngineWorld {
 public:
  virtual ~EngineWorld() = default;
  virtual std::unique_ptr<Engine> make(Listener listener) = 0;
  /// The command of a runner that takes the next part that is left, says on its standard output that it has begun, and plays it.
  virtual std::vector<std::string> runner() = 0;
  /// Of the next runners that begin, in whatever order they do.
  virtual void set_parts(std::vector<test::Part> parts) = 0;
  /// The runners that wait end.
  virtual void let_go() = 0;
  /// The node keys of all runners that have begun, one for each.
  virtual std::vector<std::string> begun() = 0;
  /// What the runner of that node found in a variable.
  virtual std::string variable(const std::string& key, const std::string& name) = 0;
  /// Of the compute target.
  virtual Json engine_options() { return Json::object(); }
  virtual std::chrono::seconds patience() { return std::chrono::seconds(20); }  ///< the longest that starting or ending takes
};

struct EngineSubject {
  std::string name;
  std::function<std::unique_ptr<EngineWorld>()> make;
};
inline void PrintTo(const EngineSubject& subject, std::ostream* out) { *out << subject.name; }

/// What an engine has told, in words: "waiting", "coming", "there a,b", "gone a: killed".
class Told {
 public:
  Listener listener(const AttemptId& id) {
    Listener listener;
    listener.waiting = [this, id](const AttemptId& of, const std::string& reason) {
      EXPECT_EQ(of, id);
      EXPECT_NE(reason, "");
      add("waiting", nullptr);
    };
    listener.nodes_coming = [this, id](const AttemptId& of) {
      EXPECT_EQ(of, id);
      add("coming", nullptr);
    };
    listener.nodes_there = [this, id](const AttemptId& of, const std::vector<Node>& nodes) {
      EXPECT_EQ(of, id);
      std::string keys;
      for (const Node& node : nodes) {
        EXPECT_TRUE(is_node_key(node.key)) << node.key;
        EXPECT_NE(node.name, "");
        keys += (keys.empty() ? "" : ",") + node.key;
      }
      add("there " + keys, nullptr);
    };
    listener.node_gone = [this, id](const AttemptId& of, const std::string& key, const Gone& how) {
      EXPECT_EQ(of, id);
      EXPECT_NE(how.words, "");
      add(fmt::format("gone {}: {}", key, to_string(how.kind)), &how);
    };
    return listener;
  }

  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }
  std::vector<Gone> losses() const {
    const std::lock_guard lock(mutex_);
    return losses_;
  }
  /// How all nodes so far were lost, sorted, once there are `count`.
  std::vector<std::string> kinds_of_losses(std::size_t count, std::chrono::seconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return losses_.size() >= count; });
    std::vector<std::string> kinds;
    for (const Gone& how : losses_) kinds.emplace_back(to_string(how.kind));
    std::sort(kinds.begin(), kinds.end());
    return kinds;
  }

 private:
  void add(std::string word, const Gone* how) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    if (how != nullptr) losses_.push_back(*how);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
  std::vector<Gone> losses_;
};

class EngineContract : public ::testing::TestWithParam<EngineSubject> {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    id_ = {"contract_" + random_hex(6), 1};
    world_ = GetParam().make();
    engine_ = world_->make(told_.listener(id_));
    define();
  }
  void TearDown() override {
    for (const Handle& handle : handles_) EXPECT_TRUE(engine_->stop(id_, handle, StopHow::kill));
    engine_.reset();
  }

  /// A server that comes back: the old engine is gone, a new one knows only the handle.
  void restart() {
    engine_.reset();
    engine_ = world_->make(told_.listener(id_));
    define();
  }

  Attempt attempt(int nodes) {
    Attempt attempt;
    attempt.id = id_;
    attempt.target = target_;
    attempt.node_count = nodes;
    attempt.command = world_->runner();
    attempt.variables = {{"GREETING", "hello"}};
    attempt.scratch = std::filesystem::temp_directory_path() / id_.run_id;
    attempt.log_folder = attempt.scratch / "logs";
    if (NodePool* pool = engine_->pool()) {
      const auto granted = pool->grant(name_, {id_.run_id, nodes, 1}, 1);
      EXPECT_TRUE(granted);
      attempt.granted = granted.value_or(std::vector<GrantedNode>{});
    }
    return attempt;
  }
  static Result<void> recorded(const Handle&) { return {}; }

  Handle start(const Attempt& attempt) {
    auto handle = engine_->start(attempt, recorded);
    EXPECT_TRUE(handle) << handle.error().detail;
    if (!handle) return Json::object();
    handles_.push_back(*handle);
    return *handle;
  }
  Handle start(int nodes, std::vector<test::Part> parts) {
    world_->set_parts(std::move(parts));
    return start(attempt(nodes));
  }
  static Words keys_of(const Handle& handle) {
    Words keys;
    for (const auto& [key, node] : handle.items()) keys.push_back(key);
    return keys;
  }

  bool eventually(const std::function<bool()>& wanted) { return test::eventually(wanted, world_->patience()); }
  bool begin(std::size_t count) {
    return eventually([&] { return world_->begun().size() >= count; });
  }
  Words begun() {
    Words keys = world_->begun();
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  Words lost(std::size_t count) { return told_.kinds_of_losses(count, world_->patience()); }

  std::unique_ptr<EngineWorld> world_;
  AttemptId id_;
  Told told_;
  std::unique_ptr<Engine> engine_;
  std::vector<Handle> handles_;
  model::ComputeTarget target_;
  TargetName name_;

 private:
  void define() {
    target_.workspace = "default";
    target_.name = "cpu";
    target_.max_nodes = 4;
    target_.engine_options = world_->engine_options();
    name_ = {target_.workspace, target_.name};
    if (NodePool* pool = engine_->pool()) pool->define(target_, 0);
  }
};

/// For engines with a pool.
class NodePoolContract : public EngineContract {};

/// For engines that grant nodes themselves, in a world that has none for now.
class WaitingEngineContract : public EngineContract {};

}  // namespace muster::engine

#pragma once
// The engines that this server has, by kind. Filled at the composition root (server/application.cc).

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace muster::engine {

/// What the scheduler has to know of an engine beside its contract.
struct Capabilities {
  bool shares_disk = true;             ///< its nodes see the server's disk: environments that the server prepared, and its folders
  bool start_survives_server = false;  ///< a start that was under way when the server ended is found again by recover()
};

struct EngineOption {
  std::string name;
  std::string description;
};

/// A target that would fit what is there.
struct Proposal {
  std::string name;  ///< one that a target may have; no two of an answer's are the same
  int max_nodes = 1;
  Json engine_options = Json::object();
  int cpus = 0;                     ///< of each node; 0: not known, as of all below
  std::uint64_t memory_mb = 0;      ///< of each node
  int gpus = 0;                     ///< of each node
  std::string features = {};        ///< of its nodes, in the manager's words
  std::chrono::seconds longest{0};  ///< what the manager gives a job at most; 0: no limit
  std::string remark = {};          ///< what keeps runs from starting there now; "" for nothing
};
Json to_json(const Proposal& proposal);

struct EngineKind {
  std::string kind;         ///< "local"
  std::string description;  ///< in a sentence, for people
  Capabilities capabilities;
  std::vector<EngineOption> options = {};  ///< that a target's engine_options may have
  /// Of a target whose options all have known names: invalid, in the engine's own words, where it cannot be. May ask a cluster manager, and
  /// take as long as that does. Left out: every value is taken.
  std::function<Result<void>(const model::ComputeTarget& target)> check = {};
  /// What the engine cannot keep of what a run asks for, in words for its `warnings`. May take some seconds. Left out: nothing.
  std::function<std::vector<std::string>(const model::ComputeTarget& target, std::chrono::seconds grace)> doubts = {};
  std::function<std::unique_ptr<Engine>(Listener)> make;
  /// What targets it could have here, asked of its cluster manager, for as long as that takes. Left out: nothing is found by asking.
  std::function<Result<std::vector<Proposal>>()> propose = {};
};
/// What people are shown of it.
Json to_json(const EngineKind& kind);

class Registry {
 public:
  Registry() = default;
  explicit Registry(EngineKind kind) { add(std::move(kind)); }

  void add(EngineKind kind) { kinds_.insert_or_assign(kind.kind, std::move(kind)); }
  /// nullptr when this server has none of that kind.
  const EngineKind* find(const std::string& kind) const;
  const std::map<std::string, EngineKind>& kinds() const { return kinds_; }

  /// Whether a compute target may have its engine with its options; invalid names every fault by its field (`engine`,
  /// `engine_options.<name>`) and lists what there is. Blocks for as long as the engine's check does.
  Result<void> check(const model::ComputeTarget& target) const;

 private:
  std::map<std::string, EngineKind> kinds_;
};

}  // namespace muster::engine

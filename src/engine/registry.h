#pragma once
// The engines that this server has, by kind. Filled at the composition root (server/application.cc).

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

struct EngineKind {
  std::string kind;         ///< "local"
  std::string description;  ///< in a sentence, for people
  Capabilities capabilities;
  std::vector<EngineOption> options = {};  ///< that a target's engine_options may have
  /// Of a target whose options all have known names: invalid, in the engine's own words, where it cannot be. May ask a cluster manager, and
  /// take as long as that does. Left out: every value is taken.
  std::function<Result<void>(const model::ComputeTarget& target)> check = {};
  std::function<std::unique_ptr<Engine>(Listener)> make;
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

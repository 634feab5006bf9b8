#pragma once
// From a definition to an interpreter that is there. Deciding (spec.h) is apart from building.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/own_variables.h"
#include "base/result.h"
#include "environment/interpreter.h"
#include "environment/prepared.h"
#include "environment/spec.h"
#include "model/environment.h"

namespace muster::environment {

struct BuildRequest;

/// Environments under `root`/<hash>/, each built once however many ask, in this process or another; the others wait and share its outcome.
/// A builder that died is taken over: an environment is there only when its marker file (muster.json, with what pip installed) is, and what
/// is left of a half-made one is wiped. A failed build is tried again at the next ask. Thread-safe; the destructor ends the builds under
/// way.
class EnvironmentCache {
 public:
  /// `variables`: the machine's environment, as pip is to see it.
  explicit EnvironmentCache(std::filesystem::path root, std::map<std::string, std::string> variables = own_variables());
  ~EnvironmentCache();
  EnvironmentCache(const EnvironmentCache&) = delete;
  EnvironmentCache& operator=(const EnvironmentCache&) = delete;

  /// The environment if it is there, and nothing when it has to be built. Looks at a few files and builds nothing. not_found: there is no
  /// such interpreter.
  Result<std::optional<Prepared>> find(const model::EnvironmentDefinition& definition) const;

  /// Blocks until the environment is there, built by this call or another (deadline: 30 minutes). `on_log` gets the build log from its
  /// start as it is written, on the calling thread; not called when nothing had to be built. `cancelled` is asked at least every 200 ms;
  /// true ends the build if nobody else waits for it, and this call with conflict. invalid names the package that failed, with pip's words;
  /// not_found: there is no such interpreter.
  Result<Prepared> prepare(const model::EnvironmentDefinition& definition, const std::function<void(std::string_view)>& on_log,
                           const std::function<bool()>& cancelled);

 private:
  struct Building;
  Result<std::string> interpreter_of(const model::EnvironmentDefinition& definition) const;
  Result<std::shared_ptr<Building>> join_or_start(const model::EnvironmentDefinition& definition, const std::string& interpreter,
                                                  const std::string& hash);
  void run(const BuildRequest& request, Building& building);

  std::filesystem::path root_;
  std::map<std::string, std::string> variables_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Building>> building_;  ///< by hash
  std::vector<std::shared_ptr<Building>> ended_;               ///< whose threads are still to be joined
};

}  // namespace muster::environment

#pragma once
// From a definition to an interpreter that is there. Deciding (spec.h) is apart from building.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/own_variables.h"
#include "base/result.h"
#include "environment/interpreter.h"
#include "environment/prepared.h"
#include "environment/spec.h"
#include "model/environment.h"

namespace muster::environment {

struct BuildRequest;

/// Environments under `root`/<hash>/, each built once however many ask, in this process or another: whoever comes later waits for the
/// builder's lock and follows its log. A builder that died is taken over: an environment is there only when its marker file (muster.json,
/// with what pip installed) is, and what is left of a half-made one is wiped. A failed build is tried again at the next ask. Thread-safe.
class EnvironmentCache {
 public:
  /// `variables`: the machine's environment, as pip is to see it.
  explicit EnvironmentCache(std::filesystem::path root, std::map<std::string, std::string> variables = own_variables());

  /// The environment if it is there, and nothing when it has to be built. Looks at a few files and builds nothing. not_found: there is no
  /// such interpreter; unavailable as below.
  Result<std::optional<Prepared>> find(const model::EnvironmentDefinition& definition) const;

  /// Blocks until the environment is there (deadline: 30 minutes). `on_log` gets the build log as it is written, on the calling thread; not
  /// called when nothing had to be built. `canceled` is asked at least every 200 ms; true ends the build and this call, with conflict.
  /// invalid names the package that failed, with pip's words; not_found: there is no such interpreter; unavailable: the machine is short of
  /// processes, descriptors or memory now, so it may be there at the next ask.
  Result<Prepared> prepare(const model::EnvironmentDefinition& definition, const std::function<void(std::string_view)>& on_log,
                           const std::function<bool()>& canceled);

 private:
  Result<BuildRequest> request_for(const model::EnvironmentDefinition& definition) const;
  static Result<std::optional<Prepared>> find(const BuildRequest& request);

  std::filesystem::path root_;
  std::map<std::string, std::string> variables_;
};

}  // namespace muster::environment

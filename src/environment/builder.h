#pragma once
// From a definition to an interpreter that is there. Deciding (spec.h) is apart from building.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/environment.h"

namespace muster::environment {

/// What a run needs of its environment once it is there. Kept with the run.
struct Prepared {
  std::string interpreter;  ///< absolute path
  std::filesystem::path folder;  ///< of the built environment; "" for the system's
  std::string hash;
};

/// The canonical form (builder, interpreter, packages in order; not name, version or variables) and its SHA-256.
std::string canonical_form(const model::EnvironmentDefinition& definition, const std::string& interpreter);
std::string environment_hash(const model::EnvironmentDefinition& definition, const std::string& interpreter);

/// The definition's interpreter as an absolute path: a path as given (must be executable); a name looked up on `path` outside pyenv's shims; a plain `python`
/// that does not exist becomes `python3`. not_found says where it looked.
Result<std::string> resolve_interpreter(const std::string& interpreter_path, const std::string& path);

/// Environments under `root`/<hash>/, each built once however many ask; the others wait and share its outcome. A builder that died is taken over (an
/// environment is there only when its marker file is). Thread-safe.
class EnvironmentCache {
 public:
  explicit EnvironmentCache(std::filesystem::path root);

  /// Blocks until the environment is there, built by this call or another (deadline: 30 minutes). `on_log` gets the build log as it is written, on the
  /// calling thread; not called when nothing had to be built. `cancelled` is asked at least every 200 ms; true ends the build if nobody else waits for it.
  /// invalid names the package that failed, with pip's words.
  Result<Prepared> prepare(const model::EnvironmentDefinition& definition, const std::function<void(std::string_view)>& on_log,
                           const std::function<bool()>& cancelled);

 private:
  std::filesystem::path root_;
};

}  // namespace muster::environment

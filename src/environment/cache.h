#pragma once
// The environments of a machine: where one builds and many wait, in this process and in others.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/own_variables.h"
#include "base/result.h"
#include "environment/builder.h"
#include "environment/kept.h"
#include "environment/prepared.h"
#include "model/environment.h"

namespace muster::environment {

/// What a run calls the log of its environment's build.
inline constexpr const char* kBuildLog = "azureml-logs/20_image_build_log.txt";

/// What is to be seen of an environment that somebody may be building.
struct BuildState {
  enum class Kind { absent, building, ready, failed } kind = Kind::absent;
  Error error{};                ///< of a failed one
  std::uint64_t log_bytes = 0;  ///< of its last build
};

/// Environments under one root, shared by every process that uses it:
///
///   <root>/<hash>/             what the builder made
///   <root>/<hash>/muster.json  written last: the environment is there when this is
///   <root>/<hash>.log          what its last build wrote
///   <root>/<hash>.failed       why that failed, when it would fail again
///   <root>/<hash>.group        while it is built: its builder's kind and processes, so that whoever comes after a killed one can end them
///   <root>/<hash>.lock         held (flock) by whoever builds; the kernel lets go of it when that process dies. Its time of change is the
///                              environment's last use
///
/// Each is built once however many ask: whoever does not get the lock follows the log. A builder that died is taken over, and what is left
/// of a half-made one is removed. A build that failed for good is not tried again for ten minutes, unless somebody wants it; any other is
/// at the next ask. Thread-safe.
class EnvironmentCache {
 public:
  /// `variables`: the machine's environment, as builders are to see it.
  explicit EnvironmentCache(std::filesystem::path root, const std::map<std::string, std::string>& variables = own_variables());
  EnvironmentCache(std::filesystem::path root, Builders builders);

  /// Which builder would make what. Builds nothing. invalid: none can; not_found: there is no such interpreter.
  Result<Plan> plan(const model::EnvironmentDefinition& definition) const;

  /// The environment if it is there, and nothing when it has to be built. Looks at a few files and builds nothing. unavailable as below.
  Result<std::optional<Prepared>> find(const Plan& plan) const;

  /// Blocks until the environment is there (deadline: 30 minutes). `on_log` gets the build log as it is written, on the calling thread; not
  /// called when nothing had to be built. `canceled` is asked at least every 200 ms; true ends the build and this call, with conflict.
  /// invalid names the package that failed, with the installer's words; unavailable: the machine is short of processes, descriptors or
  /// memory now, so it may be there at the next ask.
  Result<Prepared> prepare(const Plan& plan, const std::function<void(std::string_view)>& on_log, const std::function<bool()>& canceled);

  /// The same with the plan of this definition.
  Result<Prepared> prepare(const model::EnvironmentDefinition& definition, const std::function<void(std::string_view)>& on_log,
                           const std::function<bool()>& canceled);

  /// Blocks for a moment on the disk.
  Result<BuildState> state(const Plan& plan) const;
  /// At most so many bytes of its last build's log, from there on; "" at its end, and when there is none.
  Result<std::string> log_of(const Plan& plan, std::uint64_t offset, std::size_t most) const;
  /// The next ask builds, also what has just failed.
  Result<void> retry(const Plan& plan) const;

  /// Those that are there, by hash.
  Result<std::vector<Kept>> kept() const;
  /// False: somebody builds it, or has asked for it since it was listed. Whoever calls sees to it that no process runs in it.
  Result<bool> remove(const Kept& kept) const;

 private:
  struct Build;
  /// The builder that made the plan.
  Result<const Builder*> builder_of(const Plan& plan) const;
  Result<Prepared> build_locked(const Builder& builder, const Build& build) const;
  void clear_dead_builds() const;
  Result<void> end_recorded(const std::string& hash, bool also_remove) const;

  const std::filesystem::path root_;
  const Builders builders_;
};

}  // namespace muster::environment

#pragma once
// What makes environments: one implementation a kind. A kind passes tests/contract/builder_contract.h.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "environment/container.h"
#include "environment/prepared.h"
#include "model/environment.h"
#include "process/group.h"

namespace muster::environment {

/// What a builder would make of a definition on this machine.
struct Plan {
  std::string builder;  ///< its kind
  std::string hash;     ///< of the canonical form: two plans with one hash are the same environment
  std::string interpreter;
  std::vector<std::string> packages;                         ///< what is to be installed, in order
  std::vector<std::string> constraints = {};                 ///< of what is installed: lines as in pip's constraints files
  std::vector<std::string> provided = {};                    ///< asked for and left out, for the log
  std::vector<std::string> notices = {};                     ///< what is made otherwise than asked for, for the log
  bool layered = false;                                      ///< what the interpreter has of its own is there too
  std::optional<model::ContainerDefinition> container = {};  ///< where programs run in one
};

/// What is in an environment; as it was made, kept beside it.
struct Description {
  std::string interpreter;                      ///< made: of which
  std::string real_interpreter;                 ///< the same behind links, so that one that was upgraded in place is noticed
  std::vector<std::string> packages;            ///< "name==version" of all that is installed
  std::string image = {};                       ///< of a container: its id,
  std::string image_digest = {};                ///< how registries know it ("" when none does),
  std::string image_path = {};                  ///< its PATH,
  std::optional<ContainerHost> container = {};  ///< and how it is started on this machine
};
Json to_json(const Description& description);
Result<Description> description_from_json(const Json& json);

struct BuildRequest {
  const Plan& plan;
  std::filesystem::path folder;        ///< where; not there yet
  const process::ProcessGroup& group;  ///< all processes of the build belong to it
  std::chrono::steady_clock::time_point deadline;
  std::function<void(std::string_view)> on_log;  ///< gets what programs write as it comes, on the calling thread
  std::function<Result<void>()> stop;            ///< asked at least every 200 ms; its error ends the build and is returned
};

/// Stateless but for what it was made with: thread-safe.
class Builder {
 public:
  virtual ~Builder() = default;

  /// Its name in plans and definitions: lower case, never changed.
  virtual std::string_view kind() const = 0;
  /// Why it cannot make this, as a clause that completes "venv: …"; nothing when it can. Looks at the definition alone.
  virtual std::optional<std::string> cannot_build(const model::EnvironmentDefinition& definition) const = 0;
  /// For a definition that it can build; looks at the machine. not_found: there is no such interpreter.
  virtual Result<Plan> plan(const model::EnvironmentDefinition& definition) const = 0;
  /// Whether there is anything to make. If not, build() is not called.
  virtual bool makes_folder() const = 0;

  /// Makes it. Not durable yet; on failure the folder is left half-made. invalid names the package that failed; unavailable when it may go
  /// well at the next ask. Blocks.
  virtual Result<Description> build(const BuildRequest& request) const = 0;
  /// How programs start in it. Nothing when it cannot be used any more. `made` is null where nothing is built.
  virtual Result<std::optional<Prepared>> prepared(const Plan& plan, const std::filesystem::path& folder,
                                                   const Description* made) const = 0;
  /// What is in it now, asked of itself. Blocks.
  virtual Result<Description> describe(const Prepared& prepared, std::chrono::steady_clock::time_point deadline) const = 0;
  /// Removes what build() made, whole or half. Nothing there is fine.
  virtual Result<void> remove(const std::filesystem::path& folder) const = 0;
};

/// The builders of this machine in the order in which they are asked.
class Builders {
 public:
  explicit Builders(std::vector<std::unique_ptr<const Builder>> builders) : builders_(std::move(builders)) {}

  /// The first that can build it; invalid, with each one's reason, when none can.
  Result<const Builder*> choose(const model::EnvironmentDefinition& definition) const;
  /// Null when there is none of that kind.
  const Builder* find(std::string_view kind) const;

 private:
  std::vector<std::unique_ptr<const Builder>> builders_;
};

std::unique_ptr<const Builder> make_system_builder(std::map<std::string, std::string> variables);
std::unique_ptr<const Builder> make_venv_builder(std::map<std::string, std::string> variables);
std::unique_ptr<const Builder> make_container_builder(std::map<std::string, std::string> variables);
/// All that there are. `variables`: the machine's environment, as pip is to see it.
Builders standard_builders(const std::map<std::string, std::string>& variables);

}  // namespace muster::environment

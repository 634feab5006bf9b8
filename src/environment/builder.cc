#include "environment/builder.h"

#include <chrono>

#include "environment/environment_folder.h"

namespace muster::environment {
namespace {

constexpr std::chrono::minutes kDeadline{30};

}  // namespace

EnvironmentCache::EnvironmentCache(std::filesystem::path root, std::map<std::string, std::string> variables)
    : root_(std::move(root)), variables_(std::move(variables)) {
  clear_dead_builds(root_);
}

Result<std::string> EnvironmentCache::interpreter_of(const model::EnvironmentDefinition& definition) const {
  const auto path = variables_.find("PATH");
  return resolve_interpreter(interpreter_wanted(definition), path == variables_.end() ? "" : path->second);
}

Result<std::optional<Prepared>> EnvironmentCache::find(const model::EnvironmentDefinition& definition) const {
  MUSTER_TRY_ASSIGN(const std::string interpreter, interpreter_of(definition));
  const std::string hash = environment_hash(definition, interpreter);
  if (packages_to_install(definition).empty()) return Prepared{interpreter, "", hash};
  return find_built(root_, hash);
}

Result<Prepared> EnvironmentCache::prepare(const model::EnvironmentDefinition& definition,
                                           const std::function<void(std::string_view)>& on_log, const std::function<bool()>& canceled) {
  MUSTER_TRY_ASSIGN(const auto found, find(definition));
  if (found) return *found;
  MUSTER_TRY_ASSIGN(const std::string interpreter, interpreter_of(definition));
  const BuildRequest request{
      root_,     environment_hash(definition, interpreter), interpreter, packages_to_install(definition), provided_packages(definition),
      variables_};
  const auto stop = [&]() -> Result<void> {
    if (canceled()) return fail(Code::conflict, "the build of the environment was canceled");
    return {};
  };
  return build_once(request, std::chrono::steady_clock::now() + kDeadline, on_log, stop);
}

}  // namespace muster::environment

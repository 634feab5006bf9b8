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

Result<BuildRequest> EnvironmentCache::request_for(const model::EnvironmentDefinition& definition) const {
  const auto path = variables_.find("PATH");
  MUSTER_TRY_ASSIGN(std::string interpreter,
                    resolve_interpreter(interpreter_wanted(definition), path == variables_.end() ? "" : path->second));
  std::string hash = environment_hash(definition, interpreter);
  return BuildRequest{root_,     std::move(hash), std::move(interpreter), packages_to_install(definition), provided_packages(definition),
                      variables_};
}

Result<std::optional<Prepared>> EnvironmentCache::find(const BuildRequest& request) {
  if (request.packages.empty()) return Prepared{request.interpreter, "", request.hash};
  return find_built(request.root, request.hash);
}

Result<std::optional<Prepared>> EnvironmentCache::find(const model::EnvironmentDefinition& definition) const {
  MUSTER_TRY_ASSIGN(const BuildRequest request, request_for(definition));
  return find(request);
}

Result<Prepared> EnvironmentCache::prepare(const model::EnvironmentDefinition& definition,
                                           const std::function<void(std::string_view)>& on_log, const std::function<bool()>& canceled) {
  MUSTER_TRY_ASSIGN(const BuildRequest request, request_for(definition));
  MUSTER_TRY_ASSIGN(const auto found, find(request));
  if (found) return *found;
  const auto stop = [&]() -> Result<void> {
    if (canceled()) return fail(Code::conflict, "the build of the environment was canceled");
    return {};
  };
  return build_once(request, std::chrono::steady_clock::now() + kDeadline, on_log, stop);
}

}  // namespace muster::environment

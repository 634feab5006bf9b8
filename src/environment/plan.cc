#include "environment/plan.h"

#include <nlohmann/json.hpp>

#include "base/id.h"
#include "environment/command.h"
#include "environment/interpreter.h"
#include "environment/spec.h"

namespace muster::environment {
namespace {

using Variables = std::map<std::string, std::string>;

/// Works from Python 3.6 on; importlib.metadata came with 3.8.
constexpr const char* kQuestion = R"(
import json, os, sys
packages = set()
try:
    from importlib.metadata import distributions
    for one in distributions():
        if one.metadata["Name"]:
            packages.add("%s==%s" % (one.metadata["Name"], one.version))
except ImportError:
    import pkg_resources
    for one in pkg_resources.working_set:
        packages.add("%s==%s" % (one.project_name, one.version))
print(json.dumps({"interpreter": sys.executable, "real_interpreter": os.path.realpath(sys.executable), "packages": sorted(packages)}))
)";

}  // namespace

Plan plan_with(const model::EnvironmentDefinition& definition, std::string builder, std::string interpreter) {
  std::string hash = environment_hash(definition, builder, interpreter);
  return Plan{std::move(builder),         std::move(hash),
              std::move(interpreter),     packages_to_install(definition),
              definition.pip_constraints, provided_packages(definition),
              notices(definition),        definition.system_site_packages};
}

Result<Plan> plan_of(const model::EnvironmentDefinition& definition, std::string builder, const Variables& variables) {
  const auto path = variables.find("PATH");
  MUSTER_TRY_ASSIGN(std::string interpreter,
                    resolve_interpreter(interpreter_wanted(definition), path == variables.end() ? "" : path->second));
  return plan_with(definition, std::move(builder), std::move(interpreter));
}

Result<Description> ask_interpreter(const Prepared& prepared, Variables variables, std::chrono::steady_clock::time_point deadline) {
  std::erase_if(variables, [](const auto& one) { return one.first.starts_with("MUSTER_") || one.first.starts_with("PYTHON"); });
  std::vector<std::string> words = prepared.prefix;
  if (prepared.builder == "container") {
    for (const auto& [name, value] : variables_of(prepared)) words.insert(words.end() - 1, {"--env", name + "=" + value});
  } else {
    for (const auto& [name, value] : variables_of(prepared)) variables[name] = value;
  }
  words.insert(words.end(), {interpreter_of(prepared), "-c", kQuestion});
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, process::ProcessGroup::create("muster-describe-" + random_hex(8)));
  std::string output;
  const auto ended = run_command(
      {words, variables, "/"}, group, deadline, [&](std::string_view text) { output += text; }, [] { return Result<void>{}; });
  const auto killed = group.kill(process::kKillDeadline);
  group.remove();
  MUSTER_TRY(ended);
  MUSTER_TRY(killed);
  const std::size_t begin = output.find('{');
  if (ended->exit_code != 0 || begin == std::string::npos) {
    return fail(Code::unavailable, "{} could not say which packages it has: it ended with {}", interpreter_of(prepared),
                process::to_words(*ended));
  }
  MUSTER_TRY_ASSIGN(const Json json, parse_json(std::string_view(output).substr(begin)));
  return description_from_json(json);
}

}  // namespace muster::environment

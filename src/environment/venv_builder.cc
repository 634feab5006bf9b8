// Virtual environments with pip packages.

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "base/plural.h"
#include "base/text.h"
#include "environment/build_steps.h"
#include "environment/builder.h"
#include "environment/interpreter.h"
#include "environment/pip_install.h"
#include "environment/plan.h"
#include "environment/spec.h"
#include "environment/uv.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

using Variables = std::map<std::string, std::string>;

/// pip finds its configuration and proxies as ever; what would lead it or Python out of the new environment, and our own secrets, it does
/// not see.
Variables builder_variables(const BuildRequest& request, Variables variables) {
  std::erase_if(variables, [](const auto& entry) { return entry.first.starts_with("MUSTER_"); });
  for (const char* name : {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX",
                           "PIP_USER", "PIP_REQUIRE_VIRTUALENV"}) {
    variables.erase(name);
  }
  variables["VIRTUAL_ENV"] = request.folder.string();
  variables["PATH"] = (request.folder / "bin").string() + ":" + variables["PATH"];
  variables["PYTHONUNBUFFERED"] = "1";
  variables["PYTHONNOUSERSITE"] = "1";
  variables["PYTHONIOENCODING"] = "utf-8";
  return variables;
}

/// uv, where the machine has it: on its PATH, or where uv's own installer puts it. "" when it is not there.
std::string find_uv(const Variables& variables) {
  const auto value = [&](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  };
  const std::string home = value("HOME");
  const auto found = resolve_interpreter("uv", value("PATH") + (home.empty() ? "" : ":" + home + "/.local/bin"));
  return found.value_or("");
}

/// What uv installed; nothing, with why in the log, when it could not, which pip then may.
Result<std::optional<std::vector<std::string>>> install_by_uv(const BuildRequest& request, Variables variables, const std::string& uv) {
  const auto not_by_uv = [&](std::string_view why) -> Result<std::optional<std::vector<std::string>>> {
    request.on_log(fmt::format("{}: pip installs\n", why));
    MUSTER_TRY(remove_tree(request.folder));
    return std::nullopt;
  };
  MUSTER_TRY_ASSIGN(
      const Outcome config,
      BuildSteps(request, builder_variables(request, variables)).run_quietly({request.plan.interpreter, "-m", "pip", "config", "list"}));
  const auto settings = uv_settings(config.succeeded() ? config.output : "");
  if (!settings) return not_by_uv(settings.error().detail);
  for (const auto& [name, value] : settings->variables) variables.emplace(name, value);
  variables["UV_NO_PROGRESS"] = "1";
  variables["UV_PYTHON_DOWNLOADS"] = "never";
  const BuildSteps steps(request, builder_variables(request, variables));
  const std::string python = (request.folder / "bin" / "python").string();
  MUSTER_TRY_ASSIGN(const Outcome made,
                    steps.run({uv, "venv", "--no-project", "--python", request.plan.interpreter, request.folder.string()}));
  if (!made.succeeded()) return not_by_uv("uv could not make the environment");

  std::vector<std::string> install{uv, "pip", "install", "--python", python};
  install.insert(install.end(), settings->install.begin(), settings->install.end());
  std::vector<std::string> packages = install;
  MUSTER_TRY_ASSIGN(const auto files, requirement_files(request));
  packages.insert(packages.end(), files.begin(), files.end());
  MUSTER_TRY_ASSIGN(const Outcome installed, steps.run(packages));
  if (!installed.succeeded()) return not_by_uv("uv could not install the packages");
  // Jobs may call pip, which uv leaves out.
  install.emplace_back("pip");
  MUSTER_TRY_ASSIGN(const Outcome with_pip, steps.run_quietly(install));
  if (!with_pip.succeeded()) request.on_log("the environment has no pip of its own: uv found none to install\n");
  MUSTER_TRY_ASSIGN(const Outcome frozen, steps.run_quietly({uv, "pip", "freeze", "--python", python}));
  auto packages_there = requirements_in(frozen.output);
  if (const auto other = not_as_asked(request.plan.packages, packages_there))
    return not_by_uv(fmt::format("uv installed {} where {} is asked for", other->version, other->asked));
  return packages_there;
}

/// What was installed, by uv when the machine has it and it can, else by pip.
Result<std::vector<std::string>> install(const BuildRequest& request, const Variables& variables) {
  // uv does not see the packages of a layer below, and would install them again.
  if (const std::string uv = find_uv(variables); !uv.empty() && !request.plan.layered) {
    MUSTER_TRY_ASSIGN(auto installed, install_by_uv(request, variables, uv));
    if (installed) return std::move(*installed);
  }
  return install_by_pip(request, BuildSteps(request, builder_variables(request, variables)));
}

class VenvBuilder final : public Builder {
 public:
  explicit VenvBuilder(Variables variables) : variables_(std::move(variables)) {}

  std::string_view kind() const override { return "venv"; }
  std::optional<std::string> cannot_build(const model::EnvironmentDefinition& definition) const override {
    if (const auto faults = cannot_be_built(definition); !faults.empty()) return faults.front().detail;
    if (needs_container(definition)) return "starts no containers";
    if (definition.user_managed_dependencies) return "installs nothing where dependencies are managed by the user";
    return std::nullopt;
  }
  Result<Plan> plan(const model::EnvironmentDefinition& definition) const override {
    return plan_of(definition, std::string(kind()), variables_);
  }
  bool makes_folder() const override { return true; }

  Result<Description> build(const BuildRequest& request) const override {
    MUSTER_TRY_ASSIGN(auto packages, install(request, variables_));
    return Description{request.plan.interpreter, real_path(request.plan.interpreter), std::move(packages)};
  }
  Result<std::optional<Prepared>> prepared(const Plan& plan, const fs::path& folder, const Description* made) const override {
    // Where another Python stands behind the same name now, what was built for the old one would not start.
    const bool usable = made != nullptr && ::access((folder / "bin" / "python").c_str(), X_OK) == 0 && !made->real_interpreter.empty() &&
                        real_path(made->interpreter) == made->real_interpreter;
    if (!usable) return std::nullopt;
    return Prepared{plan.hash, plan.builder, folder.string(), "bin/python", {}, {"bin"}, {{"VIRTUAL_ENV", "{root}"}}};
  }
  Result<Description> describe(const Prepared& prepared, std::chrono::steady_clock::time_point deadline) const override {
    return ask_interpreter(prepared, variables_, deadline);
  }
  Result<void> remove(const fs::path& folder) const override { return remove_tree(folder); }

 private:
  const Variables variables_;
};

}  // namespace

std::unique_ptr<const Builder> make_venv_builder(Variables variables) { return std::make_unique<VenvBuilder>(std::move(variables)); }

}  // namespace muster::environment

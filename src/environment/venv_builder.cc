// Virtual environments with pip packages.

#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "environment/builder.h"
#include "environment/command.h"
#include "environment/interpreter.h"
#include "environment/pip_errors.h"
#include "environment/plan.h"
#include "environment/spec.h"

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

struct Outcome {
  process::Ended ended;
  std::string output;
  bool succeeded() const { return ended.exit_code == 0; }
};

/// Keeps the end of the output, where programs say why they failed.
constexpr std::size_t kKeptOutput = 256u << 10;

class Steps {
 public:
  Steps(const BuildRequest& request, const Variables& variables)
      : request_(request), variables_(builder_variables(request, variables)), folder_(request.folder.parent_path()) {}

  Result<Outcome> run(const std::vector<std::string>& words) const {
    request_.on_log(fmt::format("$ {}\n", join(words, " ")));
    return run_quietly(words, request_.on_log);
  }

  Result<Outcome> run_quietly(const std::vector<std::string>& words, const std::function<void(std::string_view)>& on_output) const {
    Outcome outcome;
    const auto keep = [&](std::string_view text) {
      outcome.output += text;
      if (outcome.output.size() > 2 * kKeptOutput) outcome.output.erase(0, outcome.output.size() - kKeptOutput);
      on_output(text);
    };
    MUSTER_TRY_ASSIGN(outcome.ended, run_command({words, variables_, folder_}, request_.group, request_.deadline, keep, request_.stop));
    return outcome;
  }

 private:
  const BuildRequest& request_;
  Variables variables_;
  fs::path folder_;
};

Error cannot_make(const BuildRequest& request, const Outcome& outcome) {
  const std::string name = fs::path(request.plan.interpreter).filename().string();
  Error error;
  error.code = Code::invalid;
  error.detail = fmt::format("{} cannot make virtual environments: `-m venv` ended with {}", request.plan.interpreter,
                             process::to_words(outcome.ended));
  error.hint = fmt::format("on Debian and Ubuntu install {}-venv, or name another Python in `python.interpreter_path`",
                           name == "python" ? "python3" : name);
  if (outcome.output.find("No space left on device") != std::string::npos) {
    error.code = Code::disk_full;
    error.hint = "free some space on the disk that holds the environments";
  }
  return error;
}

/// The folder with its own Python and pip. Debian's Python comes without `ensurepip` unless python3-venv is installed; its pip, where there
/// is one, can then install into the new environment just as well.
Result<std::vector<std::string>> make_folder(const BuildRequest& request, const Steps& steps, const std::string& python) {
  const std::vector<std::string> own_pip{python, "-m", "pip"};
  MUSTER_TRY_ASSIGN(const Outcome made, steps.run({request.plan.interpreter, "-m", "venv", request.folder.string()}));
  std::error_code error;
  if (made.succeeded() && fs::exists(python, error)) return own_pip;
  if (made.output.find("ensurepip") == std::string::npos) return tl::unexpected(cannot_make(request, made));
  MUSTER_TRY(remove_tree(request.folder));
  MUSTER_TRY_ASSIGN(const Outcome bare, steps.run({request.plan.interpreter, "-m", "venv", "--without-pip", request.folder.string()}));
  if (!bare.succeeded()) return tl::unexpected(cannot_make(request, made));
  const std::vector<std::string> base_pip{request.plan.interpreter, "-m", "pip", "--python", python};
  std::vector<std::string> probe = base_pip;
  probe.push_back("--version");
  MUSTER_TRY_ASSIGN(const Outcome has_pip, steps.run(probe));
  if (!has_pip.succeeded()) return tl::unexpected(cannot_make(request, made));
  return base_pip;
}

std::vector<std::string> requirements_in(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    // pip's warnings come the same way.
    if (line.find("==") != std::string_view::npos || line.find(" @ ") != std::string_view::npos) lines.push_back(to_utf8(line));
  }
  return lines;
}

/// What pip installed.
Result<std::vector<std::string>> install(const BuildRequest& request, const Variables& variables) {
  const Steps steps(request, variables);
  const std::string python = (request.folder / "bin" / "python").string();
  MUSTER_TRY_ASSIGN(const std::vector<std::string> pip, make_folder(request, steps, python));

  const std::vector<std::string>& packages = request.plan.packages;
  const fs::path requirements = request.folder / "requirements.txt";
  MUSTER_TRY(write_file(requirements, join(packages, "\n") + "\n", 0644, Durable::no));
  request.on_log(fmt::format("{}:\n  {}\n", requirements.string(), join(packages, "\n  ")));
  std::vector<std::string> install = pip;
  install.insert(install.end(),
                 {"install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-r", requirements.string()});
  if (!request.plan.constraints.empty()) {
    const fs::path constraints = request.folder / "constraints.txt";
    MUSTER_TRY(write_file(constraints, join(request.plan.constraints, "\n") + "\n", 0644, Durable::no));
    install.insert(install.end(), {"-c", constraints.string()});
  }
  MUSTER_TRY_ASSIGN(const Outcome installed, steps.run(install));
  if (!installed.succeeded()) return tl::unexpected(explain_pip_failure(installed.output));

  std::vector<std::string> freeze = pip;
  freeze.insert(freeze.end(), {"freeze", "--all", "--disable-pip-version-check"});
  MUSTER_TRY_ASSIGN(const Outcome frozen, steps.run_quietly(freeze, [](std::string_view) {}));
  // What is installed is installed; that it could not be listed is worth a line, not a failure.
  if (!frozen.succeeded()) request.on_log("pip could not list what is installed\n");
  return frozen.succeeded() ? requirements_in(frozen.output) : std::vector<std::string>{};
}

class VenvBuilder final : public Builder {
 public:
  explicit VenvBuilder(Variables variables) : variables_(std::move(variables)) {}

  std::string_view kind() const override { return "venv"; }
  std::optional<std::string> cannot_build(const model::EnvironmentDefinition& definition) const override {
    if (const auto faults = cannot_be_built(definition); !faults.empty()) return faults.front().detail;
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

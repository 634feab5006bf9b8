// Virtual environments with pip packages.

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "base/plural.h"
#include "base/text.h"
#include "environment/builder.h"
#include "environment/command.h"
#include "environment/interpreter.h"
#include "environment/pip_errors.h"
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

/// A program that was killed says nothing about what it was to do: it may go well at the next ask.
Error unless_killed(Error error, const Outcome& outcome) {
  if (!outcome.ended.signal) return error;
  if (error.code == Code::invalid) error.code = Code::timeout;
  if (error.detail.find(process::to_words(outcome.ended)) == std::string::npos)
    error.detail += fmt::format(" (it was ended by {})", process::to_words(outcome.ended));
  return error;
}

/// The folder with its own Python and pip. Debian's Python comes without `ensurepip` unless python3-venv is installed; its pip, where there
/// is one, can then install into the new environment just as well.
Result<std::vector<std::string>> make_folder(const BuildRequest& request, const Steps& steps, const std::string& python) {
  const std::vector<std::string> own_pip{python, "-m", "pip"};
  MUSTER_TRY_ASSIGN(const Outcome made, steps.run({request.plan.interpreter, "-m", "venv", request.folder.string()}));
  std::error_code error;
  if (made.succeeded() && fs::exists(python, error)) return own_pip;
  if (made.ended.signal || made.output.find("ensurepip") == std::string::npos)
    return tl::unexpected(unless_killed(cannot_make(request, made), made));
  MUSTER_TRY(remove_tree(request.folder));
  MUSTER_TRY_ASSIGN(const Outcome bare, steps.run({request.plan.interpreter, "-m", "venv", "--without-pip", request.folder.string()}));
  if (!bare.succeeded()) return tl::unexpected(unless_killed(cannot_make(request, made), bare));
  const std::vector<std::string> base_pip{request.plan.interpreter, "-m", "pip", "--python", python};
  std::vector<std::string> probe = base_pip;
  probe.push_back("--version");
  MUSTER_TRY_ASSIGN(const Outcome has_pip, steps.run(probe));
  if (!has_pip.succeeded()) return tl::unexpected(unless_killed(cannot_make(request, made), has_pip));
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

Result<fs::path> write_lines(const fs::path& file, const std::vector<std::string>& lines, const BuildRequest& request) {
  MUSTER_TRY(write_file(file, join(lines, "\n") + "\n", 0644, Durable::no));
  request.on_log(fmt::format("{}:\n  {}\n", file.string(), join(lines, "\n  ")));
  return file;
}

/// The words "-r FILE", and "-c FILE" where there are constraints.
Result<std::vector<std::string>> requirement_files(const BuildRequest& request) {
  request.on_log(fmt::format("installing {}\n", counted(request.plan.packages.size(), "requirement")));
  MUSTER_TRY_ASSIGN(const fs::path requirements, write_lines(request.folder / "requirements.txt", request.plan.packages, request));
  std::vector<std::string> words{"-r", requirements.string()};
  if (!request.plan.constraints.empty()) {
    MUSTER_TRY_ASSIGN(const fs::path constraints, write_lines(request.folder / "constraints.txt", request.plan.constraints, request));
    words.insert(words.end(), {"-c", constraints.string()});
  }
  return words;
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
      Steps(request, variables).run_quietly({request.plan.interpreter, "-m", "pip", "config", "list"}, [](std::string_view) {}));
  const auto settings = uv_settings(config.succeeded() ? config.output : "");
  if (!settings) return not_by_uv(settings.error().detail);
  for (const auto& [name, value] : settings->variables) variables.emplace(name, value);
  variables["UV_NO_PROGRESS"] = "1";
  variables["UV_PYTHON_DOWNLOADS"] = "never";
  const Steps steps(request, variables);
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
  MUSTER_TRY_ASSIGN(const Outcome with_pip, steps.run_quietly(install, [](std::string_view) {}));
  if (!with_pip.succeeded()) request.on_log("the environment has no pip of its own: uv found none to install\n");
  MUSTER_TRY_ASSIGN(const Outcome frozen, steps.run_quietly({uv, "pip", "freeze", "--python", python}, [](std::string_view) {}));
  auto packages_there = requirements_in(frozen.output);
  if (const auto other = not_as_asked(request.plan.packages, packages_there))
    return not_by_uv(fmt::format("uv installed {} where {} is asked for", other->version, other->asked));
  return packages_there;
}

/// Pythons of old bring a pip from before 20.3, whose resolver takes the first line that names a package for all it has to know of it, and
/// a constraint of the machine's for a pin. The newest pip that they can have is another one.
Result<void> renew_old_pip(const BuildRequest& request, const Steps& steps, const std::vector<std::string>& pip) {
  MUSTER_TRY_ASSIGN(const Outcome said, steps.run_quietly({pip[0], "-m", "pip", "--version"}, [](std::string_view) {}));
  const std::string_view version = std::string_view(said.output).substr(std::min<std::size_t>(said.output.size(), 4));  // behind "pip "
  const auto parts = split(version.substr(0, version.find(' ')), '.');
  std::int64_t major = 0;
  std::int64_t minor = 0;
  const bool is_known = parts.size() >= 2 && parse_int64(parts[0], major) && parse_int64(parts[1], minor);
  if (!is_known || major > 20 || (major == 20 && minor >= 3)) return {};
  MUSTER_TRY_ASSIGN(const Outcome renewed,
                    steps.run({pip[0], "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--upgrade", "pip"}));
  if (!renewed.succeeded()) request.on_log("the old pip installs: there is no newer one for it\n");
  return {};
}

/// The folders of the interpreter's own packages, a line each. An interpreter that is a virtual environment's has folders of its own, which
/// `venv --system-site-packages` would not see.
constexpr const char* kOwnPackages =
    "import sys; print('\\n'.join(p for p in sys.path if p.rstrip('/').endswith(('site-packages', 'dist-packages'))))";

/// Puts the interpreter's own packages behind those of the new environment; pip then takes them for installed.
Result<void> add_layer_below(const BuildRequest& request, const Steps& steps) {
  MUSTER_TRY_ASSIGN(const Outcome asked, steps.run_quietly({request.plan.interpreter, "-c", kOwnPackages}, [](std::string_view) {}));
  if (!asked.succeeded()) {
    return fail(Code::unavailable, "{} could not say where its packages are: it ended with {}", request.plan.interpreter,
                process::to_words(asked.ended));
  }
  std::error_code error;
  for (const auto& version : fs::directory_iterator(request.folder / "lib", error)) {
    const fs::path packages = version.path() / "site-packages";
    if (fs::is_directory(packages, error)) MUSTER_TRY(write_file(packages / "muster-layer.pth", asked.output, 0644, Durable::no));
  }
  if (error) return fail(Code::unavailable, "{}: {}", (request.folder / "lib").string(), error.message());
  request.on_log(fmt::format("over the packages of {}:\n{}", request.plan.interpreter, asked.output));
  return {};
}

/// What pip installed.
Result<std::vector<std::string>> install_by_pip(const BuildRequest& request, const Variables& variables) {
  const Steps steps(request, variables);
  const std::string python = (request.folder / "bin" / "python").string();
  MUSTER_TRY_ASSIGN(const std::vector<std::string> pip, make_folder(request, steps, python));
  if (request.plan.layered) MUSTER_TRY(add_layer_below(request, steps));

  if (pip.size() == 3) MUSTER_TRY(renew_old_pip(request, steps, pip));
  std::vector<std::string> install = pip;
  install.insert(install.end(), {"install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"});
  MUSTER_TRY_ASSIGN(const auto files, requirement_files(request));
  install.insert(install.end(), files.begin(), files.end());
  MUSTER_TRY_ASSIGN(const Outcome installed, steps.run(install));
  if (!installed.succeeded()) return tl::unexpected(unless_killed(explain_pip_failure(installed.output), installed));

  std::vector<std::string> freeze = pip;
  freeze.insert(freeze.end(), {"freeze", "--all", "--disable-pip-version-check"});
  MUSTER_TRY_ASSIGN(const Outcome frozen, steps.run_quietly(freeze, [](std::string_view) {}));
  // What is installed is installed; that it could not be listed is worth a line, not a failure.
  if (!frozen.succeeded()) request.on_log("pip could not list what is installed\n");
  if (!frozen.succeeded()) return std::vector<std::string>{};
  auto packages = requirements_in(frozen.output);
  if (const auto other = not_as_asked(request.plan.packages, packages)) {
    return fail_hint(Code::invalid, "see the machine's pip configuration (pip config list): a constraint there may say otherwise",
                     "the package '{}' could not be installed: pip installed version {} of it", other->asked, other->version);
  }
  return packages;
}

/// What was installed, by uv when the machine has it and it can, else by pip.
Result<std::vector<std::string>> install(const BuildRequest& request, const Variables& variables) {
  // uv does not see the packages of a layer below, and would install them again.
  if (const std::string uv = find_uv(variables); !uv.empty() && !request.plan.layered) {
    MUSTER_TRY_ASSIGN(auto installed, install_by_uv(request, variables, uv));
    if (installed) return std::move(*installed);
  }
  return install_by_pip(request, variables);
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

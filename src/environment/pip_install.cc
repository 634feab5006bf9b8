#include "environment/pip_install.h"

#include <algorithm>

#include "base/file.h"
#include "base/plural.h"
#include "base/text.h"
#include "environment/pip_errors.h"
#include "environment/spec.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

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
Result<std::vector<std::string>> make_folder(const BuildRequest& request, const BuildSteps& steps, const std::string& python) {
  const std::vector<std::string> own_pip{python, "-m", "pip"};
  MUSTER_TRY_ASSIGN(const Outcome made, steps.run({request.plan.interpreter, "-m", "venv", request.folder.string()}));
  std::error_code error;
  if (made.succeeded() && fs::exists(fs::symlink_status(python, error))) return own_pip;  // a container's leads nowhere here
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

/// Pythons of old bring a pip from before 20.3, whose resolver takes the first line that names a package for all it has to know of it, and
/// a constraint of the machine's for a pin. The newest pip that they can have is another one.
Result<void> renew_old_pip(const BuildRequest& request, const BuildSteps& steps, const std::vector<std::string>& pip) {
  MUSTER_TRY_ASSIGN(const Outcome said, steps.run_quietly({pip[0], "-m", "pip", "--version"}));
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
Result<void> add_layer_below(const BuildRequest& request, const BuildSteps& steps) {
  MUSTER_TRY_ASSIGN(const Outcome asked, steps.run_quietly({request.plan.interpreter, "-c", kOwnPackages}));
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

Result<fs::path> write_lines(const fs::path& file, const std::vector<std::string>& lines, const BuildRequest& request) {
  MUSTER_TRY(write_file(file, join(lines, "\n") + "\n", 0644, Durable::no));
  request.on_log(fmt::format("{}:\n  {}\n", file.string(), join(lines, "\n  ")));
  return file;
}

}  // namespace

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

std::vector<std::string> requirements_in(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    // pip's warnings come the same way.
    if (line.find("==") != std::string_view::npos || line.find(" @ ") != std::string_view::npos) lines.push_back(to_utf8(line));
  }
  return lines;
}

Result<std::vector<std::string>> install_by_pip(const BuildRequest& request, const BuildSteps& steps) {
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
  MUSTER_TRY_ASSIGN(const Outcome frozen, steps.run_quietly(freeze));
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

}  // namespace muster::environment

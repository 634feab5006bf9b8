#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>

#include "base/fd.h"
#include "base/own_variables.h"
#include "client/git/git_properties.h"
#include "process/spawn.h"

namespace muster::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{2000};
constexpr milliseconds kDeath{500};
constexpr std::size_t kLongestAnswer = 1 << 16;

/// Our own, without what would send git to another repository (a submission from a git hook has it) or have it ask somebody.
std::map<std::string, std::string> variables_for_git() {
  std::map<std::string, std::string> variables = own_variables();
  for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"})
    variables.erase(name);
  variables["GIT_OPTIONAL_LOCKS"] = "0";
  variables["GIT_TERMINAL_PROMPT"] = "0";
  return variables;
}

class Git {
 public:
  explicit Git(const std::filesystem::path& folder) : folder_(folder), variables_(variables_for_git()) {}

  /// Its standard output without the last newline; nothing when git fails, or has been silent for too long once.
  std::optional<std::string> answer(std::vector<std::string> question) {
    // A file, not a pipe: a process that git leaves behind may hold it open for as long as it likes.
    const Fd output(silent_ ? -1 : ::memfd_create("git", MFD_CLOEXEC));
    if (!output) return std::nullopt;
    process::SpawnOptions options;
    // The shell parts what git warns of from what it answers. The file system monitor would start a process that stays.
    options.command = {"/bin/sh", "-c", "exec git \"$@\" 2>/dev/null", "git", "-C", folder_.string(), "-c", "core.fsmonitor=false"};
    options.command.insert(options.command.end(), question.begin(), question.end());
    options.variables = variables_;
    options.output = output.get();
    auto child = process::spawn(options);
    if (!child) return std::nullopt;
    const auto ended = child->wait(kPatience);
    if (!ended) {
      silent_ = true;
      ::kill(-child->pid(), SIGKILL);  // the session it was started in; ours until it is reaped
      static_cast<void>(child->wait(kDeath));
      return std::nullopt;
    }
    if (ended->exit_code != 0) return std::nullopt;
    return content(output);
  }

 private:
  static std::string content(const Fd& file) {
    std::string text(kLongestAnswer, '\0');
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
  bool silent_ = false;
};

}  // namespace

GitAnswers ask_git(const std::filesystem::path& folder) {
  Git git(folder);
  GitAnswers answers;
  if (git.answer({"rev-parse", "--is-inside-work-tree"}) != "true") return answers;
  answers.commit = git.answer({"rev-parse", "--quiet", "--verify", "HEAD"});
  answers.branch = git.answer({"symbolic-ref", "--quiet", "--short", "HEAD"});
  answers.address = git.answer({"ls-remote", "--get-url"});
  // The only one that looks at files: last, so that a tree too large for it still has the rest.
  const auto changes = git.answer({"status", "--porcelain", "--untracked-files=normal", "--", "."});
  if (changes) answers.changed = !changes->empty();
  return answers;
}

}  // namespace muster::client

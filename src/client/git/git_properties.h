#pragma once
// What git says of a source folder: recorded with a run, so that one knows later which code it was.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace muster::client {

/// What git answered; absent: it could not say.
struct GitAnswers {
  std::optional<std::string> commit;   ///< none in a repository without commits
  std::optional<std::string> branch;   ///< none with a detached HEAD
  std::optional<std::string> address;  ///< of the remote that `git fetch` would ask; may be "origin" when there is none of that name
  std::optional<bool> changed;         ///< whether the folder holds anything that the commit does not, untracked files too
};

/// A run's properties by the names of Azure and MLflow (docs/formats.md), free of credentials. Pure. Vectors:
/// tests/golden/git/properties.json.
std::map<std::string, std::string> git_properties(const GitAnswers& answers);

/// Asks git about the work tree that `folder` lies in. Empty when it lies in none, or git is absent or refuses. Never fails and never
/// hangs: each question has 2 s, and one that got no answer in that time is the last. Blocks; thread-safe.
GitAnswers ask_git(const std::filesystem::path& folder);

}  // namespace muster::client

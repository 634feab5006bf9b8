#include "environment/interpreter.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/text.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

bool is_shims(const fs::path& folder) { return folder.filename() == "shims" || folder.parent_path().filename() == "shims"; }

std::string search(const std::string& name, const std::string& path) {
  for (const std::string_view part : split(path, ':')) {
    const fs::path folder(part);
    // A relative entry would mean another program in every working folder.
    if (!folder.is_absolute() || is_shims(folder)) continue;
    if (is_program(folder / name)) return (folder / name).lexically_normal().string();
  }
  return "";
}

/// Whether the name says which Python it is: "python3.8".
bool is_versioned(std::string_view name) { return name.starts_with("python") && name.find('.') != std::string_view::npos; }

/// "3.10.4" as what can be compared: {3, 10, 4}.
std::vector<std::int64_t> numbers_of(std::string_view version) {
  std::vector<std::int64_t> numbers;
  for (const std::string_view part : split(version, '.')) {
    std::int64_t number = -1;
    parse_int64(part, number);
    numbers.push_back(number);
  }
  return numbers;
}

/// The Pythons that pyenv keeps behind the shims on this PATH, the newest first: {"3.8.13", its folder of programs}.
std::vector<std::pair<std::string, fs::path>> behind_shims(const std::string& path) {
  std::vector<std::pair<std::string, fs::path>> all;
  for (const std::string_view part : split(path, ':')) {
    fs::path shims(part);
    if (!shims.is_absolute() || !is_shims(shims)) continue;
    if (!shims.has_filename()) shims = shims.parent_path();
    const auto names = list_if_there(shims.parent_path() / "versions");
    if (!names) continue;
    for (const std::string& name : *names) all.emplace_back(name, shims.parent_path() / "versions" / name / "bin");
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return numbers_of(a.first) > numbers_of(b.first); });
  return all;
}

/// "python3.8", "python3.11": all that the PATH has.
std::string versions_there(const std::string& path) {
  std::set<std::vector<std::int64_t>> versions;
  const auto look_into = [&](const fs::path& folder) {
    const auto names = list_if_there(folder);
    if (!names) return;
    for (const std::string& name : *names) {
      const auto numbers = is_versioned(name) ? numbers_of(std::string_view(name).substr(6)) : std::vector<std::int64_t>{};
      if (numbers.size() == 2 && numbers[0] > 0 && numbers[1] >= 0 && is_program(folder / name)) versions.insert(numbers);
    }
  };
  for (const std::string_view part : split(path, ':')) {
    if (fs::path(part).is_absolute() && !is_shims(part)) look_into(part);
  }
  for (const auto& [version, folder] : behind_shims(path)) look_into(folder);
  std::vector<std::string> names;
  for (const auto& version : versions) names.push_back(fmt::format("{}.{}", version[0], version[1]));
  return names.empty() ? "no Python with a version in its name is there" : "the versions there are " + join(names, ", ");
}

bool same_program(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

/// For a POSIX shell, in single quotes.
std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace

Result<std::string> resolve_interpreter(const std::string& interpreter_path, const std::string& path) {
  if (interpreter_path.find('/') != std::string::npos) {
    if (!fs::path(interpreter_path).is_absolute()) {
      return fail_hint(Code::not_found, "give an absolute path, or a name that is on the server's PATH",
                       "the interpreter path '{}' is relative", interpreter_path);
    }
    if (is_program(interpreter_path)) return interpreter_path;
    return fail_hint(Code::not_found, "correct `python.interpreter_path`", "there is no Python at {}", interpreter_path);
  }
  std::string found = search(interpreter_path, path);
  if (found.empty() && interpreter_path == "python") found = search("python3", path);
  if (!found.empty()) return found;
  if (is_versioned(interpreter_path)) {
    for (const auto& [version, folder] : behind_shims(path)) {
      if (is_program(folder / interpreter_path)) return (folder / interpreter_path).string();
    }
    return fail_hint(Code::not_found, "install it, ask for a version that is there, or give `python.interpreter_path` as an absolute path",
                     "there is no '{}' on the server's PATH ({}); {}", interpreter_path, path.empty() ? "which is empty" : path,
                     versions_there(path));
  }
  return fail_hint(Code::not_found, "install it, or give `python.interpreter_path` as an absolute path",
                   "there is no '{}' on the server's PATH ({}; pyenv's shims are passed over)", interpreter_path,
                   path.empty() ? "which is empty" : path);
}

std::string real_path(const fs::path& path) {
  std::error_code error;
  return fs::canonical(path, error).string();
}

Result<fs::path> python_folder(const std::string& interpreter, const fs::path& scratch) {
  const fs::path own = fs::path(interpreter).parent_path();
  if (same_program(own / "python", interpreter) && same_program(own / "python3", interpreter)) return own;
  MUSTER_TRY(make_folders(scratch));
  const std::string program = fmt::format("#!/bin/sh\nexec {} \"$@\"\n", shell_quoted(interpreter));
  for (const char* name : {"python", "python3"}) {
    // A program that others may be starting right now is not written again.
    if (read_file(scratch / name) != program) MUSTER_TRY(write_file(scratch / name, program, 0755, Durable::no));
  }
  return scratch;
}

}  // namespace muster::environment

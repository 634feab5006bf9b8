#include "environment/interpreter.h"

#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::string search(const std::string& name, const std::string& path) {
  for (const std::string_view part : split(path, ':')) {
    const fs::path folder(part);
    // A relative entry would mean another program in every working folder.
    if (!folder.is_absolute() || folder.filename() == "shims" || folder.parent_path().filename() == "shims") continue;
    if (is_program(folder / name)) return (folder / name).lexically_normal().string();
  }
  return "";
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

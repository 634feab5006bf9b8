#pragma once
// Finding a Python, and making it the `python` of a job.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace muster::environment {

/// An absolute path as given (it must be there and executable); a name looked up on `path` outside pyenv's shims (a shim costs more than
/// the program it starts, and answers differently in every folder); a plain `python` that does not exist becomes `python3`. not_found says
/// where it looked.
Result<std::string> resolve_interpreter(const std::string& interpreter_path, const std::string& path);

/// A folder to put first on PATH so that `python` and `python3` are this interpreter: its own when it is so there, else `scratch`, made
/// here with two small programs that start it (a link would lose a virtual environment's packages). May be shared by several jobs.
Result<std::filesystem::path> python_folder(const std::string& interpreter, const std::filesystem::path& scratch);

/// The program behind links; "" when there is none.
std::string real_path(const std::filesystem::path& path);

}  // namespace muster::environment

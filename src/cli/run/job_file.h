#pragma once
// A job as a file: the command job of Azure ML's CLI v2 (`type: command`), or a run configuration of its SDK v1
// (`.azureml/NAME.runconfig`), in the words of `muster run submit`.

#include <filesystem>
#include <string_view>

#include "base/json.h"
#include "cli/run/submission.h"

namespace muster::cli {

struct JobFile {
  SubmitOptions options;
  Json environment;  ///< the definition that the file gives itself; null when it names a registered one, or none
};

/// Reads the file, and the conda files that it names. Paths in it are seen from its folder; a run configuration's, from the folder that has
/// its `.azureml`. invalid, with file and line, for what Muster has not, too.
Result<JobFile> read_job_file(const std::filesystem::path& file);

/// The same of a file's text; `folder` is absolute.
Result<JobFile> job_of_text(std::string_view yaml, const std::filesystem::path& folder);

/// What was typed, and where nothing was, what the file says.
SubmitOptions typed_over(SubmitOptions typed, SubmitOptions file);

}  // namespace muster::cli

#pragma once
// What was typed after `muster run submit`, made into what the server is asked. Names, targets and arithmetic are the server's to check.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace muster::cli {

struct SubmitOptions {
  std::optional<std::string> file;
  std::optional<std::string> script;
  std::optional<std::string> command;
  std::optional<std::string> source_directory;
  std::optional<std::string> experiment;
  std::optional<std::string> compute;
  std::optional<std::string> environment;
  std::optional<std::string> python;
  std::vector<std::string> pip;
  std::vector<std::string> variables;  ///< --env
  std::optional<std::string> run_id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::vector<std::string> tags;
  std::vector<std::string> properties;
  std::optional<std::int64_t> priority;
  std::optional<std::int64_t> nodes;
  std::optional<std::int64_t> processes;
  bool mpi = false;
  std::optional<std::string> max_duration;
  std::optional<std::int64_t> max_retries;
  std::optional<std::string> grace;
  bool follow = false;
  std::vector<std::string> arguments;  ///< after "--"
};

/// The folder that becomes the snapshot, and the script's path inside it ("" for a command).
struct Source {
  std::filesystem::path folder;
  std::string script;
};

/// Looks at the disk. not_found for a script or folder that is not there (with what was perhaps meant), invalid for a script outside the
/// folder.
Result<Source> find_source(const SubmitOptions& options, const std::filesystem::path& current_folder);

/// An experiment name from a folder's: what cannot be in one becomes '-'. Pure.
std::string experiment_of_folder(const std::filesystem::path& folder);

/// The environment definition of --python and --pip; null when neither was given. Pure.
Json environment_of(const SubmitOptions& options, const std::string& experiment);

/// The body of POST /runs; `environment` null: the server's default. invalid with every fault that only we can see. Pure.
Result<Json> run_request(const SubmitOptions& options, const std::string& experiment, const std::string& script,
                         const std::string& snapshot_id, const Json& environment);

}  // namespace muster::cli

#include "cli/run/submission.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/environment/conda_file.h"
#include "cli/fields.h"
#include "cli/suggest.h"
#include "cli/terminal/times.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

/// Whether `path` is `folder` or below it; both absolute and normal.
bool lies_in(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

tl::unexpected<Error> no_such_script(const fs::path& script, const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored)) names.push_back(entry.path().filename().string());
  }
  const std::string meant = nearest(script.filename().string(), names);
  return fail_hint(Code::not_found, meant.empty() ? "--script takes the path of a file" : fmt::format("did you mean {}?", to_utf8(meant)),
                   "there is no script {} in {}", to_utf8(script.string()), to_utf8(folder.string()));
}

Result<fs::path> existing_folder(const std::string& given, const fs::path& current) {
  fs::path folder = (current / given).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return fail(Code::not_found, "--source-directory: there is no folder {}", to_utf8(given));
  if (!fs::is_directory(folder, ignored)) return fail(Code::invalid, "--source-directory: {} is not a folder", to_utf8(given));
  return folder;
}

/// With --source-directory the script's path is seen from there, as in the SDK; or from here, when it lies in that folder all the same.
Result<Source> script_in(const std::string& script, const fs::path& folder, const fs::path& current) {
  std::error_code ignored;
  const fs::path from_folder = (folder / script).lexically_normal();
  const fs::path from_here = (current / script).lexically_normal();
  for (const fs::path& path : {from_folder, from_here}) {
    if (fs::is_regular_file(path, ignored) && lies_in(path, folder))
      return Source{folder, path.lexically_relative(folder).generic_string()};
  }
  if (fs::exists(from_here, ignored) || fs::exists(from_folder, ignored)) {
    return fail_hint(Code::invalid, "only what is in the source folder travels with the run: move the script there, or name its folder",
                     "the script {} is not a file in the source folder {}", to_utf8(script), to_utf8(folder.string()));
  }
  return no_such_script(script, folder);
}

Result<Json> distribution_of(const SubmitOptions& options) {
  const std::int64_t nodes = options.nodes.value_or(1);
  if (options.mpi) {
    const std::int64_t processes = options.processes.value_or(nodes);
    if (nodes < 1) return fail(Code::invalid, "--nodes {}: at least 1 is needed", nodes);
    if (processes < 1)
      return fail_hint(Code::invalid, "--processes is the total over all nodes", "--processes {}: at least 1 is needed", processes);
    if (processes % nodes != 0) {
      return fail_hint(Code::invalid, "--processes is the total over all nodes", "--processes {} cannot be divided evenly over {} nodes",
                       processes, nodes);
    }
    return Json{{"type", "mpi"}, {"process_count_per_node", processes / nodes}};
  }
  if (options.processes) return Json{{"type", "pytorch"}, {"process_count", *options.processes}};
  if (nodes > 1) return Json{{"type", "pytorch"}, {"process_count", nullptr}};
  return Json();
}

}  // namespace

Result<Source> find_source(const SubmitOptions& options, const fs::path& current) {
  if (options.script.has_value() == options.command.has_value()) {
    return fail_hint(Code::invalid, "like `--script train.py`, or `--command './train.sh'`", "{}",
                     options.script ? "--script and --command cannot go together" : "neither --script nor --command was given");
  }
  if (options.command && !options.arguments.empty()) {
    return fail_hint(Code::invalid, "write the arguments into the command", "what follows `--` goes to a script, not to a --command");
  }
  if (options.source_directory) {
    MUSTER_TRY_ASSIGN(const fs::path folder, existing_folder(*options.source_directory, current));
    if (options.command) return Source{folder, ""};
    return script_in(*options.script, folder, current);
  }
  if (options.command) return Source{current, ""};

  const fs::path script = (current / *options.script).lexically_normal();
  std::error_code ignored;
  if (fs::is_directory(script, ignored))
    return fail_hint(Code::invalid, "name the script in it", "--script: {} is a folder", to_utf8(*options.script));
  if (!fs::is_regular_file(script, ignored)) return no_such_script(*options.script, script.parent_path());
  return Source{script.parent_path(), script.filename().string()};
}

std::string experiment_of_folder(const fs::path& folder) {
  constexpr std::size_t kLongest = 255;
  std::string name;
  for (const char c : folder.filename().string()) {
    const bool letter = is_letter(c) || is_digit(c);
    if (letter || (!name.empty() && (c == '_' || c == '-')))
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "default" : name.substr(0, kLongest);
}

Json environment_of(const SubmitOptions& options, const std::string& experiment) {
  if (!options.python && options.pip.empty()) return nullptr;
  Json python{{"user_managed_dependencies", options.pip.empty()}};
  if (options.python) python["interpreter_path"] = *options.python;
  std::error_code ignored;
  for (const std::string& package : options.pip)
    python["pip_packages"].push_back(seen_from(std::filesystem::current_path(ignored), package));
  Json environment{{"python", std::move(python)}};
  // An interpreter alone is nothing to register, so it gets no name.
  if (!options.pip.empty()) environment["name"] = experiment;
  return environment;
}

Result<Json> run_request(const SubmitOptions& options, const std::string& experiment, const std::string& script,
                         const std::string& snapshot_id, const Json& environment) {
  // Paths may be any bytes on this machine, but not in a request.
  if (!is_utf8(script)) return fail_hint(Code::invalid, "rename the file", "--script: \"{}\" is not UTF-8", to_utf8(script));
  if (options.python && !is_utf8(*options.python)) return fail(Code::invalid, "--python: \"{}\" is not UTF-8", to_utf8(*options.python));
  Json body{{"experiment", experiment}, {"snapshot_id", snapshot_id}};
  if (options.command)
    body["command"] = *options.command;
  else
    body["script"] = script;
  if (!options.arguments.empty()) body["arguments"] = options.arguments;
  if (options.compute) body["compute_target"] = *options.compute;
  if (!environment.is_null()) body["environment"] = environment;
  MUSTER_TRY_ASSIGN(Json variables, pairs_from(options.variables, "--env"));
  if (!variables.empty()) body["environment_variables"] = std::move(variables);
  MUSTER_TRY_ASSIGN(Json tags, pairs_from(options.tags, "--tag"));
  if (!tags.empty()) body["tags"] = std::move(tags);
  MUSTER_TRY_ASSIGN(Json distribution, distribution_of(options));
  if (!distribution.is_null()) body["distribution"] = std::move(distribution);
  if (options.nodes) body["node_count"] = *options.nodes;
  MUSTER_TRY_ASSIGN(Json properties, pairs_from(options.properties, "properties"));
  if (!properties.empty()) body["properties"] = std::move(properties);
  if (options.run_id) body["run_id"] = *options.run_id;
  if (options.name) body["display_name"] = *options.name;
  if (options.description) body["description"] = *options.description;
  if (options.priority) body["priority"] = *options.priority;
  if (options.max_retries) body["max_retries"] = *options.max_retries;
  if (options.max_duration) {
    MUSTER_TRY_ASSIGN(body["max_run_duration_seconds"], parse_duration(*options.max_duration, "--max-duration", 1));
  }
  if (options.grace) {
    MUSTER_TRY_ASSIGN(body["grace_seconds"], parse_duration(*options.grace, "--grace", 0));
  }
  return body;
}

}  // namespace muster::cli

#pragma once
// A run's data: a file or folder of a datastore, that its nodes get a copy of before the ranks start; or a folder of each node, whose
// files go into a datastore when the ranks have ended. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace muster::model {

/// Under which name a dataset is kept of what an upload brought, once the run's first node has succeeded.
struct Registration {
  std::string name;
  std::string description;
  std::map<std::string, std::string> tags;
};

struct RunInput {
  enum class Mode {
    mount,     ///< the files are read-only
    download,  ///< the files are the run's own
    upload,    ///< an empty folder, which goes into the datastore at the end
  };
  std::string datastore;
  std::string path;  ///< in the datastore; "" for all of it
  Mode mode = Mode::mount;
  std::vector<std::string> patterns;  ///< of the files below `path`, or of the folder's, these alone (base/path_pattern.h); none: all
  bool overwrite = false;             ///< of an upload: a file that is there is replaced
  std::optional<Registration> registration{};  ///< of an upload
  // What the server found at submission:
  std::string snapshot_id;  ///< the files, as they were then
  std::string file;         ///< its name in the snapshot, when `path` is one file
};
using RunInputs = std::map<std::string, RunInput>;  ///< by name

/// "{run-id}" and "{output-name}" in the paths of uploads are what they stand for.
void name_uploads(RunInputs& inputs, std::string_view run_id);

/// Why a name cannot be an input's; nothing when it can.
std::optional<std::string> input_name_fault(std::string_view name);

/// Reads {"<name>": {"datastore", "path", "mode", "patterns", "overwrite", "register"}}, each fault told as "inputs.<name>.…".
RunInputs read_inputs(ObjectReader& in);
/// The same, and what the server found.
Json to_json(const RunInput& input);
Json to_json(const RunInputs& inputs);
/// Of to_json's. invalid when it is not of that form.
Result<RunInputs> inputs_from_json(const Json& json);

}  // namespace muster::model

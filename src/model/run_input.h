#pragma once
// A run's input: a file or folder of a datastore, that its nodes get a copy of before the ranks start. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace muster::model {

struct RunInput {
  enum class Mode { mount, download };  ///< mount: the files are read-only
  std::string datastore;
  std::string path;  ///< in the datastore; "" for all of it
  Mode mode = Mode::mount;
  // What the server found at submission:
  std::string snapshot_id;  ///< the files, as they were then
  std::string file;         ///< its name in the snapshot, when `path` is one file
};
using RunInputs = std::map<std::string, RunInput>;  ///< by name

/// Why a name cannot be an input's; nothing when it can.
std::optional<std::string> input_name_fault(std::string_view name);

/// Reads {"<name>": {"datastore", "path", "mode"}}, each fault told as "inputs.<name>.…".
RunInputs read_inputs(ObjectReader& in);
/// The same, and what the server found.
Json to_json(const RunInput& input);
Json to_json(const RunInputs& inputs);
/// Of to_json's. invalid when it is not of that form.
Result<RunInputs> inputs_from_json(const Json& json);

}  // namespace muster::model

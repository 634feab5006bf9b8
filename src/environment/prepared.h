#pragma once
// How a program is started in an environment, on the node where it was prepared. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace muster::environment {

/// What a run needs of its environment once it is there. Kept with the run, and sent to its nodes (docs/rest-api.md).
struct Prepared {
  std::string hash;     ///< of its canonical form (spec.h)
  std::string builder;  ///< of which kind it is: "system", "venv"
  std::string root;     ///< the folder that holds it; "" when it is the machine's own
  /// Its Python: relative to the root, or absolute. Where commands have a prefix, as they see it.
  std::string interpreter;
  std::vector<std::string> prefix;               ///< stands before every command; empty when programs are started as they are
  std::vector<std::string> path;                 ///< folders to put first on PATH, relative to the root, or absolute
  std::map<std::string, std::string> variables;  ///< in which "{root}" stands for the root
};

/// The Python's absolute path.
std::string interpreter_of(const Prepared& prepared);
/// The folders and the variables with the root put in.
std::vector<std::string> path_of(const Prepared& prepared);
std::map<std::string, std::string> variables_of(const Prepared& prepared);

Json to_json(const Prepared& prepared);
/// Unknown keys are ignored, so that a newer server can say more. invalid names what is missing or of the wrong type.
Result<Prepared> prepared_from_json(const Json& json);

}  // namespace muster::environment

#pragma once
// What makes a run begin and end. Each kind has a class of its own in the Python SDK (python/muster/_runs/kinds.py).

#include <string_view>

#include "base/result.h"

namespace muster::model {

enum class RunKind {
  job,          ///< nodes of a compute target run its script; their exit codes say how it ends
  interactive,  ///< a client says when it begins and how it ends; no engine, no node, no compute target
};

/// "job", "interactive".
std::string_view to_string(RunKind kind);
/// invalid for an unknown name.
Result<RunKind> run_kind_from_string(std::string_view name);

}  // namespace muster::model

#pragma once
// The names that runs of a workspace have used: of metrics, parameters and tags. For completion.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/session.h"

namespace muster::store::run_names {

enum class Kind { metric, parameter, tag };

/// Those that begin with `prefix`, in order, at most `most`. Each costs one look into an index, however many runs have it.
std::vector<std::string> list(Session& session, std::int64_t workspace_key, Kind kind, std::string_view prefix, std::size_t most);

}  // namespace muster::store::run_names

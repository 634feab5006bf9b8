#include "engine/engine.h"

#include <algorithm>
#include <cctype>

namespace muster::engine {

bool is_node_key(std::string_view key) {
  const auto may_be = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !key.empty() && key.size() <= kLongestNodeKey && std::all_of(key.begin(), key.end(), may_be);
}

std::string_view to_string(GoneKind kind) {
  switch (kind) {
    case GoneKind::exited: return "exited";
    case GoneKind::killed: return "killed";
    case GoneKind::out_of_memory: return "out_of_memory";
    case GoneKind::preempted: return "preempted";
    case GoneKind::time_limit: return "time_limit";
    case GoneKind::node_failed: return "node_failed";
    case GoneKind::canceled_outside: return "canceled_outside";
  }
  return "";
}

}  // namespace muster::engine

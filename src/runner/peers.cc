#include "runner/peers.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace muster::runner {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 5ms;
constexpr auto kLongestPause = 500ms;

Result<NodeStatuses> statuses_of(const NodeRun& run) {
  MUSTER_TRY_ASSIGN(const Json answer, run.api->get(run.api->in_workspace({"runs", run.order.run_id})));
  NodeStatuses statuses(static_cast<std::size_t>(run.order.node_count));
  const auto nodes = answer.find("nodes");
  if (nodes == answer.end() || !nodes->is_array()) return fail(Code::malformed, "the server's answer names no nodes");
  for (const Json& node : *nodes) {
    const auto rank = node.value("node_rank", -1);
    if (rank >= 0 && rank < run.order.node_count) statuses[static_cast<std::size_t>(rank)] = node.value("status", "");
  }
  return statuses;
}

}  // namespace

bool wait_for_peers(const NodeRun& run, const std::function<bool(const NodeStatuses&)>& reached, const std::function<bool()>& is_over,
                    int wake) {
  for (auto pause = kFirstPause;; pause = std::min(pause * 2, std::chrono::milliseconds(kLongestPause))) {
    if (run.stop.is_asked() || is_over()) return false;
    if (const auto statuses = statuses_of(run); statuses && reached(*statuses)) return true;
    std::array<pollfd, 2> wanted{pollfd{run.stop.descriptor(), POLLIN, 0}, pollfd{wake, POLLIN, 0}};
    ::poll(wanted.data(), wanted.size(), static_cast<int>(pause.count()));
  }
}

bool all_others(const NodeStatuses& statuses, int node_rank, const std::vector<std::string_view>& among) {
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (static_cast<int>(i) == node_rank) continue;
    if (std::find(among.begin(), among.end(), statuses[i]) == among.end()) return false;
  }
  return true;
}

}  // namespace muster::runner

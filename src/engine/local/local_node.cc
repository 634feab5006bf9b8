#include "engine/local/local_node.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <nlohmann/json.hpp>

#include "engine/engine.h"
#include "process/spawn.h"

namespace muster::engine {

Json to_json(const std::vector<LocalNode>& nodes) {
  Json handle = Json::object();
  for (const LocalNode& node : nodes) {
    handle[node.key] = {{"pid", node.pid}, {"start_time", node.start_time}, {"group", node.group.to_json()}, {"log", node.log}};
  }
  return handle;
}

Result<std::vector<LocalNode>> local_nodes_from_json(const Json& handle) {
  std::vector<LocalNode> nodes;
  if (!handle.is_object()) return fail(Code::malformed, "this is not a handle of the local engine");
  for (const auto& [key, item] : handle.items()) {
    if (!is_node_key(key)) return fail(Code::malformed, "'{}' in a handle is no node's key", key);
    ObjectReader node(item);
    const auto pid = static_cast<pid_t>(node.integer("pid", 1, INT32_MAX));
    const std::int64_t start_time = node.integer("start_time", 0, INT64_MAX);
    const Json* group_state = node.member("group");
    std::string log = node.text_or("log", "");
    MUSTER_TRY(node.finish("node of a handle"));
    if (group_state == nullptr) return fail(Code::malformed, "node {} of the handle has no group", key);
    MUSTER_TRY_ASSIGN(process::ProcessGroup group, process::ProcessGroup::reopen(*group_state));
    nodes.push_back({key, pid, start_time, std::move(group), std::move(log)});
  }
  return nodes;
}

Result<Fd> hold(const LocalNode& node) {
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, node.pid, 0)));
  if (!pidfd && errno != ESRCH) return tl::unexpected(system_error(fmt::format("open a pidfd of process {}", node.pid), errno));
  // Held first, compared then: the other way round the pid could change hands in between.
  const auto time = process::start_time(node.pid);
  if (!pidfd || !time || *time != node.start_time)
    return fail(Code::not_found, "the runner of node {} (process {}) is gone", node.key, node.pid);
  return pidfd;
}

}  // namespace muster::engine

#include "engine/slurm/handle.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::engine::slurm {
namespace {

/// node-2 before node-10.
bool in_order(const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

}  // namespace

Handle to_handle(const JobNodes& nodes) {
  Handle handle = Json::object();
  for (const std::string& key : nodes.keys) {
    handle[key] = {{"job", nodes.job}, {"nodes", nodes.node_count}, {"workspace", nodes.target.first}, {"target", nodes.target.second}};
    if (!nodes.host.empty()) handle[key]["host"] = nodes.host;
  }
  return handle;
}

Result<std::vector<JobNodes>> from_handle(const Handle& handle) {
  std::vector<JobNodes> jobs;
  if (!handle.is_object()) return fail(Code::malformed, "this is not a handle of the Slurm engine");
  for (const auto& [key, item] : handle.items()) {
    if (!is_node_key(key)) return fail(Code::malformed, "'{}' in a handle is no node's key", key);
    ObjectReader in(item);
    JobNodes node;
    node.job = in.integer("job", 1, INT64_MAX);
    node.node_count = static_cast<int>(in.integer("nodes", 1, INT32_MAX));
    node.target = {in.text_or("workspace", ""), in.text_or("target", "")};
    node.host = in.text_or("host", "");
    MUSTER_TRY(in.finish("node of a handle"));
    node.keys = {key};
    const auto known = std::find_if(jobs.begin(), jobs.end(), [&](const JobNodes& one) { return one.job == node.job; });
    if (known == jobs.end())
      jobs.push_back(std::move(node));
    else
      known->keys.push_back(key);
  }
  for (JobNodes& one : jobs) std::sort(one.keys.begin(), one.keys.end(), in_order);
  return jobs;
}

}  // namespace muster::engine::slurm

#include "store/compute_targets.h"

#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/label_patch.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/vm_sizes.h"
#include "base/file.h"
#include "base/text.h"
#include "model/names.h"

namespace muster::api {
namespace {

constexpr std::int64_t kMostNodes = 1000;
constexpr std::int64_t kLongestIdleSeconds = 365LL * 86'400;

/// The definition, and what its nodes do.
Json described(const model::ComputeTarget& target, const scheduler::TargetStatus& status) {
  std::map<std::string, int> counts{{"preparing", 0}, {"running", 0}, {"idle", 0}, {"unusable", 0}, {"leaving", 0}, {"preempted", 0}};
  Json nodes = Json::array();
  for (const scheduler::NodeState& node : status.nodes) {
    ++counts[node.state];
    nodes.push_back({{"node_id", node.node_id}, {"state", node.state}, {"run_id", text_or_null(node.run_id)}});
  }
  Json json = to_json(target);
  json["provisioning_state"] = "Succeeded";
  json["current_node_count"] = static_cast<int>(status.nodes.size()) - counts["preempted"];
  json["target_node_count"] = status.target_node_count;
  json["node_state_counts"] = counts;
  json["allocation_state"] = status.resizing ? "Resizing" : "Steady";
  json["allocation_state_transition_time"] = time_to_json(status.allocation_state_since);
  json["nodes"] = std::move(nodes);
  json["queued_runs"] = status.queued_runs;
  return json;
}

Json described_now(const Call& call, const model::ComputeTarget& target) {
  return described(target, call.services.scheduler.target_status(target.workspace, target.name));
}

/// A target that was made this moment: no node yet, and the least it keeps wanted.
Json described_new(const model::ComputeTarget& target) {
  scheduler::TargetStatus status;
  status.target_node_count = target.min_nodes;
  status.resizing = target.min_nodes > 0;
  status.allocation_state_since = target.created_at;
  return described(target, status);
}

Result<model::ComputeTarget> target_of(const Call& call, store::Session& session) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
  auto target = store::compute_targets::find(session, workspace.key, call.parameter("name"));
  if (target) return std::move(*target);
  return fail_hint(Code::not_found, "`muster compute list` shows those there are, `muster compute create` makes one",
                   "there is no compute target '{}'", call.parameter("name").substr(0, 300));
}

Result<http::Response> list_targets(Call& call) {
  QueryReader query(call.request);
  const store::PageRequest page = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto found, call.services.store.read([&](store::Session& session) -> Result<store::Page<model::ComputeTarget>> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    return store::compute_targets::list(session, workspace.key, page);
  }));
  return page_response("compute_targets", found, [&](const model::ComputeTarget& target) { return described_now(call, target); });
}

void check_order(ObjectReader& in, const model::ComputeTarget& target) {
  if (target.min_nodes > target.max_nodes) {
    in.fault("min_nodes", fmt::format("must not be more than max_nodes ({}), and is {}", target.max_nodes, target.min_nodes));
  }
}

void check_engine(ObjectReader& in, const engine::Registry& engines, const model::ComputeTarget& target) {
  const auto checked = engines.check(target);
  if (checked) return;
  for (const FieldError& fault : checked.error().errors) in.fault(fault.field, fault.detail, fault.hint);
}

/// A size that this server's home maps stands for nodes of Slurm's; where it maps none, it is a label.
void take_vm_size(ObjectReader& in, const std::filesystem::path& home, model::ComputeTarget& target) {
  constexpr std::uint64_t kLongestFile = 1 << 20;
  const auto file = read_file(home / kVmSizesFile, kLongestFile);
  if (!file && file.error().code == Code::not_found) return;
  auto options = file ? options_of_vm_size(*file, target.vm_size) : tl::unexpected(file.error());
  if (!options) return in.fault("vm_size", options.error().detail, options.error().hint);
  target.engine = "slurm";
  target.engine_options = std::move(*options);
}

Result<model::ComputeTarget> read_target(const Json& body, const api::Services& services) {
  ObjectReader in(body);
  model::ComputeTarget target;
  target.name = in.text("name");
  if (in.has("name")) {
    if (const auto fault = model::compute_name_fault(target.name)) in.fault("name", *fault);
  }
  const bool has_most = in.has("max_nodes");
  target.max_nodes = static_cast<int>(in.integer("max_nodes", 1, kMostNodes));
  target.min_nodes = static_cast<int>(in.integer_or("min_nodes", 0, 0, kMostNodes));
  if (has_most) check_order(in, target);
  target.idle_seconds_before_scaledown =
      in.integer_or("idle_seconds_before_scaledown", target.idle_seconds_before_scaledown, 0, kLongestIdleSeconds);
  target.vm_size = in.text_or("vm_size", "");
  if (target.vm_size.size() > 255) in.fault("vm_size", "must have at most 255 bytes");
  target.vm_priority = in.text_or("vm_priority", target.vm_priority);
  if (target.vm_priority != "dedicated" && target.vm_priority != "lowpriority")
    in.fault("vm_priority", "must be \"dedicated\" or \"lowpriority\"");
  target.description = in.text_or("description", "");
  if (const auto fault = model::description_fault(target.description)) in.fault("description", *fault);
  target.tags = read_labels(in, "tags");
  if (!target.vm_size.empty() && !in.has("engine")) take_vm_size(in, services.info.home, target);
  target.engine = in.text_or("engine", target.engine);
  if (const Json* options = in.member("engine_options"); options != nullptr) {
    if (options->is_object())
      target.engine_options.update(*options);
    else
      target.engine_options = *options;
  }
  check_engine(in, services.engines, target);
  MUSTER_TRY(in.finish("compute target"));
  return target;
}

Result<http::Response> create_target(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  MUSTER_TRY_ASSIGN(model::ComputeTarget target, read_target(body, call.services));
  target.workspace = workspace.name;
  target.created_at = call.services.clock.now_us();
  target.created_by = call.caller.name;
  MUSTER_TRY_ASSIGN(http::Response response, create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
                      MUSTER_TRY_ASSIGN(const model::ComputeTarget made, store::compute_targets::create(session, workspace.key, target));
                      return Created{201, described_new(made)};
                    }));
  call.services.scheduler.target_changed(workspace.name, target.name);
  return response;
}

Result<http::Response> get_target(Call& call) {
  MUSTER_TRY_ASSIGN(const auto target, call.services.store.read([&](store::Session& session) { return target_of(call, session); }));
  return http::json_response(200, described_now(call, target));
}

/// The stored target with what the body changes. `check` is what the engine says to its options, where they are changed.
using EngineCheck = std::function<void(ObjectReader&, const model::ComputeTarget&)>;
Result<model::ComputeTarget> changed_by(const Json& body, model::ComputeTarget target, const EngineCheck& check) {
  ObjectReader in(body);
  target.max_nodes = static_cast<int>(in.integer_or("max_nodes", target.max_nodes, 1, kMostNodes));
  target.min_nodes = static_cast<int>(in.integer_or("min_nodes", target.min_nodes, 0, kMostNodes));
  target.idle_seconds_before_scaledown =
      in.integer_or("idle_seconds_before_scaledown", target.idle_seconds_before_scaledown, 0, kLongestIdleSeconds);
  check_order(in, target);
  if (const Json* options = in.member("engine_options"); options != nullptr) target.engine_options = *options;
  check(in, target);
  MUSTER_TRY(in.finish("compute target"));
  if (target.name == "local") return fail(Code::conflict, "`local` is this machine; how many runs it takes at once is set in muster.toml");
  return target;
}

Result<http::Response> patch_target(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  // An engine may take its time: it is asked before the store is written.
  MUSTER_TRY_ASSIGN(const auto before, call.services.store.read([&](store::Session& session) { return target_of(call, session); }));
  MUSTER_TRY(changed_by(body, before, [&](ObjectReader& in, const model::ComputeTarget& target) {
    if (in.has("engine_options") || target.max_nodes > before.max_nodes) check_engine(in, call.services.engines, target);
  }));
  MUSTER_TRY_ASSIGN(const auto changed, call.services.store.write([&](store::Session& session) -> Result<model::ComputeTarget> {
    MUSTER_TRY_ASSIGN(model::ComputeTarget target, target_of(call, session));
    MUSTER_TRY_ASSIGN(target, changed_by(body, std::move(target), [](ObjectReader&, const model::ComputeTarget&) {}));
    store::compute_targets::update(session, target);
    return target;
  }));
  call.services.scheduler.target_changed(changed.workspace, changed.name);
  return http::json_response(200, described_now(call, changed));
}

Result<http::Response> delete_target(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  const auto removed = call.services.store.write([&](store::Session& session) -> Result<void> {
    MUSTER_TRY(target_of(call, session));
    return store::compute_targets::remove(session, workspace.key, call.parameter("name"));
  });
  if (!removed) return tl::unexpected(removed.error());
  call.services.scheduler.target_changed(workspace.name, call.parameter("name"));
  return http::empty_response();
}

Result<http::Response> list_engines(Call& call) {
  Json list = Json::array();
  for (const auto& [name, kind] : call.services.engines.kinds()) list.push_back(to_json(kind));
  return http::json_response(200, {{"engines", std::move(list)}});
}

Result<http::Response> list_proposals(Call& call) {
  const engine::EngineKind* kind = call.services.engines.find(call.parameter("kind"));
  if (kind == nullptr)
    return fail_hint(Code::not_found, "`GET /api/v1/engines` lists those there are", "there is no engine '{}'",
                     to_utf8(call.parameter("kind").substr(0, 100)));
  if (!kind->propose)
    return fail_hint(Code::invalid, "`muster compute create` makes targets of it", "the engine {} has no cluster that it could look at",
                     kind->kind);
  MUSTER_TRY_ASSIGN(const std::vector<engine::Proposal> proposals, kind->propose());
  Json list = Json::array();
  for (const engine::Proposal& one : proposals) list.push_back(to_json(one));
  return http::json_response(200, {{"proposals", std::move(list)}});
}

}  // namespace

void add_compute_target_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/compute_targets";
  routes.add("GET", "/api/v1/engines", {Users::reader}, list_engines);
  routes.add("GET", "/api/v1/engines/{kind}/proposals", {Users::contributor}, list_proposals);
  routes.add("GET", base, {Users::reader}, list_targets);
  routes.add("POST", base, {Users::contributor}, create_target);
  routes.add("GET", base + "/{name}", {Users::reader}, get_target);
  routes.add("PATCH", base + "/{name}", {Users::contributor}, patch_target);
  routes.add("DELETE", base + "/{name}", {Users::owner}, delete_target);
}

}  // namespace muster::api

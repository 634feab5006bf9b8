#include "client/work_order.h"

#include <nlohmann/json.hpp>

namespace muster::client {
namespace {

// A newer server may say more.
constexpr auto kOthers = ObjectReader::OtherKeys::ignored;

Result<void> read_nodes(const Json& nodes, WorkOrder& order) {
  order.addresses.resize(nodes.is_array() ? nodes.size() : 0);
  order.node_keys.resize(order.addresses.size());
  for (const Json& node : nodes) {
    ObjectReader in(node, kOthers);
    const auto rank = in.integer("node_rank", 0, static_cast<std::int64_t>(order.addresses.size()) - 1);
    std::string key = in.text("node");
    std::string address = in.text("address");
    MUSTER_TRY(in.finish("node"));
    order.node_keys[static_cast<std::size_t>(rank)] = std::move(key);
    order.addresses[static_cast<std::size_t>(rank)] = std::move(address);
  }
  return {};
}

Result<void> read_arguments(const Json& arguments, WorkOrder& order) {
  for (const Json& argument : arguments) {
    const std::string input = text_at(argument, "input");
    if (!argument.is_string() && input.empty()) return fail(Code::invalid, "work order: an argument is neither a text nor an input");
    if (!argument.is_string()) order.argument_inputs.emplace(order.arguments.size(), input);
    order.arguments.push_back(argument.is_string() ? argument.get<std::string>() : "");
  }
  return {};
}

Result<void> read_environment(const Json& json, WorkOrder& order) {
  ObjectReader in(json, kOthers);
  order.environment_name = in.text_or("name", "");
  order.environment_variables = in.text_map_or_empty("variables");
  const Json* prepared = in.member("prepared");
  const Json* definition = in.member("definition");
  MUSTER_TRY(in.finish("environment"));
  if (prepared != nullptr) {
    MUSTER_TRY_ASSIGN(order.prepared, environment::prepared_from_json(*prepared));
  } else if (definition != nullptr) {
    MUSTER_TRY_ASSIGN(order.definition, model::environment_from_json(*definition, order.environment_name));
  }
  return {};
}

}  // namespace

Result<WorkOrder> work_order_from_json(const Json& json) {
  ObjectReader in(json, kOthers);
  WorkOrder order;
  order.run_id = in.text("run_id");
  order.uuid = in.text("uuid");
  order.workspace = in.text("workspace");
  order.experiment = in.text("experiment");
  order.attempt = static_cast<int>(in.integer("attempt", 1, INT32_MAX));
  order.node_rank = static_cast<int>(in.integer("node_rank", 0, INT32_MAX));
  order.node_count = static_cast<int>(in.integer("node_count", 1, INT32_MAX));
  order.snapshot_id = in.optional_text("snapshot_id");
  order.script = in.text_or("script", "");
  order.command = in.text_or("command", "");
  order.grace_seconds = in.integer_or("grace_seconds", 15, 0, INT32_MAX);
  order.restore_outputs = in.boolean_or("restore_outputs", false);
  order.variables = in.text_map_or_empty("variables");
  order.job_token = in.text("job_token");
  const Json* arguments = in.member("arguments");
  const Json* inputs = in.member("inputs");
  const Json* nodes = in.member("nodes");
  const Json* master = in.member("master");
  const Json* environment = in.member("environment");
  const Json* distribution = in.member("distribution");
  if (order.script.empty() == order.command.empty()) in.fault("script", "or `command` must be given, and not both");
  MUSTER_TRY(in.finish("work order"));

  if (arguments != nullptr) MUSTER_TRY(read_arguments(*arguments, order));
  if (inputs != nullptr) {
    MUSTER_TRY_ASSIGN(order.inputs, model::inputs_from_json(*inputs));
  }
  if (nodes != nullptr) MUSTER_TRY(read_nodes(*nodes, order));
  if (environment != nullptr) MUSTER_TRY(read_environment(*environment, order));
  if (distribution != nullptr) {
    MUSTER_TRY_ASSIGN(order.distribution, model::distribution_from_json(*distribution, order.node_count));
  }
  if (master != nullptr) {
    ObjectReader reader(*master, kOthers);
    order.master_address = reader.text("address");
    order.master_port = static_cast<int>(reader.integer("port", 0, 65535));
    MUSTER_TRY(reader.finish("master"));
  }
  return order;
}

}  // namespace muster::client

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

std::string range_text(const Json& target) {
  return fmt::format("{} to {}", number_at(target, "min_nodes"), number_at(target, "max_nodes"));
}

/// "0 to 4 nodes", "1 node"
std::string limits_text(const Json& target) {
  const std::int64_t most = number_at(target, "max_nodes");
  return number_at(target, "min_nodes") == most ? counted(static_cast<std::uint64_t>(most), "node") : range_text(target) + " nodes";
}

/// "2 running, 1 idle"
std::string states_text(const Json& target) {
  std::vector<std::string> parts;
  const Json& counts = member(target, "node_state_counts");
  for (const char* state : {"running", "preparing", "idle", "leaving", "unusable", "preempted"}) {
    if (const std::int64_t count = number_at(counts, state); count > 0) parts.push_back(fmt::format("{} {}", count, state));
  }
  return parts.empty() ? "none" : join(parts, ", ");
}

std::string compute_table(const Json& targets, std::size_t width, const Style& style) {
  Table table({{"NAME"},
               {"NODES", Column::Align::left, Column::Give::width},
               {"QUEUED", Column::Align::right},
               {"ALLOCATION", Column::Align::left, Column::Give::all},
               {"MIN TO MAX", Column::Align::left, Column::Give::all},
               {"SIZE", Column::Align::left, Column::Give::all}});
  for (const Json& target : targets) {
    table.add({{text_at(target, "name")},
               {states_text(target)},
               {std::to_string(number_at(target, "queued_runs"))},
               {text_at(target, "allocation_state")},
               {range_text(target)},
               {text_at(target, "vm_size")}});
  }
  return table.render(width, style);
}

std::string compute_text(const Json& target, std::size_t width, const Style& style) {
  std::string text = style.paint(text_at(target, "name"), Tone::strong) + "  " + text_at(target, "provisioning_state") + ", " +
                     text_at(target, "allocation_state") + "\n";
  if (const std::string description = text_at(target, "description"); !description.empty()) text += description + "\n";
  text += fmt::format("\nEngine      {}\n", text_at(target, "engine"));
  if (const std::string options = pairs_text(member(target, "engine_options")); !options.empty())
    text += fmt::format("Options     {}\n", options);
  if (const std::string size = text_at(target, "vm_size"); !size.empty()) text += fmt::format("Size        {}\n", size);
  text += fmt::format("Limits      {}\n", limits_text(target));
  text += fmt::format("Idle time   {} before a node is removed\n",
                      duration_words(number_at(target, "idle_seconds_before_scaledown") * 1'000'000));
  text += fmt::format("Nodes       {}\n", states_text(target));
  text += fmt::format("Queued      {}\n", number_at(target, "queued_runs"));
  if (const std::string tags = pairs_text(member(target, "tags")); !tags.empty()) text += fmt::format("Tags        {}\n", tags);
  const Json& nodes = member(target, "nodes");
  if (!nodes.is_array() || nodes.empty()) return text;
  Table table({{"NODE"}, {"STATE"}, {"RUN", Column::Align::left, Column::Give::width}});
  for (const Json& node : nodes) table.add({{text_at(node, "node_id")}, {text_at(node, "state")}, {text_at(node, "run_id")}});
  return text + "\n" + table.render(width, style);
}

struct ComputeCreateOptions {
  std::string name;
  std::optional<std::int64_t> max_nodes;
  std::optional<std::int64_t> min_nodes;
  std::optional<std::int64_t> idle_seconds;
  std::optional<std::string> vm_size;
  std::optional<std::string> vm_priority;
  std::optional<std::string> description;
  std::vector<std::string> tags;
  std::optional<std::string> engine;
  std::vector<std::string> engine_options;
  std::optional<std::string> partition;
  std::vector<std::string> slurm_options;
};

/// What the engine is told: by name, or by the options that stand for names of Slurm's.
Result<Json> engine_options_from(const ComputeCreateOptions& options) {
  MUSTER_TRY_ASSIGN(Json given, pairs_from(options.engine_options, "--engine-option"));
  if (given.is_null()) given = Json::object();
  if (options.partition) given["partition"] = *options.partition;
  if (!options.slurm_options.empty()) given["sbatch"] = join(options.slurm_options, " ");
  const bool is_of_slurm = options.partition || !options.slurm_options.empty();
  if (is_of_slurm && options.engine.value_or("slurm") != "slurm")
    return fail_hint(Code::invalid, "say --engine slurm, or leave them out", "--partition and --slurm-option are of the engine slurm");
  return given;
}

Result<Exit> compute_create(Context& context, const ComputeCreateOptions& options) {
  Json body{{"name", options.name}, {"max_nodes", options.max_nodes.value_or(0)}};
  if (options.min_nodes) body["min_nodes"] = *options.min_nodes;
  if (options.idle_seconds) body["idle_seconds_before_scaledown"] = *options.idle_seconds;
  if (options.vm_size) body["vm_size"] = *options.vm_size;
  if (options.vm_priority) body["vm_priority"] = *options.vm_priority;
  if (options.description) body["description"] = *options.description;
  MUSTER_TRY_ASSIGN(Json tags, pairs_from(options.tags, "--tag"));
  if (!tags.empty()) body["tags"] = std::move(tags);
  if (options.engine)
    body["engine"] = *options.engine;
  else if (options.partition || !options.slurm_options.empty())
    body["engine"] = "slurm";
  MUSTER_TRY_ASSIGN(Json engine_options, engine_options_from(options));
  if (!engine_options.empty()) body["engine_options"] = std::move(engine_options);
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json target, api->create_resource(api->in_workspace({"compute_targets"}), body));
  context.print(target, fmt::format("{}Next: muster run submit --compute {} --script train.py\n",
                                    compute_text(target, context.out.width, context.out.style), options.name));
  return Exit::done;
}

}  // namespace

void add_compute_create(Command& compute, Context& context) {
  auto options = std::make_shared<ComputeCreateOptions>();
  Command& command = compute.verb("create", "Make a cluster of nodes, which grows on demand and shrinks when idle",
                                  [&context, options] { return compute_create(context, *options); });
  command.positional("NAME", options->name, "2 to 16 letters, digits and -, a letter first");
  command.option("--max-nodes", "N", options->max_nodes, "the most nodes that it may have").required();
  command.option("--min-nodes", "N", options->min_nodes, "how many nodes it keeps when idle (0)");
  command.option("--idle-seconds", "N", options->idle_seconds, "how long a node may be idle before it is removed (120)");
  command.option("--vm-size", "SIZE", options->vm_size, "the name of an Azure size; a label, unless the server maps it to Slurm");
  command.option("--vm-priority,--priority", "KIND", options->vm_priority,
                 "dedicated or lowpriority; runs on the latter start again when a node is lost");
  command.option("--engine", "KIND", options->engine, "what gives it nodes: local (processes of the server's machine) or slurm");
  command.option("--partition", "NAME", options->partition, "of Slurm, where its jobs go");
  command.option("--slurm-option", "OPTION", options->slurm_options,
                 "of sbatch, as --slurm-option=--exclusive; may be given several times");
  command.option("--engine-option", "K=V", options->engine_options, "something that the engine is told; may be given several times");
  command.option("--description", "TEXT", options->description, "a description");
  command.option("--tag", "K[=V]", options->tags, "a tag");
  context.add_common_options(command);
  command.example("muster compute create cpu-cluster --max-nodes 4 --idle-seconds 600");
  command.example("muster compute create gpu-cluster --engine slurm --partition gpu --max-nodes 4 --engine-option gpus=2");
}

void add_compute_list(Command& compute, Context& context) {
  Command& command = compute.verb("list", "List compute targets", [&context]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"compute_targets"}), {}, "compute_targets", 0));
    context.print(list, compute_table(list["compute_targets"], context.out.width, context.out.style));
    return Exit::done;
  });
  context.add_common_options(command);
}

void add_compute_show(Command& compute, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = compute.verb("show", "Show a compute target and its nodes", [&context, name]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json target, api->get(api->in_workspace({"compute_targets", *name})));
    context.print(target, compute_text(target, context.out.width, context.out.style));
    return Exit::done;
  });
  command.positional("NAME", *name, "the target's name");
  context.add_common_options(command);
  command.example("muster compute show local");
}

void add_compute_delete(Command& compute, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = compute.verb("delete", "Delete a compute target that no run uses", [&context, name]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY(api->del(api->in_workspace({"compute_targets", *name})));
    context.print(Json{{"deleted", *name}}, fmt::format("{} is deleted.\n", *name));
    return Exit::done;
  });
  command.positional("NAME", *name, "the target's name");
  context.add_common_options(command);
}

}  // namespace muster::cli

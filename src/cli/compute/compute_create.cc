#include "cli/commands.h"
#include "cli/compute/compute_view.h"
#include "cli/fields.h"

namespace muster::cli {
namespace {

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
};

Result<Exit> compute_create(Context& context, const ComputeCreateOptions& options) {
  Json body{{"name", options.name}, {"max_nodes", options.max_nodes.value_or(0)}};
  if (options.min_nodes) body["min_nodes"] = *options.min_nodes;
  if (options.idle_seconds) body["idle_seconds_before_scaledown"] = *options.idle_seconds;
  if (options.vm_size) body["vm_size"] = *options.vm_size;
  if (options.vm_priority) body["vm_priority"] = *options.vm_priority;
  if (options.description) body["description"] = *options.description;
  MUSTER_TRY_ASSIGN(Json tags, pairs_from(options.tags, "--tag"));
  if (!tags.empty()) body["tags"] = std::move(tags);
  if (options.engine) body["engine"] = *options.engine;
  MUSTER_TRY_ASSIGN(Json engine_options, pairs_from(options.engine_options, "--engine-option"));
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
  command.option("--vm-size", "SIZE", options->vm_size, "the name of an Azure size; stored, and not used");
  command.option("--vm-priority", "KIND", options->vm_priority,
                 "dedicated or lowpriority; runs on the latter start again when a node is lost");
  command.option("--engine", "KIND", options->engine, "what runs its nodes (local: processes of the server's machine)");
  command.option("--engine-option", "K=V", options->engine_options, "something that the engine is told; may be given several times");
  command.option("--description", "TEXT", options->description, "a description");
  command.option("--tag", "K[=V]", options->tags, "a tag");
  context.add_common_options(command);
  command.example("muster compute create cpu-cluster --max-nodes 4 --idle-seconds 600");
}

}  // namespace muster::cli

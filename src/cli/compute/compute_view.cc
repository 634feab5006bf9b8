#include "cli/compute/compute_view.h"

#include "base/plural.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"

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

}  // namespace

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
    text += fmt::format("Told        {}\n", options);
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

}  // namespace muster::cli

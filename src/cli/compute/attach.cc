// Targets for what a cluster has: found, shown, and made when that is wanted.
#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/confirm.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"
#include "client/uri.h"

namespace muster::cli {
namespace {

struct AttachOptions {
  std::vector<std::string> names;
  std::string engine = "slurm";
  bool create = false;
};

struct Outcome {
  Json created = Json::array();
  Json refused = Json::array();  ///< each with its name and an error
};

std::string known_number(const Json& proposal, const char* name) {
  const std::int64_t number = number_at(proposal, name);
  return number == 0 ? "" : std::to_string(number);
}

std::string proposals_table(const Json& proposals, std::size_t width, const Style& style) {
  Table table({{"NAME"},
               {"PARTITION", Column::Align::left, Column::Give::width},
               {"MOST NODES", Column::Align::right},
               {"CPUS", Column::Align::right},
               {"MEMORY MB", Column::Align::right},
               {"GPUS", Column::Align::right},
               {"TIME LIMIT"},
               {"FEATURES", Column::Align::left, Column::Give::all},
               {"", Column::Align::left, Column::Give::width}});
  for (const Json& one : proposals) {
    const std::int64_t seconds = number_at(one, "time_limit_seconds");
    table.add({{text_at(one, "name")},
               {text_at(member(one, "engine_options"), "partition")},
               {std::to_string(number_at(one, "max_nodes"))},
               {known_number(one, "cpus")},
               {known_number(one, "memory_mb")},
               {known_number(one, "gpus")},
               {seconds == 0 ? "none" : duration_words(seconds * 1'000'000)},
               {text_at(one, "features")},
               {one.value("exists", false) ? "there is a target of this name" : text_at(one, "remark")}});
  }
  return table.render(width, style);
}

Result<std::set<std::string>> names_there(client::Api& api) {
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(api, api.in_workspace({"compute_targets"}), {}, "compute_targets", 0));
  std::set<std::string> names;
  for (const Json& target : member(list, "compute_targets")) names.insert(text_at(target, "name"));
  return names;
}

/// Those that were asked for, or all; each says whether there is a target of its name.
Result<Json> find_proposals(client::Api& api, const AttachOptions& options) {
  MUSTER_TRY_ASSIGN(const Json answer, api.get(fmt::format("/api/v1/engines/{}/proposals", client::encode_value(options.engine))));
  MUSTER_TRY_ASSIGN(const std::set<std::string> there, names_there(api));
  std::set<std::string> wanted(options.names.begin(), options.names.end());
  Json found = Json::array();
  for (Json one : member(answer, "proposals")) {
    const std::string name = text_at(one, "name");
    if (!options.names.empty() && wanted.erase(name) == 0) continue;
    one["exists"] = there.contains(name);
    found.push_back(std::move(one));
  }
  if (options.names.empty() || wanted.empty()) return found;
  return fail_hint(Code::not_found, "`muster compute attach` without names shows all", "nothing is proposed by the name {}",
                   *wanted.begin());
}

/// Each is made that can be, whatever becomes of the others.
Outcome create_all(client::Api& api, const std::string& engine, const Json& proposals) {
  Outcome outcome;
  for (const Json& one : proposals) {
    if (one.value("exists", false)) continue;
    const Json body{{"name", one["name"]}, {"engine", engine}, {"max_nodes", one["max_nodes"]}, {"engine_options", one["engine_options"]}};
    auto made = api.create_resource(api.in_workspace({"compute_targets"}), body);
    if (made)
      outcome.created.push_back(std::move(*made));
    else
      outcome.refused.push_back({{"name", one["name"]}, {"detail", made.error().detail}});
  }
  return outcome;
}

std::string outcome_text(const Outcome& outcome) {
  std::string text;
  for (const Json& target : outcome.created) text += fmt::format("{} is made.\n", text_at(target, "name"));
  for (const Json& one : outcome.refused) text += fmt::format("{} is refused: {}\n", text_at(one, "name"), text_at(one, "detail"));
  if (!outcome.created.empty())
    text += fmt::format("Next: muster run submit --compute {} --script train.py\n", text_at(outcome.created.front(), "name"));
  return text;
}

Result<Exit> attach(Context& context, const AttachOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json proposals, find_proposals(*api, options));
  const auto count = static_cast<std::size_t>(
      std::count_if(proposals.begin(), proposals.end(), [](const Json& one) { return !one.value("exists", false); }));
  Json answer{{"proposals", proposals}};
  if (!context.json) context.print(answer, proposals_table(proposals, context.out.width, context.out.style));
  const std::string question = fmt::format("Make {}?", counted(count, "target"));
  if (count == 0 || (!options.create && (context.json || !confirm(context.err, question)))) {
    if (context.json) context.print_json(answer);
    context.note(count == 0 ? "There is nothing to make."
                            : "Nothing was made: `muster compute attach --create` makes those that it shows.");
    return Exit::done;
  }
  Outcome outcome = create_all(*api, options.engine, proposals);
  const Exit exit = outcome.refused.empty() ? Exit::done : Exit::refused;
  const std::string text = outcome_text(outcome);
  answer["created"] = std::move(outcome.created);
  answer["refused"] = std::move(outcome.refused);
  context.print(answer, text);
  return exit;
}

}  // namespace

void add_compute_attach(Command& compute, Context& context) {
  auto options = std::make_shared<AttachOptions>();
  Command& command =
      compute.verb("attach", "Find what a cluster has, and make targets for it", [&context, options] { return attach(context, *options); });
  command.positionals("NAME", options->names, "those of the targets that it proposes; all when none is given");
  command.option("--engine", "KIND", options->engine, "whose cluster (slurm)");
  command.flag("--create", options->create, "make them without asking");
  context.add_common_options(command);
  command.example("muster compute attach");
  command.example("muster compute attach gpu --create");
}

}  // namespace muster::cli

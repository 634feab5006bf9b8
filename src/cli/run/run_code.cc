#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct RunCodeOptions {
  std::string id;
  std::string file;
  std::optional<std::string> against;
};

/// "" for a run that began with an empty folder.
Result<std::string> snapshot_of_run(client::Api& api, const std::string& id) {
  MUSTER_TRY_ASSIGN(const Json run, api.get(api.in_workspace({"runs", id})));
  return text_at(run, "snapshot_id");
}

tl::unexpected<Error> no_snapshot(const std::string& id) {
  return fail(Code::not_found, "the run {} has no snapshot: it began with an empty folder", to_utf8(id.substr(0, 300)));
}

std::string size_at(const Json& file) { return file.is_object() ? human_size(static_cast<std::uint64_t>(number_at(file, "size"))) : ""; }

Result<Exit> print_file(Context& context, client::Api& api, const std::string& snapshot, const std::string& file) {
  LogOutput out(context.out);
  const auto printed =
      api.download(api.in_workspace({"snapshots", snapshot, "files", file}), {}, [&](std::string_view bytes) -> Result<void> {
        out.write(bytes);
        return {};
      });
  out.finish();
  MUSTER_TRY(printed);
  return Exit::done;
}

Result<Exit> print_files(Context& context, client::Api& api, const std::string& snapshot) {
  MUSTER_TRY_ASSIGN(const Json shown, api.get(api.in_workspace({"snapshots", snapshot})));
  Table table({{"SIZE", Column::Align::right}, {"FILE", Column::Align::left, Column::Give::width}});
  for (const Json& file : member(shown, "files")) table.add({{size_at(file)}, {text_at(file, "path")}});
  context.print(shown, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

/// Which files differ, from the other run's to this one's.
Result<Exit> print_changes(Context& context, client::Api& api, const std::string& snapshot, const std::string& other) {
  MUSTER_TRY_ASSIGN(const Json changes,
                    client::get_list(api, api.in_workspace({"snapshots", snapshot, "changes"}), {{"from", other}}, "changes", 0));
  if (changes["changes"].empty()) context.note("Both runs have the same code.");
  Table table({{"CHANGE"},
               {"WAS", Column::Align::right, Column::Give::all},
               {"IS", Column::Align::right, Column::Give::all},
               {"FILE", Column::Align::left, Column::Give::width}});
  for (const Json& change : changes["changes"]) {
    table.add(
        {{text_at(change, "change")}, {size_at(member(change, "before"))}, {size_at(member(change, "after"))}, {text_at(change, "path")}});
  }
  context.print(changes, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

Result<Exit> run_code(Context& context, const RunCodeOptions& options) {
  if (!options.file.empty() && options.against) {
    return fail_hint(Code::invalid, "print the FILE of both runs, and compare these with a program like diff",
                     "a FILE and --against cannot go together");
  }
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const std::string snapshot, snapshot_of_run(*api, options.id));
  if (snapshot.empty()) return no_snapshot(options.id);
  if (!options.file.empty()) return print_file(context, *api, snapshot, options.file);
  if (!options.against) return print_files(context, *api, snapshot);
  MUSTER_TRY_ASSIGN(const std::string other, snapshot_of_run(*api, *options.against));
  if (other.empty()) return no_snapshot(*options.against);
  return print_changes(context, *api, snapshot, other);
}

}  // namespace

void add_run_code(Command& run, Context& context) {
  auto options = std::make_shared<RunCodeOptions>();
  Command& command = run.verb("code", "List the files that a run began with, print one, or compare them with another run's",
                              [&context, options] { return run_code(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.optional_positional("FILE", options->file, "print this file, as it was");
  command.option("--against", "RUN", options->against, "list the files that differ from those of this run");
  context.add_common_options(command);
  command.example("muster run code ID train.py");
  command.example("muster run code ID --against EARLIER_ID");
}

}  // namespace muster::cli

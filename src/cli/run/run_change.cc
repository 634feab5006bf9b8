#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"

namespace muster::cli {
namespace {

struct RunTagOptions {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> removed;
};

Result<Exit> run_tag(Context& context, const RunTagOptions& options) {
  if (options.tags.empty() && options.removed.empty())
    return fail_hint(Code::invalid, "like `muster run tag ID best=true`", "no tag was given");
  MUSTER_TRY_ASSIGN(Json tags, pairs_from(options.tags, "TAG"));
  for (const std::string& key : options.removed) tags[key] = nullptr;
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json tagged, api->patch(api->in_workspace({"runs", options.id}), {{"tags", std::move(tags)}}));
  const std::string now_has = pairs_text(member(tagged, "tags"));
  context.print(tagged, fmt::format("{}  {}\n", text_at(tagged, "run_id"), now_has.empty() ? "has no tags" : now_has));
  return Exit::done;
}

}  // namespace

void add_run_cancel(Command& run, Context& context) {
  struct Options {
    std::string id;
    std::string reason;
    bool force = false;
  };
  auto options = std::make_shared<Options>();
  Command& command =
      run.verb("cancel", "Cancel a run: SIGTERM, then SIGKILL after its grace time. What it has written is kept",
               [&context, options]() -> Result<Exit> {
                 MUSTER_TRY_ASSIGN(const auto api, context.connect());
                 Json body = Json::object();
                 if (!options->reason.empty()) body["reason"] = options->reason;
                 MUSTER_TRY_ASSIGN(const Json before, api->get(api->in_workspace({"runs", options->id})));
                 // A second cancel is forced, as with --force.
                 if (options->force || text_at(before, "status") == "CancelRequested") body["force"] = true;
                 MUSTER_TRY_ASSIGN(const Json canceled, api->post(api->in_workspace({"runs", options->id, "cancel"}), body));
                 const bool ended = text_at(canceled, "status") == "Canceled";
                 context.print(canceled, fmt::format("{} {}.\n", text_at(canceled, "run_id"), ended ? "is canceled" : "is being canceled"));
                 return Exit::done;
               });
  command.positional("RUN", options->id, "the run's id");
  command.option("--reason", "TEXT", options->reason, "why, for the record");
  command.flag("--force", options->force,
               "end everything at once, without grace; what was not sent stays on the nodes (a second cancel does the same)");
  context.add_common_options(command);
  command.example("muster run cancel ID --reason 'learning rate too high'");
}

void add_run_tag(Command& run, Context& context) {
  auto options = std::make_shared<RunTagOptions>();
  Command& command = run.verb("tag", "Set or remove tags of a run", [&context, options] { return run_tag(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.positionals("K=V", options->tags, "tags to set; a key alone is a tag without a value");
  command.option("--remove", "K", options->removed, "a tag to take away");
  context.add_common_options(command);
  command.example("muster run tag ID best=true dataset=2026-11");
}

void add_run_delete(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command =
      run.verb("delete", "Delete a run that has ended, and the runs below it. It can be restored until it is removed for good",
               [&context, id]() -> Result<Exit> {
                 MUSTER_TRY_ASSIGN(const auto api, context.connect());
                 MUSTER_TRY(api->del(api->in_workspace({"runs", *id})));
                 context.print(Json{{"deleted", *id}}, fmt::format("{0} is deleted. Until it is removed for good, `muster run "
                                                                   "restore {0}` brings it back.\n",
                                                                   *id));
                 return Exit::done;
               });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run delete ID");
}

void add_run_restore(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command =
      run.verb("restore", "Bring back a deleted run, and the runs below it that were deleted with it", [&context, id]() -> Result<Exit> {
        MUSTER_TRY_ASSIGN(const auto api, context.connect());
        MUSTER_TRY_ASSIGN(const Json restored, api->post(api->in_workspace({"runs", *id, "restore"}), Json::object()));
        context.print(restored, fmt::format("{} is back.\n", text_at(restored, "run_id")));
        return Exit::done;
      });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run restore ID");
}

}  // namespace muster::cli

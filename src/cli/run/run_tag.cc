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

void add_run_tag(Command& run, Context& context) {
  auto options = std::make_shared<RunTagOptions>();
  Command& command = run.verb("tag", "Set or remove tags of a run", [&context, options] { return run_tag(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.positionals("K=V", options->tags, "tags to set; a key alone is a tag without a value");
  command.option("--remove", "K", options->removed, "a tag to take away");
  context.add_common_options(command);
  command.example("muster run tag ID best=true dataset=2026-11");
}

}  // namespace muster::cli

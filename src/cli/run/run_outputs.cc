#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/width.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct RunOutputsOptions {
  std::string id;
  std::string prefix;
};

Result<Exit> run_outputs(Context& context, const RunOutputsOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  if (!options.prefix.empty()) query.emplace_back("prefix", options.prefix);
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"runs", options.id, "artifacts"}), query, "artifacts", 0));
  if (list["artifacts"].empty()) {
    context.note(options.prefix.empty() ? "The run has no outputs: what a script writes below outputs/ is kept when the run ends."
                                        : fmt::format("The run has no output whose path begins with {}.", options.prefix));
  }
  Table table({{"SIZE", Column::Align::right},
               {"PATH", Column::Align::left, Column::Give::width},
               {"SHA-256", Column::Align::left, Column::Give::all}});
  for (const Json& artifact : list["artifacts"]) {
    table.add({{human_size(static_cast<std::uint64_t>(number_at(artifact, "size")))},
               {text_at(artifact, "path")},
               {text_at(artifact, "sha256").substr(0, 16), Tone::faint}});
  }
  context.print(list, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

namespace fs = std::filesystem;

struct RunDownloadOptions {
  std::string id;
  std::string path;
  std::optional<std::string> to;
  bool overwrite = false;
};

/// The file of that path, or those below it as a folder; all when it is "".
Json chosen(const Json& artifacts, std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  Json list = Json::array();
  for (const Json& artifact : artifacts) {
    const std::string name = text_at(artifact, "path");
    if (path.empty() || name == path || name.rfind(path + "/", 0) == 0) list.push_back(artifact);
  }
  return list;
}

tl::unexpected<Error> nothing_there(const RunDownloadOptions& options, const Json& artifacts) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kNamed, artifacts.size()); ++i) names.push_back(text_at(artifacts[i], "path"));
  if (artifacts.size() > kNamed) names.push_back(fmt::format("and {} more", artifacts.size() - kNamed));
  return fail_hint(Code::not_found,
                   names.empty() ? "what a script writes below outputs/ is kept when the run ends" : "there are " + join(names, ", "),
                   "the run {} has {}", options.id, options.path.empty() ? "no files" : "no file " + to_utf8(options.path));
}

Result<Exit> run_download(Context& context, const RunDownloadOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json all, client::get_list(*api, api->in_workspace({"runs", options.id, "artifacts"}), {}, "artifacts", 0));
  const Json list = chosen(all["artifacts"], options.path);
  if (list.empty()) return nothing_there(options, all["artifacts"]);

  // One file that was named goes to the name that was given; several keep their paths below it.
  const bool one_file = list.size() == 1 && text_at(list[0], "path") == options.path;
  const fs::path to = options.to.value_or(".");
  std::vector<Fetch> files;
  for (const Json& artifact : list) {
    const std::string path = text_at(artifact, "path");
    Fetch file{api->in_workspace({"runs", options.id, "artifacts", path}),
               path,
               static_cast<std::uint64_t>(number_at(artifact, "size")),
               text_at(artifact, "sha256"),
               {}};
    std::error_code ignored;
    const bool into_folder = !options.to || fs::is_directory(to, ignored) || (!options.to->empty() && options.to->back() == '/');
    if (one_file && !into_folder) {
      file.target = to;
    } else {
      MUSTER_TRY_ASSIGN(file.target, target_below(to, one_file ? fs::path(path).filename().string() : path));
    }
    files.push_back(std::move(file));
  }
  MUSTER_TRY(fetch_files(context, *api, files, options.overwrite ? Overwrite::yes : Overwrite::no));

  Json artifacts_json = Json::array();
  std::string text;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Json entry = list[i];
    entry["file"] = files[i].target.lexically_normal().string();
    artifacts_json.push_back(std::move(entry));
    text += fmt::format("{}  ({})\n", printable(files[i].target.lexically_normal().string()), human_size(files[i].size));
  }
  context.print(Json{{"artifacts", std::move(artifacts_json)}}, text);
  return Exit::done;
}

}  // namespace

void add_run_outputs(Command& run, Context& context) {
  auto options = std::make_shared<RunOutputsOptions>();
  Command& command =
      run.verb("outputs", "List the files that a run has left", [&context, options] { return run_outputs(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.optional_positional("PREFIX", options->prefix, "only those whose path begins so, like outputs/checkpoints/");
  context.add_common_options(command);
  command.example("muster run outputs ID");
}

void add_run_download(Command& run, Context& context) {
  auto options = std::make_shared<RunDownloadOptions>();
  Command& command = run.verb("download", "Download files that a run has left. Nothing that is there is overwritten",
                              [&context, options] { return run_download(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.optional_positional("PATH", options->path, "a file, or a folder like outputs (all files when not given)");
  command.option("--to", "PATH", options->to, "where to: a file's new name, or a folder (the current folder when not given)");
  command.flag("--overwrite", options->overwrite, "replace files that are there");
  context.add_common_options(command);
  command.example("muster run download ID outputs/model.onnx --to birds.onnx");
  command.example("muster run download ID --to results/");
}

}  // namespace muster::cli

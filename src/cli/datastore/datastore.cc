#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/fields.h"
#include "cli/send.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "cli/terminal/width.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

constexpr const char* kDatastore = "workspaceblobstore";  // every workspace has one
constexpr std::size_t kDataFilesACall = 1'000;

std::string without_slashes(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  while (path.starts_with('/')) path.erase(0, 1);
  return path;
}

/// The file of that path, or those below it as a folder; all when it is "". Without what the SDK registers datasets by.
Result<Json> data_files(client::Api& api, const std::string& path) {
  MUSTER_TRY_ASSIGN(Json list,
                    client::get_list(api, api.in_workspace({"datastores", kDatastore, "files"}), {{"prefix", path}}, "files", 0));
  Json files = Json::array();
  for (Json& file : list["files"]) {
    const std::string name = text_at(file, "path");
    const bool is_meant = path.empty() ? !name.starts_with(".muster/") : name == path || name.starts_with(path + "/");
    if (is_meant) files.push_back(std::move(file));
  }
  return files;
}

Error nothing_at(const std::string& path) {
  return {Code::not_found,
          fmt::format("the datastore has no file or folder '{}'", to_utf8(path)),
          "`muster datastore list` shows what it has",
          {}};
}

Result<Exit> datastore_list(Context& context, const std::string& path) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json files, data_files(*api, without_slashes(path)));
  if (files.empty())
    context.note(path.empty() ? "There is no data yet. Bring some: muster datastore upload DIR --to NAME" : nothing_at(path).detail + ".");
  Table table({{"SIZE", Column::Align::right},
               {"PATH", Column::Align::left, Column::Give::width},
               {"WRITTEN", Column::Align::left, Column::Give::all},
               {"BY", Column::Align::left, Column::Give::all}});
  for (const Json& file : files) {
    table.add({{human_size(static_cast<std::uint64_t>(number_at(file, "size")))},
               {text_at(file, "path")},
               {ago(time_at(file, "written_at"), context.now())},
               {text_at(file, "written_by")}});
  }
  context.print(Json{{"datastore", kDatastore}, {"files", files}}, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

Result<Exit> datastore_show(Context& context, const std::string& path) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  const std::string wanted = without_slashes(path);
  MUSTER_TRY_ASSIGN(const Json files, data_files(*api, wanted));
  if (!wanted.empty() && files.empty()) return tl::unexpected(nothing_at(wanted));
  std::uint64_t bytes = 0;
  for (const Json& file : files) bytes += static_cast<std::uint64_t>(number_at(file, "size"));
  context.print(Json{{"datastore", kDatastore}, {"path", wanted}, {"files", files.size()}, {"bytes", bytes}},
                fmt::format("{}{}: {}, {}\n", kDatastore, wanted.empty() ? "" : "/" + printable(wanted), counted(files.size(), "file"),
                            human_size(bytes)));
  return Exit::done;
}

struct DatastoreUploadOptions {
  std::string path;
  std::string to;
  bool overwrite = false;
};

Result<Exit> datastore_upload(Context& context, const DatastoreUploadOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Json files, send_files(context, *api, options.path, "PATH", Naming::within_folder));
  const std::string folder = without_slashes(options.to);
  for (Json& file : files) {
    if (!folder.empty()) file["path"] = folder + "/" + text_at(file, "path");
  }
  Json kept = Json::array();
  for (std::size_t at = 0; at < files.size(); at += kDataFilesACall) {
    Json some = Json::array();
    for (std::size_t i = at; i < std::min(files.size(), at + kDataFilesACall); ++i) some.push_back(files[i]);
    MUSTER_TRY_ASSIGN(const Json answer, api->post(api->in_workspace({"datastores", kDatastore, "files"}),
                                                   Json{{"files", std::move(some)}, {"overwrite", options.overwrite}}));
    for (const Json& path : answer["kept"]) kept.push_back(path);
  }
  std::string text =
      fmt::format("{} in {}{}\n", counted(files.size() - kept.size(), "file"), kDatastore, folder.empty() ? "" : "/" + printable(folder));
  if (!kept.empty())
    text += fmt::format("{} had another file there and {} left as it was; --overwrite replaces\n", counted(kept.size(), "path"),
                        kept.size() == 1 ? "was" : "were");
  context.print(Json{{"datastore", kDatastore}, {"written", files.size() - kept.size()}, {"kept", kept}}, text);
  return Exit::done;
}

struct DatastoreDownloadOptions {
  std::string path;
  std::string to = ".";
  bool overwrite = false;
};

Result<Exit> datastore_download(Context& context, const DatastoreDownloadOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  const std::string wanted = without_slashes(options.path);
  MUSTER_TRY_ASSIGN(Json list, data_files(*api, wanted));
  if (list.empty()) return tl::unexpected(nothing_at(wanted));
  const auto url_of = [&](const std::string& path) { return api->in_workspace({"datastores", kDatastore, "files", path}); };
  MUSTER_TRY_ASSIGN(const std::string text,
                    fetch_listed(context, *api, list, url_of, options.to, options.overwrite ? Overwrite::yes : Overwrite::no));
  context.print(Json{{"files", std::move(list)}}, text);
  return Exit::done;
}

}  // namespace

void add_datastore_list(Command& datastore, Context& context) {
  auto path = std::make_shared<std::string>();
  Command& command =
      datastore.verb("list", "List the files of the workspace's datastore", [&context, path] { return datastore_list(context, *path); });
  command.optional_positional("PATH", *path, "only this file, or those below this folder");
  context.add_common_options(command);
  command.example("muster datastore list birds");
}

void add_datastore_show(Command& datastore, Context& context) {
  auto path = std::make_shared<std::string>();
  Command& command =
      datastore.verb("show", "Show how much is in the datastore", [&context, path] { return datastore_show(context, *path); });
  command.optional_positional("PATH", *path, "only this file, or those below this folder");
  context.add_common_options(command);
  command.example("muster datastore show birds");
}

void add_datastore_upload(Command& datastore, Context& context) {
  auto options = std::make_shared<DatastoreUploadOptions>();
  Command& command =
      datastore.verb("upload", "Upload a file, or all files of a folder. What is there stays, and what was sent is not sent again",
                     [&context, options] { return datastore_upload(context, *options); });
  command.positional("PATH", options->path, "a file or folder of this machine");
  command.option("--to", "DIR", options->to, "the folder of the datastore to put them into (its top when not given)");
  command.flag("--overwrite", options->overwrite, "replace files that are there");
  context.add_common_options(command);
  command.example("muster datastore upload ./images --to birds");
}

void add_datastore_download(Command& datastore, Context& context) {
  auto options = std::make_shared<DatastoreDownloadOptions>();
  Command& command = datastore.verb("download", "Download files, by their paths in the datastore. Nothing that is there is overwritten",
                                    [&context, options] { return datastore_download(context, *options); });
  command.optional_positional("PATH", options->path, "a file or folder (all files when not given)");
  command.option("--to", "DIR", options->to, "the folder to put them into (the current one when not given)");
  command.flag("--overwrite", options->overwrite, "replace files that are there");
  context.add_common_options(command);
  command.example("muster datastore download birds --to data/");
}

}  // namespace muster::cli

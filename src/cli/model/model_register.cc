#include <filesystem>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/model/model_view.h"
#include "client/blobs.h"
#include "client/snapshot/hash_files.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

struct ModelRegisterOptions {
  std::string name;
  std::optional<std::string> run;
  std::optional<std::string> output;
  std::optional<std::string> path;
  std::optional<std::string> description;
  std::optional<std::string> framework;
  std::optional<std::string> framework_version;
  std::vector<std::string> tags;
  std::vector<std::string> properties;
};

/// The files of a path on this machine: one file, or a folder's, their paths relative to its parent.
Result<std::vector<client::FoundFile>> files_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail(Code::not_found, "--path: there is no {}", to_utf8(path.string()));
  if (S_ISREG(status.st_mode)) return std::vector<client::FoundFile>{{path.filename().string(), client::stamp_of(status), 0644}};
  if (!S_ISDIR(status.st_mode)) return fail(Code::invalid, "--path: {} is neither a file nor a folder", to_utf8(path.string()));
  // A model may be of any size; its number of files is the snapshot's limit.
  MUSTER_TRY_ASSIGN(auto files, client::walk(path, client::IgnoreRules{}, {.bytes = UINT64_MAX, .files = client::SnapshotLimits{}.files}));
  for (client::FoundFile& file : files) file.path = path.filename().string() + "/" + file.path;
  return files;
}

/// Hashes and sends what the server does not have; the `files` of the request.
Result<Json> send_files(Context& context, client::Api& api, const std::string& given) {
  std::error_code ignored;
  fs::path path = fs::absolute(given, ignored).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  MUSTER_TRY_ASSIGN(const auto found, files_of(path));
  if (found.empty()) return fail(Code::invalid, "--path: the folder {} has no files", to_utf8(given));
  Progress progress(context.err, context.progress());
  client::HashCache no_cache;
  MUSTER_TRY_ASSIGN(const auto hashed,
                    client::hash_files(path.parent_path(), found, no_cache, SystemClock(),
                                       [&](std::uint64_t bytes, std::uint64_t total) { progress.update("Hashing", bytes, total); }));
  std::vector<std::string> hashes;
  for (const auto& file : hashed) hashes.push_back(file.file.sha256);
  MUSTER_TRY_ASSIGN(const auto missing, client::missing_blobs(api, hashes));
  std::vector<client::BlobFile> blobs;
  std::uint64_t total = 0;
  Json files = Json::array();
  for (const auto& file : hashed) {
    files.push_back({{"path", file.file.path}, {"sha256", file.file.sha256}, {"size", file.file.size}});
    if (std::find(missing.begin(), missing.end(), file.file.sha256) == missing.end()) continue;
    blobs.push_back({file.file.sha256, file.file.size, path.parent_path() / file.file.path});
    total += file.file.size;
  }
  MUSTER_TRY(client::upload_blobs(api, blobs, [&](std::uint64_t bytes) { progress.update("Uploading", bytes, total); }));
  return files;
}

Result<Exit> model_register(Context& context, const ModelRegisterOptions& options) {
  const bool from_run = options.run && options.output && !options.path;
  const bool from_here = options.path && !options.run && !options.output;
  if (!from_run && !from_here) {
    return fail_hint(Code::invalid, "give --run ID --output PATH for a run's output, or --path PATH for files of this machine",
                     "a model comes either from a run's output or from a path; exactly one of them must be given");
  }
  Json body{{"name", options.name}};
  if (options.description) body["description"] = *options.description;
  if (options.framework) body["framework"] = *options.framework;
  if (options.framework_version) body["framework_version"] = *options.framework_version;
  MUSTER_TRY_ASSIGN(body["tags"], pairs_from(options.tags, "--tag"));
  MUSTER_TRY_ASSIGN(body["properties"], pairs_from(options.properties, "--property"));
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  if (from_run) {
    body["run_id"] = *options.run;
    body["path"] = *options.output;
  } else {
    MUSTER_TRY_ASSIGN(body["files"], send_files(context, *api, *options.path));
  }
  MUSTER_TRY_ASSIGN(const Json model, api->create_resource(api->in_workspace({"models"}), body));
  context.print(model, model_text(model, context.now(), context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_model_register(Command& model, Context& context) {
  auto options = std::make_shared<ModelRegisterOptions>();
  Command& command = model.verb("register", "Register a model from a run's output or from files of this machine; always as a new version",
                                [&context, options] { return model_register(context, *options); });
  command.option("--name", "NAME", options->name, "the model's name").required();
  command.option("--run", "RUN", options->run, "the run that made it");
  command.option("--output", "PATH", options->output, "the file or folder among its outputs, like outputs/model.pt");
  command.option("--path", "PATH", options->path, "a file or folder of this machine instead");
  command.option("--description", "TEXT", options->description, "a description");
  command.option("--framework", "NAME", options->framework, "like PyTorch or Onnx");
  command.option("--framework-version", "V", options->framework_version, "the framework's version");
  command.option("--tag", "K[=V]", options->tags, "a tag");
  command.option("--property", "K=V", options->properties, "a property, which can never be changed");
  context.add_common_options(command);
  command.example("muster model register --name birds --run ID --output outputs/model.onnx");
  command.example("muster model register --name birds --path ./birds.onnx --framework Onnx");
}

}  // namespace muster::cli

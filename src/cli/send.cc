#include "cli/send.h"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "client/blobs.h"
#include "client/snapshot/hash_files.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

struct Found {
  fs::path root;  ///< the files' paths are below it
  std::vector<client::FoundFile> files;
};

Result<Found> find(const std::string& given, std::string_view what, Naming naming) {
  std::error_code ignored;
  fs::path path = fs::absolute(given, ignored).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail(Code::not_found, "{}: there is no {}", what, to_utf8(path.string()));
  if (S_ISREG(status.st_mode)) return Found{path.parent_path(), {{path.filename().string(), client::stamp_of(status), 0644}}};
  if (!S_ISDIR(status.st_mode)) return fail(Code::invalid, "{}: {} is neither a file nor a folder", what, to_utf8(path.string()));
  // They may be of any size; their number is the snapshot's limit.
  MUSTER_TRY_ASSIGN(auto files, client::walk(path, client::IgnoreRules{}, {.bytes = UINT64_MAX, .files = client::SnapshotLimits{}.files}));
  if (files.empty()) return fail(Code::invalid, "{}: the folder {} has no files", what, to_utf8(given));
  if (naming == Naming::within_folder) return Found{path, std::move(files)};
  for (client::FoundFile& file : files) file.path = path.filename().string() + "/" + file.path;
  return Found{path.parent_path(), std::move(files)};
}

}  // namespace

Result<Json> send_files(Context& context, client::Api& api, const std::string& path, std::string_view what, Naming naming) {
  MUSTER_TRY_ASSIGN(const Found found, find(path, what, naming));
  Progress progress(context.err, context.progress());
  client::HashCache no_cache;
  MUSTER_TRY_ASSIGN(const auto hashed,
                    client::hash_files(found.root, found.files, no_cache, SystemClock(),
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
    blobs.push_back({file.file.sha256, file.file.size, found.root / file.file.path});
    total += file.file.size;
  }
  MUSTER_TRY(client::upload_blobs(api, blobs, [&](std::uint64_t bytes) { progress.update("Uploading", bytes, total); }));
  return files;
}

}  // namespace muster::cli

#include "client/snapshot/snapshot.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "client/blobs.h"
#include "client/problem.h"
#include "client/snapshot/hash_files.h"
#include "client/snapshot/stat_cache.h"
#include "model/snapshot.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kManifestBytes = 64u << 20;  // what POST /snapshots takes: 100,000 files with paths of 500 characters

class Sending {
 public:
  Sending(Api& api, const SnapshotOptions& options) : api_(api), options_(options) {}

  Result<Snapshot> run() {
    MUSTER_TRY_ASSIGN(const IgnoreRules rules, rules_of(options_.folder));
    MUSTER_TRY_ASSIGN(const auto found, walk(options_.folder, rules, options_.limits));
    MUSTER_TRY(hash(found));
    MUSTER_TRY(send_new());
    return post();
  }

 private:
  Result<void> hash(const std::vector<FoundFile>& found) {
    const bool cached = !options_.cache_folder.empty();
    const fs::path path = cached ? cache_path(options_.cache_folder, options_.folder) : fs::path();
    HashCache cache = cached ? load_cache(path) : HashCache{};
    MUSTER_TRY_ASSIGN(files_, hash_files(options_.folder, found, cache, SystemClock(), [this](std::uint64_t bytes, std::uint64_t total) {
                        tell(SnapshotProgress::Step::hashing, bytes, total);
                      }));
    // What changed just now is not cached, and leaves nothing new to write down.
    const bool learned = std::any_of(files_.begin(), files_.end(),
                                     [&](const HashedFile& file) { return !file.from_cache && cache.count(file.file.path) > 0; });
    // A cache that cannot be written (read-only home, full disk) costs time at the next submit, nothing else.
    if (cached && learned) (void)save_cache(path, cache);
    return {};
  }

  /// What changed is most likely new to the server; what did not is most likely there, and the server says so otherwise when it gets the
  /// manifest.
  Result<void> send_new() {
    std::vector<std::string> changed;
    for (const HashedFile& file : files_) {
      if (!file.from_cache) changed.push_back(file.file.sha256);
    }
    if (changed.empty()) return {};
    MUSTER_TRY_ASSIGN(const auto missing, missing_blobs(api_, changed));
    return send(missing);
  }

  Result<void> send(const std::vector<std::string>& missing) {
    std::unordered_set<std::string_view> wanted(missing.begin(), missing.end());
    std::vector<BlobFile> blobs;
    std::uint64_t total = 0;
    for (const HashedFile& file : files_) {
      if (wanted.erase(file.file.sha256) == 0) continue;
      blobs.push_back({file.file.sha256, file.file.size, options_.folder / file.file.path});
      total += file.file.size;
    }
    MUSTER_TRY(upload_blobs(api_, blobs, [&](std::uint64_t bytes) { tell(SnapshotProgress::Step::sending, bytes, total); }));
    sent_ += total;
    return {};
  }

  Result<Snapshot> post() {
    HttpRequest request = api_.request_for("POST", api_.in_workspace({"snapshots"}));
    request.headers.emplace_back("Content-Type", "application/json");
    std::string list = manifest();
    if (list.size() > kManifestBytes) {
      return fail_hint(Code::too_large,
                       "list what the run does not need in a file .amlignore in that folder, or shorten the names of its folders",
                       "the list of {} of {}, with their paths, takes {}, more than the limit of {}", counted(files_.size(), "file"),
                       options_.folder.string(), human_size(list.size()), human_size(kManifestBytes));
    }
    request.body = std::move(list);
    MUSTER_TRY_ASSIGN(HttpResponse response, api_.exchange(request));
    if (response.status == 409) {
      MUSTER_TRY(send(missing_in(response)));
      MUSTER_TRY_ASSIGN(response, api_.exchange(request));
    }
    if (!response.succeeded()) return tl::unexpected(error_of(response));
    MUSTER_TRY_ASSIGN(const Json answer, parse_json(response.body));
    Snapshot snapshot;
    const auto id = answer.find("snapshot_id");
    if (id == answer.end() || !id->is_string()) return fail(Code::internal, "the server's answer has no `snapshot_id`");
    snapshot.snapshot_id = id->get<std::string>();
    snapshot.file_count = files_.size();
    for (const HashedFile& file : files_) snapshot.size += file.file.size;
    snapshot.bytes_sent = sent_;
    return snapshot;
  }

  /// One file after the other: a tree of 100,000 costs more to build and to fell than its text.
  std::string manifest() const {
    std::string text = R"({"files":[)";
    for (const HashedFile& file : files_) text.append(text.back() == '[' ? "" : ",").append(dump_json(model::to_json(file.file)));
    return text + "]}";
  }

  static std::vector<std::string> missing_in(const HttpResponse& response) {
    std::vector<std::string> missing;
    const auto answer = parse_json(response.body, JsonLimits{.bytes = 64u << 20});
    if (!answer || !answer->is_object() || !answer->contains("missing")) return missing;
    for (const Json& one : (*answer)["missing"]) {
      if (one.is_string()) missing.push_back(one.get<std::string>());
    }
    return missing;
  }

  void tell(SnapshotProgress::Step step, std::uint64_t bytes, std::uint64_t total) const {
    if (options_.on_progress) options_.on_progress({step, bytes, total});
  }

  Api& api_;
  const SnapshotOptions& options_;
  std::vector<HashedFile> files_;
  std::uint64_t sent_ = 0;
};

}  // namespace

Result<Snapshot> send_snapshot(Api& api, const SnapshotOptions& options) { return Sending(api, options).run(); }

fs::path default_cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') return fs::path(cache) / "muster";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "muster";
  return {};
}

}  // namespace muster::client

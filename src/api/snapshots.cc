#include "store/snapshots.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/create.h"
#include "api/resources.h"
#include "api/room.h"
#include "api/snapshot_archive.h"
#include "api/snapshot_of.h"
#include "base/crash_point.h"
#include "base/hash.h"
#include "base/text.h"

namespace muster::api {
namespace {

/// 100,000 files with long paths do not fit into the 8 MiB of other requests.
constexpr std::size_t kManifestBytes = 64u << 20;
constexpr std::size_t kLargestNamed = 5;

Json summary(const model::Snapshot& snapshot) {
  return {{"snapshot_id", snapshot.snapshot_id}, {"file_count", snapshot.file_count}, {"size", snapshot.size}};
}

Result<void> check_size(const model::Snapshot& snapshot, std::uint64_t limit) {
  if (snapshot.size <= limit) return {};
  std::vector<const model::SnapshotFile*> files;
  for (const model::SnapshotFile& file : snapshot.files) files.push_back(&file);
  const std::size_t named = std::min(files.size(), kLargestNamed);
  std::partial_sort(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(named), files.end(),
                    [](const auto* a, const auto* b) { return a->size > b->size; });
  std::vector<std::string> words;
  for (std::size_t i = 0; i < named; ++i) words.push_back(fmt::format("{} ({})", files[i]->path, human_size(files[i]->size)));
  return fail_hint(Code::too_large, "exclude files with .amlignore, or raise snapshot_limit_mb in the server's muster.toml",
                   "the snapshot has {}, more than {}; the largest files are {}", human_size(snapshot.size), human_size(limit),
                   join(words, ", "));
}

/// The blobs that the snapshot needs and the server has not; invalid when one that is there has another size than the manifest says.
Result<std::vector<std::string>> missing_blobs(blob::BlobStore& blobs, const model::Snapshot& snapshot) {
  std::set<std::string> missing;
  Error wrong{Code::invalid, "", "", {}};
  for (std::size_t i = 0; i < snapshot.files.size(); ++i) {
    const model::SnapshotFile& file = snapshot.files[i];
    const auto info = blobs.stat(file.sha256);
    if (!info)
      missing.insert(file.sha256);
    else if (info->size != file.size)
      wrong.errors.push_back({"files", fmt::format("{} has {} bytes by its sha256, not {}", file.path, info->size, file.size), ""});
  }
  if (wrong.errors.empty()) return std::vector<std::string>(missing.begin(), missing.end());
  wrong.detail = "snapshot: " + wrong.errors.front().detail;
  return tl::unexpected(std::move(wrong));
}

Result<http::Response> create_snapshot(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call));
  MUSTER_TRY_ASSIGN(auto earlier, earlier_answer(call, workspace.key));
  if (earlier) return std::move(*earlier);
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call, kManifestBytes));
  MUSTER_TRY_ASSIGN(model::Snapshot snapshot, model::snapshot_from_json(body));
  MUSTER_TRY(check_size(snapshot, call.services.info.snapshot_limit_bytes));
  MUSTER_TRY_ASSIGN(const auto known, call.services.store.read([&](store::Session& session) -> Result<std::optional<model::Snapshot>> {
    return store::snapshots::find(session, workspace.key, snapshot.snapshot_id);
  }));
  if (!known) {
    MUSTER_TRY_ASSIGN(const auto missing, missing_blobs(call.services.blobs, snapshot));
    if (!missing.empty()) {
      const Error error{Code::conflict,
                        fmt::format("{} of the snapshot's blobs are not on the server", missing.size()),
                        "upload them with PUT blobs/{sha256} first",
                        {}};
      return http::problem_response(error, {{"missing", missing}});
    }
  }
  snapshot.created_at = call.services.clock.now_us();
  snapshot.created_by = call.caller.name;
  const std::string manifest = known ? "" : store::snapshots::manifest_of(snapshot);  // one that is there stays as it is
  return create(call, workspace.key, [&](store::Session& session) -> Result<Created> {
    if (known && !store::snapshots::note_use(session, workspace.key, snapshot.snapshot_id, snapshot.created_at))
      return fail_hint(Code::unavailable, "try again", "the snapshot was being removed, since no run referred to it");
    const bool fresh = !known && store::snapshots::ensure(session, workspace.key, snapshot, manifest);
    crash_point("server.snapshot.in_transaction");
    return Created{fresh ? 201 : 200, summary(snapshot)};
  });
}

Result<http::Response> get_snapshot(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Snapshot snapshot, snapshot_of(call, call.parameter("snapshot_id")));
  return object_response(snapshot);
}

Result<http::Response> get_archive(Call& call) {
  MUSTER_TRY_ASSIGN(model::Snapshot snapshot, snapshot_of(call, call.parameter("snapshot_id")));
  return http::Response{200, {{"content-type", "application/x-tar"}}, snapshot_archive(call.services.blobs, std::move(snapshot))};
}

}  // namespace

Result<model::Snapshot> snapshot_of(const Call& call, const std::string& snapshot_id) {
  return call.services.store.read([&](store::Session& session) -> Result<model::Snapshot> {
    MUSTER_TRY_ASSIGN(const model::Workspace workspace, workspace_of(call, session));
    auto snapshot = store::snapshots::find_with_files(session, workspace.key, snapshot_id);
    if (snapshot) return std::move(*snapshot);
    return fail(Code::not_found, "there is no snapshot '{}' in workspace {}", to_utf8(snapshot_id.substr(0, 100)), workspace.name);
  });
}

void add_snapshot_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/snapshots";
  routes.add("POST", base, {Users::contributor, Runs::workspace}, create_snapshot, kManifestBytes);
  routes.add("GET", base + "/{snapshot_id}", {Users::reader, Runs::workspace}, get_snapshot);
  routes.add("GET", base + "/{snapshot_id}/archive", {Users::reader, Runs::transfer}, get_archive);
}

}  // namespace muster::api

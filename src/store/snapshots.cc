#include "store/snapshots.h"

#include "store/manifest_bytes.h"

namespace muster::store::snapshots {
namespace {

std::optional<model::Snapshot> select(Session& session, std::int64_t workspace_key, std::string_view snapshot_id, bool with_files) {
  std::optional<model::Snapshot> found;
  session.query(with_files
                    ? "SELECT created_at, created_by, file_count, size, manifest FROM snapshots WHERE workspace_key = ? AND snapshot_id = ?"
                    : "SELECT created_at, created_by, file_count, size FROM snapshots WHERE workspace_key = ? AND snapshot_id = ?",
                {workspace_key, snapshot_id}, [&](const Row& row) {
                  model::Snapshot& snapshot = found.emplace();
                  snapshot.snapshot_id = snapshot_id;
                  snapshot.created_at = row.integer(0);
                  snapshot.created_by = row.text(1);
                  snapshot.file_count = static_cast<std::uint64_t>(row.integer(2));
                  snapshot.size = static_cast<std::uint64_t>(row.integer(3));
                  if (with_files) snapshot.files = decode_manifest(row.bytes(4));
                });
  return found;
}

}  // namespace

std::string manifest_of(const model::Snapshot& snapshot) { return encode_manifest(snapshot.files); }

bool ensure(Session& session, std::int64_t workspace_key, const model::Snapshot& snapshot, std::string_view manifest) {
  if (note_use(session, workspace_key, snapshot.snapshot_id, snapshot.created_at)) return false;
  session.run(
      "INSERT INTO snapshots (workspace_key, snapshot_id, created_at, used_at, created_by, file_count, size, manifest) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace_key, snapshot.snapshot_id, snapshot.created_at, snapshot.created_at, snapshot.created_by,
       static_cast<std::int64_t>(snapshot.file_count), static_cast<std::int64_t>(snapshot.size), Blob{manifest}});
  return true;
}

bool note_use(Session& session, std::int64_t workspace_key, std::string_view snapshot_id, TimeUs now) {
  return session.run(
             "UPDATE snapshots SET used_at = CASE WHEN used_at < ? THEN ? ELSE used_at END WHERE workspace_key = ? AND snapshot_id = ?",
             {now, now, workspace_key, snapshot_id}) > 0;
}

std::optional<model::Snapshot> find(Session& session, std::int64_t workspace_key, std::string_view snapshot_id) {
  return select(session, workspace_key, snapshot_id, false);
}

std::optional<model::Snapshot> find_with_files(Session& session, std::int64_t workspace_key, std::string_view snapshot_id) {
  return select(session, workspace_key, snapshot_id, true);
}

}  // namespace muster::store::snapshots

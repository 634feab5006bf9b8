#include "store/references.h"

#include "store/manifest_bytes.h"

namespace muster::store::references {

std::int64_t newest(Session& session, Owner owner) {
  std::string_view sql = "SELECT coalesce(max(key), 0) FROM runs";
  if (owner == Owner::model_version) sql = "SELECT coalesce(max(key), 0) FROM model_versions";
  if (owner == Owner::snapshot) sql = "SELECT coalesce(max(key), 0) FROM snapshots";
  if (owner == Owner::datastore_file) sql = "SELECT coalesce(max(key), 0) FROM datastore_files";
  std::int64_t key = 0;
  session.query(sql, {}, [&](const Row& row) { key = row.integer(0); });
  return key;
}

void each_blob(Session& session, Owner owner, std::int64_t after, std::int64_t up_to,
               const std::function<void(std::string_view sha256)>& use) {
  if (owner == Owner::snapshot) {
    session.query("SELECT manifest FROM snapshots WHERE key > ? AND key <= ?", {after, up_to}, [&](const Row& row) {
      for (const model::SnapshotFile& file : decode_manifest(row.bytes(0))) use(file.sha256);
    });
    return;
  }
  std::string_view sql = "SELECT sha256 FROM artifacts WHERE run_key > ? AND run_key <= ?";
  if (owner == Owner::model_version) sql = "SELECT sha256 FROM model_files WHERE version_key > ? AND version_key <= ?";
  if (owner == Owner::datastore_file) sql = "SELECT sha256 FROM datastore_files WHERE key > ? AND key <= ?";
  session.query(sql, {after, up_to}, [&](const Row& row) { use(row.bytes(0)); });
}

std::optional<TimeUs> oldest_active(Session& session) {
  std::optional<TimeUs> oldest;
  session.query("SELECT min(created_at) FROM runs WHERE status NOT IN ('Completed', 'Failed', 'Canceled') AND kind = 'job'", {},
                [&](const Row& row) {
                  if (!row.is_null(0)) oldest = row.integer(0);
                });
  return oldest;
}

std::set<std::string> environments_in_use(Session& session) {
  std::set<std::string> hashes;
  session.query(
      "SELECT DISTINCT environment_hash FROM runs WHERE status NOT IN ('Completed', 'Failed', 'Canceled') AND kind = 'job' AND "
      "environment_hash <> ''",
      {}, [&](const Row& row) { hashes.insert(row.text(0)); });
  return hashes;
}

std::int64_t remove_unused_snapshots(Session& session, TimeUs unused_since, int limit) {
  return session.run(
      "DELETE FROM snapshots WHERE key IN (SELECT s.key FROM snapshots s WHERE s.used_at < ? AND NOT EXISTS "
      "(SELECT 1 FROM runs r WHERE r.snapshot_id = s.snapshot_id AND r.workspace_key = s.workspace_key) AND NOT EXISTS "
      "(SELECT 1 FROM run_inputs i WHERE i.snapshot_id = s.snapshot_id AND i.workspace_key = s.workspace_key) LIMIT ?)",
      {unused_since, limit});
}

}  // namespace muster::store::references

-- When a snapshot was created, or asked to be created again, the last time: one that no run refers to is removed some time after.
ALTER TABLE snapshots ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
UPDATE snapshots SET used_at = created_at;
CREATE INDEX snapshots_by_use ON snapshots (used_at);
CREATE INDEX runs_by_snapshot ON runs (snapshot_id) WHERE snapshot_id IS NOT NULL;

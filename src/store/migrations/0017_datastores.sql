-- The files of datastores, their bytes in the blob store; and the snapshots that runs got of them as inputs.
CREATE TABLE datastore_files (
  key INTEGER PRIMARY KEY,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  datastore TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  written_by TEXT NOT NULL,
  UNIQUE (workspace_key, datastore, path)
) STRICT;
CREATE TABLE run_inputs (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  workspace_key INTEGER NOT NULL,
  snapshot_id TEXT NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_inputs_by_snapshot ON run_inputs (workspace_key, snapshot_id);

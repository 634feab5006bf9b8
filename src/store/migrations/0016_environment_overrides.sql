-- Which environment a workspace's runs get instead of a curated one; without a version the newest.
CREATE TABLE environment_overrides (
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  with_name TEXT NOT NULL,
  with_version TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (workspace_key, name)
) STRICT, WITHOUT ROWID;

-- Secrets of workspaces. `sealed` is the value as base/seal.h encrypts it, with a key that is not in the database.
CREATE TABLE secrets (
  key INTEGER PRIMARY KEY,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL,
  nonce BLOB NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  UNIQUE (workspace_key, name)
) STRICT;

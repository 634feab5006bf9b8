-- Users, and tokens with what they may do. What was kept as the name on a token is its user, and the token is an owner's, as it was.
CREATE TABLE users (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  disabled_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO users (name, created_at, created_by) SELECT name, min(created_at), name FROM tokens GROUP BY name ORDER BY min(key);

ALTER TABLE tokens RENAME TO tokens_before;
CREATE TABLE tokens (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,    -- the first 12 digits of the hash
  hash TEXT NOT NULL UNIQUE,  -- SHA-256 of the secret
  user_key INTEGER NOT NULL REFERENCES users,
  role TEXT NOT NULL,
  workspace_key INTEGER REFERENCES workspaces,  -- NULL: all of them
  purpose TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0,
  last_used_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO tokens (key, id, hash, user_key, role, purpose, created_at, created_by)
  SELECT b.key, substr(b.hash, 1, 12), b.hash, u.key, 'owner', 'made by the server', b.created_at, b.name
  FROM tokens_before b JOIN users u ON u.name = b.name ORDER BY b.key;
DROP TABLE tokens_before;
-- The first workspace was made before anybody was known.
UPDATE workspaces SET created_by = (SELECT name FROM users ORDER BY key LIMIT 1) WHERE name = 'default' AND EXISTS (SELECT 1 FROM users);
UPDATE compute_targets SET created_by = (SELECT name FROM users ORDER BY key LIMIT 1)
  WHERE name = 'local' AND created_by = 'muster' AND EXISTS (SELECT 1 FROM users);

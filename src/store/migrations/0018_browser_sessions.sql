-- Browsers that are signed in, each by a token: what the token opens, as long as it does.
CREATE TABLE browser_sessions (
  key INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,  -- SHA-256 of the cookie
  token_key INTEGER NOT NULL REFERENCES tokens ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX browser_sessions_by_token ON browser_sessions (token_key);

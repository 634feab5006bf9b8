CREATE TABLE artifacts (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  path TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  node_rank INTEGER,  -- which node left it in outputs/; NULL when it was uploaded by name
  left_as TEXT,       -- its path there
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (run_key, path, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE browser_sessions (
  key INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,  -- SHA-256 of the cookie
  token_key INTEGER NOT NULL REFERENCES tokens ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE compute_target_tags (
  target_key INTEGER NOT NULL REFERENCES compute_targets ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (target_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE compute_targets (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  engine TEXT NOT NULL,
  type TEXT NOT NULL,
  vm_size TEXT NOT NULL,
  vm_priority TEXT NOT NULL,
  min_nodes INTEGER NOT NULL,
  max_nodes INTEGER NOT NULL,
  idle_seconds_before_scaledown INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL, engine_options TEXT NOT NULL DEFAULT '{}',
  UNIQUE (workspace_key, name)
) STRICT;

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

CREATE TABLE environment_overrides (
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  with_name TEXT NOT NULL,
  with_version TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (workspace_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  definition TEXT NOT NULL,  -- JSON, store/stored_spec.h
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (workspace_key, name, version)
) STRICT;

CREATE TABLE experiment_tags (
  experiment_key INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiments (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  run_count INTEGER NOT NULL DEFAULT 0,
  last_run_at INTEGER NOT NULL DEFAULT 0, last_run_number INTEGER NOT NULL DEFAULT 0,
  UNIQUE (workspace_key, name)
) STRICT;

CREATE TABLE idempotency (
  workspace_key INTEGER NOT NULL,  -- 0 for what lives in no workspace
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_key, route, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric_chunks (
  key INTEGER PRIMARY KEY,
  series_key INTEGER NOT NULL REFERENCES metric_series ON DELETE CASCADE,
  first_index INTEGER NOT NULL,
  point_count INTEGER NOT NULL,
  bytes BLOB NOT NULL,  -- store/metric_chunk.h
  UNIQUE (series_key, first_index)
) STRICT;

CREATE TABLE metric_series (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  name TEXT NOT NULL,
  point_count INTEGER NOT NULL,
  first_open INTEGER NOT NULL,  -- from this point on they are in open chunks, still to be merged (store/metric_series.h)
  last_index INTEGER NOT NULL,  -- which point is the latest; the others say what it is
  last_kind INTEGER NOT NULL,   -- 0 number, 1 integer, 2 anything else
  last_number REAL,             -- NULL for NaN and for what is no number
  last_step INTEGER,
  last_time INTEGER NOT NULL,
  min REAL,                     -- of the numbers, NaN left out
  max REAL,
  UNIQUE (run_key, attempt, rank, name)
) STRICT;

CREATE TABLE metric_sketches (
  series_key INTEGER NOT NULL REFERENCES metric_series ON DELETE CASCADE,
  first_index INTEGER NOT NULL,
  point_count INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (series_key, first_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_files (
  version_key INTEGER NOT NULL REFERENCES model_versions ON DELETE CASCADE,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (version_key, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_properties (
  version_key INTEGER NOT NULL REFERENCES model_versions ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (version_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_tags (
  version_key INTEGER NOT NULL REFERENCES model_versions ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (version_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_versions (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  model_key INTEGER NOT NULL REFERENCES models,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  version INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  experiment TEXT NOT NULL,
  description TEXT NOT NULL,
  framework TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  size INTEGER NOT NULL,
  UNIQUE (model_key, version)
) STRICT;

CREATE TABLE models (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  name TEXT NOT NULL,
  next_version INTEGER NOT NULL,
  UNIQUE (workspace_key, name)
) STRICT;

CREATE TABLE run_attempts (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  stages TEXT NOT NULL,       -- JSON, [[started, ended], …]
  handle TEXT,                -- JSON, the engine's
  resolved_environment TEXT, prepared TEXT, to_kill INTEGER NOT NULL DEFAULT 0, engine TEXT NOT NULL DEFAULT 'local',  -- JSON
  PRIMARY KEY (run_key, attempt)
) STRICT;

CREATE TABLE run_inputs (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  workspace_key INTEGER NOT NULL,
  snapshot_id TEXT NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_metrics (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,  -- as metric_series.last_kind
  number REAL,            -- NULL for NaN and for what is no number
  workspace_key INTEGER NOT NULL,
  experiment_key INTEGER NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_nodes (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  node_rank INTEGER NOT NULL,
  host TEXT NOT NULL,
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  status TEXT NOT NULL,
  runner_pid INTEGER NOT NULL,
  last_heartbeat_at INTEGER NOT NULL,
  salvages INTEGER NOT NULL,
  reports TEXT NOT NULL, gpus TEXT NOT NULL DEFAULT '', node_key TEXT NOT NULL DEFAULT '', gone TEXT NOT NULL DEFAULT '',  -- JSON
  PRIMARY KEY (run_key, attempt, node_rank)
) STRICT;

CREATE TABLE run_parameters (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number REAL,
  workspace_key INTEGER NOT NULL,
  experiment_key INTEGER NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_properties (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_tags (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  workspace_key INTEGER NOT NULL,
  experiment_key INTEGER NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  experiment_key INTEGER NOT NULL REFERENCES experiments,
  run_id TEXT NOT NULL UNIQUE,
  uuid TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  parent_run_id TEXT,
  compute_target TEXT NOT NULL,
  snapshot_id TEXT,
  spec TEXT NOT NULL,  -- JSON, store/stored_spec.h
  environment_version TEXT NOT NULL,
  environment_hash TEXT NOT NULL,
  status TEXT NOT NULL,
  status_detail TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  error TEXT,              -- JSON
  warnings TEXT NOT NULL,  -- JSON
  cancel_asked INTEGER NOT NULL,
  cancel_reason TEXT NOT NULL
, taken_ports TEXT NOT NULL DEFAULT '[]', kind TEXT NOT NULL DEFAULT 'job', lifecycle TEXT NOT NULL DEFAULT 'active', deleted_at INTEGER NOT NULL DEFAULT 0, description TEXT NOT NULL DEFAULT '', number INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;

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

CREATE TABLE snapshots (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_key INTEGER NOT NULL REFERENCES workspaces,
  snapshot_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  file_count INTEGER NOT NULL,
  size INTEGER NOT NULL,
  manifest BLOB NOT NULL, used_at INTEGER NOT NULL DEFAULT 0,  -- store/manifest_bytes.h
  UNIQUE (workspace_key, snapshot_id)
) STRICT;

CREATE TABLE sources (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  source TEXT NOT NULL,
  next_sequence INTEGER NOT NULL,
  PRIMARY KEY (run_key, source)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE users (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  disabled_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE workspace_tags (
  workspace_key INTEGER NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (workspace_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT;

CREATE INDEX artifacts_by_origin ON artifacts (run_key, attempt, node_rank, left_as) WHERE node_rank IS NOT NULL;

CREATE INDEX browser_sessions_by_token ON browser_sessions (token_key);

CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE INDEX model_versions_by_run ON model_versions (workspace_key, run_id, key);

CREATE INDEX model_versions_by_workspace ON model_versions (workspace_key, key);

CREATE INDEX run_inputs_by_snapshot ON run_inputs (workspace_key, snapshot_id);

CREATE INDEX run_metrics_by_number ON run_metrics (workspace_key, name, number, run_key, experiment_key);

CREATE INDEX run_parameters_by_name ON run_parameters (workspace_key, name, run_key, experiment_key);

CREATE INDEX run_parameters_by_number ON run_parameters (workspace_key, name, number, run_key, experiment_key) WHERE number IS NOT NULL;

CREATE INDEX run_parameters_by_text ON run_parameters (workspace_key, name, value, run_key, experiment_key) WHERE number IS NULL;

CREATE INDEX run_parameters_by_value ON run_parameters (workspace_key, name, value, run_key, experiment_key);

CREATE INDEX run_tags_by_name ON run_tags (workspace_key, name, run_key, experiment_key);

CREATE INDEX run_tags_by_value ON run_tags (workspace_key, name, value, run_key, experiment_key);

CREATE INDEX runs_active ON runs (key) WHERE status NOT IN ('Completed', 'Failed', 'Canceled');

CREATE INDEX runs_by_created ON runs (workspace_key, created_at, key);

CREATE INDEX runs_by_display_name ON runs (workspace_key, display_name, key);

CREATE INDEX runs_by_experiment ON runs (experiment_key, key);

CREATE INDEX runs_by_experiment_and_kind ON runs (experiment_key, kind, key);

CREATE INDEX runs_by_experiment_and_status ON runs (experiment_key, status, key);

CREATE INDEX runs_by_kind ON runs (workspace_key, kind, key);

CREATE INDEX runs_by_parent ON runs (parent_run_id, key) WHERE parent_run_id IS NOT NULL;

CREATE INDEX runs_by_snapshot ON runs (snapshot_id) WHERE snapshot_id IS NOT NULL;

CREATE INDEX runs_by_status ON runs (workspace_key, status, key);

CREATE INDEX runs_by_workspace ON runs (workspace_key, key);

CREATE INDEX runs_deleted ON runs (deleted_at, key) WHERE deleted_at > 0;

CREATE INDEX snapshots_by_use ON snapshots (used_at);


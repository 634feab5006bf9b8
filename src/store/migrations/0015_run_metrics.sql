-- What a run's metrics are at last: of its last attempt and rank 0 (store/run_metrics.h). The workspace and experiment of the run stand here too, so that
-- ordering by a metric reads one index.
CREATE TABLE run_metrics (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,  -- as metric_series.last_kind
  number REAL,            -- NULL for NaN and for what is no number
  workspace_key INTEGER NOT NULL,
  experiment_key INTEGER NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;
INSERT INTO run_metrics
  SELECT s.run_key, s.name, s.last_kind, s.last_number, r.workspace_key, r.experiment_key
  FROM metric_series s JOIN runs r ON r.key = s.run_key WHERE s.rank = 0 AND s.attempt = r.attempt;
CREATE INDEX run_metrics_by_number ON run_metrics (workspace_key, name, number, run_key, experiment_key);
CREATE INDEX run_parameters_by_text ON run_parameters (workspace_key, name, value, run_key, experiment_key) WHERE number IS NULL;
CREATE INDEX runs_by_created ON runs (workspace_key, created_at, key);

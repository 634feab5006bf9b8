-- What makes a run begin and end (model/run_kind.h).
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'job';
CREATE INDEX runs_by_kind ON runs (workspace_key, kind, key);
CREATE INDEX runs_by_experiment_and_kind ON runs (experiment_key, kind, key);

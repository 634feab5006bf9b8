-- A deleted run is marked; its rows go later, in slices ('purging': it is nobody's any more).
ALTER TABLE runs ADD COLUMN lifecycle TEXT NOT NULL DEFAULT 'active';
ALTER TABLE runs ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN description TEXT NOT NULL DEFAULT '';
-- Of its experiment's runs, from 1, in the order in which they came.
ALTER TABLE runs ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE experiments ADD COLUMN last_run_number INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET number = counted.number
  FROM (SELECT key, row_number() OVER (PARTITION BY experiment_key ORDER BY key) AS number FROM runs) AS counted
  WHERE runs.key = counted.key;
UPDATE experiments SET last_run_number = (SELECT count(*) FROM runs r WHERE r.experiment_key = experiments.key);
CREATE INDEX runs_deleted ON runs (deleted_at, key) WHERE deleted_at > 0;

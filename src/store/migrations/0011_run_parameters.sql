-- Set once; `number` is the finite number that the value is, for order. The workspace and experiment of the run stand here too, so that
-- listing by parameter reads one index.
CREATE TABLE run_parameters (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number REAL,
  workspace_key INTEGER NOT NULL,
  experiment_key INTEGER NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_parameters_by_value ON run_parameters (workspace_key, name, value, run_key, experiment_key);
CREATE INDEX run_parameters_by_name ON run_parameters (workspace_key, name, run_key, experiment_key);
CREATE INDEX run_parameters_by_number ON run_parameters (workspace_key, name, number, run_key, experiment_key) WHERE number IS NOT NULL;

-- How far each source of a run's points has been taken in: "<attempt>/<node rank>/<process>" for a journal, "client/<id>" for a client.
CREATE TABLE sources (
  run_key INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  source TEXT NOT NULL,
  next_sequence INTEGER NOT NULL,
  PRIMARY KEY (run_key, source)
) STRICT, WITHOUT ROWID;
INSERT INTO sources SELECT run_key, attempt || '/' || node_rank || '/' || process, next_sequence FROM journals;
DROP TABLE journals;

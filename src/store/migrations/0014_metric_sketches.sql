-- The points that draw a sealed chunk (store/metric_curve.h), so that a curve of millions of points is drawn without reading them.
CREATE TABLE metric_sketches (
  series_key INTEGER NOT NULL REFERENCES metric_series ON DELETE CASCADE,
  first_index INTEGER NOT NULL,
  point_count INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (series_key, first_index)
) STRICT, WITHOUT ROWID;

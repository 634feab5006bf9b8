-- What a target's engine was told beside its limits: JSON, an object; the engine's own words.
ALTER TABLE compute_targets ADD COLUMN engine_options TEXT NOT NULL DEFAULT '{}';
-- Whose the handle is.
ALTER TABLE run_attempts ADD COLUMN engine TEXT NOT NULL DEFAULT 'local';

-- 1 from the moment that an attempt is ended by force until nothing of it is left: a server that starts ends it once more.
ALTER TABLE run_attempts ADD COLUMN to_kill INTEGER NOT NULL DEFAULT 0;

-- The interpreter and folder that the run's environment was prepared as, JSON; an attempt without has those of the one before it.
ALTER TABLE run_attempts ADD COLUMN prepared TEXT;

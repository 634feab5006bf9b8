-- The engine's name for a node of an attempt; a node of before is known by its rank.
ALTER TABLE run_nodes ADD COLUMN node_key TEXT NOT NULL DEFAULT '';
-- How a node was lost, in the engine's words; '' when its runner just ended.
ALTER TABLE run_nodes ADD COLUMN gone TEXT NOT NULL DEFAULT '';

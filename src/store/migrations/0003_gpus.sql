-- A node's share of its machine's GPUs, as CUDA_VISIBLE_DEVICES names them.
ALTER TABLE run_nodes ADD COLUMN gpus TEXT NOT NULL DEFAULT '';

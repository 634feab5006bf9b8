// What the API answers, as far as the page shows it (api/openapi.yaml has all of it).

export type Status =
  | "NotStarted" | "Preparing" | "Queued" | "Provisioning" | "Starting" | "Running" | "NotResponding" | "Finalizing" | "CancelRequested"
  | "Completed" | "Failed" | "Canceled";

/** Any double; those that JSON has not are texts. */
export type Num = number | "NaN" | "Infinity" | "-Infinity";

export interface Stage {
  name: string;
  started_at: string | null;
  ended_at: string | null;
}

export interface RunError {
  code: string;
  message: string;
  rank: number | null;
  node_rank: number | null;
  exit_code: number | null;
  signal: number | string | null;
  traceback: string | null;
  last_lines: string | string[] | null;
  log: string | null;
}

export interface RunNode {
  node_rank: number;
  host: string | null;
  status: string;
}

export interface Run {
  run_id: string;
  uuid: string;
  workspace: string;
  experiment: string;
  kind: string;
  number: number;
  lifecycle: "active" | "deleted";
  display_name: string | null;
  description: string | null;
  status: Status;
  status_detail: string | null;
  attempt: number;
  created_at: string;
  created_by: string;
  started_at: string | null;
  ended_at: string | null;
  stages: Stage[];
  compute_target: string | null;
  environment: { name: string; version: string | null } | null;
  snapshot_id: string | null;
  script: string | null;
  command: string | null;
  arguments: (string | { input: string })[] | null;
  inputs: Record<string, { datastore: string; path: string; mode: string; snapshot_id: string }> | null;
  distribution: { type: string; process_count?: number | null; process_count_per_node?: number; backend?: string } | null;
  node_count: number | null;
  max_run_duration_seconds: number | null;
  max_retries: number | null;
  priority: number | null;
  grace_seconds: number | null;
  environment_variables: Record<string, string> | null;
  parent_run_id: string | null;
  nodes: RunNode[] | null;
  error: RunError | null;
  warnings: string[];
  tags: Record<string, string>;
  properties: Record<string, string>;
  parameters: Record<string, string>;
  metrics?: Record<string, Num>;
}

export interface Point {
  value: unknown;
  step: number | null;
  time: string;
}
export interface Curve {
  name: string;
  rank: number;
  count: number;
  min: Num | null;
  max: Num | null;
  last: Point;
  points: Point[];
}
export interface Log {
  path: string;
  size: number;
  node_rank: number;
  rank: number | null;
  attempt: number;
  complete: boolean;
}
export interface FileEntry {
  path: string;
  size: number;
  sha256: string;
}
export interface Artifact extends FileEntry {
  created_at: string;
}
export interface Target {
  name: string;
  engine: string;
  engine_options: Record<string, unknown>;
  type: string;
  vm_size: string | null;
  vm_priority: string | null;
  min_nodes: number;
  max_nodes: number;
  idle_seconds_before_scaledown: number;
  description: string | null;
  current_node_count: number;
  target_node_count: number;
  node_state_counts: Record<string, number>;
  allocation_state: string;
  nodes: { node_id: string; state: string; run_id: string | null }[];
  queued_runs: number;
}
export interface Model {
  name: string;
  version: number;
  id: string;
  run_id: string | null;
  experiment: string | null;
  description: string | null;
  framework: string | null;
  framework_version: string | null;
  tags: Record<string, string>;
  properties: Record<string, string>;
  created_at: string;
  created_by: string;
  size: number;
  files: FileEntry[];
}
export interface Definition {
  name: string;
  version: string | null;
  python: { interpreter_path: string; user_managed_dependencies: boolean; pip_packages: string[]; conda_packages: string[]; python_version: string | null };
  environment_variables: Record<string, string>;
}
export interface Environment {
  name: string;
  version: string;
  hash: string;
  created_at: string;
  created_by: string;
  definition: Definition;
  curated?: boolean;
}
export interface Experiment {
  name: string;
  created_at: string;
  created_by: string;
  run_count: number;
  last_run_at: string | null;
  tags: Record<string, string>;
}
export interface Me {
  user: string;
  role: "reader" | "contributor" | "owner";
  workspace: string | null;
}

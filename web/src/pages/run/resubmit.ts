// A run's configuration as it can be submitted again.
import { ApiError, get, inWorkspace, query } from "../../api/http";
import type { Environment, Run } from "../../api/types";

export async function resubmission(workspace: string, run: Run): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {
    experiment: run.experiment,
    snapshot_id: run.snapshot_id,
    compute_target: run.compute_target,
    environment_variables: run.environment_variables ?? {},
    distribution: run.distribution,
    node_count: run.node_count,
    max_run_duration_seconds: run.max_run_duration_seconds,
    max_retries: run.max_retries,
    priority: run.priority,
    grace_seconds: run.grace_seconds,
    tags: run.tags,
    parameters: run.parameters,
    inputs: Object.fromEntries(Object.entries(run.inputs ?? {}).map(([name, { datastore, path, mode }]) => [name, { datastore, path, mode }])),
  };
  if (run.script) Object.assign(body, { script: run.script, arguments: run.arguments });
  else body.command = run.command;
  if (run.display_name) body.display_name = run.display_name;
  body.environment = await environmentOf(workspace, run);
  return body;
}

/** A registered one by its version; of one that has none the interpreter that the run found itself in. */
async function environmentOf(workspace: string, run: Run): Promise<unknown> {
  const { name = "", version = null } = run.environment ?? {};
  if (name && version) return (await get<Environment>(inWorkspace(workspace, "environments", name) + query({ version }))).definition;
  if (/^azureml/i.test(name)) return { name };
  const path = inWorkspace(workspace, "runs", run.run_id, "environment");
  const resolved = await get<{ interpreter: string }>(path).catch((error) => {
    if (error instanceof ApiError && error.status === 409)
      throw new ApiError(409, "conflict", "What Python it has is known when it has ended.", "Submit it again then, or by the command line now.");
    throw error;
  });
  return { python: { interpreter_path: resolved.interpreter, user_managed_dependencies: true } };
}

// What to type to do the same again, by CLI and by Python. Pure.
import type { Run } from "../../api/types";

/** As a shell takes it as one word. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
}

const words = (run: Run) => (run.arguments ?? []).map((one) => (typeof one === "string" ? one : `$${one.input}`));

export function cliOf(run: Run): string {
  if (run.kind !== "job") return `muster run show ${run.run_id}`;
  const parts = ["muster run submit"];
  if (run.script) parts.push("--script " + quoted(run.script));
  if (run.command) parts.push("--command " + quoted(run.command));
  parts.push("--experiment " + quoted(run.experiment));
  if (run.compute_target && run.compute_target !== "local") parts.push("--compute " + quoted(run.compute_target));
  if (run.environment?.name && run.environment.name !== "default") parts.push("--environment " + quoted(run.environment.name));
  if ((run.node_count ?? 1) > 1) parts.push(`--nodes ${run.node_count}`);
  const distribution = run.distribution;
  if (distribution?.type === "pytorch" && distribution.process_count) parts.push(`--processes ${distribution.process_count}`);
  if (distribution?.type === "mpi") parts.push("--mpi");
  for (const [name, value] of Object.entries(run.tags)) parts.push("--tag " + quoted(`${name}=${value}`));
  const rest = words(run);
  if (rest.length) parts.push("-- " + rest.map(quoted).join(" "));
  return parts.join(" \\\n  ");
}

const py = (value: unknown) => JSON.stringify(value);

export function pythonOf(run: Run): string {
  const head = ["from muster import Workspace, Experiment, ScriptRunConfig", "", "workspace = Workspace.from_config()"];
  if (run.kind !== "job") return [...head, `run = workspace.get_run(${py(run.run_id)})`, "print(run.get_metrics())"].join("\n");
  const config = [
    `    source_directory=".",`,
    run.script ? `    script=${py(run.script)},` : `    command=${py(run.command ?? "")},`,
    words(run).length ? `    arguments=${py(words(run))},` : "",
    run.compute_target ? `    compute_target=${py(run.compute_target)},` : "",
  ].filter(Boolean);
  return [...head, "config = ScriptRunConfig(", ...config, ")", `run = Experiment(workspace, ${py(run.experiment)}).submit(config)`, "run.wait_for_completion(show_output=True)"].join("\n");
}

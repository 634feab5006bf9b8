// Why a run failed, or what it waits for: before anything else.
import type { Run } from "../../api/types";
import { hasEnded } from "../../ui/status";
import { place } from "../../url";

export function Cause({ run }: { workspace: string; run: Run }) {
  const error = run.error;
  if (!error) {
    const waits = run.status_detail && !hasEnded(run.status);
    return (
      <>
        {waits && <div class="waits" role="status"><bdi>{run.status_detail}</bdi></div>}
        {!waits && run.status_detail && hasEnded(run.status) && <div class="waits"><bdi>{run.status_detail}</bdi></div>}
        {run.warnings.map((one) => <div class="waits warn" key={one}><bdi>{one}</bdi></div>)}
      </>
    );
  }
  const lines = typeof error.last_lines === "string" ? error.last_lines : (error.last_lines ?? []).join("\n");
  const where = [
    error.rank !== null ? `rank ${error.rank}` : "",
    error.node_rank !== null && (run.node_count ?? 1) > 1 ? `node ${error.node_rank}` : "",
    error.exit_code !== null ? `exit code ${error.exit_code}` : "",
    error.signal !== null ? `signal ${error.signal}` : "",
  ].filter(Boolean);
  return (
    <section class="cause" aria-label="Why it failed">
      <h2><bdi>{error.message}</bdi></h2>
      <p class="quiet">
        {where.join(" · ")}
        {error.log && <> · <a href={`${place.value.path}?tab=logs&log=${encodeURIComponent(`${error.node_rank ?? 0}:${error.log}`)}`}>its log, at the end</a></>}
      </p>
      {(error.traceback || lines) && <pre tabIndex={0} aria-label="Traceback">{error.traceback || lines}</pre>}
      {error.traceback && lines && <details><summary>The last lines of its log</summary><pre tabIndex={0}>{lines}</pre></details>}
      {run.warnings.map((one) => <p class="quiet" key={one}><bdi>{one}</bdi></p>)}
    </section>
  );
}

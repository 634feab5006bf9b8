// The last values of metrics of runs that a list does not bring, asked of each run: a few at once, once for those that have ended.
import { get, inWorkspace } from "../../api/http";
import type { Curve, Num, Run } from "../../api/types";
import { hasEnded } from "../../ui/status";
import { toNumber } from "../../ui/format";

const AT_ONCE = 4;
const known = new Map<string, Record<string, Num>>();

export async function withMetrics(workspace: string, runs: Run[], signal: AbortSignal): Promise<Run[]> {
  const result = [...runs];
  let at = 0;
  const worker = async () => {
    while (at < runs.length) {
      const i = at++;
      const run = runs[i]!;
      let metrics = known.get(run.run_id);
      if (!metrics) {
        const { curves } = await get<{ curves: Curve[] }>(inWorkspace(workspace, "runs", run.run_id, "metrics", "curves") + "?points=0", signal);
        metrics = {};
        for (const curve of curves) if (toNumber(curve.last.value) !== undefined) metrics[curve.name] = curve.last.value as Num;
        if (hasEnded(run.status)) known.set(run.run_id, metrics);
      }
      result[i] = { ...run, metrics: { ...metrics, ...run.metrics } };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

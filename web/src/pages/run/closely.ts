// Curves in more detail while somebody looks at a part of them.
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Curve, Run } from "../../api/types";
import { hasEnded } from "../../ui/status";

const MOST = 10_000;
const FEW = 12; // curves that are asked for in full detail at once

/** `curves` with as many of their points as the server gives, where that is more and somebody looks closely. */
export function useClosely(workspace: string, run: Run, closely: boolean, rank: string, curves: Curve[]): Curve[] {
  const reduced = closely ? curves.filter((curve) => curve.count > curve.points.length).slice(0, FEW) : [];
  const names = [...new Set(reduced.map((curve) => curve.name))];
  const path = inWorkspace(workspace, "runs", run.run_id, "metrics", "curves");
  const loaded = useLoad(names.length ? path + rank + names.join() : "", async (signal) => {
    const pages = await Promise.all(names.map((name) => get<{ curves: Curve[] }>(path + query({ rank, name, points: MOST }), signal)));
    return pages.flatMap((page) => page.curves);
  }, hasEnded(run.status) ? 0 : 5000);
  if (!closely || !loaded.data) return curves;
  const detailed = new Map(loaded.data.map((curve) => [`${curve.name}/${curve.rank}`, curve]));
  return curves.map((curve) => detailed.get(`${curve.name}/${curve.rank}`) ?? curve);
}

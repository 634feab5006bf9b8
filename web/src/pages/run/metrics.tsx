// The metrics of a run as charts, a chart a metric, its ranks as lines. What is drawn is the server's reduction of the curve; looking closer
// asks it for more.
import { useMemo } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Curve, Run } from "../../api/types";
import { Chart } from "../../ui/chart";
import { ChartControls, setZoom, viewOfAddress } from "../../ui/chart_controls";
import { colorAt } from "../../ui/colors";
import { toNumber } from "../../ui/format";
import { Empty, Show } from "../../ui/parts";
import { hasEnded } from "../../ui/status";
import { place, setQuery } from "../../url";
import { useClosely } from "./closely";

const POINTS = 1000;

export function Metrics({ workspace, run }: { workspace: string; run: Run }) {
  const asked = place.value.query;
  const rank = asked.get("rank") ?? "0";
  const view = viewOfAddress();
  const over = hasEnded(run.status);
  const path = inWorkspace(workspace, "runs", run.run_id, "metrics", "curves") + query({ rank, points: POINTS, limit: 200 });
  const loaded = useLoad(path + over, (signal) => get<{ curves: Curve[]; next: string | null }>(path, signal), over ? 0 : 2000);
  return (
    <div>
      <ChartControls view={view} />
      <div class="toolbar">
        <label class="choice"><input type="checkbox" checked={rank === "all"} onChange={() => setQuery({ rank: rank === "all" ? undefined : "all" })} /> All ranks apart</label>
        <input type="search" aria-label="Metrics whose names have" placeholder="Metrics whose names have …   /" value={asked.get("metric") ?? ""} onInput={(event) => setQuery({ metric: event.currentTarget.value || undefined }, "replace")} />
      </div>
      <Show of={loaded}>{({ curves, next }) => <Charts workspace={workspace} run={run} curves={curves} more={next !== null} />}</Show>
    </div>
  );
}

function Charts({ workspace, run, curves, more }: { workspace: string; run: Run; curves: Curve[]; more: boolean }) {
  const view = viewOfAddress();
  const wanted = (place.value.query.get("metric") ?? "").toLowerCase();
  const close = useClosely(workspace, run, view.zoom !== null, place.value.query.get("rank") ?? "0", curves);
  const from = Date.parse(run.started_at ?? run.created_at);
  const names = [...new Set(curves.map((curve) => curve.name))].filter((name) => name.toLowerCase().includes(wanted));
  const byName = useMemo(() => group(close), [close]);
  if (curves.length === 0) return <Empty title="No metrics yet. In the script:" command={'from muster import Run\nRun.get_context().log("loss", 0.1)'} />;
  const drawable = names.filter((name) => byName.get(name)?.length);
  const others = names.filter((name) => !byName.get(name)?.length);
  return (
    <>
      {names.length === 0 && <p class="quiet">No metric has that in its name.</p>}
      <div class="charts">
        {drawable.slice(0, 60).map((name) => <Chart key={name} title={name} series={byName.get(name)!} view={view} from={from} onZoom={setZoom} />)}
      </div>
      {others.length > 0 && <p class="quiet">Values that are no numbers: {others.map((name) => <code key={name}>{name} </code>)}</p>}
      {(more || drawable.length > 60) && <p class="quiet">There are more; say a part of their names above.</p>}
    </>
  );
}

function group(curves: Curve[]) {
  const byName = new Map<string, { label: string; color: string; points: Curve["points"] }[]>();
  for (const curve of curves) {
    const list = byName.get(curve.name) ?? [];
    byName.set(curve.name, list);
    if (curve.points.some((point) => toNumber(point.value) !== undefined)) list.push({ label: `rank ${curve.rank}`, color: colorAt(curve.rank), points: curve.points });
  }
  return byName;
}

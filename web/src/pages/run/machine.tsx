// What a run used of its machines: processors, memory, disk, network and GPUs, by node, as the runner sampled them.
import { useMemo } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Point, Run } from "../../api/types";
import { Chart } from "../../ui/chart";
import { ChartControls, setZoom, viewOfAddress } from "../../ui/chart_controls";
import { colorAt } from "../../ui/colors";
import { Empty, Show } from "../../ui/parts";
import { hasEnded } from "../../ui/status";

interface Curve {
  name: string;
  node_rank: number;
  points: Point[];
}
const POINTS = 600;

export function Machine({ workspace, run }: { workspace: string; run: Run }) {
  const view = { ...viewOfAddress(), axis: "time" as const };
  const over = hasEnded(run.status);
  const path = inWorkspace(workspace, "runs", run.run_id, "machine") + query({ points: POINTS });
  const loaded = useLoad(path + over, (signal) => get<{ curves: Curve[] }>(path, signal), over ? 0 : 5000);
  const charts = useMemo(() => {
    const byName = new Map<string, { label: string; color: string; points: Point[] }[]>();
    for (const one of loaded.data?.curves ?? []) byName.set(one.name, [...(byName.get(one.name) ?? []), { label: `node ${one.node_rank}`, color: colorAt(one.node_rank), points: one.points }]);
    return [...byName];
  }, [loaded.data]);
  const from = Date.parse(run.started_at ?? run.created_at);
  return (
    <Show of={loaded}>
      {() => charts.length === 0 ? <Empty title={over ? "Nothing was measured." : "Nothing measured yet: it begins when the script does."} /> : (
        <><ChartControls view={view} fixed="time" /><div class="charts">{charts.map(([name, series]) => <Chart key={name} title={name} series={series} view={view} from={from} onZoom={setZoom} />)}</div></>
      )}
    </Show>
  );
}

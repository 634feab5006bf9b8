// What a run used of its machines: processors, memory, disk, network and GPUs, by node, as the runner sampled them.
import { useMemo } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Point, Run } from "../../api/types";
import { Chart } from "../../ui/chart";
import { ChartControls, setZoom, viewOfAddress } from "../../ui/chart_controls";
import { colorAt } from "../../ui/colors";
import { fileSize, number } from "../../ui/format";
import { Empty, Show } from "../../ui/parts";
import { hasEnded } from "../../ui/status";

interface Curve {
  name: string;
  node_rank: number;
  points: Point[];
}
const POINTS = 600;

/** "network_sent_bytes_per_second" as people say it, and its values with their unit. */
function shownAs(name: string): { title: string; format: (value: number | null | undefined) => string } {
  const title = name.replace(/_bytes(_per_second)?$/, "").replaceAll("_", " ").replace(/\b(cpu|gpu)(?=\d|\b)/g, (word) => word.toUpperCase());
  const size = (value: number | null | undefined) => (value == null ? "" : fileSize(value));
  if (name.endsWith("_bytes")) return { title, format: size };
  if (name.endsWith("_bytes_per_second")) return { title, format: (value) => (value == null ? "" : size(value) + "/s") };
  return { title, format: number };
}

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
      {() => charts.length === 0 ? <Empty title={over ? "Nothing was measured: its script ended within a second, or MUSTER_SAMPLE_SECONDS was 0." : "Nothing yet: a node is looked at when its script has run for a second, then every ten."} /> : (
        <><ChartControls view={view} fixed="time" /><div class="charts">{charts.map(([name, series]) => <Chart key={name} title={shownAs(name).title} series={series} view={view} from={from} onZoom={setZoom} format={shownAs(name).format} />)}</div></>
      )}
    </Show>
  );
}

// Several runs beside each other: what differs in how they were told, what they achieved, and their curves over each other.
import { useMemo } from "preact/hooks";
import { get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import type { Curve, Run } from "../api/types";
import { Chart } from "../ui/chart";
import { ChartControls, setZoom, viewOfAddress } from "../ui/chart_controls";
import { colorAt } from "../ui/colors";
import { number, toNumber } from "../ui/format";
import { Parallel } from "../ui/parallel";
import { Scatter } from "../ui/scatter";
import { Empty, Show } from "../ui/parts";
import { type Resolved, versions } from "./run/environment";
import { hasEnded, StatusMark } from "../ui/status";
import { Tabs } from "../ui/tabs";
import { at, place, withQuery } from "../url";

export interface Compared {
  run: Run;
  curves: Curve[];
  color: string;
}
const MOST = 20;

export function Compare({ workspace }: { workspace: string }) {
  document.title = "Compare · Muster";
  const names = place.value.query.getAll("run").slice(0, MOST);
  const loaded = useLoad(names.length ? workspace + names.join() : "", async (signal) => Promise.all(names.map(async (name, i): Promise<Compared> => {
    const path = inWorkspace(workspace, "runs", name);
    const [run, { curves }] = await Promise.all([get<Run>(path, signal), get<{ curves: Curve[] }>(path + "/metrics/curves" + query({ points: 500, limit: 100 }), signal)]);
    return { run, curves, color: colorAt(i) };
  })), 4000);
  if (names.length < 2) return <main><h1>Compare</h1><Empty title="Choose two runs or more in the list of runs, then Compare."><a href={at(workspace, "runs")}>All runs</a></Empty></main>;
  const tab = place.value.query.get("tab") ?? "table";
  return (
    <main>
      <h1>Compare {names.length} runs</h1>
      <Tabs of={[["table", "Differences"], ["charts", "Charts"], ["parallel", "Parallel coordinates"], ["scatter", "Scatter"]]} chosen={tab} />
      <Show of={loaded}>
        {(all) => tab === "charts" ? <Overlaid all={all} /> : tab === "parallel" ? <Parallel rows={numbersOf(all)} /> : tab === "scatter" ? <Scatter rows={numbersOf(all)} /> : <Differences workspace={workspace} all={all} names={names} />}
      </Show>
    </main>
  );
}

export interface Row {
  label: string;
  color: string;
  values: Record<string, number>;
}

/** The numbers of each run: its parameters that are some, and the last values of its metrics. */
function numbersOf(all: Compared[]): Row[] {
  return all.map(({ run, curves, color }) => {
    const values: Record<string, number> = {};
    for (const [name, value] of Object.entries(run.parameters)) if (value.trim() !== "" && Number.isFinite(Number(value))) values["param." + name] = Number(value);
    for (const curve of curves) {
      const last = toNumber(curve.last.value);
      if (last !== undefined && Number.isFinite(last)) values["metric." + curve.name] = last;
    }
    if (run.started_at && run.ended_at) values.seconds = (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
    return { label: run.display_name || run.run_id, color, values };
  });
}

function Overlaid({ all }: { all: Compared[] }) {
  const view = viewOfAddress();
  const charts = useMemo(() => {
    const byName = new Map<string, { label: string; color: string; points: Curve["points"] }[]>();
    for (const { run, curves, color } of all) {
      const from = Date.parse(run.started_at ?? run.created_at);
      for (const curve of curves) {
        if (!curve.points.some((point) => toNumber(point.value) !== undefined)) continue;
        // Each by the time since its own run began.
        const points = curve.points.map((point) => ({ ...point, time: new Date(Date.parse(point.time) - from).toISOString() }));
        byName.set(curve.name, [...(byName.get(curve.name) ?? []), { label: run.display_name || run.run_id, color, points }]);
      }
    }
    return [...byName];
  }, [all]);
  if (charts.length === 0) return <Empty title="None of them has logged a number." />;
  return <><ChartControls view={view} /><div class="charts">{charts.slice(0, 40).map(([name, series]) => <Chart key={name} title={name} series={series} view={view} from={0} onZoom={setZoom} />)}</div></>;
}

function Differences({ workspace, all, names }: { workspace: string; all: Compared[]; names: string[] }) {
  const ended = all.filter(({ run }) => hasEnded(run.status)).length;
  const packages = useLoad(`${workspace} ${names.join()} ${ended}`, (signal) => Promise.all(all.map(({ run }) => {
    return get<Resolved>(inWorkspace(workspace, "runs", run.run_id, "environment"), signal).then(versions, () => new Map<string, string>());
  }))).data ?? [];
  const rows: [string, string, string[]][] = [];
  const add = (group: string, name: string, values: string[]) => {
    if (new Set(values).size > 1) rows.push([group, name, values]);
  };
  const keys = (of: (run: Run) => Record<string, string>) => [...new Set(all.flatMap(({ run }) => Object.keys(of(run))))].sort();
  for (const metric of [...new Set(all.flatMap(({ curves }) => curves.map((curve) => curve.name)))].sort()) {
    rows.push(["Metrics", metric, all.map(({ curves }) => number(curves.find((curve) => curve.name === metric)?.last.value as never))]);
  }
  for (const name of keys((run) => run.parameters)) add("Parameters", name, all.map(({ run }) => run.parameters[name] ?? ""));
  for (const name of keys((run) => run.tags)) add("Tags", name, all.map(({ run }) => run.tags[name] ?? ""));
  const settings: [string, (run: Run) => unknown][] = [
    ["script", (run) => run.script ?? run.command], ["arguments", (run) => JSON.stringify(run.arguments)], ["target", (run) => run.compute_target], ["nodes", (run) => run.node_count],
    ["environment", (run) => `${run.environment?.name ?? ""}:${run.environment?.version ?? ""}`], ["distribution", (run) => JSON.stringify(run.distribution)], ["code", (run) => run.snapshot_id?.slice(0, 12)],
    ["experiment", (run) => run.experiment], ["git commit", (run) => run.properties["azureml.git.commit"]],
  ];
  for (const [name, of] of settings) add("Settings", name, all.map(({ run }) => String(of(run) ?? "")));
  for (const name of [...new Set(packages.flatMap((one) => [...one.keys()]))].sort()) {
    if (packages.every((one) => one.size > 0)) add("Packages", name, packages.map((one) => one.get(name) ?? ""));
  }
  let group = "";
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Differences">
        <table class="list compare">
          <thead>
            <tr><td />{all.map(({ run, color }) => <th key={run.run_id}><span class="dot" style={{ background: color }} /><a href={at(workspace, "runs", run.run_id)}><bdi>{run.display_name || run.run_id}</bdi></a></th>)}</tr>
            <tr><th>Status</th>{all.map(({ run }) => <td key={run.run_id}><StatusMark status={run.status} />{" "}<a class="quiet" aria-label={`Leave out ${run.run_id}`} href={withQuery({ run: names.filter((name) => name !== run.run_id) })}>leave out</a></td>)}</tr>
          </thead>
          <tbody>
            {rows.flatMap(([of, name, values]) => {
              const title = of !== group ? [<tr key={of} class="group"><th colSpan={all.length + 1}>{of}</th></tr>] : [];
              group = of;
              return [...title, <tr key={of + name}><th><bdi>{name}</bdi></th>{values.map((value, i) => <td key={i}><bdi>{value || "—"}</bdi></td>)}</tr>];
            })}
          </tbody>
        </table>
      </div>
      {all.length === 2 && all.every(({ run }) => run.snapshot_id) && all[0]!.run.snapshot_id !== all[1]!.run.snapshot_id && <p><a href={at(workspace, "runs", all[1]!.run.run_id) + query({ tab: "code", with: all[0]!.run.run_id })}>What differs in their code</a></p>}
      {all.length === 2 && all.every(({ run }) => hasEnded(run.status)) && <p><a href={at(workspace, "runs", all[1]!.run.run_id) + query({ tab: "environment", with: all[0]!.run.run_id })}>What differs in their packages</a></p>}
    </>
  );
}

// One chart: the lines of one metric, with uPlot. All charts of a page share a crosshair and what part of the axis is shown.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { dark } from "./colors";
import { duration, number } from "./format";
import { type Axis, lineOf, smooth, type Series } from "./series";

export interface View {
  axis: Axis;
  log: boolean;
  smoothing: number;
  zoom: [number, number] | null;
}

interface Props {
  title: string;
  series: Series[];
  view: View;
  from: number; // when the axis of time begins
  onZoom: (range: [number, number] | null) => void;
  height?: number;
  format?: (value: number | null | undefined) => string; // of values
}

const GRID = { light: "#e4e6ea", dark: "#2c3038" };
const INK = { light: "#5b6270", dark: "#a2a9b6" };

export function Chart({ title, series, view, from, onZoom, height = 220, format = number }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const lines = useMemo(() => series.map((one) => lineOf(one.points, view.axis, from, view.log)), [series, view.axis, view.log, from]);
  const smoothed = useMemo(() => lines.map((line) => (view.smoothing > 0 ? smooth(line.y, view.smoothing) : null)), [lines, view.smoothing]);
  const data = useMemo(() => {
    const tables: uPlot.AlignedData[] = [];
    lines.forEach((line, i) => {
      tables.push([line.x, line.y]);
      const soft = smoothed[i];
      if (soft) tables.push([line.x, soft]);
    });
    // A place that only another line has is no gap of this one.
    return tables.length ? uPlot.join(tables, tables.map(() => [1, 2])) : ([[]] as unknown as uPlot.AlignedData);
  }, [lines, smoothed]);
  const odd = lines.flatMap((line, i) => line.odd.map((one) => ({ ...one, color: series[i]!.color })));
  const oddNow = useRef(odd);
  oddNow.current = odd;
  const zoomNow = useRef(onZoom);
  zoomNow.current = onZoom;
  const isDark = dark.value;
  const shape = series.map((one) => one.label + one.color).join() + view.axis + view.log + (view.smoothing > 0) + isDark;

  useEffect(() => {
    const tone = isDark ? "dark" : "light";
    const axis = { stroke: INK[tone], grid: { stroke: GRID[tone], width: 1 }, ticks: { stroke: GRID[tone], width: 1 }, font: "11px system-ui" };
    const drawn: uPlot.Series[] = [{}];
    series.forEach((one) => {
      const soft = view.smoothing > 0;
      const points = { show: (u: uPlot, i: number) => Array.from(u.data[i] ?? []).filter((value) => value != null).length <= 1, size: 6 };
      drawn.push({ label: one.label, stroke: soft ? one.color + "55" : one.color, width: soft ? 1 : 1.5, points });
      if (soft) drawn.push({ label: one.label, stroke: one.color, width: 2, points: { show: false } });
    });
    const chart = new uPlot(
      {
        width: holder.current!.clientWidth || 400,
        height,
        series: drawn,
        legend: { show: false },
        scales: {
          x: { time: false, range: (_u, low, high) => zoomed.current ?? (low === high ? [low - 1, high + 1] : [low, high]) },
          y: { distr: view.log ? 3 : 1 },
        },
        axes: [
          { ...axis, size: 34, values: (_u, ticks) => ticks.map((tick) => (view.axis === "time" ? duration(tick * 1000) : number(tick))) },
          { ...axis, size: 66, values: (_u, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))) },
        ],
        cursor: { sync: { key: "page", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        hooks: {
          setCursor: [(u) => setAt(u.cursor.idx ?? null)],
          setSelect: [
            (u) => {
              if (u.select.width < 4) return;
              zoomNow.current([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
              u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            },
          ],
          draw: [
            (u) => {
              // What is no number stands as a mark on the axis.
              const { ctx } = u;
              ctx.save();
              ctx.font = `${10 * devicePixelRatio}px system-ui`;
              ctx.textAlign = "center";
              for (const one of oddNow.current.slice(0, 500)) {
                const x = u.valToPos(one.x, "x", true);
                if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
                ctx.fillStyle = one.color;
                ctx.fillRect(x - devicePixelRatio, u.bbox.top + u.bbox.height - 6 * devicePixelRatio, 2 * devicePixelRatio, 6 * devicePixelRatio);
                ctx.fillText(one.what, x, u.bbox.top + u.bbox.height - 9 * devicePixelRatio);
              }
              ctx.restore();
            },
          ],
        },
      },
      data,
      holder.current!,
    );
    plot.current = chart;
    chart.over.addEventListener("dblclick", () => zoomNow.current(null));
    const resize = new ResizeObserver(() => chart.setSize({ width: holder.current?.clientWidth || 400, height }));
    resize.observe(holder.current!);
    return () => {
      resize.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, height]);

  const zoomed = useRef(view.zoom);
  zoomed.current = view.zoom;
  useEffect(() => plot.current?.setData(data), [data, view.zoom?.[0], view.zoom?.[1]]);

  const dropped = lines.reduce((sum, line) => sum + line.dropped, 0);
  return (
    <figure class="chart" aria-label={`${title}: ${summary(series, lines)}`}>
      <figcaption><bdi>{title}</bdi>{series.length > 1 && <span class="quiet"> {series.length} lines</span>}</figcaption>
      <div ref={holder} class="plot" />
      <Legend series={series} data={data} at={at} double={view.smoothing > 0} format={format} />
      {(dropped > 0 || odd.length > 0) && (
        <p class="quiet note">
          {dropped > 0 && `The log scale leaves out ${dropped} values of 0 or less. `}
          {odd.length > 0 && `${odd.length} of the points shown ${odd.length === 1 ? "is" : "are"} NaN or infinite.`}
        </p>
      )}
    </figure>
  );
}

function summary(series: Series[], lines: { y: (number | null)[] }[]): string {
  return series.slice(0, 5).map((one, i) => `${one.label} last ${number(lines[i]!.y[lines[i]!.y.length - 1] ?? undefined) || "no number"}`).join(", ");
}

/** Sorted by the value at the crosshair, or at the end. */
function Legend({ series, data, at, double, format }: { series: Series[]; data: uPlot.AlignedData; at: number | null; double: boolean; format: (value: number | null) => string }) {
  const rows = series.map((one, i) => {
    const values = data[1 + i * (double ? 2 : 1) + (double ? 1 : 0)] as (number | null | undefined)[] | undefined;
    let index = at ?? (values?.length ?? 0) - 1;
    while (values && index >= 0 && values[index] == null) index--;
    return { label: one.label, color: one.color, value: index >= 0 ? (values?.[index] ?? null) : null };
  });
  rows.sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
  return (
    <ul class="legend">
      {rows.slice(0, 16).map((row) => (
        <li key={row.label}><span class="dot" style={{ background: row.color }} /><bdi>{row.label}</bdi> <b>{format(row.value)}</b></li>
      ))}
      {rows.length > 16 && <li class="quiet">and {rows.length - 16} more</li>}
    </ul>
  );
}

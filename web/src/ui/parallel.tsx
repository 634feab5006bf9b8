// Parallel coordinates: an axis a number, a line a run.
import type { Row } from "../pages/compare";
import { number } from "./format";
import { Empty } from "./parts";

const HEIGHT = 320;
const TOP = 40;
const GAP = 150;

export function Parallel({ rows }: { rows: Row[] }) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].filter((name) => new Set(rows.flatMap((row) => row.values[name] ?? [])).size > 1).sort((a, b) => b.localeCompare(a));
  if (names.length < 2) return <Empty title="They have fewer than two numbers that differ. Parameters and metrics that are numbers become axes." />;
  const scales = names.map((name) => {
    const values = rows.flatMap((row) => row.values[name] ?? []);
    const low = Math.min(...values);
    const high = Math.max(...values);
    return { name, low, high, y: (value: number) => TOP + (high === low ? 0.5 : (high - value) / (high - low)) * HEIGHT };
  });
  const width = GAP * (names.length - 1) + 160;
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Parallel coordinates">
      <svg class="drawing" width={width} height={HEIGHT + TOP + 30} role="img" aria-label={`${rows.length} runs across ${names.join(", ")}`}>
        {scales.map(({ name, low, high }, i) => (
          <g key={name} transform={`translate(${80 + i * GAP} 0)`}>
            <line class="axis" y1={TOP} y2={TOP + HEIGHT} />
            <text y={14} text-anchor="middle" class="label">{name.length > 20 ? name.slice(0, 19) + "…" : name}</text>
            <text y={TOP - 8} text-anchor="middle">{number(high)}</text>
            <text y={TOP + HEIGHT + 16} text-anchor="middle">{number(low)}</text>
          </g>
        ))}
        {rows.map((row) => (
          <polyline key={row.label} fill="none" stroke={row.color} stroke-width="2" points={scales.flatMap(({ name, y }, i) => (name in row.values ? [`${80 + i * GAP},${y(row.values[name]!)}`] : [])).join(" ")}><title>{row.label}</title></polyline>
        ))}
      </svg>
      <ul class="legend">{rows.map((row) => <li key={row.label}><span class="dot" style={{ background: row.color }} /><bdi>{row.label}</bdi></li>)}</ul>
    </div>
  );
}

// Any two numbers of the runs against each other.
import type { Row } from "../pages/compare";
import { place, setQuery } from "../url";
import { number } from "./format";
import { Empty } from "./parts";

const W = 640;
const H = 380;
const EDGE = 70;

export function Scatter({ rows }: { rows: Row[] }) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].sort();
  if (names.length < 2) return <Empty title="They have fewer than two numbers. Parameters and metrics that are numbers can be drawn." />;
  const asked = place.value.query;
  const across = names.includes(asked.get("sx") ?? "") ? asked.get("sx")! : names.find((name) => name.startsWith("param.")) ?? names[0]!;
  const up = names.includes(asked.get("sy") ?? "") ? asked.get("sy")! : names.find((name) => name !== across)!;
  const dots = rows.filter((row) => across in row.values && up in row.values).map((row) => ({ ...row, x: row.values[across]!, y: row.values[up]! }));
  const scale = (values: number[], from: number, to: number) => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    return { low, high, of: (value: number) => (high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from)) };
  };
  const x = scale(dots.map((dot) => dot.x), EDGE, W - 20);
  const y = scale(dots.map((dot) => dot.y), H - 40, 20);
  const choose = (name: string, value: string, label: string) => <label>{label} <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>{names.map((one) => <option key={one} value={one}>{one}</option>)}</select></label>;
  return (
    <>
      <div class="toolbar">{choose("sx", across, "Across")}{choose("sy", up, "Up")}</div>
      <svg class="drawing" viewBox={`0 0 ${W} ${H}`} width={W} height={H} role="img" aria-label={`${up} against ${across} of ${dots.length} runs`}>
        <line class="axis" x1={EDGE - 10} x2={W - 10} y1={H - 30} y2={H - 30} />
        <line class="axis" x1={EDGE - 10} x2={EDGE - 10} y1={10} y2={H - 30} />
        {dots.length > 0 && <><text x={EDGE} y={H - 12}>{number(x.low)}</text><text x={W - 20} y={H - 12} text-anchor="end">{number(x.high)}</text><text x={EDGE - 16} y={H - 38} text-anchor="end">{number(y.low)}</text><text x={EDGE - 16} y={26} text-anchor="end">{number(y.high)}</text></>}
        {dots.map((dot) => <circle key={dot.label} cx={x.of(dot.x)} cy={y.of(dot.y)} r="6" fill={dot.color}><title>{`${dot.label}: ${across} ${number(dot.x)}, ${up} ${number(dot.y)}`}</title></circle>)}
      </svg>
      <ul class="legend">{dots.map((dot) => <li key={dot.label}><span class="dot" style={{ background: dot.color }} /><bdi>{dot.label}</bdi> <b>{number(dot.y)}</b></li>)}</ul>
    </>
  );
}

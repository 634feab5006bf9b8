// Points as a chart takes them: joined on one axis, smoothed, without what a log scale cannot show. Pure.
import type { Point } from "../api/types";
import { toNumber } from "./format";

export interface Series {
  label: string;
  color: string;
  points: Point[];
}
export type Axis = "step" | "time";

export interface Line {
  x: number[];
  y: (number | null)[];
  odd: { x: number; what: "NaN" | "∞" | "−∞" }[]; // where the value is no number that can be drawn
  dropped: number; // values that the log scale leaves out
}

/** By step (the number of the point where it has none), or by seconds since `from`. Of equal places the last counts. */
export function lineOf(points: Point[], axis: Axis, from: number, log: boolean): Line {
  const line: Line = { x: [], y: [], odd: [], dropped: 0 };
  const placed = points.map((point, i) => ({ x: axis === "time" ? (Date.parse(point.time) - from) / 1000 : (point.step ?? i), value: toNumber(point.value) }));
  placed.sort((a, b) => a.x - b.x);
  for (const { x, value } of placed) {
    if (value === undefined) continue;
    let y: number | null = value;
    if (!Number.isFinite(value)) {
      line.odd.push({ x, what: Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞" });
      y = null;
    } else if (log && value <= 0) {
      line.dropped++;
      y = null;
    }
    if (line.x.length && line.x[line.x.length - 1] === x) line.y[line.y.length - 1] = y;
    else {
      line.x.push(x);
      line.y.push(y);
    }
  }
  return line;
}

/** Exponential moving average, unbiased at its beginning; gaps stay gaps. `weight` 0 to 0.99. */
export function smooth(y: (number | null)[], weight: number): (number | null)[] {
  let last = 0;
  let seen = 0;
  return y.map((value) => {
    if (value === null) return null;
    last = last * weight + (1 - weight) * value;
    seen++;
    return last / (1 - Math.pow(weight, seen));
  });
}

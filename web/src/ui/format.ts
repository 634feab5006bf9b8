// Numbers, sizes and times as people read them. Pure.
import type { Num } from "../api/types";

/** A double that JSON may have given as text. Anything else is undefined. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === "NaN") return NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return undefined;
}

export function number(value: Num | number | null | undefined): string {
  const n = toNumber(value);
  if (n === undefined) return "";
  if (Number.isNaN(n)) return "NaN";
  if (!Number.isFinite(n)) return n > 0 ? "∞" : "−∞";
  if (n === 0) return "0";
  const size = Math.abs(n);
  if (Number.isInteger(n) && size < 1e7) return n.toLocaleString("en-US");
  if (size >= 1e6 || size < 1e-4) return n.toExponential(3);
  return String(Number(n.toPrecision(5)));
}

export function fileSize(size: number): string {
  if (size < 1024) return `${size} B`;
  for (const unit of ["KiB", "MiB", "GiB", "TiB"]) {
    size /= 1024;
    if (size < 1024) return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
  }
  return `${Math.round(size)} PiB`;
}

/** "0.4 s", "12 s", "3 m 20 s", "2 h 5 m", "4 d 3 h". */
export function duration(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${Math.floor(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function ago(ms: number): string {
  const s = ms / 1000;
  if (s < 5) return "just now";
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} d ago`;
}

export function plural(count: number, one: string, many = one + "s"): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

// The columns of the runs' table: those that it always has, and metrics, parameters and tags by choice.
import type { ComponentChildren } from "preact";
import type { Run } from "../../api/types";
import { number } from "../../ui/format";

export interface Column {
  key: string; // "metric.loss", "param.lr", "tag.owner"
  title: string;
  kind: "metric" | "param" | "tag";
}

export function readColumns(text: string | null): Column[] {
  return (text ?? "").split(",").flatMap((key) => {
    const found = /^(metric|param|tag)\.(.+)$/.exec(key);
    return found ? [{ key, kind: found[1] as Column["kind"], title: found[2]! }] : [];
  });
}

/** How the API names what to order by; undefined for what it cannot order by. */
export function orderOf(column: Column): string | undefined {
  if (column.kind === "metric") return "metrics." + column.title;
  return column.kind === "param" ? "parameters." + column.title : undefined;
}

export function cell(run: Run, column: Column): ComponentChildren {
  if (column.kind === "metric") return number(run.metrics?.[column.title]);
  return (column.kind === "param" ? run.parameters : run.tags)[column.title] ?? "";
}

/** What the runs shown have that could be a column. */
export function suggestions(runs: Run[]): Column[] {
  const keys = new Set<string>();
  for (const run of runs) {
    for (const name of Object.keys(run.metrics ?? {})) keys.add("metric." + name);
    for (const name of Object.keys(run.parameters)) keys.add("param." + name);
    for (const name of Object.keys(run.tags)) keys.add("tag." + name);
  }
  return readColumns([...keys].sort().filter((key) => !key.includes(",")).join(","));
}

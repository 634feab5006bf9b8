// The table of runs: a row is a link, j and k go through it, x selects, Enter opens.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../../api/types";
import { StatusMark } from "../../ui/status";
import { Ago, Span } from "../../ui/time";
import { at, go } from "../../url";
import { typing } from "../../keys";
import { cell, orderOf, type Column } from "./columns";

interface Props {
  workspace: string;
  runs: Run[];
  columns: Column[];
  chosen: string[];
  order: string;
  onToggle: (id: string) => void;
  onSort: (column: Column | null) => void;
}

export function RunsTable({ workspace, runs, columns, chosen, order, onToggle, onSort }: Props) {
  const [here, setHere] = useState(-1);
  // Runs that have come since the page was opened stand above a line.
  const newestAtFirst = useRef(runs[0]?.created_at ?? "");
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (typing(event)) return;
      const run = runs[here];
      const moves = event.key === "j" || event.key === "k";
      // From here on Enter is the row's, and no longer that of what was clicked before.
      if (moves) (document.activeElement as HTMLElement | null)?.blur();
      if (moves) setHere(event.key === "j" ? Math.min(here + 1, runs.length - 1) : Math.max(here - 1, 0));
      else if (event.key === "x" && run) onToggle(run.run_id);
      else if (event.key === "Enter" && run && document.activeElement === document.body) go(at(workspace, "runs", run.run_id));
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  useEffect(() => {
    document.querySelector("tr.here")?.scrollIntoView({ block: "nearest" });
  }, [here]);
  const sortMark = (what: string | undefined) => (what && order === what + " desc" ? "descending" : what && order === what ? "ascending" : undefined);
  const arrow = (what: string | undefined) => ({ descending: " ↓", ascending: " ↑", undefined: "" })[String(sortMark(what)) as "ascending"];
  const newer = order === "" ? runs.filter((run) => run.created_at > newestAtFirst.current).length : 0;
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Runs">
      <table class="list">
        <thead>
          <tr>
            <th class="check"><span class="hidden">Selected</span></th>
            <th>Status</th>
            <th>Run</th>
            <th class="wide">Experiment</th>
            <th class="wide">Target</th>
            {columns.map((column) => (
              <th key={column.key} class={column.kind === "metric" ? "num" : ""} aria-sort={sortMark(orderOf(column))}>
                {orderOf(column) ? <button type="button" class="head" title={column.key} onClick={() => onSort(column)}>{column.title}{arrow(orderOf(column))}</button> : <span title={column.key}>{column.title}</span>}
              </th>
            ))}
            <th class="num">Duration</th>
            <th aria-sort={sortMark("created_at")}><button type="button" class="head" onClick={() => onSort(null)}>Created{arrow("created_at")}</button></th>
            <th class="wide">By</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run, i) => (
            <tr key={run.run_id} class={[i === here ? "here" : "", chosen.includes(run.run_id) ? "chosen" : "", newer > 0 && i === newer - 1 ? "last-new" : ""].join(" ")}>
              <td class="check"><input type="checkbox" aria-label={`Select ${run.display_name || run.run_id}`} checked={chosen.includes(run.run_id)} onChange={() => onToggle(run.run_id)} /></td>
              <td><StatusMark status={run.status} detail={run.status_detail} /></td>
              <td class="name">
                <a href={at(workspace, "runs", run.run_id)}><bdi>{run.display_name || run.run_id}</bdi></a>
                {run.error && <span class="why" title={run.error.message}><bdi>{run.error.message.split("\n")[0]}</bdi></span>}
                {!run.error && run.status_detail && <span class="why quiet" title={run.status_detail}><bdi>{run.status_detail}</bdi></span>}
              </td>
              <td class="wide"><a class="quiet-link" href={at(workspace, "experiments", run.experiment)}><bdi>{run.experiment}</bdi></a></td>
              <td class="wide">{run.compute_target}{(run.node_count ?? 1) > 1 ? ` ×${run.node_count}` : ""}</td>
              {columns.map((column) => <td key={column.key} class={column.kind === "metric" ? "num" : "cut"}><bdi>{cell(run, column)}</bdi></td>)}
              <td class="num"><Span from={run.started_at ?? (run.kind === "interactive" ? run.created_at : null)} to={run.ended_at} /></td>
              <td class="when"><Ago time={run.created_at} /></td>
              <td class="wide">{run.created_by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

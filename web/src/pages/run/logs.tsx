// The logs of a run: one of them, or those of all ranks merged.
import { get, inWorkspace, encodePath, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Log, Run } from "../../api/types";
import { fileSize } from "../../ui/format";
import { LogView } from "../../ui/log_view";
import { MergedLog } from "../../ui/merged_log";
import { Empty, Show } from "../../ui/parts";
import { Matches, SearchBox } from "./log_search";
import { hasEnded } from "../../ui/status";
import { place, setQuery } from "../../url";

const keyOf = (log: Log) => `${log.node_rank}:${log.path}`;

/** The one to open with: of the rank that failed, else of the first rank. */
function firstOf(logs: Log[], run: Run): Log | undefined {
  const failed = logs.find((log) => log.path === run.error?.log && log.node_rank === (run.error.node_rank ?? 0));
  return failed ?? logs.find((log) => log.path.includes("70_driver_log")) ?? logs[0];
}

export function Logs({ workspace, run }: { workspace: string; run: Run }) {
  const over = hasEnded(run.status);
  const path = inWorkspace(workspace, "runs", run.run_id, "logs");
  const loaded = useLoad(path + over, (signal) => get<{ logs: Log[] }>(path, signal), over ? 0 : 3000);
  const asked = place.value.query.get("log");
  const searched = place.value.query.get("grep");
  return (
    <Show of={loaded}>
      {({ logs }) => {
        if (logs.length === 0) return <Empty title={over ? "It has written no logs." : "No logs yet. They appear here as they are written."} />;
        const ranks = logs.filter((log) => log.rank !== null).length;
        const chosen = asked === "merged" ? undefined : (logs.find((log) => keyOf(log) === asked) ?? firstOf(logs, run));
        return (
          <div class="logs">
            <div class="toolbar">
              <label>Log{" "}
                <select value={chosen ? keyOf(chosen) : "merged"} onChange={(event) => setQuery({ log: event.currentTarget.value, at: undefined })}>
                  {ranks > 1 && <option value="merged">all ranks, merged</option>}
                  {logs.map((log) => <option key={keyOf(log)} value={keyOf(log)}>{log.path.replace("azureml-logs/", "")}{log.rank !== null && ranks > 1 ? ` · rank ${log.rank}` : ""}{(run.node_count ?? 1) > 1 ? ` · node ${log.node_rank}` : ""} · {fileSize(log.size)}</option>)}
                </select>
              </label>
              {chosen && <SearchBox />}
            </div>
            {chosen && searched && <Matches path={inWorkspace(workspace, "runs", run.run_id, "log-search")} log={chosen.path} nodeRank={chosen.node_rank} />}
            {chosen ? <LogView key={keyOf(chosen)} path={`${path}/${encodePath(chosen.path)}${query({ node_rank: chosen.node_rank })}`} live={!over} /> : <MergedLog path={inWorkspace(workspace, "runs", run.run_id, "merged-log")} live={!over} />}
          </div>
        );
      }}
    </Show>
  );
}

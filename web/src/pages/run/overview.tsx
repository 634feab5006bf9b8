// The overview of a run: its curves and the end of its log while it runs, what it was told, and what to type.
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Curve, Run } from "../../api/types";
import { Command, Pairs } from "../../ui/parts";
import { number } from "../../ui/format";
import { hasEnded } from "../../ui/status";
import { at, withQuery } from "../../url";
import { cliOf, pythonOf } from "./commands";

export function Overview({ workspace, run }: { workspace: string; run: Run }) {
  const over = hasEnded(run.status);
  const path = inWorkspace(workspace, "runs", run.run_id, "metrics", "curves") + query({ points: 0 });
  const curves = useLoad(path + over, (signal) => get<{ curves: Curve[] }>(path, signal), over ? 0 : 2000).data?.curves ?? [];
  const command = run.script ? [run.script, ...(run.arguments ?? []).map((one) => (typeof one === "string" ? one : `{${one.input}}`))].join(" ") : run.command;
  return (
    <div class="columns">
      <section>
        <h2>Metrics</h2>
        {curves.length === 0 ? <p class="quiet">None logged. In a script: <code>Run.get_context().log("loss", 0.1)</code></p> : (
          <div class="scroll-x" tabIndex={0} role="region" aria-label="Metrics"><table class="list small">
            <thead><tr><th>Name</th><th class="num">Last</th><th class="num">Min</th><th class="num">Max</th><th class="num">Points</th></tr></thead>
            <tbody>
              {curves.slice(0, 50).map((one) => (
                <tr key={one.name}>
                  <td class="name"><a href={withQuery({ tab: "metrics", metric: one.name })}><bdi>{one.name}</bdi></a></td>
                  <td class="num">{number(one.last.value as never)}</td><td class="num">{number(one.min)}</td><td class="num">{number(one.max)}</td><td class="num">{number(one.count)}</td>
                </tr>
              ))}
            </tbody>
          </table></div>
        )}
        {Object.keys(run.parameters).length > 0 && <><h2>Parameters</h2><Pairs of={Object.entries(run.parameters)} /></>}
        {Object.keys(run.properties).length > 0 && <><h2>Properties</h2><Pairs of={Object.entries(run.properties)} /></>}
      </section>
      <section>
        <h2>Configuration</h2>
        <Pairs of={[
          ["Command", command && <code><bdi>{command}</bdi></code>],
          ["Target", run.compute_target && <a href={at(workspace, "compute", run.compute_target)}>{run.compute_target}</a>],
          ["Nodes", run.node_count],
          ["Distribution", run.distribution && `${run.distribution.type}, ${run.distribution.process_count ?? run.distribution.process_count_per_node ?? 1} ${run.distribution.process_count_per_node ? "processes a node" : "processes"}`],
          ["Environment", run.environment?.name && (run.environment.version ? <a href={at(workspace, "environments", run.environment.name, run.environment.version)}>{run.environment.name}:{run.environment.version}</a> : run.environment.name)],
          ["Priority", run.priority || null],
          ["Retries", run.max_retries || null],
          ["Parent", run.parent_run_id && <a href={at(workspace, "runs", run.parent_run_id)}>{run.parent_run_id}</a>],
          ["Hosts", (run.nodes ?? []).map((node) => node.host).filter(Boolean).join(", ")],
          ["Description", run.description],
        ]} />
        <h2>To do the same</h2>
        <Command text={cliOf(run)} />
        <Command text={pythonOf(run)} />
      </section>
    </div>
  );
}

// Compute targets: their nodes, and what waits for them.
import { get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import type { Run, Target } from "../api/types";
import { plural } from "../ui/format";
import { Empty, Pairs, Show } from "../ui/parts";
import { Ago } from "../ui/time";
import { at } from "../url";

export function Compute({ workspace, name }: { workspace: string; name: string }) {
  const path = inWorkspace(workspace, "compute_targets");
  const loaded = useLoad(path, (signal) => get<{ compute_targets: Target[] }>(path + query({ limit: 1000 }), signal), 2500);
  document.title = `${name || "Compute"} · Muster`;
  return (
    <main>
      <h1>{name ? <><a href={at(workspace, "compute")}>Compute</a> / {name}</> : "Compute"}</h1>
      <Show of={loaded}>
        {({ compute_targets: targets }) => {
          const shown = name ? targets.filter((one) => one.name === name) : targets;
          if (shown.length === 0) return <Empty title={`There is no compute target “${name}”.`} command="muster compute list" />;
          return <>{shown.map((one) => <TargetPart key={one.name} workspace={workspace} target={one} />)}{!name && <Queue workspace={workspace} />}{!name && <p class="quiet">Another one: <code>muster compute create NAME --max-nodes 4</code></p>}</>;
        }}
      </Show>
    </main>
  );
}

function TargetPart({ workspace, target }: { workspace: string; target: Target }) {
  const options = Object.entries(target.engine_options ?? {}).map(([name, value]) => `${name}=${String(value)}`).join(" ");
  return (
    <section class="part">
      <h2><a href={at(workspace, "compute", target.name)}>{target.name}</a> <span class="quiet">{target.engine === "local" ? "nodes are processes on the server's machine" : target.engine}{target.vm_size && ` · ${target.vm_size}`}</span></h2>
      <Pairs of={[
        ["Nodes", `${target.current_node_count} now, ${target.min_nodes} to ${target.max_nodes} as needed${target.allocation_state === "Resizing" ? `, becoming ${target.target_node_count}` : ""}`],
        ["Waiting", target.queued_runs > 0 ? plural(target.queued_runs, "run") : "nothing"],
        ["Options", options], ["Description", target.description],
      ]} />
      {target.nodes.length > 0 && (
        <ul class="nodes" aria-label="Nodes">
          {target.nodes.map((node) => (
            <li key={node.node_id} class={`node ${node.state}`}>
              <b>{node.node_id}</b> {node.state}{node.run_id && <> <a href={at(workspace, "runs", node.run_id)}>{node.run_id}</a></>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What waits, with its reason, in the order in which it was submitted where priorities are equal. */
function Queue({ workspace }: { workspace: string }) {
  const path = inWorkspace(workspace, "runs") + query({ status: "Queued", limit: 200 });
  const loaded = useLoad(path, (signal) => get<{ runs: Run[]; next: string | null }>(path, signal), 2500);
  const runs = [...(loaded.data?.runs ?? [])].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0) || a.created_at.localeCompare(b.created_at));
  return (
    <section class="part">
      <h2>Queue</h2>
      {loaded.data && runs.length === 0 && <p class="quiet">Nothing waits for nodes.</p>}
      {runs.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Queue">
          <table class="list">
            <thead><tr><th>Run</th><th>Target</th><th class="num">Priority</th><th>Waits for</th><th>Since</th></tr></thead>
            <tbody>{runs.map((run) => <tr key={run.run_id}><td class="name"><a href={at(workspace, "runs", run.run_id)}><bdi>{run.display_name || run.run_id}</bdi></a></td><td>{run.compute_target}</td><td class="num">{run.priority}</td><td><bdi>{run.status_detail}</bdi></td><td><Ago time={run.created_at} /></td></tr>)}</tbody>
          </table>
        </div>
      )}
      {loaded.data?.next && <p class="quiet">There are more: <a href={at(workspace, "runs") + "?q=status:queued"}>all queued runs</a></p>}
    </section>
  );
}

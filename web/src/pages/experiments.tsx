// Experiments, and the runs of one.
import { get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import type { Experiment, Run } from "../api/types";
import { plural } from "../ui/format";
import { Empty, Show, Tags } from "../ui/parts";
import { Ago } from "../ui/time";
import { at, place, setQuery } from "../url";
import { RunsTable } from "./runs/table";

export function Experiments({ workspace, name }: { workspace: string; name: string }) {
  document.title = `${name || "Experiments"} · Muster`;
  return name ? <OneExperiment workspace={workspace} name={name} /> : <ExperimentList workspace={workspace} />;
}

function ExperimentList({ workspace }: { workspace: string }) {
  const path = inWorkspace(workspace, "experiments") + query({ limit: 200, cursor: place.value.query.get("cursor") ?? "" });
  const loaded = useLoad(path, (signal) => get<{ experiments: Experiment[]; next: string | null }>(path, signal), 5000);
  return (
    <main>
      <h1>Experiments</h1>
      <Show of={loaded}>
        {({ experiments, next }) => experiments.length === 0 ? <Empty title="No experiments yet. The first run makes one:" command="muster run submit --script train.py --experiment birds --follow" /> : (
          <>
            <div class="scroll-x" tabIndex={0} role="region" aria-label="Experiments">
              <table class="list">
                <thead><tr><th>Experiment</th><th class="num">Runs</th><th>Last run</th><th>Created</th><th>By</th><th>Tags</th></tr></thead>
                <tbody>{experiments.map((one) => <tr key={one.name}><td class="name"><a href={at(workspace, "experiments", one.name)}><bdi>{one.name}</bdi></a></td><td class="num">{one.run_count}</td><td><Ago time={one.last_run_at} /></td><td><Ago time={one.created_at} /></td><td>{one.created_by}</td><td><Tags of={one.tags} /></td></tr>)}</tbody>
              </table>
            </div>
            {next && <div class="pager"><button type="button" onClick={() => setQuery({ cursor: next })}>Older</button></div>}
          </>
        )}
      </Show>
    </main>
  );
}

function OneExperiment({ workspace, name }: { workspace: string; name: string }) {
  const path = inWorkspace(workspace, "runs") + query({ experiment: name, limit: 50 });
  const loaded = useLoad(path, (signal) => get<{ runs: Run[]; next: string | null }>(path, signal), 3000);
  const chosen = (place.value.query.get("sel") ?? "").split(",").filter(Boolean);
  const toggle = (id: string) => setQuery({ sel: (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]).join(",") || undefined }, "replace");
  const all = at(workspace, "runs") + query({ q: `experiment:${name}` });
  return (
    <main>
      <h1><a href={at(workspace, "experiments")}>Experiments</a> / <bdi>{name}</bdi></h1>
      <p class="toolbar"><a href={all}>Filter and sort these runs</a>{chosen.length > 1 && <a class="button" href={at(workspace, "compare") + query({ run: chosen })}>Compare {chosen.length}</a>}</p>
      <Show of={loaded}>
        {({ runs, next }) => runs.length === 0 ? <Empty title="It has no runs." command={`muster run submit --script train.py --experiment ${name}`} /> : (
          <><RunsTable workspace={workspace} runs={runs} columns={[]} chosen={chosen} order="" onToggle={toggle} onSort={() => undefined} />{next && <p class="quiet">The newest {plural(runs.length, "run")}. <a href={all}>All of them</a></p>}</>
        )}
      </Show>
    </main>
  );
}

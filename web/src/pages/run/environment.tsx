// What a run ran in: what its Python said of itself, and how that differs from another run's.
import { get, inWorkspace } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Run } from "../../api/types";
import { Empty, Fault, Pairs, Show } from "../../ui/parts";
import { hasEnded } from "../../ui/status";
import { at, place, setQuery } from "../../url";

export interface Resolved {
  interpreter: string;
  python_version: string;
  platform: string;
  packages: Record<string, string> | { name: string; version: string }[] | string[];
  environment: unknown;
}

export function versions(of: Resolved | undefined): Map<string, string> {
  if (!of) return new Map();
  const list = Array.isArray(of.packages) ? of.packages : Object.entries(of.packages ?? {}).map(([name, version]) => ({ name, version }));
  return new Map(list.map((one) => (typeof one === "string" ? ([one.split("==")[0]!, one.split("==")[1] ?? ""] as const) : ([one.name, one.version] as const))));
}

export function EnvironmentOf({ workspace, run }: { workspace: string; run: Run }) {
  const path = inWorkspace(workspace, "runs", run.run_id, "environment");
  const loaded = useLoad(path + run.status, (signal) => get<Resolved>(path, signal));
  const against = place.value.query.get("with") ?? "";
  const otherPath = against ? inWorkspace(workspace, "runs", against, "environment") : "";
  const other = useLoad(otherPath, (signal) => get<Resolved>(otherPath, signal));
  if (loaded.error?.status === 409) return <Empty title={hasEnded(run.status) ? "Its Python never came to say what it has." : "Its Python says what it has when the script begins."} />;
  return (
    <Show of={loaded}>
      {(mine) => {
        const here = versions(mine);
        const there = versions(other.data);
        const names = [...new Set([...here.keys(), ...there.keys()])].sort((a, b) => a.localeCompare(b));
        const differ = names.filter((name) => here.get(name) !== there.get(name));
        const shown = other.data ? differ : names;
        return (
          <div>
            <Pairs of={[
              ["Environment", run.environment?.name && (run.environment.version ? <a href={at(workspace, "environments", run.environment.name, run.environment.version)}>{run.environment.name}:{run.environment.version}</a> : run.environment.name)],
              ["Interpreter", <code>{mine.interpreter}</code>], ["Python", mine.python_version], ["Platform", mine.platform],
            ]} />
            <form class="line" onSubmit={(event) => { event.preventDefault(); setQuery({ with: (event.currentTarget.elements[0] as HTMLInputElement).value.trim() || undefined }); }}>
              <input type="text" aria-label="Compare with the environment of another run" placeholder="Compare with run …" defaultValue={against} /><button type="submit">Compare</button>
            </form>
            {other.error && <Fault error={other.error} />}
            {other.data && <p>{differ.length === 0 ? "Both have the same packages." : `${differ.length} of ${names.length} packages differ.`}</p>}
            <table class="list small">
              <thead><tr><th>Package</th><th>Version</th>{other.data && <th>There</th>}</tr></thead>
              <tbody>{shown.map((name) => <tr key={name}><td>{name}</td><td>{here.get(name) ?? "—"}</td>{other.data && <td>{there.get(name) ?? "—"}</td>}</tr>)}</tbody>
            </table>
          </div>
        );
      }}
    </Show>
  );
}

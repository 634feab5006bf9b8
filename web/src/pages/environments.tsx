// Environments: those that were registered, those that Muster brings, and what one is made of.
import { get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import type { Environment } from "../api/types";
import { CodeText } from "../ui/code";
import { Empty, Pairs, Show } from "../ui/parts";
import { Ago } from "../ui/time";
import { at, place } from "../url";
import { Tabs } from "../ui/tabs";

export function Environments({ workspace, name, version }: { workspace: string; name: string; version: string }) {
  document.title = `${name || "Environments"} · Muster`;
  return name ? <OneEnvironment workspace={workspace} name={name} version={version} /> : <EnvironmentList workspace={workspace} />;
}

function EnvironmentList({ workspace }: { workspace: string }) {
  const curated = place.value.query.get("of") === "curated";
  const path = inWorkspace(workspace, "environments") + (curated ? "?curated=true" : query({ limit: 200 }));
  const loaded = useLoad(path, (signal) => get<{ environments: Environment[] }>(path, signal), 10_000);
  return (
    <main>
      <h1>Environments</h1>
      <Tabs name="of" of={[["own", "Registered"], ["curated", "Curated"]]} chosen={curated ? "curated" : "own"} />
      <Show of={loaded}>
        {({ environments }) => environments.length === 0 ? <Empty title="No environments registered. A run that has packages of its own registers one, and so does:" command="muster environment create NAME --pip torch==2.1" /> : (
          <div class="scroll-x" tabIndex={0} role="region" aria-label="Environments">
            <table class="list">
              <thead><tr><th>Name</th><th class="num">Version</th><th>Python</th><th>Packages</th><th>Registered</th></tr></thead>
              <tbody>{environments.map((one) => {
                const python = one.definition?.python;
                const packages = [...(python?.conda_packages ?? []), ...(python?.pip_packages ?? [])];
                return <tr key={one.name + one.version}><td class="name"><a href={at(workspace, "environments", one.name, one.version ?? "")}><bdi>{one.name}</bdi></a></td><td class="num">{one.version}</td><td>{python?.python_version ?? python?.interpreter_path}</td><td class="cut" title={packages.join(" ")}>{packages.join(" ")}</td><td><Ago time={one.created_at} /></td></tr>;
              })}</tbody>
            </table>
          </div>
        )}
      </Show>
    </main>
  );
}

function OneEnvironment({ workspace, name, version }: { workspace: string; name: string; version: string }) {
  const path = inWorkspace(workspace, "environments", name) + query({ version });
  const loaded = useLoad(path, (signal) => get<Environment>(path, signal));
  const build = useLoad(path + "#build", (signal) => get<{ status: string; builder: string; interpreter: string | null; error: string | null }>(inWorkspace(workspace, "environments", name, "build") + query({ version }), signal), 5000).data;
  return (
    <main>
      <h1><a href={at(workspace, "environments")}>Environments</a> / <bdi>{name}</bdi>{version && ` / ${version}`}</h1>
      <Show of={loaded}>
        {(one) => (
          <div class="columns">
            <section>
              <Pairs of={[
                ["Built here", build && `${build.status}${build.builder ? `, by ${build.builder}` : ""}`], ["Why not", build?.error], ["Interpreter", build?.interpreter && <code>{build.interpreter}</code>],
                ["Registered", one.created_at && <><Ago time={one.created_at} /> by {one.created_by}</>], ["Hash", <code>{one.hash?.slice(0, 16)}</code>],
              ]} />
              <h2>Packages</h2>
              <ul class="files">{[...(one.definition.python.conda_packages ?? []), ...(one.definition.python.pip_packages ?? [])].map((text) => <li key={text}><code>{text}</code></li>)}</ul>
            </section>
            <section><h2>Definition</h2><CodeText text={JSON.stringify(one.definition, null, 2)} name="definition.json" /></section>
          </div>
        )}
      </Show>
    </main>
  );
}

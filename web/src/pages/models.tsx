// Registered models: their versions, files, and the runs that they come from.
import { encodePath, get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import type { Model } from "../api/types";
import { fileSize } from "../ui/format";
import { Command, Empty, Pairs, Show, Tags } from "../ui/parts";
import { Ago } from "../ui/time";
import { at, place, setQuery } from "../url";

export function Models({ workspace, name, version }: { workspace: string; name: string; version: string }) {
  document.title = `${name || "Models"} · Muster`;
  if (version) return <OneModel workspace={workspace} name={name} version={version} />;
  const cursor = place.value.query.get("cursor") ?? "";
  const path = inWorkspace(workspace, "models") + query({ name, latest: name ? "" : "true", cursor, limit: 100 });
  return <ModelList key={path} workspace={workspace} name={name} path={path} />;
}

function ModelList({ workspace, name, path }: { workspace: string; name: string; path: string }) {
  const loaded = useLoad(path, (signal) => get<{ models: Model[]; next: string | null }>(path, signal), 10_000);
  return (
    <main>
      <h1>{name ? <><a href={at(workspace, "models")}>Models</a> / <bdi>{name}</bdi></> : "Models"}</h1>
      <Show of={loaded}>
        {({ models, next }) => models.length === 0 ? <Empty title="No models yet. Register one from what a run has left:" command="muster model register --name birds --run RUN --path outputs/" /> : (
          <>
            <div class="scroll-x" tabIndex={0} role="region" aria-label="Models">
              <table class="list">
                <thead><tr><th>Model</th><th class="num">Version</th><th>Framework</th><th>From run</th><th class="num">Size</th><th>Registered</th><th>By</th><th>Tags</th></tr></thead>
                <tbody>
                  {models.map((model) => (
                    <tr key={model.id}>
                      <td class="name"><a href={at(workspace, "models", model.name, String(model.version))}><bdi>{model.name}</bdi></a></td>
                      <td class="num"><a href={at(workspace, "models", model.name)} title="All versions">{model.version}</a></td>
                      <td>{model.framework} {model.framework_version}</td>
                      <td class="cut">{model.run_id && <a class="quiet-link" href={at(workspace, "runs", model.run_id)}>{model.run_id}</a>}</td>
                      <td class="num">{fileSize(model.size)}</td><td><Ago time={model.created_at} /></td><td>{model.created_by}</td><td><Tags of={model.tags} /></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {next && <div class="pager"><button type="button" onClick={() => setQuery({ cursor: next })}>Older</button></div>}
          </>
        )}
      </Show>
    </main>
  );
}

function OneModel({ workspace, name, version }: { workspace: string; name: string; version: string }) {
  const path = inWorkspace(workspace, "models", name, "versions", version);
  const loaded = useLoad(path, (signal) => get<Model>(path, signal));
  return (
    <main>
      <h1><a href={at(workspace, "models")}>Models</a> / <a href={at(workspace, "models", name)}><bdi>{name}</bdi></a> / {version}</h1>
      <Show of={loaded}>
        {(model) => (
          <div class="columns">
            <section>
              <Pairs of={[
                ["From run", model.run_id && <a href={at(workspace, "runs", model.run_id)}>{model.run_id}</a>],
                ["Experiment", model.experiment && <a href={at(workspace, "experiments", model.experiment)}>{model.experiment}</a>],
                ["Framework", model.framework && `${model.framework} ${model.framework_version ?? ""}`],
                ["Registered", <><Ago time={model.created_at} /> by {model.created_by}</>],
                ["Description", model.description], ["Tags", Object.keys(model.tags).length ? <Tags of={model.tags} /> : null], ...Object.entries(model.properties),
              ]} />
              <Command text={`muster model download ${model.name} --version ${model.version}`} />
            </section>
            <section>
              <h2>Files</h2>
              <ul class="files">{model.files.map((file) => <li key={file.path}><a href={path + "/files/" + encodePath(file.path)} download={file.path.split("/").pop()}><bdi>{file.path}</bdi></a><span class="num quiet">{fileSize(file.size)}</span></li>)}</ul>
            </section>
          </div>
        )}
      </Show>
    </main>
  );
}

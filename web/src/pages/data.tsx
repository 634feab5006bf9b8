// Datastores and the files in them.
import { encodePath, get, inWorkspace, query } from "../api/http";
import { useLoad } from "../api/load";
import { fileSize } from "../ui/format";
import { Empty, Show } from "../ui/parts";
import { Ago } from "../ui/time";
import { at, place, setQuery } from "../url";

interface StoredFile {
  path: string;
  size: number;
  written_at: string;
  written_by: string;
}

export function Data({ workspace, name }: { workspace: string; name: string }) {
  document.title = `${name || "Data"} · Muster`;
  return name ? <Files workspace={workspace} name={name} /> : <Stores workspace={workspace} />;
}

function Stores({ workspace }: { workspace: string }) {
  const path = inWorkspace(workspace, "datastores");
  const loaded = useLoad(path, (signal) => get<{ datastores: { name: string; is_default: boolean }[] }>(path, signal));
  return (
    <main>
      <h1>Data</h1>
      <Show of={loaded}>
        {({ datastores }) => <table class="list"><thead><tr><th>Datastore</th><th>Use</th></tr></thead><tbody>{datastores.map((one) => <tr key={one.name}><td class="name"><a href={at(workspace, "data", one.name)}><bdi>{one.name}</bdi></a></td><td class="quiet">{one.is_default ? "the default" : ""}</td></tr>)}</tbody></table>}
      </Show>
    </main>
  );
}

function Files({ workspace, name }: { workspace: string; name: string }) {
  const asked = place.value.query;
  const base = inWorkspace(workspace, "datastores", name, "files");
  const path = base + query({ prefix: asked.get("prefix") ?? "", cursor: asked.get("cursor") ?? "", limit: 200 });
  const loaded = useLoad(path, (signal) => get<{ files: StoredFile[]; next: string | null }>(path, signal), 10_000);
  return (
    <main>
      <h1><a href={at(workspace, "data")}>Data</a> / <bdi>{name}</bdi></h1>
      <div class="toolbar"><input type="search" aria-label="Paths that begin with" placeholder="Paths that begin with …   /" value={asked.get("prefix") ?? ""} onChange={(event) => setQuery({ prefix: event.currentTarget.value || undefined, cursor: undefined })} /></div>
      <Show of={loaded}>
        {({ files, next }) => files.length === 0 ? <Empty title="No files here. In Python:" command={`workspace.get_default_datastore().upload("data", target_path="data")`} /> : (
          <>
            <div class="scroll-x" tabIndex={0} role="region" aria-label="Files">
              <table class="list">
                <thead><tr><th>Path</th><th class="num">Size</th><th>Written</th><th>By</th></tr></thead>
                <tbody>{files.map((file) => <tr key={file.path}><td class="name"><a href={base + "/" + encodePath(file.path)} download={file.path.split("/").pop()}><bdi>{file.path}</bdi></a></td><td class="num">{fileSize(file.size)}</td><td><Ago time={file.written_at} /></td><td>{file.written_by}</td></tr>)}</tbody>
              </table>
            </div>
            {next && <div class="pager"><button type="button" onClick={() => setQuery({ cursor: next })}>More</button></div>}
          </>
        )}
      </Show>
    </main>
  );
}

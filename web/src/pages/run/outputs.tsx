// What a run has left: its artifacts, what they look like, and downloads.
import { useState } from "preact/hooks";
import { change, encodePath, get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Artifact, Model, Run } from "../../api/types";
import { mayChange } from "../../session";
import { Dialog } from "../../ui/dialog";
import { fileSize, plural } from "../../ui/format";
import { Empty, Show } from "../../ui/parts";
import { Preview } from "../../ui/preview";
import { hasEnded } from "../../ui/status";
import { doing } from "../../ui/toast";
import { at, go, place, setQuery, withQuery } from "../../url";

const MOST = 1000;

export function Outputs({ workspace, run }: { workspace: string; run: Run }) {
  const over = hasEnded(run.status);
  const asked = place.value.query;
  const path = inWorkspace(workspace, "runs", run.run_id, "artifacts") + query({ limit: MOST, prefix: asked.get("prefix") ?? "" });
  const loaded = useLoad(path + over, (signal) => get<{ artifacts: Artifact[]; next: string | null }>(path, signal), over ? 0 : 4000);
  const [registering, setRegistering] = useState(false);
  return (
    <Show of={loaded}>
      {({ artifacts, next }) => {
        if (artifacts.length === 0 && !asked.get("prefix")) return <Empty title={over ? "It has left no outputs. A script keeps what it writes below outputs/." : "Nothing yet. What the script writes below outputs/ comes here when it ends."} />;
        const chosen = artifacts.find((one) => one.path === asked.get("file"));
        const href = (one: Artifact) => inWorkspace(workspace, "runs", run.run_id, "artifacts") + "/" + encodePath(one.path);
        return (
          <div class="split">
            <section aria-label="Files">
              <div class="toolbar">
                <input type="search" aria-label="Paths that begin with" placeholder="Paths that begin with …   /" value={asked.get("prefix") ?? ""} onChange={(event) => setQuery({ prefix: event.currentTarget.value || undefined })} />
                {mayChange() && <button type="button" onClick={() => setRegistering(true)}>Register a model</button>}
              </div>
              <ul class="files">
                {artifacts.map((one) => <li key={one.path}><a href={withQuery({ file: one.path })} aria-current={one === chosen ? "true" : undefined}><bdi>{one.path}</bdi></a><span class="num quiet">{fileSize(one.size)}</span></li>)}
              </ul>
              <p class="quiet">{next ? `The first ${MOST}; say how the paths begin to see others.` : plural(artifacts.length, "file")}</p>
            </section>
            <section aria-label="Preview">
              {chosen ? (
                <>
                  <div class="toolbar"><h2><bdi>{chosen.path}</bdi></h2><a class="button" href={href(chosen)} download={chosen.path.split("/").pop()}>Download, {fileSize(chosen.size)}</a></div>
                  <p class="quiet hash">SHA-256 <code>{chosen.sha256}</code></p>
                  <Preview key={chosen.path + chosen.sha256} path={href(chosen)} name={chosen.path} size={chosen.size} />
                </>
              ) : <p class="quiet">Choose a file to see what is in it. All of them at once: <code>muster run download {run.run_id}</code></p>}
            </section>
            {registering && <RegisterDialog workspace={workspace} run={run} path={chosen?.path ?? "outputs"} onClose={() => setRegistering(false)} />}
          </div>
        );
      }}
    </Show>
  );
}

function RegisterDialog({ workspace, run, path, onClose }: { workspace: string; run: Run; path: string; onClose: () => void }) {
  const [name, setName] = useState(run.experiment);
  const [from, setFrom] = useState(path);
  const submit = (event: Event) => {
    event.preventDefault();
    void doing(async () => {
      const made = await change<Model>("POST", inWorkspace(workspace, "models"), { name, run_id: run.run_id, path: from });
      onClose();
      go(at(workspace, "models", made.name, String(made.version)));
    }, "Registered.");
  };
  return (
    <Dialog title="Register a model" onClose={onClose}>
      <form onSubmit={submit}>
        <label>Name <input type="text" required value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label>File or folder of the run <input type="text" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
        <div class="line end"><button type="button" onClick={onClose}>Not now</button><button type="submit" class="primary">Register</button></div>
      </form>
    </Dialog>
  );
}

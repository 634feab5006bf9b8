// What can be done with a run: cancel, tag, submit again, register a model, delete.
import { useState } from "preact/hooks";
import { change, inWorkspace } from "../../api/http";
import type { Run } from "../../api/types";
import { mayChange } from "../../session";
import { Dialog } from "../../ui/dialog";
import { hasEnded } from "../../ui/status";
import { doing } from "../../ui/toast";
import { at, go } from "../../url";
import { resubmission } from "./resubmit";

export function Actions({ workspace, run, changed }: { workspace: string; run: Run; changed: () => void }) {
  const [open, setOpen] = useState<"cancel" | "tag" | "again" | "delete" | null>(null);
  if (!mayChange()) return null;
  const path = inWorkspace(workspace, "runs", run.run_id);
  const over = hasEnded(run.status);
  const close = () => setOpen(null);
  const act = async (what: () => Promise<unknown>, done: string) => {
    close();
    if (await doing(what, done)) changed();
  };
  return (
    <div class="actions">
      {!over && <button type="button" onClick={() => setOpen("cancel")}>Cancel run</button>}
      {run.lifecycle === "active" && <button type="button" onClick={() => setOpen("tag")}>Tag</button>}
      {run.kind === "job" && <button type="button" onClick={() => setOpen("again")}>Submit again</button>}
      {over && run.lifecycle === "active" && <button type="button" onClick={() => setOpen("delete")}>Delete</button>}
      {run.lifecycle === "deleted" && <button type="button" onClick={() => void act(() => change("POST", path + "/restore"), "The run is back.")}>Restore</button>}
      {open === "cancel" && (
        <Dialog title="Cancel this run?" onClose={close}>
          <p>Its processes get {run.grace_seconds ?? 15} s to end. What they have written is kept.</p>
          <div class="line end"><button type="button" onClick={close}>Keep it</button><button type="button" class="primary bad" onClick={() => void act(() => change("POST", path + "/cancel", { reason: "asked for on the page" }), "The run is being canceled.")}>Cancel the run</button></div>
        </Dialog>
      )}
      {open === "delete" && (
        <Dialog title="Delete this run?" onClose={close}>
          <p>It can be restored for some time: <code>muster run restore {run.run_id}</code></p>
          <div class="line end"><button type="button" onClick={close}>Keep it</button><button type="button" class="primary bad" onClick={() => void act(() => change("DELETE", path), "The run is deleted.")}>Delete</button></div>
        </Dialog>
      )}
      {open === "tag" && <TagDialog run={run} onClose={close} onSet={(tags) => void act(() => change("PATCH", path, { tags }), "Tagged.")} />}
      {open === "again" && (
        <Dialog title="Submit it again?" onClose={close}>
          <p>A new run of the same code, configuration and environment, on {run.compute_target}.</p>
          <div class="line end">
            <button type="button" onClick={close}>Not now</button>
            <button type="button" class="primary" onClick={() => { close(); void doing(async () => { const made = await change<Run>("POST", inWorkspace(workspace, "runs"), await resubmission(workspace, run)); go(at(workspace, "runs", made.run_id)); }, "Submitted."); }}>Submit</button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function TagDialog({ run, onClose, onSet }: { run: Run; onClose: () => void; onSet: (tags: Record<string, string | null>) => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [taken, setTaken] = useState<string[]>([]);
  const submit = (event: Event) => {
    event.preventDefault();
    onSet({ ...Object.fromEntries(taken.map((one) => [one, null])), ...(name ? { [name]: value } : {}) });
  };
  return (
    <Dialog title="Tags" onClose={onClose}>
      <form onSubmit={submit}>
        {Object.entries(run.tags).map(([key, is]) => (
          <label key={key} class="choice"><input type="checkbox" checked={!taken.includes(key)} onChange={() => setTaken(taken.includes(key) ? taken.filter((one) => one !== key) : [...taken, key])} /> <bdi>{key}{is && `=${is}`}</bdi></label>
        ))}
        <div class="line"><input type="text" aria-label="Name of the tag" placeholder="name" value={name} onInput={(event) => setName(event.currentTarget.value)} /><input type="text" aria-label="Value of the tag" placeholder="value" value={value} onInput={(event) => setValue(event.currentTarget.value)} /></div>
        <div class="line end"><button type="button" onClick={onClose}>Not now</button><button type="submit" class="primary">Save</button></div>
      </form>
    </Dialog>
  );
}

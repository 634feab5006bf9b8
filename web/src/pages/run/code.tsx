// The code of a run: the files of its snapshot, and what differs from another run's.
import { bytes, encodePath, get, inWorkspace } from "../../api/http";
import { useLoad } from "../../api/load";
import type { FileEntry, Run } from "../../api/types";
import { CodeText } from "../../ui/code";
import { fileSize, plural } from "../../ui/format";
import { difference } from "../../ui/marked";
import { Empty, Fault, Show } from "../../ui/parts";
import { Preview } from "../../ui/preview";
import { place, setQuery, withQuery } from "../../url";

interface Snapshot {
  snapshot_id: string;
  size: number;
  files: FileEntry[];
}
const TEXT = 256 * 1024;

const fileOf = (workspace: string, snapshot: string, path: string) => inWorkspace(workspace, "snapshots", snapshot, "files") + "/" + encodePath(path);

export function Code({ workspace, run }: { workspace: string; run: Run }) {
  const path = run.snapshot_id ? inWorkspace(workspace, "snapshots", run.snapshot_id) : "";
  const loaded = useLoad(path, (signal) => get<Snapshot>(path, signal));
  const against = place.value.query.get("with") ?? "";
  const otherPath = against ? inWorkspace(workspace, "runs", against) : "";
  const other = useLoad(otherPath, async (signal) => {
    const found = await get<Run>(otherPath, signal);
    return found.snapshot_id ? get<Snapshot>(inWorkspace(workspace, "snapshots", found.snapshot_id), signal) : null;
  });
  if (!run.snapshot_id) return <Empty title="It was submitted without code." />;
  return (
    <Show of={loaded}>
      {(snapshot) => {
        const theirs = new Map((other.data?.files ?? []).map((file) => [file.path, file]));
        const files = snapshot.files.map((file) => ({ ...file, change: !other.data ? "" : !theirs.has(file.path) ? "added" : theirs.get(file.path)!.sha256 !== file.sha256 ? "changed" : "" }));
        const gone = other.data ? other.data.files.filter((file) => !snapshot.files.some((mine) => mine.path === file.path)) : [];
        const asked = place.value.query.get("file") ?? (against ? "" : run.script) ?? "";
        const chosen = files.find((file) => file.path === asked);
        const before = chosen && other.data ? theirs.get(chosen.path) : undefined;
        return (
          <div class="split">
            <section aria-label="Files">
              <form class="line" onSubmit={(event) => { event.preventDefault(); setQuery({ with: (event.currentTarget.elements[0] as HTMLInputElement).value.trim() || undefined }); }}>
                <input type="text" aria-label="Compare with the code of another run" placeholder="Compare with run …" defaultValue={against} /><button type="submit">Compare</button>
              </form>
              {other.error && <Fault error={other.error} />}
              <ul class="files">
                {files.map((file) => <li key={file.path} class={file.change}><a href={withQuery({ file: file.path })} aria-current={file === chosen ? "true" : undefined}><bdi>{file.path}</bdi></a>{file.change && <span class="mark">{file.change}</span>}<span class="num quiet">{fileSize(file.size)}</span></li>)}
                {gone.map((file) => <li key={"-" + file.path} class="removed"><span><bdi>{file.path}</bdi></span><span class="mark">only there</span></li>)}
              </ul>
              <p class="quiet">{plural(files.length, "file")}, {fileSize(snapshot.size)}</p>
            </section>
            <section aria-label="File">
              {!chosen ? <p class="quiet">Choose a file.</p> : (
                <>
                  <h2><bdi>{chosen.path}</bdi></h2>
                  {chosen.change === "changed" && before && other.data
                    ? <Differs name={chosen.path} before={fileOf(workspace, other.data.snapshot_id, chosen.path)} after={fileOf(workspace, snapshot.snapshot_id, chosen.path)} size={Math.max(before.size, chosen.size)} />
                    : <Preview key={chosen.sha256 + chosen.path} path={fileOf(workspace, snapshot.snapshot_id, chosen.path)} name={chosen.path} size={chosen.size} />}
                </>
              )}
            </section>
          </div>
        );
      }}
    </Show>
  );
}

function Differs({ name, before, after, size }: { name: string; before: string; after: string; size: number }) {
  const loaded = useLoad(before + after, async (signal) => {
    const [a, b] = await Promise.all([bytes(before, 0, TEXT, signal), bytes(after, 0, TEXT, signal)]);
    return a.bytes.includes(0) || b.bytes.includes(0) ? null : difference(new TextDecoder().decode(a.bytes), new TextDecoder().decode(b.bytes));
  });
  return (
    <Show of={loaded}>
      {(marks) => marks === null ? <p class="quiet">Both are binary data, and they differ.</p> : (
        <>{size > TEXT && <p class="quiet">Compared are the first {fileSize(TEXT)} of each.</p>}<CodeText text="" name={name} marks={marks} /></>
      )}
    </Show>
  );
}

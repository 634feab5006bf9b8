// The home: all runs, newest first, as the server pages and filters them.
import { useEffect, useState } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Run } from "../../api/types";
import { Empty, Fault, Show } from "../../ui/parts";
import { plural } from "../../ui/format";
import { at, go, place, setQuery } from "../../url";
import { ColumnDialog } from "./column_dialog";
import { orderOf, readColumns, suggestions } from "./columns";
import { FilterBox } from "./filter_box";
import { RunsTable } from "./table";

interface Page {
  runs: Run[];
  next: string | null;
}
const PAGE = "50";

export function Runs({ workspace }: { workspace: string }) {
  const asked = place.value.query;
  const text = asked.get("q") ?? "";
  const columns = readColumns(asked.get("cols"));
  const order = asked.get("sort") ?? "";
  const chosen = (asked.get("sel") ?? "").split(",").filter(Boolean);
  const [choosing, setChoosing] = useState(false);
  const show = columns.filter((one) => one.kind === "metric").map((one) => "metrics." + one.title);
  const path = inWorkspace(workspace, "runs") + query({ filter: text, show, order_by: order, limit: PAGE, cursor: asked.get("cursor") ?? "" });
  const page = useLoad<Page>(path, (signal) => get<Page>(path, signal), 3000, "kept");
  useEffect(() => {
    document.title = `Runs · ${workspace} · Muster`;
  }, [workspace]);

  const toggle = (id: string) => {
    const next = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
    setQuery({ sel: next.join(",") || undefined }, "replace");
  };
  const sortBy = (what: string | undefined) => {
    if (!what) return;
    const next = order === what + " desc" ? what : order === what ? undefined : what + " desc";
    setQuery({ sort: next, cursor: undefined });
  };
  return (
    <main class="runs">
      <h1 class="hidden">Runs</h1>
      <div class="toolbar">
        <FilterBox workspace={workspace} text={text} onFilter={(q) => setQuery({ q: q || undefined, cursor: undefined })} />
        <button type="button" onClick={() => setChoosing(true)}>Columns</button>
        <button type="button" disabled={chosen.length < 2} onClick={() => go(at(workspace, "compare") + "?" + chosen.map((id) => "run=" + encodeURIComponent(id)).join("&"))}>
          Compare{chosen.length > 0 ? ` ${chosen.length}` : ""}
        </button>
        {chosen.length > 0 && <button type="button" class="plain" onClick={() => setQuery({ sel: undefined }, "replace")}>Clear</button>}
      </div>
      {page.error && page.error.status !== 0 ? <Fault error={page.error} /> : (
        <Show of={page}>
          {(found) => (
            <>
              {found.runs.length === 0 ? <None filtered={text !== ""} /> : (
                <RunsTable workspace={workspace} runs={found.runs} columns={columns} chosen={chosen} order={order} onToggle={toggle}
                  onSort={(column) => sortBy(column ? orderOf(column) : "created_at")} />
              )}
              <div class="pager">
                <span class="quiet">{plural(found.runs.length, "run")} on this page</span>
                {asked.get("cursor") && <button type="button" onClick={() => setQuery({ cursor: undefined })}>Newest</button>}
                {found.next && <button type="button" onClick={() => { setQuery({ cursor: found.next! }); scrollTo(0, 0); }}>Older</button>}
              </div>
              {choosing && <ColumnDialog chosen={columns} workspace={workspace} shown={suggestions(found.runs)} onClose={() => setChoosing(false)}
                onChoose={(keys) => { setChoosing(false); setQuery({ cols: keys.join(",") || undefined }); }} />}
            </>
          )}
        </Show>
      )}
    </main>
  );
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="No run is as the filter says."><button type="button" onClick={() => setQuery({ q: undefined, cursor: undefined })}>Show all runs</button></Empty>;
  return <Empty title="No runs yet. Submit one from a folder with a script:" command="muster run submit --script train.py --follow" />;
}

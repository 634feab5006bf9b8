// Chooses the columns of the runs' table.
import { useState } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import { Dialog } from "../../ui/dialog";
import { type Column, readColumns } from "./columns";
import type { Field } from "./completion";

/** Offers what the runs shown have, and metrics that any run of the workspace has. */
export function ColumnDialog({ workspace, chosen, shown, onChoose, onClose }: { workspace: string; chosen: Column[]; shown: Column[]; onChoose: (keys: string[]) => void; onClose: () => void }) {
  const [keys, setKeys] = useState(chosen.map((one) => one.key));
  const [own, setOwn] = useState("");
  const path = inWorkspace(workspace, "run-fields") + query({ prefix: "metric." });
  const metrics = useLoad(path, (signal) => get<{ fields: Field[] }>(path, signal)).data?.fields ?? [];
  const offered = [...readColumns(metrics.map((one) => one.field.replaceAll('"', "")).join(",")), ...shown];
  const all = [...new Set([...offered.map((one) => one.key), ...keys])];
  const toggle = (key: string) => setKeys(keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]);
  const add = () => {
    if (!/^(metric|param|tag)\.[^,]+$/.test(own)) return;
    if (!keys.includes(own)) setKeys([...keys, own]);
    setOwn("");
  };
  return (
    <Dialog title="Columns" onClose={onClose}>
      {all.length === 0 && <p class="quiet">The runs shown have no parameters, tags or metrics.</p>}
      <div class="choices">
        {all.map((key) => (
          <label key={key}>
            <input type="checkbox" checked={keys.includes(key)} onChange={() => toggle(key)} /> {key}
          </label>
        ))}
      </div>
      <form class="line" onSubmit={(event) => { event.preventDefault(); add(); }}>
        <input type="text" aria-label="Another column" placeholder="metric.loss, param.lr or tag.owner" value={own} onInput={(event) => setOwn(event.currentTarget.value)} />
        <button type="submit">Add</button>
      </form>
      <div class="line end">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class="primary" onClick={() => onChoose(keys)}>Show</button>
      </div>
    </Dialog>
  );
}

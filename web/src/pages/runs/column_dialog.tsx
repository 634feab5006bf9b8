// Chooses the columns of the runs' table.
import { useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import type { Column } from "./columns";

export function ColumnDialog({ chosen, offered, onChoose, onClose }: { chosen: Column[]; offered: Column[]; onChoose: (keys: string[]) => void; onClose: () => void }) {
  const [keys, setKeys] = useState(chosen.map((one) => one.key));
  const [own, setOwn] = useState("");
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

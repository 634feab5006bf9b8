// The filter box: takes effect on Enter, and completes fields and their values as the server knows them.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, inWorkspace, query } from "../../api/http";
import { useLoad } from "../../api/load";
import { type Field, offersOf } from "./completion";

const MOST = 12;

export function FilterBox({ workspace, text, onFilter }: { workspace: string; text: string; onFilter: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(text), [text]);
  const last = /(\S*)$/.exec(typed)![1]!;
  const prefix = /^[^:<>=!]*/.exec(last)![0];
  const path = inWorkspace(workspace, "run-fields") + query({ prefix });
  const fields = useLoad(open ? path : "", (signal) => get<{ fields: Field[] }>(path, signal), 0, "kept").data?.fields ?? [];
  const offers = open ? offersOf(last, fields).slice(0, MOST) : [];
  const complete = (offer: string) => {
    setTyped(typed.slice(0, typed.length - last.length) + offer);
    setChosen(-1);
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!offers.length) return;
      event.preventDefault();
      setChosen(event.key === "ArrowDown" ? (chosen + 1) % offers.length : (Math.max(chosen, 0) + offers.length - 1) % offers.length);
    } else if ((event.key === "Tab" && last !== "" && offers.length) || (event.key === "Enter" && offers[chosen])) {
      event.preventDefault();
      complete(offers[Math.max(chosen, 0)]!);
    } else if (event.key === "Escape") {
      input.current?.blur();
    }
  };
  return (
    <form class="filter" role="search" onSubmit={(event) => { event.preventDefault(); setOpen(false); onFilter(typed.trim()); }}>
      <input
        ref={input} id="filter" type="search" list={undefined} value={typed} autocomplete="off" spellcheck={false} aria-label="Filter runs"
        role="combobox" aria-expanded={offers.length > 0} aria-controls="filter-offers" aria-autocomplete="list"
        aria-activedescendant={offers[chosen] ? `offer-${chosen}` : undefined}
        placeholder="Filter:  status:failed  tag.owner=ada  loss<0.2      /"
        onInput={(event) => { setTyped(event.currentTarget.value); setOpen(true); setChosen(-1); if (event.currentTarget.value === "") onFilter(""); }}
        onFocus={() => setOpen(true)} onBlur={() => setTimeout(() => setOpen(false), 150)} onKeyDown={onKey}
      />
      <ul id="filter-offers" role="listbox" aria-label="Fields" hidden={offers.length === 0}>
        {offers.map((offer, i) => (
          <li key={offer} id={`offer-${i}`} role="option" aria-selected={i === chosen} onMouseDown={(event) => { event.preventDefault(); complete(offer); }}>{offer}</li>
        ))}
      </ul>
    </form>
  );
}

// The filter box: takes effect on Enter, and completes the names of fields.
import { useEffect, useRef, useState } from "preact/hooks";
import { FIELDS } from "./filter";

export function FilterBox({ text, onFilter }: { text: string; onFilter: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(text), [text]);
  const last = /(\S*)$/.exec(typed)![1]!;
  const offers = open ? FIELDS.filter(([name]) => name.startsWith(last) && name !== last) : [];
  const complete = (name: string) => {
    setTyped(typed.slice(0, typed.length - last.length) + name);
    setChosen(-1);
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!offers.length) return;
      event.preventDefault();
      setChosen(event.key === "ArrowDown" ? (chosen + 1) % offers.length : (Math.max(chosen, 0) + offers.length - 1) % offers.length);
    } else if ((event.key === "Tab" && last !== "" && offers.length) || (event.key === "Enter" && chosen >= 0 && offers[chosen])) {
      event.preventDefault();
      complete(offers[Math.max(chosen, 0)]![0]);
    } else if (event.key === "Escape") {
      input.current?.blur();
    }
  };
  return (
    <form class="filter" role="search" onSubmit={(event) => { event.preventDefault(); setOpen(false); onFilter(typed.trim()); }}>
      <input
        ref={input} id="filter" type="search" list={undefined} value={typed} autocomplete="off" spellcheck={false} aria-label="Filter runs"
        role="combobox" aria-expanded={offers.length > 0} aria-controls="filter-offers" aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 && offers[chosen] ? `offer-${chosen}` : undefined}
        placeholder="Filter:  status:failed  tag.owner=ada  metric.loss<0.2      /"
        onInput={(event) => { setTyped(event.currentTarget.value); setOpen(true); setChosen(-1); if (event.currentTarget.value === "") onFilter(""); }}
        onFocus={() => setOpen(true)} onBlur={() => setTimeout(() => setOpen(false), 150)} onKeyDown={onKey}
      />
      <ul id="filter-offers" role="listbox" aria-label="Fields" hidden={offers.length === 0}>
        {offers.map(([name, help], i) => (
          <li key={name} id={`offer-${i}`} role="option" aria-selected={i === chosen} onMouseDown={(event) => { event.preventDefault(); complete(name); }}>
            <b>{name}</b> <span class="quiet">{help}</span>
          </li>
        ))}
      </ul>
    </form>
  );
}

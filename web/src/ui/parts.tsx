// Small parts that every page has: faults, empty pages, what is coming, something to copy, a table of pairs.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ApiError } from "../api/http";
import type { Loaded } from "../api/load";

export function Fault({ error }: { error: ApiError }) {
  return (
    <div class="fault" role="alert">
      <p>{error.detail}</p>
      {error.fields.map((one) => <p key={one.field}><code>{one.field}</code> {one.detail}</p>)}
      {error.hint && <p class="quiet">{error.hint}</p>}
    </div>
  );
}

/** Says what to type where there is nothing yet. */
export function Empty({ title, command, children }: { title: string; command?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{title}</p>
      {command && <Command text={command} />}
      {children}
    </div>
  );
}

/** A line for a terminal, and a button that copies it. */
export function Command({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => setDone(true));
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <div class="command">
      <pre tabIndex={0}>{text}</pre>
      <button type="button" class="plain" onClick={copy}>{done ? "Copied" : "Copy"}</button>
    </div>
  );
}

/** The shape of what is coming; it shows after 200 ms. */
export function Coming({ rows = 6 }: { rows?: number }) {
  return (
    <div class="coming" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => <div key={i} />)}
    </div>
  );
}

/** What was loaded, or its fault, or its shape. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Fault error={of.error} />;
  return <Coming />;
}

export function Pairs({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="pairs">
      {of.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tags({ of }: { of: Record<string, string> }) {
  return <>{Object.entries(of).map(([name, value]) => <span class="tag" key={name}>{value ? `${name}=${value}` : name}</span>)}</>;
}

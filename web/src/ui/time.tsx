// Times: relative, with the exact one on hover, and going on by themselves.
import { signal } from "@preact/signals";
import { ago, duration } from "./format";

export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);

export function Ago({ time }: { time: string | null | undefined }) {
  if (!time) return null;
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {ago(now.value - Date.parse(time))}
    </time>
  );
}

/** From one moment to another, or to now. */
export function Span({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  if (!from) return null;
  const begin = Date.parse(from);
  const end = to ? Date.parse(to) : now.value;
  return <span title={`${new Date(begin).toLocaleString()} – ${to ? new Date(end).toLocaleString() : "now"}`}>{duration(end - begin)}</span>;
}

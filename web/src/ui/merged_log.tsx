// The logs of all ranks merged by time, as the server streams them: the last lines of what has come.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/http";
import { pieces } from "./ansi";
import { Fault } from "./parts";

const MOST_LINES = 5000;
const EVERY_MS = 200;

export function MergedLog({ path, live }: { path: string; live: boolean }) {
  const [lines, setLines] = useState<string[]>([]);
  const [left, setLeft] = useState(0);
  const [error, setError] = useState<ApiError | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const abort = new AbortController();
    const kept: string[] = [];
    let dropped = 0;
    let shown = 0;
    const show = () => {
      setLines([...kept]);
      setLeft(dropped);
      shown = Date.now();
    };
    void (async () => {
      try {
        const response = await fetch(path + (live ? "?follow=true" : ""), { signal: abort.signal });
        if (!response.ok) throw new ApiError(response.status, "", (await response.json().catch(() => ({}))).detail ?? "The logs cannot be read.");
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          const parts = (rest + value).split("\n");
          rest = parts.pop()!.slice(-65_536);
          for (const one of parts) kept.push(one.slice(0, 4096));
          if (kept.length > MOST_LINES) dropped += kept.splice(0, kept.length - MOST_LINES).length;
          if (Date.now() - shown > EVERY_MS || live) show();
        }
        if (rest) kept.push(rest.slice(0, 4096));
        show();
      } catch (problem) {
        if (!abort.signal.aborted) setError(problem instanceof ApiError ? problem : new ApiError(0, "unavailable", "The connection was lost.", "Choose the log again to go on."));
      }
    })();
    return () => abort.abort();
  }, [path, live]);
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <div class="log">
      {error && <Fault error={error} />}
      <div class="log-box" ref={box} tabIndex={0} role="log" aria-live="off" aria-label="Log of all ranks" onScroll={() => { const view = box.current!; atEnd.current = view.scrollHeight - view.scrollTop - view.clientHeight < 30; }}>
        {left > 0 && <p class="quiet">{left.toLocaleString("en-US")} earlier lines are left out here; each rank's own log has all of them.</p>}
        <div class="rows still">{lines.map((line, i) => <div class="row" key={left + i}><span class="text">{pieces(line).map((piece, j) => (piece.style ? <span key={j} class={piece.style}>{piece.text}</span> : piece.text))}</span></div>)}</div>
      </div>
    </div>
  );
}

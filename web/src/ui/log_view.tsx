// A log: opens at its end, or at a line that the address names; only the rows that are seen are drawn, only the bytes around them loaded.
// New lines never move what is being read.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/http";
import { place, setQuery, withQuery } from "../url";
import { pieces } from "./ansi";
import { fileSize, plural } from "./format";
import { linesOf, type LogLine } from "./log_lines";
import { earlier, longer, type LogPart, NOTHING, open } from "./log_window";
import { Fault } from "./parts";

const ROW = 18;
const OVER = 20; // rows drawn above and below what is seen
const POLL_MS = 1000;

export function LogView({ path, live }: { path: string; live: boolean }) {
  const marked = place.value.query.get("at");
  const [part, setPart] = useState<LogPart>(NOTHING);
  const [error, setError] = useState<ApiError | null>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const [unread, setUnread] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const busy = useRef(false);
  const hold = useRef<{ offset: number; dy: number } | null>(null); // what is to stay where it is
  const lines = useMemo(() => linesOf(part.bytes, part.begin), [part]);
  const now = useRef({ part, lines });
  now.current = { part, lines };
  const abort = useRef(new AbortController());

  const start = async (offset: number | null) => {
    abort.current.abort();
    abort.current = new AbortController();
    busy.current = true;
    try {
      const got = await open(path, offset, abort.current.signal);
      atEnd.current = offset === null;
      if (offset !== null) hold.current = { offset, dy: 120 };
      setUnread(0);
      setError(null);
      setPart(got);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
    busy.current = false;
  };
  useEffect(() => {
    setPart(NOTHING);
    return () => abort.current.abort();
  }, [path]);
  useEffect(() => {
    const offset = marked === null ? null : Number(marked) || 0;
    const { part: p, lines: there } = now.current;
    const index = offset === null ? -1 : there.findIndex((line) => line.offset === offset);
    const seenNow = index >= 0 && box.current && index * ROW >= box.current.scrollTop && index * ROW < box.current.scrollTop + box.current.clientHeight;
    if (seenNow || (marked === null && p !== NOTHING)) return;
    void start(offset);
  }, [path, marked]);

  const grow = async (how: typeof longer) => {
    if (busy.current) return;
    busy.current = true;
    const before = now.current;
    try {
      const got = await how(path, before.part, abort.current.signal);
      if (got.end !== before.part.end || got.begin !== before.part.begin || got.complete !== before.part.complete || got.size !== before.part.size) {
        if (!atEnd.current) hold.current ??= held();
        if (how === longer && !atEnd.current) setUnread((count) => count + linesOf(got.bytes.subarray(Math.max(0, before.part.end - got.begin)), 0).length);
        setPart(got);
      }
      setError(null);
    } catch (problem) {
      if (problem instanceof ApiError && problem.status !== 0) setError(problem);
    }
    busy.current = false;
  };
  const held = () => {
    const top = box.current?.scrollTop ?? 0;
    const index = Math.floor(top / ROW);
    const line = now.current.lines[index];
    return line ? { offset: line.offset, dy: index * ROW - top } : null;
  };
  useEffect(() => {
    const timer = setInterval(() => {
      const { part: p } = now.current;
      const whole = p.end >= p.size;
      if (document.visibilityState === "visible" && (live || !p.complete) && whole) void grow(longer);
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [path, live]);

  useLayoutEffect(() => {
    const view = box.current;
    if (!view || part === NOTHING) return;
    if (hold.current) {
      const { offset, dy } = hold.current;
      let index = lines.findIndex((line) => line.offset >= offset);
      if (index < 0) index = lines.length - 1;
      view.scrollTop = Math.max(0, index * ROW - dy);
      hold.current = null;
    } else if (atEnd.current) view.scrollTop = view.scrollHeight;
    setSeen({ top: view.scrollTop, height: view.clientHeight });
  }, [lines]);

  const onScroll = () => {
    const view = box.current!;
    setSeen({ top: view.scrollTop, height: view.clientHeight });
    const { part: p } = now.current;
    const below = view.scrollHeight - view.scrollTop - view.clientHeight;
    atEnd.current = below < ROW * 1.5 && p.end >= p.size;
    if (atEnd.current) setUnread(0);
    if (view.scrollTop < 600 && p.begin > 0) void grow(earlier);
    else if (below < 600 && p.end < p.size) void grow(longer);
  };
  const toEnd = () => {
    if (place.value.query.has("at")) setQuery({ at: undefined }, "replace");
    if (part.end < part.size) void start(null);
    else {
      atEnd.current = true;
      box.current!.scrollTop = box.current!.scrollHeight;
    }
    setUnread(0);
  };

  const first = Math.max(0, Math.floor(seen.top / ROW) - OVER);
  const last = Math.min(lines.length, Math.ceil((seen.top + seen.height) / ROW) + OVER);
  const numbers = part.begin === 0;
  return (
    <div class="log">
      <div class="log-bar">
        <span class="quiet">{fileSize(part.size)}{part.size > 0 && part.end - part.begin < part.size && `, ${fileSize(part.begin)} to ${fileSize(part.end)} shown`}{!part.complete && live && " · goes on"}</span>
        <button type="button" class="plain" onClick={() => void start(0)}>Start</button>
        <button type="button" class="plain" onClick={toEnd}>End</button>
        <a href={path} download={decodeURIComponent(path.split("?")[0]!.split("/").pop()!)}>Download</a>
      </div>
      {error && <Fault error={error} />}
      <div class="log-box" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label="Log">
        <div style={{ height: `${lines.length * ROW}px` }}>
          <div class="rows" style={{ transform: `translateY(${first * ROW}px)` }}>
            {lines.slice(first, last).map((line, i) => <Row key={line.offset} line={line} number={numbers ? first + i + 1 : null} marked={marked !== null && Number(marked) === line.offset} />)}
          </div>
        </div>
        {part !== NOTHING && part.size === 0 && <p class="quiet empty-log">{live ? "Nothing has been written yet." : "It is empty."}</p>}
      </div>
      {unread > 0 && <button type="button" class="pill" onClick={toEnd}>{plural(unread, "new line")} ↓</button>}
    </div>
  );
}

function Row({ line, number, marked }: { line: LogLine; number: number | null; marked: boolean }) {
  const shown = line.goesOn ? "↳" : (number ?? "·");
  return (
    <div class={marked ? "row marked" : "row"}>
      <a class="at" href={withQuery({ at: String(line.offset) })} aria-label={`${shown} link to the line at byte ${line.offset}`} tabIndex={-1}>{shown}</a>
      <span class="text">{pieces(line.text).map((piece, i) => (piece.style ? <span key={i} class={piece.style}>{piece.text}</span> : piece.text))}</span>
    </div>
  );
}

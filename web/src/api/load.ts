// What a component shows of the server: asked when it appears, asked again when its key changes, and again and again while it is seen.
import { useEffect, useState } from "preact/hooks";
import { ApiError, awaySince } from "./http";

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  again: () => void;
}

/**
 * `key` names what is loaded ("" for nothing); `every`, in milliseconds, asks again (0: never). While the server is away, or the tab is not
 * seen, what was there stays. What was loaded for the key before is "kept" until there is something else to show, or "dropped".
 */
export function useLoad<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, every = 0, before: "dropped" | "kept" = "dropped"): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T | undefined; error?: ApiError | undefined }>({ key: "" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!key) return;
    const abort = new AbortController();
    let timer = 0;
    const run = async () => {
      try {
        const data = await ask(abort.signal);
        if (!abort.signal.aborted) setState({ key, data });
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError(0, "internal", String(error));
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, error: problem }));
      }
      const wait = awaySince.value !== null ? 2000 : every;
      if (wait > 0 && !abort.signal.aborted) timer = window.setTimeout(next, wait);
    };
    const next = () => {
      if (document.visibilityState === "visible") void run();
      else timer = window.setTimeout(next, 1000);
    };
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, every, turn]);
  const mine = state.key === key;
  return {
    data: mine || (before === "kept" && key) ? state.data : undefined,
    error: mine ? state.error : undefined,
    loading: !!key && (!mine || (state.data === undefined && !state.error)),
    again: () => setTurn(turn + 1),
  };
}

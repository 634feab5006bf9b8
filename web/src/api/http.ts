// Requests to the API: the cookie speaks for the browser. Says when the server is away and when the session has ended.
import { signal } from "@preact/signals";

/** Problem details (RFC 9457) as the server gave them, or what the browser found. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint = "",
    readonly fields: { field: string; detail: string }[] = [],
  ) {
    super(detail);
  }
}

/** Null while the server answers; else since when it does not. */
export const awaySince = signal<number | null>(null);
/** Whether somebody is signed in; null until that is known. */
export const signedIn = signal<boolean | null>(null);

const DEADLINE_MS = 30_000;

interface Options {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** The answer, which is a good one; throws an ApiError otherwise. */
export async function send(path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    awaySince.value ??= Date.now();
    throw new ApiError(0, "unavailable", "The server does not answer.", "The page goes on by itself when it is back. On its machine `muster status` says whether it runs.");
  }
  awaySince.value = null;
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const error = new ApiError(response.status, problem.code ?? "internal", problem.detail ?? `The server answered ${response.status}.`, problem.hint ?? "", problem.errors ?? []);
  if (error.code === "unauthorized" && path !== "/api/v1/session") signedIn.value = false;
  throw error;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, { signal })).json()) as T;
}

export async function change<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = method === "POST" ? { "idempotency-key": crypto.randomUUID?.() ?? String(Math.random()) } : {};
  const response = await send(path, { method, body, headers });
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}

/** Some bytes of what is at the path, and how many there are in all. */
export async function bytes(path: string, from: number, length: number, signal?: AbortSignal): Promise<{ bytes: Uint8Array; size: number }> {
  if (length === 0) return { bytes: new Uint8Array(), size: 0 };
  try {
    const response = await send(path, { headers: { range: `bytes=${from}-${from + length - 1}` }, signal });
    const all = Number(response.headers.get("content-range")?.split("/")[1] ?? NaN);
    const got = new Uint8Array(await response.arrayBuffer());
    return { bytes: got, size: Number.isFinite(all) ? all : got.length };
  } catch (error) {
    if (error instanceof ApiError && error.status === 416) return { bytes: new Uint8Array(), size: 0 };
    throw error;
  }
}

/** A path below the workspace, its parts encoded. */
export function inWorkspace(workspace: string, ...parts: string[]): string {
  return ["/api/v1/workspaces", encodeURIComponent(workspace), ...parts.map(encodeURIComponent)].join("/");
}
/** The parts of a file's path, each encoded, the slashes left. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
export function query(values: Record<string, string | number | string[] | undefined>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [String(value)]) pairs.append(name, one);
  }
  const text = pairs.toString();
  return text ? "?" + text : "";
}

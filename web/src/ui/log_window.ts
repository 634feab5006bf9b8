// The part of a log that is in memory: bytes from `begin` to `end`, made longer at either end, and cut where nobody looks.
import { send } from "../api/http";
import { afterNewline } from "./log_lines";

export const PIECE = 128 * 1024;
const MOST = 3 * 1024 * 1024;

export interface LogPart {
  begin: number;
  end: number;
  size: number; // of the whole log
  complete: boolean;
  bytes: Uint8Array;
}
export const NOTHING: LogPart = { begin: 0, end: 0, size: 0, complete: false, bytes: new Uint8Array() };

async function read(path: string, offset: number, limit: number, signal: AbortSignal) {
  const joint = path.includes("?") ? "&" : "?";
  const response = await send(`${path}${joint}offset=${offset}&limit=${limit}`, { signal });
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    size: Number(response.headers.get("muster-log-size") ?? 0),
    complete: response.headers.get("muster-log-complete") === "true",
  };
}

/** Around an offset; at the end when it is null. */
export async function open(path: string, offset: number | null, signal: AbortSignal): Promise<LogPart> {
  let { size, complete } = await read(path, 0, 1, signal);
  const wanted = offset === null ? size : Math.min(offset, size);
  let begin = Math.max(0, wanted - (offset === null ? PIECE : PIECE / 2));
  const got = await read(path, begin, PIECE, signal);
  ({ size, complete } = got);
  const skip = begin > 0 ? afterNewline(got.bytes) : 0;
  begin += skip;
  const bytes = got.bytes.subarray(skip);
  return { begin, end: begin + bytes.length, size, complete, bytes };
}

export async function longer(path: string, part: LogPart, signal: AbortSignal): Promise<LogPart> {
  const got = await read(path, part.end, PIECE, signal);
  const bytes = joined(part.bytes, got.bytes);
  const cut = bytes.length > MOST ? bytes.length - MOST : 0;
  const skip = cut ? cut + afterNewline(bytes.subarray(cut)) : 0;
  return { begin: part.begin + skip, end: part.begin + bytes.length, size: got.size, complete: got.complete, bytes: bytes.subarray(skip) };
}

export async function earlier(path: string, part: LogPart, signal: AbortSignal): Promise<LogPart> {
  const from = Math.max(0, part.begin - PIECE);
  const got = await read(path, from, part.begin - from, signal);
  const skip = from > 0 ? afterNewline(got.bytes) : 0;
  let bytes = joined(got.bytes.subarray(skip), part.bytes);
  if (bytes.length > MOST) bytes = bytes.subarray(0, MOST);
  return { begin: from + skip, end: from + skip + bytes.length, size: got.size, complete: got.complete, bytes };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

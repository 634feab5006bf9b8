// A part of a log as lines: its bytes, from one offset to another, however long its lines are and whatever is in them. Pure.

export interface LogLine {
  offset: number; // of its first byte
  text: string;
  goesOn: boolean; // of a line too long for one row, another row than the first
}

const MOST_BYTES = 4096; // of one row
const decoder = new TextDecoder("utf-8");

/** The rows of `bytes`, which begin at `offset`. Of a line that was written over by carriage returns the last is shown. */
export function linesOf(bytes: Uint8Array, offset: number): LogLine[] {
  const lines: LogLine[] = [];
  let begin = 0;
  while (begin < bytes.length) {
    let end = bytes.indexOf(10, begin);
    if (end < 0) end = bytes.length;
    for (let at = begin, first = true; first || at < end; first = false) {
      let stop = Math.min(at + MOST_BYTES, end);
      while (stop < end && stop > at + 1 && (bytes[stop]! & 0xc0) === 0x80) stop--; // not inside a character
      lines.push({ offset: offset + at, text: lastOverwrite(decoder.decode(bytes.subarray(at, stop))), goesOn: !first });
      at = stop;
    }
    begin = end + 1;
  }
  return lines;
}

function lastOverwrite(text: string): string {
  if (!text.includes("\r")) return text;
  const parts = text.split("\r").filter((part) => part !== "");
  return parts[parts.length - 1] ?? "";
}

/** Where the first whole line begins after `from` bytes that may be the rest of one; `from` itself when a line is longer than all there is. */
export function afterNewline(bytes: Uint8Array): number {
  const at = bytes.indexOf(10);
  return at < 0 ? 0 : at + 1;
}
export function lastNewline(bytes: Uint8Array): number {
  return bytes.lastIndexOf(10) + 1;
}

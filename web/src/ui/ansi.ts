// Colours in logs (SGR); every other control sequence is left out. Pure.

export interface Piece {
  text: string;
  style: string; // class names, "" for none
}

const ESCAPE = /\u001b(?:\[([0-9;:]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

interface State {
  color: string;
  bold: boolean;
  dim: boolean;
}

export function pieces(line: string): Piece[] {
  const clean = (text: string) => text.replace(CONTROL, "�").replaceAll("\u001b", "");
  if (!line.includes("\u001b")) return [{ text: clean(line), style: "" }];
  const found: Piece[] = [];
  const state: State = { color: "", bold: false, dim: false };
  let at = 0;
  const take = (end: number) => {
    if (end > at) found.push({ text: clean(line.slice(at, end)), style: styleOf(state) });
  };
  for (const match of line.matchAll(ESCAPE)) {
    take(match.index);
    at = match.index + match[0].length;
    if (match[2] === "m") apply(state, match[1] ?? "");
  }
  take(line.length);
  return found;
}

function styleOf(state: State): string {
  return [state.color, state.bold ? "bold" : "", state.dim ? "dim" : ""].filter(Boolean).join(" ");
}

function apply(state: State, codes: string): void {
  const list = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < list.length; i++) {
    const code = list[i]!;
    if (code === 0) Object.assign(state, { color: "", bold: false, dim: false });
    else if (code === 1) state.bold = true;
    else if (code === 2) state.dim = true;
    else if (code === 22) state.bold = state.dim = false;
    else if (code >= 30 && code <= 37) state.color = `ansi${code - 30}`;
    else if (code >= 90 && code <= 97) state.color = `ansi${code - 90}`;
    else if (code === 39) state.color = "";
    else if (code === 38) {
      if (list[i + 1] === 5 && (list[i + 2] ?? 99) < 16) state.color = `ansi${list[i + 2]! % 8}`;
      i += list[i + 1] === 5 ? 2 : 4;
    } else if (code === 48) i += list[i + 1] === 5 ? 2 : 4;
  }
}

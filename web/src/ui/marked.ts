// Lines of a text, and of two texts what was added and removed. Pure.

export interface Marked {
  text: string;
  number: number | null;
  change: "" | "added" | "removed";
}

const MOST_LINES = 5000;

export function highlightable(text: string): Marked[] {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines.slice(0, MOST_LINES).map((line, i) => ({ text: line.replace(/\r$/, ""), number: i + 1, change: "" }));
}

/** By the longest common subsequence of what is between the common beginning and end; as two blocks where that would take too long. */
export function difference(before: string, after: string): Marked[] {
  const a = highlightable(before).map((line) => line.text);
  const b = highlightable(after).map((line) => line.text);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const x = a.slice(head, a.length - tail);
  const y = b.slice(head, b.length - tail);
  const marks: Marked[] = b.slice(0, head).map((text, i) => ({ text, number: i + 1, change: "" }));
  let line = head;
  const removed = (text: string) => marks.push({ text, number: null, change: "removed" });
  const kept = (text: string, change: "" | "added") => marks.push({ text, number: ++line, change });
  if (x.length * y.length > 4_000_000) {
    x.forEach(removed);
    y.forEach((text) => kept(text, "added"));
  } else {
    const table = Array.from({ length: x.length + 1 }, () => new Uint32Array(y.length + 1));
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) table[i]![j] = x[i] === y[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    let i = 0;
    let j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) {
        kept(y[j]!, "");
        i++;
        j++;
      } else if (j >= y.length || (i < x.length && table[i + 1]![j]! >= table[i]![j + 1]!)) removed(x[i++]!);
      else kept(y[j++]!, "added");
    }
  }
  b.slice(b.length - tail).forEach((text) => kept(text, ""));
  return marks;
}

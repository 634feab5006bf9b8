// Colours of series: the same for the same name wherever it appears, and told apart by people who do not see red and green (Okabe and Ito).
import { signal } from "@preact/signals";

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#3b5bdb", "#5c5c5c", "#a0336b"];
const DARK = ["#56b4e9", "#f0883e", "#2cc295", "#e08fc0", "#e3c84a", "#8c9eff", "#b0b0b0", "#f06ba8"];
const media = matchMedia("(prefers-color-scheme: dark)");
export const dark = signal(media.matches);
media.addEventListener("change", () => (dark.value = media.matches));

/** The colour of the i-th of a few. */
export function colorAt(index: number): string {
  const palette = dark.value ? DARK : LIGHT;
  return palette[index % palette.length]!;
}

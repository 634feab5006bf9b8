// Keys that work anywhere on the page.
import { at, go } from "./url";

/** Whether what is pressed belongs to what is being written, or to a dialog or the browser. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return true;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== "checkbox";
}

export const HELP: [string, string][] = [
  ["/", "filter, or search"],
  ["j  k", "next, previous run"],
  ["x", "select the run"],
  ["Enter", "open the run"],
  ["g r", "runs"],
  ["g m", "models"],
  ["g c", "compute"],
  ["g e", "environments"],
  ["g x", "experiments"],
  ["g d", "data"],
  ["?", "these keys"],
];

const PLACES: Record<string, string> = { r: "runs", m: "models", c: "compute", e: "environments", x: "experiments", d: "data" };

export function listen(workspace: () => string, showHelp: () => void): void {
  let afterG = 0;
  addEventListener("keydown", (event) => {
    if (typing(event)) return;
    const there = PLACES[event.key];
    if (Date.now() - afterG < 1000 && there) {
      event.preventDefault();
      event.stopImmediatePropagation();
      go(at(workspace(), there));
    } else if (event.key === "/") {
      event.preventDefault();
      const box = document.querySelector<HTMLInputElement>("input[type=search]");
      if (box) box.focus();
      else go(at(workspace(), "runs"));
    } else if (event.key === "?") showHelp();
    afterG = event.key === "g" ? Date.now() : 0;
  });
}

// The address is the state: what is shown is read from it, and what is chosen is written to it.
import { signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
export const place = signal<Place>(read());
addEventListener("popstate", () => (place.value = read()));

/** Goes to an address of the page; Back leads back, unless it only `replaces`. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  if (to === location.pathname + location.search) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", to);
  const before = place.value.path;
  place.value = read();
  if (how === "push" && place.value.path !== before) scrollTo(0, 0);
}

/** The present address with some of its query changed; undefined takes a name out. */
export function withQuery(changes: Record<string, string | string[] | undefined>): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : value ? [value] : []) query.append(name, one);
  }
  const text = query.toString();
  return place.value.path + (text ? "?" + text : "");
}
export function setQuery(changes: Record<string, string | string[] | undefined>, how: "push" | "replace" = "push"): void {
  go(withQuery(changes), how);
}

/** Takes clicks on our own links without loading the page again; others (a new tab, a download, the API) are the browser's. */
export function takeClicks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (!link.pathname.startsWith("/workspaces") && link.pathname !== "/") return;
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

/** An address of the page below the workspace. */
export function at(workspace: string, ...parts: string[]): string {
  return "/" + ["workspaces", workspace, ...parts].map(encodeURIComponent).join("/");
}

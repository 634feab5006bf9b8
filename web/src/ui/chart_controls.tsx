// How the charts of a page are drawn: all of them alike, as the address says.
import { place, setQuery } from "../url";
import type { View } from "./chart";

export function viewOfAddress(): View {
  const asked = place.value.query;
  const zoom = /^(-?[\d.e+]+)\.\.(-?[\d.e+]+)$/.exec(asked.get("zoom") ?? "");
  const smoothing = Number(asked.get("smooth") ?? 0);
  return {
    axis: asked.get("x") === "time" ? "time" : "step",
    log: asked.get("y") === "log",
    smoothing: smoothing > 0 && smoothing < 1 ? smoothing : 0,
    zoom: zoom && Number(zoom[1]) < Number(zoom[2]) ? [Number(zoom[1]), Number(zoom[2])] : null,
  };
}

export function setZoom(range: [number, number] | null): void {
  setQuery({ zoom: range ? range.map((one) => Number(one.toPrecision(7))).join("..") : undefined });
}

/** `fixed`: the axis is not to be chosen. */
export function ChartControls({ view, fixed }: { view: View; fixed?: "time" }) {
  return (
    <div class="toolbar">
      {!fixed && <label>Across <select value={view.axis} onChange={(event) => setQuery({ x: event.currentTarget.value === "time" ? "time" : undefined, zoom: undefined })}><option value="step">step</option><option value="time">time</option></select></label>}
      <label class="choice"><input type="checkbox" checked={view.log} onChange={() => setQuery({ y: view.log ? undefined : "log" })} /> Log scale</label>
      <label>Smoothing <input type="range" min="0" max="0.99" step="0.01" value={view.smoothing} onInput={(event) => setQuery({ smooth: event.currentTarget.value === "0" ? undefined : event.currentTarget.value }, "replace")} /> <span class="fixed">{view.smoothing ? view.smoothing.toFixed(2) : "off"}</span></label>
      {view.zoom ? <button type="button" onClick={() => setZoom(null)}>Show all</button> : <span class="quiet wide">Drag over a chart to look closer</span>}
    </div>
  );
}

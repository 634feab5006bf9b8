// The stages of a run as a bar: how long each took, to scale, however short.
import type { Run } from "../../api/types";
import { duration } from "../../ui/format";
import { now } from "../../ui/time";

export function Stages({ run }: { run: Run }) {
  const begun = run.stages.filter((stage) => stage.started_at);
  if (begun.length === 0) return null;
  const spans = begun.map((stage) => ({
    name: stage.name,
    open: !stage.ended_at,
    ms: Math.max(0, (stage.ended_at ? Date.parse(stage.ended_at) : run.ended_at ? Date.parse(run.ended_at) : now.value) - Date.parse(stage.started_at!)),
  }));
  return (
    <ol class="stages" aria-label="Stages">
      {spans.map((one) => (
        <li key={one.name} class={[one.name.toLowerCase(), one.open && !run.ended_at ? "open" : ""].join(" ")} style={{ flexGrow: Math.max(one.ms, 1) }} title={`${one.name}: ${duration(one.ms)}`}>
          <span>{one.name}</span> <b>{duration(one.ms)}</b>
        </li>
      ))}
    </ol>
  );
}

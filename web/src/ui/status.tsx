// A run's status by shape and colour.
import type { Status as Name } from "../api/types";

const SHAPES: Record<Name, [string, string]> = {
  NotStarted: ["…", "wait"],
  Preparing: ["…", "wait"],
  Queued: ["…", "wait"],
  Provisioning: ["…", "wait"],
  Starting: ["◔", "go"],
  Running: ["◐", "go"],
  NotResponding: ["?", "warn"],
  Finalizing: ["◕", "go"],
  CancelRequested: ["◌", "wait"],
  Completed: ["●", "good"],
  Failed: ["✕", "bad"],
  Canceled: ["○", "wait"],
};
export const STATUSES = Object.keys(SHAPES) as Name[];

export function StatusMark({ status, detail }: { status: Name; detail?: string | null }) {
  const [shape, tone] = SHAPES[status] ?? ["?", "warn"];
  return (
    <span class={`status ${tone}`} title={detail || status}>
      <span class="shape" aria-hidden="true">{shape}</span> {status}
    </span>
  );
}

export const hasEnded = (status: Name) => status === "Completed" || status === "Failed" || status === "Canceled";

// What happened to something that was asked for, for a moment.
import { signal } from "@preact/signals";
import { ApiError } from "../api/http";

const shown = signal<{ id: number; text: string; bad: boolean }[]>([]);
let next = 0;

export function toast(text: string, bad = false): void {
  const id = next++;
  shown.value = [...shown.value, { id, text, bad }];
  setTimeout(() => (shown.value = shown.value.filter((one) => one.id !== id)), bad ? 10_000 : 4000);
}

/** Does it, and says what came of it. */
export async function doing(what: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await what();
    toast(done);
    return true;
  } catch (error) {
    toast(error instanceof ApiError ? [error.detail, error.hint].filter(Boolean).join(" — ") : String(error), true);
    return false;
  }
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map((one) => <div key={one.id} class={one.bad ? "toast bad" : "toast"}>{one.text}</div>)}
    </div>
  );
}

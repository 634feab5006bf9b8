// A question in front of the page: the browser's own dialog, which keeps the focus and closes by Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const self = useRef<HTMLDialogElement>(null);
  useEffect(() => self.current?.showModal(), []);
  return (
    <dialog ref={self} aria-label={title} onClose={onClose}>
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

// Parts of a page, each an address of its own.
import { withQuery } from "../url";

export function Tabs({ of, chosen, name = "tab" }: { of: [string, string][]; chosen: string; name?: string }) {
  return (
    <nav class="tabs" aria-label="Parts of this page">
      {of.map(([key, title], i) => (
        <a key={key} href={withQuery({ [name]: i === 0 ? undefined : key, zoom: undefined })} aria-current={key === chosen ? "page" : undefined}>{title}</a>
      ))}
    </nav>
  );
}

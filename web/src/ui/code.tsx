// Code, with its lines numbered and each a link.
import { highlightable, type Marked } from "./marked";
import { languageOf, tokens } from "./highlight";

export function CodeText({ text, name, marks }: { text: string; name: string; marks?: Marked[] }) {
  const language = languageOf(name);
  const lines = marks ?? highlightable(text);
  return (
    <div class="code" tabIndex={0} role="region" aria-label={name}>
      <table>
        <tbody>
          {lines.map((line, i) => (
            <tr key={i} class={line.change}>
              <td class="line-number">{line.number ?? ""}</td>
              {marks && <td class="sign" aria-label={line.change === "added" ? "added" : line.change === "removed" ? "removed" : ""}>{line.change === "added" ? "+" : line.change === "removed" ? "−" : ""}</td>}
              <td class="source">{tokens(line.text, language).map(([part, kind], j) => (kind ? <span key={j} class={`t-${kind}`}>{part}</span> : part))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

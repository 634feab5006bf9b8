// What a file looks like, by what its bytes are and not by what its name says: a picture, text, JSON, a table, an ONNX graph.
import { useEffect, useState } from "preact/hooks";
import { bytes, send } from "../api/http";
import { useLoad } from "../api/load";
import { CodeText } from "./code";
import { fileSize, plural } from "./format";
import { onnxSummary } from "./onnx";
import { Show } from "./parts";

const TEXT = 256 * 1024;
const PICTURE = 32 * 1024 * 1024;
const GRAPH = 64 * 1024 * 1024;
const ROWS = 200;

const PICTURES: [string, number[]][] = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", [0x52, 0x49, 0x46, 0x46]],
];

function pictureType(head: Uint8Array): string | null {
  return PICTURES.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? null;
}

export function Preview({ path, name, size }: { path: string; name: string; size: number }) {
  const loaded = useLoad(path, (signal) => bytes(path, 0, Math.min(size, TEXT), signal));
  return <Show of={loaded}>{({ bytes: head }) => <Seen path={path} name={name} size={size} head={head} />}</Show>;
}

function Seen({ path, name, size, head }: { path: string; name: string; size: number; head: Uint8Array }) {
  const type = pictureType(head);
  if (size === 0) return <p class="quiet">The file is empty.</p>;
  if (type && size <= PICTURE) return <Picture path={path} name={name} type={type} />;
  if (/\.(png|jpe?g|gif|webp)$/i.test(name)) return <p class="quiet">It is no picture, whatever its name says. {fileSize(size)} of something else.</p>;
  if (/\.onnx$/i.test(name) && size <= GRAPH) return <Graph path={path} size={size} />;
  if (head.includes(0)) return <p class="quiet">{fileSize(size)} of binary data: there is no preview. Download it instead.</p>;
  const text = new TextDecoder().decode(head);
  const cut = size > head.length;
  return (
    <>
      {cut && <p class="quiet">The first {fileSize(head.length)} of {fileSize(size)}.</p>}
      {/\.[ct]sv$/i.test(name) ? <Csv text={text} by={/\.tsv$/i.test(name) ? "\t" : ","} /> : <CodeText text={/\.json$/i.test(name) && !cut ? pretty(text) : text} name={name} />}
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Picture({ path, name, type }: { path: string; name: string; type: string }) {
  const [url, setUrl] = useState("");
  const [fault, setFault] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    let made = "";
    send(path, { signal: abort.signal })
      .then((response) => response.arrayBuffer())
      .then((content) => setUrl((made = URL.createObjectURL(new Blob([content], { type })))))
      .catch((error) => !abort.signal.aborted && setFault(String(error.message ?? error)));
    return () => {
      abort.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [path]);
  if (fault) return <p class="quiet">{fault}</p>;
  return url ? <img class="preview" src={url} alt={name} onError={() => setFault("The picture is damaged: the browser cannot show it.")} /> : null;
}

function Graph({ path, size }: { path: string; size: number }) {
  const loaded = useLoad(path + "#graph", async (signal) => onnxSummary((await bytes(path, 0, size, signal)).bytes));
  return (
    <Show of={loaded}>
      {(graph) => graph === null ? <p class="quiet">It is no ONNX model, whatever its name says.</p> : (
        <div>
          <p>{graph.producer && <>Made by {graph.producer}. </>}{plural(graph.nodes, "node")}, {plural(graph.initializers, "tensor")} of weights.</p>
          <p class="quiet">Inputs: {graph.inputs.join(", ") || "none"}. Outputs: {graph.outputs.join(", ") || "none"}.</p>
          <table class="list small"><thead><tr><th>Operator</th><th class="num">Nodes</th></tr></thead><tbody>{graph.operators.map(([op, count]) => <tr key={op}><td>{op}</td><td class="num">{count}</td></tr>)}</tbody></table>
        </div>
      )}
    </Show>
  );
}

function Csv({ text, by }: { text: string; by: string }) {
  const rows = text.trimEnd().split(/\r?\n/).slice(0, ROWS + 1).map((line) => cells(line, by));
  const [head = [], ...body] = rows;
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Table">
      <table class="list small"><thead><tr>{head.map((one, i) => <th key={i}>{one}</th>)}</tr></thead><tbody>{body.map((row, i) => <tr key={i}>{row.map((one, j) => <td key={j}>{one}</td>)}</tr>)}</tbody></table>
    </div>
  );
}

function cells(line: string, by: string): string[] {
  const found: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === '"' && quoted && line[i + 1] === '"') cell += line[++i];
    else if (c === '"') quoted = !quoted;
    else if (c === by && !quoted) {
      found.push(cell);
      cell = "";
    } else cell += c;
  }
  return [...found, cell];
}

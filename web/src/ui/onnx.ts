// What an ONNX file has in it: as much of protobuf as that needs. Pure.

export interface GraphSummary {
  producer: string;
  nodes: number;
  initializers: number;
  inputs: string[];
  outputs: string[];
  operators: [string, number][];
}

interface Field {
  number: number;
  bytes: Uint8Array | null; // null for a number
}

function* fields(data: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; at < data.length; shift *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
      if (shift > 2 ** 63) break;
    }
    throw new Error("cut off");
  };
  while (at < data.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const kind = key % 8;
    if (number === 0) throw new Error("no protobuf");
    if (kind === 0) {
      varint();
      yield { number, bytes: null };
    } else {
      const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : -1;
      if (length < 0 || at + length > data.length) throw new Error("cut off");
      yield { number, bytes: data.subarray(at, at + length) };
      at += length;
    }
  }
}

const text = (bytes: Uint8Array | null) => (bytes ? new TextDecoder().decode(bytes) : "");
const nameOf = (message: Uint8Array | null, number: number) => {
  for (const field of fields(message ?? new Uint8Array())) if (field.number === number) return text(field.bytes);
  return "";
};

/** Null when it is no ONNX model. */
export function onnxSummary(data: Uint8Array): GraphSummary | null {
  try {
    const summary: GraphSummary = { producer: "", nodes: 0, initializers: 0, inputs: [], outputs: [], operators: [] };
    const counts = new Map<string, number>();
    let graph: Uint8Array | null = null;
    for (const field of fields(data)) {
      if (field.number === 2) summary.producer = text(field.bytes);
      if (field.number === 7) graph = field.bytes;
    }
    if (!graph) return null;
    for (const { number, bytes } of fields(graph)) {
      if (number === 1) {
        summary.nodes++;
        const op = nameOf(bytes, 4);
        counts.set(op, (counts.get(op) ?? 0) + 1);
      } else if (number === 5) summary.initializers++;
      else if (number === 11) summary.inputs.push(nameOf(bytes, 1));
      else if (number === 12) summary.outputs.push(nameOf(bytes, 1));
    }
    summary.operators = [...counts].sort((a, b) => b[1] - a[1]);
    return summary;
  } catch {
    return null;
  }
}

// pack.mjs DIST OUT: the built page as one file that the program embeds: a line of JSON with each file's place, then the bytes, plain and
// compressed (src/page/bundle.h reads it). The same files give the same bytes.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
const [dist, out] = process.argv.slice(2);
const paths = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(dist.length + 1))
  .sort();
const parts = [];
let size = 0;
const place = (bytes) => {
  parts.push(bytes);
  size += bytes.length;
  return [size - bytes.length, bytes.length];
};
const files = paths.map((path) => {
  const bytes = readFileSync(join(dist, path));
  const type = TYPES[path.split(".").pop()];
  if (!type) throw new Error(`pack.mjs does not know the type of ${path}`);
  return { path, type, sha256: createHash("sha256").update(bytes).digest("hex"), plain: place(bytes), gzip: place(gzipSync(bytes, { level: 9 })) };
});
writeFileSync(out, Buffer.concat([Buffer.from(JSON.stringify({ files }) + "\n"), ...parts]));
for (const file of files) console.log(`${file.path}: ${file.plain[1]} bytes, ${file.gzip[1]} compressed`);

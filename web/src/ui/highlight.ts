// The parts of a line of code: comments, texts, numbers, words of the language. Good enough to read by; no parser. Pure.

export type Token = [text: string, kind: "" | "c" | "s" | "n" | "k"];

const KEYWORDS: Record<string, string> = {
  py: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield",
  sh: "if then else elif fi for in do done case esac while until function return export local set",
  yaml: "true false null",
  json: "true false null",
  cc: "auto bool break case class const constexpr continue default delete do double else enum explicit extern false float for if inline int long namespace new nullptr private public return short sizeof static struct switch template this throw true try typedef typename using virtual void while",
};
const LANGUAGES: Record<string, string> = { py: "py", pyi: "py", sh: "sh", bash: "sh", yml: "yaml", yaml: "yaml", toml: "yaml", json: "json", cc: "cc", cpp: "cc", h: "cc", c: "cc", cu: "cc", js: "cc", ts: "cc" };
const HASH = new Set(["py", "sh", "yaml"]);
const words = new Map(Object.entries(KEYWORDS).map(([language, text]) => [language, new Set(text.split(" "))]));

export function languageOf(name: string): string | null {
  return LANGUAGES[name.split(".").pop()?.toLowerCase() ?? ""] ?? null;
}

export function tokens(line: string, language: string | null): Token[] {
  if (!language || line.length > 2000) return [[line, ""]];
  const comment = HASH.has(language) ? "#.*$" : language === "cc" ? "//.*$" : "$^";
  const pattern = new RegExp(`(${comment})|("(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?)|\\b(\\d[\\w.]*)\\b|\\b([A-Za-z_]\\w*)\\b`, "g");
  const found: Token[] = [];
  let at = 0;
  for (const match of line.matchAll(pattern)) {
    if (match[0] === "") continue;
    if (match.index > at) found.push([line.slice(at, match.index), ""]);
    at = match.index + match[0].length;
    found.push([match[0], match[1] !== undefined ? "c" : match[2] !== undefined ? "s" : match[3] !== undefined ? "n" : words.get(language)!.has(match[0]) ? "k" : ""]);
  }
  if (at < line.length) found.push([line.slice(at), ""]);
  return found;
}

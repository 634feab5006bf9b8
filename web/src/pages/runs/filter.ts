// What is typed into the filter box, as the API's query: words apart by blanks, quotes keep blanks together. Pure.

export interface Filter {
  query: Record<string, string | string[]>;
  fault: string | null;
}

const ONCE = new Set(["experiment", "status", "kind", "name", "lifecycle", "parent_run_id", "created_from", "created_before"]);
const STATUS_NAMES = ["NotStarted", "Preparing", "Queued", "Provisioning", "Starting", "Running", "NotResponding", "Finalizing", "CancelRequested", "Completed", "Failed", "Canceled"];

export const FIELDS = [
  ["status:", "Running, Failed, Completed, Queued …"],
  ["experiment:", "its name"],
  ["name:", "the display name; * stands for anything"],
  ["kind:", "job or interactive"],
  ["tag.", "tag.owner=ada, or tag.owner alone"],
  ["param.", "param.lr<0.1"],
  ["metric.", "metric.loss<=0.2"],
  ["lifecycle:", "active, deleted or all"],
  ["created_from:", "2026-11-28T00:00:00Z"],
] as const;

export function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map((match) => match[0].replaceAll('"', ""));
}

export function readFilter(text: string): Filter {
  const query: Record<string, string | string[]> = {};
  const add = (name: string, value: string) => (query[name] = [...((query[name] as string[]) ?? []), value]);
  let fault: string | null = null;
  for (const word of words(text)) {
    const condition = /^(tag|param|parameter|metric)s?\.(.+)$/.exec(word);
    const field = /^(\w+)[:=](.+)$/.exec(word);
    const bare = /^[^:\s]+(<=|>=|!=|<|>|=)[^\s]+$/.test(word);
    if (condition) {
      add(condition[1] === "tag" || condition[1] === "metric" ? condition[1] : "parameter", condition[2]!);
    } else if (field && ONCE.has(field[1]!)) {
      let value = field[2]!;
      if (field[1] === "status") value = STATUS_NAMES.find((name) => name.toLowerCase() === value.toLowerCase()) ?? value;
      query[field[1]!] = value;
    } else if (bare) {
      add("metric", word);
    } else if (!word.includes(":") && !("name" in query)) {
      query.name = word.includes("*") ? word : `*${word}*`;
    } else {
      fault ??= `“${word}” is no condition. Try ${FIELDS.slice(0, 3).map(([name]) => name).join(" ")} tag.x=y metric.loss<0.2, or a part of the name.`;
    }
  }
  return { query, fault };
}

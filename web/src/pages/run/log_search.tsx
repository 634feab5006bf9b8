// Lines of a log that hold for an expression, as the server finds them: each leads to its place.
import { useEffect, useState } from "preact/hooks";
import { ApiError, get, query } from "../../api/http";
import { fileSize, plural } from "../../ui/format";
import { Fault } from "../../ui/parts";
import { place, setQuery, withQuery } from "../../url";

interface Match {
  line: number;
  offset: number;
  parts: [string, string, string];
}
interface Found {
  matches: Match[];
  next: string | null;
  searched: number;
  size: number;
}
const PAGE = 100;

/** The box; what is looked for is in the address. */
export function SearchBox() {
  const asked = place.value.query;
  return (
    <form class="line search" role="search" onSubmit={(event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      setQuery({ grep: String(form.get("pattern")) || undefined, literal: form.get("literal") ? "true" : undefined });
    }}>
      <input key={asked.get("grep")} name="pattern" type="search" aria-label="Search in the log" placeholder="Search: an expression, like loss.*nan   /" defaultValue={asked.get("grep") ?? ""} />
      <label class="choice"><input type="checkbox" name="literal" defaultChecked={asked.has("literal")} /> as it is</label>
      <button type="submit">Search</button>
    </form>
  );
}

export function Matches({ path, log, nodeRank }: { path: string; log: string; nodeRank: number }) {
  const asked = place.value.query;
  const pattern = asked.get("grep") ?? "";
  const literal = asked.has("literal");
  const [found, setFound] = useState<Found | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [wanted, setWanted] = useState(PAGE);
  const key = [path, log, nodeRank, pattern, literal].join("\n");
  useEffect(() => {
    setWanted(PAGE);
    setFound(null);
  }, [key]);
  useEffect(() => {
    const abort = new AbortController();
    setError(null);
    void (async () => {
      // Page after page until there are enough: one looks at a part of a large log.
      const all: Found = { matches: [], next: "", searched: 0, size: 0 };
      try {
        while (all.next !== null && all.matches.length < wanted) {
          const page = await get<Found>(path + query({ path: log, node_rank: nodeRank, pattern, literal: literal ? "true" : "", ignore_case: "true", limit: PAGE, cursor: all.next }), abort.signal);
          all.matches.push(...page.matches);
          Object.assign(all, { next: page.next, searched: page.searched, size: page.size });
          setFound({ ...all, matches: [...all.matches] });
        }
      } catch (problem) {
        if (!abort.signal.aborted && problem instanceof ApiError) setError(problem);
      }
    })();
    return () => abort.abort();
  }, [key, wanted]);
  if (error) return <Fault error={error} />;
  if (!found) return null;
  const over = found.next === null;
  return (
    <section class="matches" aria-label="Lines found">
      <p class="quiet" role="status">{plural(found.matches.length, "line")}{over ? "" : `, ${fileSize(found.searched)} of ${fileSize(found.size)} looked at`}</p>
      <ol tabIndex={0} aria-label="Lines">
        {found.matches.map((one) => (
          <li key={one.offset}><a href={withQuery({ at: String(one.offset) })}><span class="at">{one.line}</span> <bdi>{one.parts[0]}<mark>{one.parts[1]}</mark>{one.parts[2]}</bdi></a></li>
        ))}
      </ol>
      {!over && found.matches.length >= wanted && <button type="button" onClick={() => setWanted(wanted + PAGE)}>More</button>}
    </section>
  );
}

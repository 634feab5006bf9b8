// The page: the bar on top, the part that the address names, and what is said over all of it.
import { useEffect, useState } from "preact/hooks";
import { type ApiError, awaySince, get, signedIn } from "./api/http";
import { useLoad } from "./api/load";
import { HELP, listen } from "./keys";
import { Compare } from "./pages/compare";
import { Compute } from "./pages/compute";
import { Data } from "./pages/data";
import { Environments } from "./pages/environments";
import { Experiments } from "./pages/experiments";
import { Models } from "./pages/models";
import { RunPage } from "./pages/run/run";
import { Runs } from "./pages/runs/runs";
import { SignIn } from "./pages/sign_in";
import { begin, me, signOut } from "./session";
import { Dialog } from "./ui/dialog";
import { Empty } from "./ui/parts";
import { now } from "./ui/time";
import { doing, Toasts } from "./ui/toast";
import { at, go, place, takeClicks } from "./url";

const SECTIONS: [string, string][] = [["runs", "Runs"], ["experiments", "Experiments"], ["models", "Models"], ["compute", "Compute"], ["environments", "Environments"], ["data", "Data"]];

function parts(): string[] {
  try {
    return place.value.path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}
const workspaceNow = () => parts()[1] || me.value?.workspace || "default";

export function App() {
  const [linkFault, setLinkFault] = useState<ApiError | null>(null);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    void begin().then(setLinkFault);
    listen(workspaceNow, () => setHelp(true));
    document.addEventListener("click", takeClicks);
  }, []);
  if (signedIn.value === null) return <Away />;
  if (!signedIn.value) return <><Away /><SignIn first={linkFault} /></>;
  const [root, , section = "", ...rest] = parts();
  const workspace = workspaceNow();
  if (root !== "workspaces" || !section) {
    queueMicrotask(() => go(at(workspace, "runs"), "replace"));
    return null;
  }
  return (
    <>
      <a class="skip" href="#content">Skip to the content</a>
      <Bar workspace={workspace} section={section} />
      <Away />
      <div id="content"><Section workspace={workspace} section={section} rest={rest} /></div>
      {help && <Dialog title="Keys" onClose={() => setHelp(false)}><dl class="pairs keys">{HELP.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl></Dialog>}
      <Toasts />
    </>
  );
}

function Section({ workspace, section, rest }: { workspace: string; section: string; rest: string[] }) {
  const [name = "", version = ""] = rest;
  switch (section) {
    case "runs": return name ? <RunPage key={name} workspace={workspace} name={name} /> : <Runs workspace={workspace} />;
    case "compare": return <Compare workspace={workspace} />;
    case "compute": return <Compute workspace={workspace} name={name} />;
    case "models": return <Models workspace={workspace} name={name} version={version} />;
    case "environments": return <Environments workspace={workspace} name={name} version={version} />;
    case "experiments": return <Experiments workspace={workspace} name={name} />;
    case "data": return <Data workspace={workspace} name={name} />;
    default: return <main><h1>Not here</h1><Empty title={`There is no page “${section}”.`}><a href={at(workspace, "runs")}>All runs</a></Empty></main>;
  }
}

function Bar({ workspace, section }: { workspace: string; section: string }) {
  const who = me.value;
  return (
    <header class="bar">
      <a class="home" href={at(workspace, "runs")}>Muster</a>
      <WorkspaceChoice workspace={workspace} />
      <nav aria-label="Sections">
        {SECTIONS.map(([key, title]) => <a key={key} href={at(workspace, key)} aria-current={key === section || (key === "runs" && section === "compare") ? "page" : undefined}>{title}</a>)}
      </nav>
      {who && <span class="who"><span title={`Signed in as ${who.user}, ${who.role}`}><bdi>{who.user}</bdi></span> <button type="button" class="plain" onClick={() => void doing(signOut, "Signed out.")}>Sign out</button></span>}
    </header>
  );
}

function WorkspaceChoice({ workspace }: { workspace: string }) {
  const loaded = useLoad("/api/v1/workspaces", (signal) => get<{ workspaces: { name: string }[] }>("/api/v1/workspaces?limit=1000", signal));
  const names = (loaded.data?.workspaces ?? []).map((one) => one.name);
  if (names.length < 2) return <span class="workspace" title="Workspace"><bdi>{workspace}</bdi></span>;
  return (
    <select class="workspace" aria-label="Workspace" value={workspace} onChange={(event) => go(at(event.currentTarget.value, "runs"))}>
      {[...new Set([...names, workspace])].map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}

function Away() {
  const since = awaySince.value;
  if (since === null) return null;
  return <div class="away" role="alert">The server has not answered for {Math.max(1, Math.round((now.value - since) / 1000))} s. What you see is as it was then; it goes on by itself.</div>;
}

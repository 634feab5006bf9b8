// One run: what it is and how it stands, then its parts.
import { useEffect, useState } from "preact/hooks";
import { ApiError, get, inWorkspace } from "../../api/http";
import { useLoad } from "../../api/load";
import type { Run } from "../../api/types";
import { Empty, Fault, Coming, Tags } from "../../ui/parts";
import { hasEnded, StatusMark } from "../../ui/status";
import { Tabs } from "../../ui/tabs";
import { Ago } from "../../ui/time";
import { at, place } from "../../url";
import { Actions } from "./actions";
import { Cause } from "./cause";
import { Code } from "./code";
import { EnvironmentOf } from "./environment";
import { Logs } from "./logs";
import { Machine } from "./machine";
import { Metrics } from "./metrics";
import { Outputs } from "./outputs";
import { Overview } from "./overview";
import { Stages } from "./stages";

const TABS: [string, string][] = [["overview", "Overview"], ["metrics", "Metrics"], ["logs", "Logs"], ["outputs", "Outputs"], ["code", "Code"], ["environment", "Environment"], ["machine", "Machine"]];

export function RunPage({ workspace, name }: { workspace: string; name: string }) {
  const [ended, setEnded] = useState(false);
  const path = inWorkspace(workspace, "runs", name);
  const loaded = useLoad<Run>(path, (signal) => get<Run>(path, signal), ended ? 15_000 : 1500);
  const run = loaded.data;
  const over = run ? hasEnded(run.status) : false;
  useEffect(() => setEnded(over), [over]);
  useEffect(() => {
    document.title = `${run ? `${run.status} · ${run.display_name || run.run_id}` : name} · Muster`;
  }, [run?.status, run?.display_name, name]);
  if (!run) {
    if (loaded.error?.status === 404) return <main><Empty title={loaded.error.detail} command="muster run list"><a href={at(workspace, "runs")}>All runs</a></Empty></main>;
    return <main>{loaded.error ? <Fault error={loaded.error as ApiError} /> : <Coming />}</main>;
  }
  const tab = place.value.query.get("tab") ?? "overview";
  return (
    <main class="run">
      <header class="run-head">
        <p class="crumbs"><a href={at(workspace, "runs")}>Runs</a> / <a href={at(workspace, "experiments", run.experiment)}><bdi>{run.experiment}</bdi></a></p>
        <div class="title">
          <h1><bdi>{run.display_name || run.run_id}</bdi></h1>
          <StatusMark status={run.status} detail={run.status_detail} />
          <Actions workspace={workspace} run={run} changed={loaded.again} />
        </div>
        <p class="quiet">
          {run.display_name && <><code>{run.run_id}</code> · </>}
          {run.created_by}, <Ago time={run.created_at} />{run.attempt > 1 && <> · attempt {run.attempt}</>}{run.lifecycle === "deleted" && <> · deleted</>} <Tags of={run.tags} />
        </p>
      </header>
      <Cause workspace={workspace} run={run} />
      <Stages run={run} />
      <Tabs of={run.kind === "job" ? TABS : TABS.filter(([key]) => key !== "machine")} chosen={tab} />
      <Part tab={tab} workspace={workspace} run={run} />
    </main>
  );
}

function Part({ tab, workspace, run }: { tab: string; workspace: string; run: Run }) {
  switch (tab) {
    case "metrics": return <Metrics workspace={workspace} run={run} />;
    case "logs": return <Logs workspace={workspace} run={run} />;
    case "outputs": return <Outputs workspace={workspace} run={run} />;
    case "code": return <Code workspace={workspace} run={run} />;
    case "machine": return <Machine workspace={workspace} run={run} />;
    case "environment": return <EnvironmentOf workspace={workspace} run={run} />;
    default: return <Overview workspace={workspace} run={run} />;
  }
}

"""What a run began with and what it wrote: its snapshot's files, how they differ from another run's, lines of its logs."""
from typing import Any, Dict, Iterator, List, Optional

from .._client.addresses import path_segments
from ..exceptions import UserErrorException
from .part import RunPart


class RunCode(RunPart):
    """The part of `Run` that looks into snapshots and logs."""

    def get_code_files(self) -> List[Dict[str, Any]]:
        """The files of the run's snapshot, by path: {"path", "size", "sha256", "mode"}. UserErrorException when it has none."""
        return list(self._client.json("GET", self._snapshot_path())["files"])

    def read_code_file(self, path: str) -> bytes:
        """One file of the run's snapshot, as it was."""
        return self._client.send("GET", "{}/files/{}".format(self._snapshot_path(), path_segments(path))).body

    def compare_code(self, earlier: "RunCode") -> List[Dict[str, Any]]:
        """Which files differ from those of `earlier`: {"path", "change", "before", "after"}, the change "added", "removed" or "changed"."""
        before = earlier._snapshot_path().rsplit("/", 1)[1]
        return list(self._client.pages(self._snapshot_path() + "/changes", "changes", {"from": before}))

    def search_logs(self, pattern: str, path: Optional[str] = None, literal: bool = False, ignore_case: bool = False,
                    context: int = 0, attempt: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The lines of the log `path` (of all driver logs without one) that hold for a regular expression in RE2's syntax.

        The server looks for them, and they are fetched as they are asked for: {"path", "node_rank", "line", "offset", "text", "before",
        "after"}, `line` counted from 1, `offset` that of its first byte, `context` lines before and after it. `literal`: the pattern is the
        text itself.
        """
        query: Dict[str, Any] = {"pattern": pattern}
        for key, value in (("literal", literal), ("ignore_case", ignore_case)):
            if value:
                query[key] = "true"
        if context:
            query["context"] = context
        asked = {} if attempt is None else {"attempt": attempt}
        logs = self._client.json("GET", self._path + "/logs", query=asked)["logs"]
        newest = max([log["attempt"] for log in logs] or [1])
        for log in logs:
            wanted = log["path"] == path if path else log["path"].startswith("azureml-logs/70_driver_log")
            if not wanted or log["attempt"] != newest:
                continue
            place = {"path": log["path"], "node_rank": log["node_rank"]}
            for match in self._client.pages(self._path + "/log-search", "matches", dict(query, attempt=newest, **place)):
                yield dict(place, line=match["line"], offset=match["offset"], text="".join(match["parts"]), before=match["before"],
                           after=match["after"])

    def compare(self, *others: "RunCode") -> Dict[str, Any]:
        """This run beside up to nineteen others: {"runs", "parameters", "metrics", "tags", "settings", "packages"}.

        Each but `runs` is a list of rows {"name", "values", "differs"}: the runs' values in their order, None where a run has none.
        """
        names = [self._id] + [run._id for run in others]
        return dict(self._client.json("GET", self._workspace._path + "/run-comparison", query={"run": names}))

    def get_machine_curves(self, node_rank: Optional[int] = None, points: int = 500) -> List[Dict[str, Any]]:
        """How much the nodes were used while the run's ranks ran, on one node or all.

        Each curve is {"name", "node_rank", "count", "min", "max", "last", "points"}, names like "cpu_cores_used", "memory_used_bytes" and
        "gpu0_utilization_percent".
        """
        query: Dict[str, Any] = {"points": points}
        if node_rank is not None:
            query["node_rank"] = node_rank
        return list(self._client.pages(self._path + "/machine", "curves", query))

    def _snapshot_path(self) -> str:
        snapshot = self._data.get("snapshot_id")
        if not snapshot:
            raise UserErrorException("The run {} has no snapshot: it began with an empty folder.".format(self._id))
        return "{}/snapshots/{}".format(self._workspace._path, path_segments(snapshot))

"""A run's metrics: read from the server, and logged from this process."""
import tempfile
from typing import Any, Dict, Iterator, List, Optional, TYPE_CHECKING, Union

from .._recording.metrics import gather, restore_curve, to_json
from .._recording.logging import check_one_of, MetricLogger, save_image
from .._recording.source import Source
from .part import RunPart

if TYPE_CHECKING:
    from ..run import Run


class RunMetrics(MetricLogger, RunPart):
    """The part of `Run` that deals with metrics."""

    # Set by the run.
    _outputs: Optional[str] = None
    # Made at the first point that is logged from here.
    _source: Optional[Source] = None

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Optional[str] = None) -> None:
        """See RunFiles."""
        raise NotImplementedError

    def get_children(self, recursive: bool = False) -> "Iterator[Run]":
        """See Run."""
        raise NotImplementedError

    def get_metrics(self, name: Optional[str] = None, recursive: bool = False, run_type: Optional[str] = None,
                    populate: bool = False, rank: Union[None, int, str] = None) -> Dict[str, Any]:
        """The metrics by name: a value logged once is a scalar, several are a list in the order they were logged.

        A row logged once is {column: value}, rows and tables are {column: list}, an image is its artifact's path.
        `rank` chooses one rank, or "all"; rank 0 otherwise. `recursive` gives {run id: metrics}, children included.
        An unknown name gives {}. For steps and times see get_metric_points.
        """
        metrics = {key: gather(points) for key, points in self.get_metric_points(name, rank).items()}
        if not recursive:
            return metrics
        found = {self._id: metrics}
        for child in self.get_children(recursive=True):
            found[child.id] = child.get_metrics(name, rank=rank)
        return found

    def get_metric_points(self, name: Optional[str] = None, rank: Union[None, int, str] = None) -> "Dict[str, List[Dict[str, Any]]]":
        """Every point as it was recorded: {name: [{"value", "step", "time", "rank"}]}."""
        self.flush()
        found: Dict[str, List[Dict[str, Any]]] = {}
        query: Dict[str, Any] = {"name": name, "rank": rank}
        while True:
            answer = self._client.json("GET", self._path + "/metrics", query=query)
            for metric, points in answer["metrics"].items():
                found.setdefault(metric, []).extend(points)
            if not answer.get("next"):
                return found
            query["cursor"] = answer["next"]

    def get_metric_curves(self, name: Optional[str] = None, rank: Union[None, int, str] = None, points: int = 500) -> List[Dict[str, Any]]:
        """Each series as it is drawn, at once however many points it has.

        [{"name", "rank", "count", "min", "max", "last", "points"}]: `last` and the points are {"value", "step", "time"}. At most `points`
        (0, or from 5 to 10,000): of each stretch the first, last, least and greatest number, and the first NaN.
        """
        self.flush()
        found: List[Dict[str, Any]] = []
        query: Dict[str, Any] = {"name": name, "rank": rank, "points": points}
        while True:
            answer = self._client.json("GET", self._path + "/metrics/curves", query=query)
            found.extend(map(restore_curve, answer["curves"]))
            if not answer.get("next"):
                return found
            query["cursor"] = answer["next"]

    def _record(self, kind: str, name: str, value: Any, step: Optional[int]) -> None:
        source = self._source
        if source is None:
            # Of threads that log their first points at once all get the same one.
            source = self.__dict__.setdefault("_source", Source(self._client, self._path))
        source.add(name, to_json(name, value), step)

    def log_image(self, name: str, path: Optional[str] = None, plot: Any = None, description: str = "") -> None:
        """Records an image: a file by its `path`, or a matplotlib `plot` (the module pyplot or a figure). It is uploaded at once."""
        check_one_of(name, path, plot)
        if self._outputs is not None:
            artifact, file = save_image(name, path, plot, self._outputs)
            self.upload_file(artifact, file)
        else:
            with tempfile.TemporaryDirectory(prefix="muster-image-") as folder:
                artifact, file = save_image(name, path, plot, folder)
                self.upload_file(artifact, file)
        self._record("image", name, {"image": artifact}, None)

    def flush(self, timeout_seconds: int = 300) -> None:
        """Waits until all that was logged from here is on the server.

        ServerUnreachableException when it is not in time: it waits in this process and goes on being sent.
        """
        if self._source is not None:
            self._source.flush(timeout_seconds)

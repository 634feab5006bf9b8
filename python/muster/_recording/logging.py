"""The `log` family of methods, shared by a run in its job, a run seen from outside, and the offline run."""
import os
import shutil
import time
from typing import Any, Mapping, Optional, Tuple

from . import metrics
from .journal import Journal, check_name, check_size, step_of
from .segment import HAS_STEP, IS_INTEGER
from ..exceptions import UserErrorException

_IMAGE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")


class MetricLogger:
    """Everything that can be logged, in terms of `_record`."""

    def _record(self, kind: str, name: str, value: Any, step: Optional[int]) -> None:
        """Records a scalar, or {"list"|"row"|"table"|"image": …}; `kind` is "scalar" or that key."""
        raise NotImplementedError

    def log(self, name: str, value: Any, description: str = "", step: Optional[int] = None) -> None:
        """Records one value. Called again with the same name it makes a series.

        `value` is a number, a text, a boolean or None; scalars of NumPy and one-element tensors are converted.
        `step` is any whole number. `description` is accepted and not kept.
        UserErrorException for lists (see `log_list`) and names that are empty or longer than 255 characters.
        """
        self._record("scalar", name, metrics.scalar(name, value), step)

    def log_list(self, name: str, value: Any, description: str = "") -> None:
        """Records a list of values."""
        self._record("list", name, metrics.list_value(name, value), None)

    def log_row(self, name: str, description: Optional[str] = None, **kwargs: Any) -> None:
        """Records one row of named columns; called again with the same name it makes a table."""
        self._record("row", name, metrics.row_value(name, kwargs), None)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Records a table: {column: list or scalar}, all columns of one length."""
        self._record("table", name, metrics.table_value(name, value), None)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Records a confusion matrix in Azure's form, {"schema_type": "confusion_matrix", "data": {"class_labels", "matrix"}}, or its JSON.

        get_metrics gives it back as the same dict. UserErrorException for another form; so for the three that follow.
        """
        self._record("row", name, metrics.chart_value(name, value, "confusion_matrix", ("class_labels", "matrix")), None)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Records an accuracy table in Azure's form: {"schema_type": "accuracy_table", "data": {"probability_tables", …}}, or its JSON."""
        self._record("row", name, metrics.chart_value(name, value, "accuracy_table", ("probability_tables",)), None)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Records residuals in Azure's form: {"schema_type": "residuals", "data": {"bin_edges", "bin_counts"}}, or its JSON."""
        self._record("row", name, metrics.chart_value(name, value, "residuals", ("bin_edges", "bin_counts")), None)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Records predictions in Azure's form: {"schema_type": "predictions", "data": {"bin_averages", …}}, or its JSON."""
        self._record("row", name, metrics.chart_value(name, value, "predictions", ("bin_averages",)), None)

    def log_image(self, name: str, path: Optional[str] = None, plot: Any = None, description: str = "") -> None:
        """Records an image: a file by its `path`, or a matplotlib `plot` (the module pyplot or a figure).

        The file is put into outputs/ where it is not there yet, and is uploaded with it.
        """
        check_one_of(name, path, plot)
        self._record("image", name, {"image": save_image(name, path, plot, output_folder())[0]}, None)


class JournalLogger(MetricLogger):
    """A logger that writes to this process's journal. See `Journal` for what a return promises, and for threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._number = journal.number

    def log(self, name: str, value: Any, description: str = "", step: Optional[int] = None) -> None:
        # The training loop pays for this method: plain numbers take the short way, everything else the long one.
        kind = type(value)
        if kind is float:
            flags = 0
        elif kind is int and -9007199254740992 <= value <= 9007199254740992:
            flags = IS_INTEGER
        else:
            self._record("scalar", name, metrics.scalar(name, value), step)
            return
        if step is None:
            self._number(name, flags, 0, value)
        elif type(step) is int and -9007199254740992 <= step <= 9007199254740992:
            self._number(name, flags | HAS_STEP, step, value)
        else:
            self._record("scalar", name, value, step)

    log.__doc__ = MetricLogger.log.__doc__

    def _record(self, kind: str, name: str, value: Any, step: Optional[int]) -> None:
        step_flag, step_number = step_of(step)
        flags, number, text = metrics.encode(name, value) if kind == "scalar" else (0, None, metrics.to_json(name, value))
        if number is not None:
            self._journal.number(name, flags | step_flag, step_number, number)
        else:
            self._journal.value(name, step_flag, step_number, text)


class PrintLogger(MetricLogger):
    """A logger that prints: what a script gets that runs outside of any job."""

    def _record(self, kind: str, name: str, value: Any, step: Optional[int]) -> None:
        # What a job would refuse is refused here too: a script is tried out to see that.
        check_name(name)
        step_of(step)
        check_size(name, metrics.to_json(name, value))
        shown = value if kind == "scalar" else value[kind]
        print("Attempted to log {} metric {}:\n{}".format(kind, name, shown))


def output_folder() -> str:
    """The job's outputs folder: AZUREML_OUTPUT_DIRECTORY, else ./outputs."""
    return os.environ.get("AZUREML_OUTPUT_DIRECTORY") or "outputs"


def check_one_of(name: str, path: Optional[str], plot: Any) -> None:
    """UserErrorException unless there is a path or a plot, and not both."""
    if (path is None) == (plot is None):
        raise UserErrorException("run.log_image takes exactly one of path and plot, and the metric {!r} was given {}.".format(
            name, "both" if path is not None else "neither"))


def save_image(name: str, path: Optional[str], plot: Any, folder: str) -> Tuple[str, str]:
    """Puts the image into the folder, where it is not there yet; gives the path of its artifact, and its own."""
    folder = os.path.abspath(folder)
    stem = "".join(char if char.isalnum() or char in "-_." else "_" for char in str(name))[:100]
    if path is None:
        target = _free_path(folder, stem, ".png")
        if not hasattr(plot, "savefig"):
            raise UserErrorException("plot: run.log_image takes matplotlib's pyplot or a figure, not {}.".format(
                type(plot).__name__))
        plot.savefig(target, format="png")
        return "outputs/" + os.path.basename(target), target
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except OSError as error:
        raise UserErrorException("path: the image {} cannot be read: {}.".format(path, error.strerror), error)
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    if not webp and not start.startswith(_IMAGE_STARTS):
        raise UserErrorException("path: {} is not an image: it is no PNG, JPEG, GIF, BMP, TIFF or WebP.".format(path))
    inside = os.path.relpath(os.path.abspath(path), folder)
    if not inside.startswith(os.pardir) and not os.path.isabs(inside):
        return "outputs/" + inside.replace(os.sep, "/"), path
    target = _free_path(folder, stem, os.path.splitext(path)[1])
    shutil.copyfile(path, target)
    return "outputs/" + os.path.basename(target), target


def _free_path(folder: str, stem: str, extension: str) -> str:
    """A path in the folder that nothing has: artifacts are written once. Makes the folder."""
    os.makedirs(folder, exist_ok=True)
    stamp = int(time.time())
    while True:
        target = os.path.join(folder, "{}_{}{}".format(stem, stamp, extension))
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            return target
        except FileExistsError:
            stamp += 1



"""What is shown of a run in a notebook, and as text elsewhere."""
import sys
from typing import Any, Dict, List, TYPE_CHECKING

from ._terminal.printable import printable, write

if TYPE_CHECKING:
    from .run import Run

_ENDED = ("Completed", "Failed", "Canceled")


class RunDetails:
    """A run's status, its last metrics and the address of its page: `RunDetails(run).show()` prints them, as they are now."""

    def __init__(self, run_instance: "Run") -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Prints how the run is; run.wait_for_completion(show_output=True) follows its log."""
        details = self._run.get_details()
        lines = ["RunId: " + self._run.id, "Status: " + str(details["status"]), "Web View: " + self._run.get_portal_url()]
        lines += _metrics(self._run.get_metrics())
        if details["status"] not in _ENDED:
            lines.append("It goes on; run.wait_for_completion(show_output=True) follows its log.")
        write("\n".join(map(printable, lines)) + "\n")
        sys.stdout.flush()

    def get_widget_data(self, widget_settings: Any = None) -> Dict[str, Any]:
        """What it would show."""
        return {"status": self._run.get_status(), "run_id": self._run.id, "run_metrics": self._run.get_metrics(),
                "run_properties": self._run.get_details()}


def _metrics(metrics: Dict[str, Any]) -> List[str]:
    last = {name: value[-1] if isinstance(value, list) and value else value for name, value in metrics.items()}
    return ["{}: {}".format(name, value) for name, value in sorted(last.items())]

"""RunDetails: what a notebook sees of a run, live, and what of it is text alone."""
import threading

from fake_server import event
from server_case import ServerCase
from support import Case

from muster import Run, widgets
from muster._terminal.chart import chart
from muster._widget_view import MOST_CHARTS, Tail, View, view_html

RUN = {"run_id": "birds_1_a", "status": "Running"}


def curve(name, *values):
    points = [{"value": value, "step": step} for step, value in enumerate(values)]
    return {"name": name, "points": points, "last": points[-1] if points else None}


def view(run=RUN, curves=(), log=None, trouble=""):
    return view_html(View(run, "http://server/run", list(curves), log, trouble))


class ViewTest(Case):
    def test_a_series_is_a_line_and_a_nan_a_gap(self):
        self.assertEqual(chart(curve("loss", 3, 2, 1)).count("<polyline"), 1)
        self.assertIn('points="4.0,4.0 130.0,45.0 256.0,86.0"', chart(curve("loss", 3, 2, 1)))
        self.assertEqual(chart(curve("loss", 3, 2, float("nan"), 1, 0)).count("<polyline"), 2)
        self.assertIn("4.0,45.0 256.0,45.0", chart(curve("flat", 1, 1)))
        for nothing in (curve("one", 1), curve("text", "a", "b"), curve("none"), curve("flags", True, False)):
            self.assertEqual(chart(nothing), "")

    def test_status_metrics_and_log_are_there(self):
        log = Tail("azureml-logs/70_driver_log.txt")
        log.add("".join("line {}\n".format(index) for index in range(100)))
        log.add("\x1b[32mgreen\x1b[0m 10 %\r 20 %\r100 %\n")
        shown = view(curves=[curve("loss", 0.5, 0.25), curve("word", "best")], log=log)
        for text in ("Running", "loss: 0.25", "word: best", "70_driver_log.txt", "line 99", "100 %"):
            self.assertIn(text, shown)
        for text in ("line 80\n", "20 %", "\x1b", "green"):
            self.assertNotIn(text, shown)
        many = view(curves=[curve("m{:02}".format(index), 1, 2) for index in range(MOST_CHARTS + 3)])
        self.assertEqual((many.count("<svg"), "and 3 more" in many), (MOST_CHARTS, True))

    def test_a_failure_has_its_traceback(self):
        shown = view(dict(RUN, status="Failed", error={"message": "rank 0: ValueError: no", "traceback": "Traceback\n  line 3"}))
        self.assertIn("rank 0: ValueError: no\nTraceback", shown)
        self.assertIn("no cause is known", view(dict(RUN, status="Failed")))
        self.assertIn("gone for a while", view(trouble="gone for a while"))

    def test_what_comes_from_outside_is_text(self):
        evil = "<script>alert(1)</script>"
        log = Tail(evil)
        log.add(evil)
        run = {"run_id": evil, "display_name": evil, "status": "Failed", "status_detail": evil,
               "error": {"message": evil, "traceback": evil}}
        self.assertNotIn("<script", view(run, [curve(evil, 1, 2), curve("b", evil)], log))


class FakeDisplay:
    """Stands for IPython.display in a kernel."""

    def __init__(self):
        self.shown = []
        self.has_ended = threading.Event()

    def HTML(self, text):  # noqa: N802
        return text

    def display(self, text, display_id):
        self.update(text)
        return self

    def update(self, text):
        self.shown.append(text)
        if "Completed" in text or "Failed" in text or "no such run any more" in text:
            self.has_ended.set()


class LiveTest(ServerCase):
    def show(self, *events):
        run_id = self.server.run()
        self.state.metrics[run_id] = {"loss": [{"value": value, "step": None, "time": "t", "rank": 0} for value in (0.5, 0.25)]}
        if events:
            self.state.streams = [lambda query: b"".join(events)]
        display = FakeDisplay()
        run = Run.get(self.workspace(), run_id)
        widgets._Live(run, display)
        self.assertTrue(display.has_ended.wait(20), display.shown)
        return display.shown

    def test_it_changes_until_the_run_has_ended(self):
        run = {"run_id": "birds_1_a", "status": "Running"}
        shown = self.show(event("status", run), event("log", {"path": "logs/a.txt", "offset": 0, "rank": 0, "text": "Epoch 1\n"}),
                          event("log", {"path": "logs/b.txt", "offset": 0, "rank": 1, "text": "not shown\n"}),
                          event("end", dict(run, status="Completed")))
        self.assertIn("Running", shown[0])
        for text in ("Completed", "Epoch 1", "loss: 0.25", "<svg"):
            self.assertIn(text, shown[-1])
        self.assertNotIn("not shown", shown[-1])

    def test_without_a_notebook_nothing_is_live(self):
        self.assertIsNone(widgets.notebook_display())

"""Interactive runs: begun, logged and ended by this process."""
import os
import subprocess
import sys
import threading
from unittest import mock

from fake_server import Drop, FakeServer, Problem
from server_case import ServerCase
from support import PYTHON

from muster import Experiment, Run, ScriptRun, ScriptRunConfig
from muster._recording import source as _source
from muster.exceptions import AuthenticationException, ProjectSystemException, ServerUnreachableException, UserErrorException


class InteractiveCase(ServerCase):
    def start(self, **more):
        options = dict({"snapshot_directory": None, "outputs": False}, **more)
        with self.printed():
            return Experiment(self.workspace(), "notes").start_logging(**options)

    def data(self, run):
        return self.state.runs[run.id]


class LifeTest(InteractiveCase):
    def test_it_begins_and_completes(self):
        self.write("note.py", "print()")
        run = self.start(name="by hand", snapshot_directory=".", tags={"a": 1})
        body = self.state.submitted[-1]
        self.assertEqual((body["kind"], body["display_name"], body["tags"]), ("interactive", "by hand", {"a": "1"}))
        self.assertEqual([file["path"] for file in self.state.snapshots[body["snapshot_id"]]], ["note.py"])
        self.assertEqual((type(run), run.type, run.status), (Run, "azureml.interactive", "Running"))
        run.complete()
        run.complete()
        self.assertEqual((run.status, run.get_status()), ("Completed", "Completed"))
        with self.refused(UserErrorException, "it is Completed"):
            run.fail("no")

    def test_each_kind_has_its_class(self):
        self.server.run("job")
        self.server.run("later", kind="sweep")
        self.assertEqual([type(self.workspace().get_run(name)) for name in ("job", "later")], [ScriptRun, Run])
        self.assertEqual([self.workspace().get_run(name).type for name in ("job", "later")], ["azureml.scriptrun", "sweep"])
        run = self.start()
        self.assertEqual([one.id for one in run.experiment.get_runs(type="azureml.interactive")], [run.id])
        self.assertEqual(list(run.experiment.get_runs(type="azureml.scriptrun")), [])

    def test_a_block_ends_it(self):
        with self.start() as run:
            run.tag("in", "block")
        self.assertEqual((self.data(run)["status"], self.data(run)["tags"]), ("Completed", {"in": "block"}))
        with self.assertRaises(ZeroDivisionError):
            with self.start() as run:
                run.log("quotient", 1 // 0)
        error = self.data(run)["error"]
        self.assertEqual(error["message"], "ZeroDivisionError: integer division or modulo by zero")
        self.assertIn("1 // 0)", error["traceback"])
        with self.start() as run:
            run.fail("said inside", error_code="Mine")
        self.assertEqual((self.data(run)["status"], self.data(run)["error"]["message"]), ("Failed", "Mine: said inside"))

    def test_what_is_not_known_is_refused(self):
        with self.refused(UserErrorException, "start_logging does not know colour"):
            self.start(colour="red")
        self.write("a_file")
        with self.refused(UserErrorException, "outputs: the folder a_file/x cannot be made"):
            self.start(outputs="a_file/x")

    def test_outputs_are_uploaded_at_its_end(self):
        run = self.start(outputs=None)
        self.write("outputs/deep/model.pt", "weights")
        self.write("plot.png", b"\x89PNG\r\n\x1a\n")
        with self.printed():
            run.log_image("plot", "plot.png")
            run.complete()
        artifacts = self.state.artifacts[run.id]
        self.assertEqual(artifacts["outputs/deep/model.pt"], b"weights")
        self.assertEqual(len(artifacts), 2)
        self.assertIn(run.get_metrics()["plot"], artifacts)
        with self.printed():
            run.complete()

    def test_an_image_without_an_outputs_folder(self):
        run = self.start()
        path = self.write("plot.png", b"\x89PNG\r\n\x1a\n")
        with self.printed():
            run.log_image("plot", path)
        self.assertEqual(self.state.artifacts[run.id][run.get_metrics()["plot"]], b"\x89PNG\r\n\x1a\n")
        with self.refused(UserErrorException, "exactly one of path and plot"):
            run.log_image("plot")

    def test_children(self):
        parent = self.start()
        with parent.child_run("first") as child:
            child.log("loss", 1.0)
        self.assertEqual((child.parent.id, child.name, self.data(child)["status"]), (parent.id, "first", "Completed"))
        more = parent.create_children(tag_key="lr", tag_values=[0.1, 0.2])
        self.assertEqual([one.tags for one in more], [{"lr": "0.1"}, {"lr": "0.2"}])
        self.assertEqual(len(parent.create_children(2)), 2)
        self.assertEqual(len(list(parent.get_children())), 5)
        for options in ({}, {"count": 1, "tag_values": [1]}, {"tag_key": "a"}):
            with self.refused(UserErrorException, "count, tag_key, tag_values"):
                parent.create_children(**options)

    def test_in_a_job(self):
        self.server.run("job")
        os.environ.update({"MUSTER_RUN_ID": "job", "MUSTER_METRICS_DIR": os.path.join(self.folder, "m"), "MUSTER_RUN_TOKEN": "secret",
                           "MUSTER_EXPERIMENT": "birds", "MUSTER_WORKSPACE": "default"})
        run = Run.get_context()
        self.assertIsInstance(run, ScriptRun)
        requests = len(self.state.requests)
        run.log_image("plot", self.write("plot.png", b"\x89PNG\r\n\x1a\n"))
        self.assertEqual(len(os.listdir("outputs")), 1)
        self.assertEqual(len(self.state.requests), requests)
        with run.child_run() as child:
            child.log("loss", 1.0)
        self.assertEqual((self.state.metrics[child.id]["loss"][0]["value"], self.data(child)["parent_run_id"]), (1.0, "job"))

    def test_a_job_is_not_ended_by_a_block(self):
        self.write("train.py")
        with self.printed():
            with Experiment(self.workspace(), "birds").submit(ScriptRunConfig(self.work, "train.py")) as run:
                pass
        self.assertEqual(run.get_status(), "NotStarted")


class PointsTest(InteractiveCase):
    def values(self, run, name="loss"):
        return [point["value"] for point in self.state.metrics.get(run.id, {}).get(name, [])]

    def test_every_kind_of_value(self):
        run = self.start()
        run.log("loss", 0.5, step=3)
        run.log("loss", float("nan"))
        run.log("text", "x\u00e9")
        run.log_list("list", [1, 2])
        run.log_row("row", x=1, y=2.5)
        run.log_table("table", {"a": [1, 2]})
        self.assertEqual(repr(run.get_metrics()), repr({"loss": [0.5, float("nan")], "text": "x\u00e9", "list": [1, 2],
                                                        "row": {"x": 1, "y": 2.5}, "table": {"a": [1, 2]}}))
        point = self.state.metrics[run.id]["loss"][0]
        self.assertEqual(point["step"], 3)
        self.assertRegex(point["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        for name, step in (("", None), ("n" * 256, None), ("n", 0.5)):
            with self.refused(UserErrorException, "step" if step else "name"):
                run.log(name, 1.0, step=step)
        with self.refused(UserErrorException, "log_list"):
            run.log("n", [1])

    def test_many_threads_and_many_points(self):
        run = self.start()
        at_once = threading.Barrier(4)

        def log(index):
            at_once.wait()
            for number in range(2000):
                run.log("t%d" % index, number)

        threads = [threading.Thread(target=log, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.complete()
        for index in range(4):
            self.assertEqual(self.values(run, "t%d" % index), list(range(2000)))
        self.assertEqual(len(self.state.sources), 1)

    def test_answers_that_are_lost_double_nothing(self):
        run = self.start()
        cut = [0]

        def before(handler):
            if handler.command == "POST" and handler.path.split("?")[0].endswith("/metrics"):
                cut[0] += 1
                if cut[0] % 3 == 1:  # Stored, but nobody hears of it.
                    for method, pattern, function in __import__("fake_server").ROUTES:
                        if method == "POST" and pattern.endswith("/metrics"):
                            function(handler, "default", run.id)
                    raise Drop
                if cut[0] % 3 == 2:  # Neither.
                    raise Drop
            return None

        self.server.before = before
        with mock.patch.object(_source, "BATCH_POINTS", 50):
            for number in range(500):
                run.log("loss", number)
            run.flush()
        self.assertEqual(self.values(run), list(range(500)))

    def test_the_server_goes_away_and_returns(self):
        run = self.start()
        run.log("loss", 0)
        run.flush()
        port = self.server.server_port
        self.server.stop()
        with mock.patch.object(_source, "AGAIN_SECONDS", 0.01):
            for number in range(1, 100):
                run.log("loss", number)
            with self.refused(ServerUnreachableException, "points are not sent after 0 s"):
                run.flush(timeout_seconds=0)
            again = FakeServer(port, self.state)
            self.addCleanup(again.stop)
            run.complete()
        self.assertEqual(self.values(run), list(range(100)))

    def test_a_refusal_is_raised_and_ends_it(self):
        run = self.start()

        def before(handler):
            if handler.command == "POST" and "/metrics" in handler.path:
                raise Problem(403, "forbidden", "a reader's token")
            return None

        self.server.before = before
        run.log("loss", 1.0)
        with self.refused(AuthenticationException, "a reader's token"):
            run.flush()
        with self.refused(AuthenticationException, "a reader's token"):
            run.log("loss", 2.0)

    def test_a_full_disk_of_the_server_is_waited_for(self):
        run = self.start()
        left = [2]

        def before(handler):
            if handler.command == "POST" and "/metrics" in handler.path and left[0]:
                left[0] -= 1
                raise Problem(507, "disk_full", "no room")
            return None

        self.server.before = before
        with mock.patch.object(_source, "AGAIN_SECONDS", 0.01):
            run.log("loss", 1.0)
            run.flush()
        self.assertEqual((self.values(run), left[0]), ([1.0], 0))

    def test_too_much_that_waits_makes_log_wait(self):
        run = self.start()
        released = threading.Event()
        self.server.before = lambda handler: released.wait(30) and None
        logged = []
        with mock.patch.object(_source, "LIMIT_BYTES", 1000):
            writer = threading.Thread(target=lambda: [logged.append(run.log("loss", number)) for number in range(100)])
            writer.start()
            while len(logged) < 5:  # Some fit.
                self.assertTrue(writer.is_alive())
            released.set()
            writer.join()
            run.flush()
        self.assertEqual(self.values(run), list(range(100)))

    def test_it_does_not_wait_for_ever(self):
        run = self.start()
        port = self.server.server_port
        self.server.stop()
        with mock.patch.object(_source, "LIMIT_BYTES", 0), mock.patch.object(_source, "PATIENCE_SECONDS", 0.0):
            run.log("loss", 1)
            with self.refused(ServerUnreachableException, "'loss' cannot be recorded: 1 point waits to be sent"):
                run.log("loss", 2)
        again = FakeServer(port, self.state)
        self.addCleanup(again.stop)
        run.flush()
        self.assertEqual(self.values(run), [1])

    def test_a_forked_child_is_a_source_of_its_own(self):
        run = self.start()
        run.log("loss", 1)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                run.log("loss", 2)
                run.flush()
                code = 0
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        run.flush()
        self.assertEqual(sorted(self.values(run)), [1, 2])
        self.assertEqual(len(self.state.sources), 2)

    def test_the_interpreter_s_end_sends_the_rest(self):
        script = self.write("script.py", "from muster import Experiment, Workspace\n"
                            "run = Experiment(Workspace.get('default'), 'notes').start_logging(snapshot_directory=None, outputs=False)\n"
                            "for number in range(1000): run.log('loss', number)\n"
                            "print(run.id)\n")
        run_id = subprocess.check_output([sys.executable, script], env=dict(os.environ, PYTHONPATH=PYTHON)).decode().strip()
        self.assertEqual([point["value"] for point in self.state.metrics[run_id]["loss"]], list(range(1000)))

    def test_what_is_not_json_of_the_server_is_an_error_and_no_hang(self):
        run = self.start()
        with mock.patch.object(_source.Source, "_send", side_effect=ValueError("odd")):
            run.log("loss", 1.0)
            with self.refused(ProjectSystemException, "cannot be sent", "odd"):
                run.flush()

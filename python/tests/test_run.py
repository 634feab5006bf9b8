"""Submitting, following and looking at runs."""
import json
import os
import threading
import traceback
from unittest import mock

from fake_server import Drop, FakeServer, event
from server_case import ServerCase

from muster import (ComputeTarget, Environment, Experiment, MpiConfiguration, PyTorchConfiguration, Run, RunConfiguration,
                    ScriptRunConfig)
from muster._runs.errors import exception_of
from muster.exceptions import (ActivityFailedException, ComputeTargetException, ExperimentExecutionException,
                               ModelPathNotFoundException, ProjectSystemException, RunConfigurationException, SnapshotException,
                               UserErrorException)

RUN = "birds_1795230131_0a1b2c3d"
LOG = "azureml-logs/70_driver_log.txt"


class RunCase(ServerCase):
    def run_object(self, **more):
        self.server.run(RUN, **more)
        return Run.get(self.workspace(), RUN)


class SubmitTest(RunCase):
    def submit(self, config, **more):
        with self.printed():
            run = Experiment(self.workspace(), "birds").submit(config, **more)
        return run, self.state.submitted[-1]

    def test_a_script(self):
        self.write("train.py", "print(1)")
        config = ScriptRunConfig(source_directory=self.work, script="train.py", arguments=["--epochs", 3, "--lr", 0.1, "$LOCAL_RANK"])
        run, body = self.submit(config, tags={"a": 1, "b": None}, display_name="first")
        self.assertEqual((body["experiment"], body["script"], body["compute_target"], body["node_count"]),
                         ("birds", "train.py", "local", 1))
        self.assertEqual(body["arguments"], ["--epochs", "3", "--lr", "0.1", "$LOCAL_RANK"])
        self.assertEqual((body["tags"], body["display_name"], body["max_run_duration_seconds"]), ({"a": "1", "b": ""}, "first", 2592000))
        self.assertNotIn("environment", body)
        self.assertNotIn("distribution", body)
        self.assertEqual([file["path"] for file in self.state.snapshots[body["snapshot_id"]]], ["train.py"])
        self.assertEqual((run.status, run.get_status(), run.experiment.name), ("NotStarted", "NotStarted", "birds"))

    def test_a_command_and_distributions(self):
        environment = Environment("torch")
        environment.python.user_managed_dependencies = True
        environment.python.interpreter_path = "/usr/bin/python3"
        _, body = self.submit(ScriptRunConfig(self.work, command=["python", "train.py", "--x"], environment=environment,
                                              distributed_job_config=PyTorchConfiguration("Gloo", process_count=4, node_count=2)))
        self.assertEqual(body["command"], "python train.py --x")
        self.assertEqual(body["distribution"], {"type": "pytorch", "process_count": 4, "backend": "gloo"})
        self.assertEqual(body["node_count"], 2)
        self.assertEqual(body["environment"]["python"]["interpreter_path"], "/usr/bin/python3")
        _, body = self.submit(ScriptRunConfig(self.work, command="hostname", distributed_job_config=MpiConfiguration(2, 3)))
        self.assertEqual((body["distribution"], body["node_count"]), ({"type": "mpi", "process_count_per_node": 2}, 3))

    def test_a_run_configuration(self):
        self.write("train.py")
        shared = RunConfiguration()
        shared.environment_variables = {"A": 1}
        shared.script, shared.arguments = "train.py", "--name 'two words'"
        with self.assertWarns(UserWarning):
            config = ScriptRunConfig(self.work, run_config=shared, compute_target="elsewhere")
        _, body = self.submit(config)
        self.assertEqual((body["environment_variables"], body["arguments"]), ({"A": "1"}, ["--name", "two words"]))
        self.assertEqual(body["compute_target"], "local")

    def test_things_of_another_kind_are_refused_by_name(self):
        with self.refused(UserErrorException, "environment: 'mine'", "Environment.get"):
            ScriptRunConfig(self.work, "train.py", environment="mine")
        with self.refused(UserErrorException, "workspace: None", "Workspace.get"):
            Experiment(None, "birds")
        with self.refused(UserErrorException, "run_id: ''"):
            Run(Experiment(self.workspace(), "birds"), "")
        self.write("train.py")
        shared = RunConfiguration()
        shared.environment = "mine"
        with self.refused(UserErrorException, "environment: 'mine'"):
            self.submit(ScriptRunConfig(self.work, "train.py", run_config=shared))
        with self.refused(UserErrorException, "arguments[0]: ", "is not text"):
            self.submit(ScriptRunConfig(self.work, "train.py", arguments=["\udcff"]))
        self.assertEqual(self.state.snapshots, {})

    def test_what_is_refused(self):
        self.write("src/train.py")
        self.write("other.py")
        experiment = Experiment(self.workspace(), "birds")
        for options in ({}, {"script": "a", "command": "b"}):
            with self.refused(UserErrorException, "script, command: give exactly one"):
                ScriptRunConfig("src", **options)
        with self.refused(RunConfigurationException, "distributed_job_config"):
            ScriptRunConfig("src", "train.py", distributed_job_config="mpi")
        with self.refused(RunConfigurationException, "communication_backend"):
            PyTorchConfiguration("mpi")
        with self.refused(UserErrorException, "compute_target"):
            ScriptRunConfig("src", "train.py", compute_target=3)
        with self.refused(UserErrorException, "arguments"):
            ScriptRunConfig("src", "train.py", arguments="'open")
        for config, kind, text in (
                (ScriptRunConfig("src", "gone.py"), ExperimentExecutionException, "gone.py script path doesn't exist"),
                (ScriptRunConfig("src", "../other.py"), ExperimentExecutionException, "outside of source_directory"),
                (ScriptRunConfig("src", os.path.abspath("other.py")), ExperimentExecutionException, "outside of source_directory"),
                (ScriptRunConfig("gone", "train.py"), UserErrorException, "source_directory: gone is not a folder"),
                (ScriptRunConfig("gone", command="true"), SnapshotException, "gone is not a folder"),
                (ScriptRunConfig("src", "train.py", ["--x", ["a"]]), UserErrorException, "arguments: ['a'] is of type list"),
                (ScriptRunConfig("src", "train.py", compute_target="nowhere"), ComputeTargetException, "nowhere"),
                ("train.py", UserErrorException, "ScriptRunConfig")):
            with self.printed(), self.refused(kind, text):
                experiment.submit(config)
        with self.refused(UserErrorException, "submit does not know colour"):
            experiment.submit(ScriptRunConfig("src", "train.py"), colour="red")
        self.assertEqual(self.state.submitted, [])

    def test_experiments(self):
        for name in ("a/b", "", "x" * 300, "-a", None, "\u00e9"):
            with self.refused(UserErrorException, "name"):
                Experiment(self.workspace(), name)
        workspace = self.workspace()
        experiment = Experiment(workspace, "birds")
        self.assertEqual([item.name for item in Experiment.list(workspace)], ["birds"])
        self.assertEqual(list(workspace.experiments), ["birds"])
        experiment.tag("k", "v")
        self.assertEqual(experiment.tags, {"k": "v"})
        experiment.remove_tags(["k"])
        experiment.refresh()
        self.assertEqual((experiment.tags, experiment.id), ({}, "1"))

    def test_lists_of_runs(self):
        for index in range(7):
            self.server.run("birds_1_%08x" % index, tags={"even": str(index % 2 == 0)}, properties={"n": str(index)})
        self.server.run("child", parent_run_id="birds_1_00000000")
        self.server.run("other", experiment="fish")
        experiment = Experiment(self.workspace(), "birds")
        self.assertEqual([run.properties["n"] for run in experiment.get_runs()], list("6543210"))
        self.assertEqual([run.properties["n"] for run in experiment.get_runs(tags={"even": True})], list("6420"))
        self.assertEqual(list(experiment.get_runs(tags="odd")), [])
        self.assertEqual([run.properties["n"] for run in Run.list(experiment, properties={"n": 3})], ["3"])
        self.assertIn("child", [run.id for run in experiment.get_runs(include_children=True)])
        self.state.listed.clear()
        ordered = experiment.get_runs(order_by="metrics.acc desc", metrics=["acc>=0.9", "loss<1"], parameters="lr<0.1")
        self.assertEqual(len(list(ordered)), 7)
        self.assertEqual(self.state.listed[0], {"experiment": ["birds"], "order_by": ["metrics.acc desc"], "metric": ["acc>=0.9", "loss<1"],
                                                "parameter": ["lr<0.1"]})
        parent = self.workspace().get_run("birds_1_00000000")
        self.assertEqual([run.id for run in parent.get_children()], ["child"])
        self.assertEqual(next(parent.get_children()).parent.id, parent.id)

    def test_a_run_that_is_not_there(self):
        with self.refused(ProjectSystemException, "no run nothing"):
            self.workspace().get_run("nothing")
        self.server.run("other", experiment="fish")
        with self.refused(ProjectSystemException, "'fish'", "'birds'"):
            Run(Experiment(self.workspace(), "birds"), "other")

    def test_git_is_recorded(self):
        import subprocess
        self.write("train.py")
        for arguments in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"],
                          ["remote", "add", "origin", "https://me:password@host/x.git"]):
            subprocess.check_call(["git", "-C", self.work] + arguments)
        _, body = self.submit(ScriptRunConfig(self.work, "train.py"), properties={"mine": 1})
        self.assertRegex(body["properties"]["azureml.git.commit"], "^[0-9a-f]{40}$")
        self.assertEqual(body["properties"]["azureml.git.repository_uri"], "https://host/x.git")
        self.assertEqual((body["properties"]["azureml.git.dirty"], body["properties"]["mine"]), ("False", "1"))


class FollowTest(RunCase):
    def log(self, offset, text, path=LOG, rank=0, **more):
        return event("log", dict({"path": path, "offset": offset, "node_rank": 0, "rank": rank, "time": "t", "text": text}, **more))

    def wait(self, run, **options):
        with self.printed() as (out, _):
            try:
                details = run.wait_for_completion(**options)
            finally:
                self.output = out.getvalue()
        return details

    def status(self, status, **more):
        return event("status", dict(self.state.runs[RUN], status=status, **more))

    def end(self, status="Completed", **more):
        return event("end", dict(self.state.runs[RUN], status=status, **more))

    def test_the_format(self):
        run = self.run_object()
        self.state.logs[RUN] = {LOG: b"x"}
        self.state.streams = [lambda query: self.status("Queued", status_detail="waits for 1 node") + b": keep alive\n\n"
                              + self.status("Running")
                              + self.log(0, "Epoch 0\nEp", "azureml-logs/20_image_build_log.txt", None) + self.log(0, "one\ntw")
                              + self.log(6, "o\n") + self.log(0, "not shown", "azureml-logs/70_driver_log_1.txt", 1)
                              + self.end(warnings=["careful"])]
        details = self.wait(run, show_output=True)
        view = run.get_portal_url()
        self.assertEqual(self.output, (
            "RunId: {0}\nWeb View: {1}\nQueued: waits for 1 node\n\n"
            "Streaming azureml-logs/20_image_build_log.txt\n{2}\n\nEpoch 0\nEp\n\n"
            "Streaming {4}\n{3}\n\none\ntwo\n\n"
            "Execution Summary\n=================\nRunId: {0}\nWeb View: {1}\n\nWarnings:\ncareful\n\n").format(
                RUN, view, "=" * 45, "=" * 40, LOG))
        self.assertEqual((details["runId"], details["status"], run.status), (RUN, "Completed", "Completed"))
        self.assertEqual(details["logFiles"], {LOG: "{}/api/v1/signed-logs/default/{}/{}?attempt=1&node_rank=0&expires=1795300000"
                                                    "&signature={}".format(self.server.url, RUN, LOG, "5" * 64)})

    def test_bytes_that_are_not_utf8_and_characters_cut_in_two(self):
        run = self.run_object()
        self.state.streams = [lambda query: self.log(0, None, base64="YcM=") + self.log(2, None, base64="qWIK")
                              + self.log(5, None, base64="/wo=")
                              + self.end()]
        self.wait(run, show_output=True)
        self.assertIn("a\u00e9b\n\ufffd\n", self.output)

    def test_it_resumes_where_it_was(self):
        run = self.run_object()
        asked = []

        def stream(*chunks):
            def send(query):
                asked.append(json.loads(query.get("positions", "{}")))
                return b"".join(chunks)
            return send

        self.state.streams = [stream(self.status("Running"), self.log(0, "one\n")),
                              stream(self.log(2, "e\ntwo\n"), self.log(8, "never seen")[:-9]),
                              stream(self.log(8, "three\n"), self.end())]
        self.wait(run, show_output=True)
        self.assertEqual(asked, [{}, {"0:" + LOG: 4}, {"0:" + LOG: 8}])
        self.assertIn("\n\none\ntwo\nthree\n\nExecution Summary\n", self.output)

    def test_the_server_goes_away_and_returns(self):
        run = self.run_object()
        port = self.server.server_port
        returned = []

        def away(printer, reason):
            returned.append(FakeServer(port, self.state))
            self.addCleanup(returned[-1].stop)

        def stop(query):  # asked for what follows the first stream, which has been printed then
            stopping = threading.Thread(target=self.server.stop)
            stopping.start()
            stopping.join(30)
            return b""

        self.state.streams = [lambda query: self.log(0, "before\n"), stop, lambda query: self.log(7, "after\n") + self.end()]
        with self.printed() as (out, _), mock.patch("muster._runs.show.OutputPrinter.away", away):
            run.wait_for_completion(show_output=True)
        self.assertEqual(len(returned), 1)
        self.assertIn("before\nafter\n", out.getvalue())

    def test_the_server_stays_away(self):
        run = self.run_object()
        self.server.stop()
        os.environ["MUSTER_RECONNECT_SECONDS"] = "1"
        with self.refused(ExperimentExecutionException, "It goes on without the server"):
            self.wait(run, show_output=True)
        self.assertIn("[muster] The Muster server at", self.output)

    def test_a_run_that_goes_is_an_error_at_once(self):
        run = self.run_object()
        del self.state.runs[RUN]
        with self.refused(ProjectSystemException, "There is no run"):
            self.wait(run)

    def test_failed_raises_with_the_cause(self):
        traceback = ('Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    main()\n'
                     'ValueError: no birds\nat all\n')
        error = {"code": "user_error", "message": "ValueError: no birds", "rank": 0, "node_rank": 0, "exit_code": 1, "signal": None,
                 "traceback": traceback, "log": LOG}
        run = self.run_object()
        self.state.streams = [lambda query: self.end("Failed", error=error)]
        with self.refused(ActivityFailedException, "Activity Failed:\n{", "ValueError: no birds", "train.py"):
            self.wait(run, show_output=True)
        self.assertNotIn("Error:\n", self.output)
        details = self.wait(run, show_output=True, raise_on_error=False)
        self.assertTrue(self.output.endswith("\n\nError:\nValueError: no birds\n\n" + traceback + "\n"), self.output)
        error = details["error"]
        self.assertEqual((error["error"]["code"], error["error"]["message"]), ("UserError", "ValueError: no birds"))
        self.assertEqual(error["error"]["debugInfo"], {"type": "ValueError", "message": "no birds\nat all", "stackTrace": traceback})
        self.assertEqual((error["rank"], error["exitCode"], error["signal"], error["log"]), (0, 1, None, LOG))

    def test_an_error_is_said_once(self):
        traceback = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\nValueError: no birds\n'
        error = {"code": "user_error", "message": "ValueError: no birds (exit code 1)", "rank": 0, "node_rank": 0, "exit_code": 1,
                 "signal": None, "traceback": traceback, "last_lines": None, "log": LOG}
        run = self.run_object()
        self.state.streams = [lambda query: self.log(0, traceback) + self.end("Failed", error=error)]
        with self.refused(ActivityFailedException) as caught:
            self.wait(run)
        self.assertEqual(str(caught.exception).count("Traceback"), 1)
        self.assertEqual(str(caught.exception).count("ValueError: no birds (exit code 1)"), 1)
        self.wait(run, show_output=True, raise_on_error=False)
        self.assertEqual(self.output.count("Traceback"), 1)
        self.assertTrue(self.output.endswith("\n\nError:\nValueError: no birds (exit code 1)\n\n"), self.output)

    def test_without_a_traceback_the_logs_last_lines_are_the_cause(self):
        error = {"code": "user_error", "message": "the script ended with exit code 1", "rank": 0, "node_rank": 0, "exit_code": 1,
                 "signal": None, "traceback": None, "last_lines": "starting\ncannot open x", "log": LOG}
        run = self.run_object()
        self.state.streams = [lambda query: self.end("Failed", error=error)]
        details = self.wait(run, show_output=True, raise_on_error=False)
        self.assertEqual(details["error"]["error"]["message"],
                         "the script ended with exit code 1\nIts log ends with:\nstarting\ncannot open x")
        self.assertTrue(self.output.endswith("\n\nError:\nthe script ended with exit code 1\n\nstarting\ncannot open x\n\n"), self.output)

    def test_failed_without_an_error(self):
        run = self.run_object()
        self.state.streams = [lambda query: self.end("Failed")]
        with self.refused(ActivityFailedException, "Detailed error not set on the Run"):
            self.wait(run)

    def test_canceled_raises_nothing(self):
        run = self.run_object()
        self.state.streams = [lambda query: self.end("Canceled")]
        self.assertEqual(self.wait(run)["status"], "Canceled")

    def test_ctrl_c_leaves_the_run_going(self):
        run = self.run_object()
        with mock.patch("muster.run.follow", side_effect=KeyboardInterrupt):
            with self.refused(ExperimentExecutionException, "still executing", "muster run cancel " + RUN):
                self.wait(run, show_output=True)

    def test_exceptions_in_tracebacks(self):
        chained = ("Traceback (most recent call last):\n  File \"a\", line 1\nKeyError: 'a'\n\nDuring handling of the above exception, "
                   "another exception occurred:\n\nTraceback (most recent call last):\n  File \"a\", line 2, in f\n    x\n    ^\n"
                   "my.module.Error\n")
        for text, expected in ((chained, ("my.module.Error", "")), ("", ("", "")), ("no traceback", ("", "")),
                               ("Traceback (most recent call last):", ("", ""))):
            self.assertEqual(exception_of(text), expected)


class LookingTest(RunCase):
    def test_details_while_it_runs(self):
        run = self.run_object(distribution={"type": "pytorch", "process_count": 2, "backend": "gloo"},
                              stages=[{"name": "Running", "started_at": "t", "ended_at": None}])
        details = run.get_details()
        self.assertEqual((details["target"], details["status"], details["startTimeUtc"]),
                         ("local", "Running", "2026-11-21T03:22:11.123456Z"))
        for absent in ("endTimeUtc", "error", "warnings"):
            self.assertNotIn(absent, details)
        self.assertEqual((details["runDefinition"]["framework"], details["runDefinition"]["communicator"]), ("PyTorch", "gloo"))
        self.assertEqual(details["stages"][0]["name"], "Running")
        self.assertEqual(run.get_detailed_status(), {"status": "Running", "details": None})
        self.assertEqual(run.get_snapshot_id(), "ab" * 32)

    def test_a_run_that_its_job_ends_is_not_ended_from_outside(self):
        run = self.run_object()
        for end in (run.complete, run.fail):
            with self.refused(UserErrorException, "cannot end the run " + run.id, "run.cancel()"):
                end()
        self.state.runs[RUN]["status"] = "Completed"
        run.complete()

    def test_cancel(self):
        run = self.run_object()
        run.cancel()
        self.assertEqual(run.get_status(), "CancelRequested")
        self.state.runs[RUN]["status"] = "Completed"
        with self.refused(UserErrorException, "The run has ended: it is Completed"):
            run.cancel()

    def test_tags_and_properties(self):
        run = self.run_object(tags={"a": "1"})
        run.tag("b", 2)
        run.set_tags({"c": None})
        run.remove_tags(["a"])
        self.assertEqual((run.get_tags(), run.tags), ({"b": "2", "c": ""}, {"b": "2", "c": ""}))
        run.add_properties({"p": 1})
        run.add_properties({"p": 1})
        with self.refused(UserErrorException, "cannot change"):
            run.add_properties({"p": 2})
        self.assertEqual(run.get_properties(), {"p": "1"})
        run.log_parameter("lr", 0.1)
        run.log_parameters({"lr": 0.1, "depth": None})
        with self.refused(UserErrorException, "cannot change"):
            run.log_parameter("lr", 0.2)
        self.assertEqual(run.get_parameters(), {"lr": "0.1", "depth": ""})
        run.description = "a try"
        self.assertEqual((run.description, run.number), ("a try", 1))
        run.display_name = "shown"
        self.assertEqual(run.name, "shown")

    def test_metrics(self):
        run = self.run_object()

        def points(*values, rank=0):
            return [{"value": value, "step": index, "time": "t", "rank": rank} for index, value in enumerate(values)]

        self.state.metrics[RUN] = {
            "lr": points(0.001), "acc": points(0.5, 0.75, "NaN"), "list": points({"list": [1]}),
            "lists": points({"list": [1, 2]}, {"list": [3]}),
            "row": points({"row": {"x": 1, "y": "Infinity"}}), "rows": points({"row": {"x": 1}}, {"row": {"x": 2}}),
            "table": points({"table": {"a": [1, 2], "b": [3, 4]}}), "flat": points({"table": {"a": 1}}), "text": points("x"),
            "none": points(None),
            "image": points({"image": "outputs/a.png"}), "both": points(1) + points(2, rank=1)}
        metrics = run.get_metrics()
        self.assertEqual(repr(metrics.pop("acc")), "[0.5, 0.75, nan]")
        self.assertEqual(metrics, {
            "lr": 0.001, "list": [1], "lists": [1, 2, 3], "row": {"x": 1, "y": float("inf")}, "rows": {"x": [1, 2]}, "none": None,
            "text": "x",
            "table": {"a": [1, 2], "b": [3, 4]}, "flat": {"a": 1}, "image": "outputs/a.png", "both": 1})
        self.assertEqual(run.get_metrics("both", rank="all"), {"both": [1, 2]})
        self.assertEqual(run.get_metrics("both", rank=1), {"both": 2})
        self.assertEqual(run.get_metrics(name="unknown"), {})
        self.assertEqual(run.get_metrics("lr", recursive=True), {RUN: {"lr": 0.001}})
        self.assertEqual(run.get_metric_points("lr"), {"lr": [{"value": 0.001, "step": 0, "time": "t", "rank": 0}]})

    def test_points_are_logged_from_outside_of_a_job_as_well(self):
        run = self.run_object()
        run.log("note", 1.5)
        self.assertEqual(run.get_metrics(), {"note": 1.5})

    def test_metric_curves(self):
        run = self.run_object()
        self.state.metrics[RUN] = {
            "acc": [{"value": value, "step": step, "time": "t", "rank": 0} for step, value in enumerate([0.5, "NaN", "Infinity"])],
            "lr": [{"value": 0.001, "step": None, "time": "t", "rank": 0}]}
        acc, lr = run.get_metric_curves(points=2)
        self.assertEqual((acc["name"], acc["count"], acc["min"], acc["max"]), ("acc", 3, 0.5, float("inf")))
        self.assertEqual(acc["last"], {"value": float("inf"), "step": 2, "time": "t"})
        self.assertEqual(repr([point["value"] for point in acc["points"]]), "[0.5, nan]")
        self.assertEqual(lr["points"], [{"value": 0.001, "step": None, "time": "t"}])
        self.assertEqual([curve["name"] for curve in run.get_metric_curves("lr")], ["lr"])


class FilesTest(RunCase):
    def setUp(self):
        super().setUp()
        self.run_ = self.run_object()
        self.state.artifacts[RUN] = {"outputs/model.pt": b"weights" * 1000, "outputs/sub/a.txt": b"a", "outputs/empty": b""}
        self.state.logs[RUN] = {LOG: b"line\n"}

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_names(self):
        self.assertEqual(self.run_.get_file_names(), [LOG, "outputs/empty", "outputs/model.pt", "outputs/sub/a.txt"])

    def test_download(self):
        with self.printed():
            self.run_.download_file("outputs/model.pt")
            self.run_.download_file(name="outputs/model.pt", output_file_path="./model/model.pt")
            self.run_.download_file("outputs/empty", "into/")
            self.run_.download_file(LOG)
        self.assertEqual(self.read("model.pt"), b"weights" * 1000)
        self.assertEqual(self.read("model/model.pt"), b"weights" * 1000)
        self.assertEqual((self.read("into/empty"), self.read("70_driver_log.txt")), (b"", b"line\n"))
        with self.refused(UserErrorException, "File with path outputs/no was not found, available files include: ", "outputs/model.pt"):
            self.run_.download_file("outputs/no")
        with self.refused(UserErrorException, "model.pt exists", "overwrite=False"):
            self.run_.download_file("outputs/model.pt", overwrite=False)
        self.write("model.pt", "old")
        with self.printed():
            self.run_.download_file("outputs/model.pt")
        self.assertEqual(self.read("model.pt"), b"weights" * 1000)
        with self.printed(), self.refused(UserErrorException, "cannot be written"):
            self.run_.download_file("outputs/model.pt", "model.pt/below")

    def test_a_download_goes_on_where_it_broke(self):
        data = self.state.artifacts[RUN]["outputs/model.pt"]
        ranges = []

        def before(handler):
            if "/artifacts/" in handler.path:
                ranges.append(handler.headers.get("Range"))
                if len(ranges) == 1:
                    handler.send_response(200)
                    handler.send_header("Content-Length", str(len(data)))
                    handler.end_headers()
                    handler.wfile.write(data[:1000])
                    handler.wfile.flush()
                    raise Drop

        self.server.before = before
        with self.printed():
            self.run_.download_file("outputs/model.pt")
        self.assertEqual(ranges, [None, "bytes=1000-"])
        self.assertEqual(self.read("model.pt"), data)

    def test_damage_is_seen_and_leaves_nothing(self):
        def before(handler):
            if "/artifacts/" in handler.path:
                handler.answer(200, raw=b"x" * 7000)
                return True

        self.server.before = before
        with self.printed(), self.refused(ProjectSystemException, "arrived damaged"):
            self.run_.download_file("outputs/model.pt")
        self.assertEqual(os.listdir("."), [])

    def test_download_files(self):
        with self.printed():
            self.run_.download_files(prefix="outputs/", output_directory="all")
            self.run_.download_files(prefix="outputs/sub/", output_directory="cut", append_prefix=False)
        self.assertEqual(self.read("all/outputs/sub/a.txt"), b"a")
        self.assertEqual(self.read("cut/a.txt"), b"a")
        os.unlink("all/outputs/empty")
        with self.refused(UserErrorException, "exists"):
            self.run_.download_files(prefix="outputs/", output_directory="all", overwrite=False)
        self.assertFalse(os.path.exists("all/outputs/empty"))
        with self.printed():
            self.run_.download_files(prefix="outputs/", output_directory="all")
        self.assertTrue(os.path.exists("all/outputs/empty"))
        with self.refused(UserErrorException, "no file of the run begins with 'x'"):
            self.run_.download_files(prefix="x")

    def test_logs(self):
        self.assertEqual(self.run_.get_all_logs(), [os.path.join("assets", RUN, LOG)])
        self.assertEqual(self.read(os.path.join("assets", RUN, LOG)), b"line\n")
        self.assertEqual(self.run_.get_details_with_logs()["logFiles"], {LOG: "line\n"})

    def test_upload(self):
        path = self.write("note.txt", "hello")
        with self.printed():
            self.run_.upload_file("notes/note.txt", path)
            with open(path, "rb") as file:
                self.run_.upload_file("stream.txt", file)
            self.run_.upload_folder("folder", self.write("tree/deep/leaf", "x")[:-len("/deep/leaf")])
        self.assertEqual(self.state.artifacts[RUN]["notes/note.txt"], b"hello")
        self.assertEqual(self.state.artifacts[RUN]["stream.txt"], b"hello")
        self.assertEqual(self.state.artifacts[RUN]["folder/deep/leaf"], b"x")
        with self.printed(), self.refused(UserErrorException, "artifacts are written once"):
            self.run_.upload_file("notes/note.txt", path)
        for name in ("", "/a", "a/../b"):
            with self.refused(UserErrorException, "name"):
                self.run_.upload_file(name, path)
        with self.refused(UserErrorException, "cannot be read"):
            self.run_.upload_file("x", "gone")

    def test_an_upload_whose_answer_was_lost(self):
        left = [1]

        def before(handler):
            if handler.command == "PUT" and left:
                left.pop()
                self.state.artifacts[RUN]["once"] = handler.body
                raise Drop

        self.server.before = before
        with self.printed():
            self.run_.upload_file("once", self.write("a", "content"))
        self.assertEqual(self.state.artifacts[RUN]["once"], b"content")

    def test_register_model(self):
        model = self.run_.register_model(model_name="pytorch-birds", model_path="outputs/model.pt", tags={"k": 1})
        self.assertEqual((model.name, model.version, model.id, model.run_id, model.tags),
                         ("pytorch-birds", 1, "pytorch-birds:1", RUN, {"k": "1"}))
        self.assertEqual(self.run_.register_model("pytorch-birds", "outputs/").version, 2)
        with self.refused(ModelPathNotFoundException, "Could not locate the provided model_path outputs/no", "outputs/model.pt"):
            self.run_.register_model("pytorch-birds", "outputs/no")
        try:
            self.run_.register_model("pytorch-birds", "outputs/no")
        except ModelPathNotFoundException as error:
            said = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.assertEqual((said.count("outputs/model.pt"), said.count("Could not locate")), (1, 1), said)

    def test_in_its_job_a_run_can_do_all_this_too(self):
        os.environ.update({"MUSTER_RUN_ID": RUN, "MUSTER_METRICS_DIR": os.path.join(self.folder, "m"), "MUSTER_RUN_TOKEN": "secret",
                           "MUSTER_EXPERIMENT": "birds", "MUSTER_WORKSPACE": "default"})
        others = threading.enumerate()
        run = Run.get_context()
        run.tag("from", "inside")
        self.assertEqual(run.get_tags(), {"from": "inside"})
        with self.printed():
            run.upload_file("x.txt", self.write("x.txt", "x"))
        self.assertEqual(ComputeTarget(run.experiment.workspace, "local").type, "local")
        requests = len(self.state.requests)
        run.log("loss", 1.0)
        self.assertEqual(len(self.state.requests), requests)
        self.assertFalse([thread for thread in threading.enumerate() if thread not in others and thread.name.startswith("muster")])

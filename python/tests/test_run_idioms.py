"""What real training scripts do with a run: at module level, in workers, in objects that are copied and pickled."""
import copy
import os
import pickle
import subprocess
import sys
import threading

from server_case import ServerCase
from support import PYTHON, Case, read_journals

from muster import Experiment, Run
from muster._recording import segment
from muster.exceptions import UserErrorException

WORKERS = '''
import multiprocessing, os, sys
from azureml.core.run import Run, _OfflineRun
run = Run.get_context()                       # before anybody knows a rank
assert not isinstance(run, _OfflineRun)

def work(rank):
    os.environ["RANK"] = str(rank)
    run.log("loss", rank)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(rank,)) for rank in (1, 2)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    work(0)
'''


class Trainer:
    """As frameworks keep a run: in an object that is copied and sent to other processes."""

    def __init__(self, run):
        self.run, self.epochs = run, 3


def log_until(run, stop):
    while not stop.is_set():
        run.log("loss", 1.0)


def ranks(folder):
    """{rank: its points} of all journals of a folder."""
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[int.from_bytes(file.read()[24:28], "little", signed=True)] = name.split(".")[0]
    journals = read_journals(folder)
    return {rank: [point["number"] for point in journals[key]] for rank, key in found.items()}


class JobTest(Case):
    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.work, "metrics")
        os.environ.update(MUSTER_RUN_ID="birds_1_0a0a0a0a", MUSTER_METRICS_DIR=self.folder)
        os.environ.pop("RANK", None)

    def test_workers_that_learn_their_rank_later_log_under_it(self):
        self.write("train.py", WORKERS)
        for method in ("fork", "spawn"):
            os.environ["MUSTER_METRICS_DIR"] = os.path.join(self.folder, method)
            done = subprocess.run([sys.executable, "train.py", method], env=dict(os.environ, PYTHONPATH=PYTHON), stderr=subprocess.PIPE,
                                  timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(ranks(os.environ["MUSTER_METRICS_DIR"]), {0: [0.0], 1: [1.0], 2: [2.0]}, method)

    def test_copies_and_pickles_log_too(self):
        trainer = Trainer(Run.get_context())
        trainer.run.log("loss", 1.0)
        copies = [copy.copy(trainer), copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))]
        for number, one in enumerate(copies):
            one.run.log("loss", float(number + 2))
            self.assertEqual((one.run.id, one.epochs), ("birds_1_0a0a0a0a", 3))
        self.assertEqual([point["number"] for points in read_journals(self.folder).values() for point in points], [1.0, 2.0, 3.0, 4.0])

    def test_a_fork_while_another_thread_logs_never_hangs(self):
        self.addCleanup(setattr, segment, "_ORDERED_STORES", segment._ORDERED_STORES)
        for ordered in (True, False):  # as on x86, and as on other processors
            segment._ORDERED_STORES = ordered
            run = Run.get_context()
            stop = threading.Event()
            thread = threading.Thread(target=log_until, args=(run, stop))
            thread.start()
            try:
                for _ in range(50):
                    child = os.fork()
                    if child == 0:
                        run.log("loss", 2.0)
                        Run.get_context().log("loss", 3.0)
                        os._exit(0)
                    self.assertEqual(os.waitpid(child, 0)[1], 0)
            finally:
                stop.set()
                thread.join()

    def test_charts(self):
        run = Run.get_context()
        matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0",
                  "data": {"class_labels": ["0", "1"], "matrix": [[3, 1], [0, 4]]}}
        run.log_confusion_matrix("matrix", matrix)
        run.log_residuals("residuals", '{"schema_type": "residuals", "data": {"bin_edges": [0, 1], "bin_counts": [2]}}')
        run.log_accuracy_table("table", {"schema_type": "accuracy_table", "data": {"probability_tables": []}})
        run.log_predictions("predictions", {"schema_type": "predictions", "data": {"bin_averages": [1.5]}})
        [points] = read_journals(self.folder).values()
        self.assertEqual([point["name"] for point in points], ["matrix", "residuals", "table", "predictions"])
        self.assertIn('{"row": {"schema_type": "confusion_matrix"', points[0]["json"])
        for value in ({"schema_type": "residuals"}, {"schema_type": "confusion_matrix", "data": {}}, "{", 3):
            with self.refused(UserErrorException, "log_confusion_matrix"):
                run.log_confusion_matrix("matrix", value)


class OutsideTest(ServerCase):
    def test_a_run_and_its_workspace_can_be_copied_and_pickled(self):
        self.server.run("birds_1795230131_0a1b2c3d", tags={"a": "b"})
        run = Run.get(self.workspace(), "birds_1795230131_0a1b2c3d")
        run.log("loss", 1.0)
        run.flush()
        for again in (copy.deepcopy(Trainer(run)).run, pickle.loads(pickle.dumps(Trainer(run))).run):
            self.assertEqual((again.id, again.get_tags(), again.experiment.name), (run.id, {"a": "b"}, "birds"))
            again.log("loss", 2.0)
            again.flush()
        self.assertEqual(run.get_metrics(), {"loss": [1.0, 2.0, 2.0]})
        self.assertNotIn(b"secret", pickle.dumps(run))

    def test_run_details_tell_how_the_run_is(self):
        from azureml.widgets import RunDetails
        run_id = self.server.run(status="Running")
        self.state.metrics[run_id] = {"acc": [{"value": 0.5, "step": None, "time": None, "rank": 0},
                                              {"value": 0.75, "step": None, "time": None, "rank": 0}]}
        with self.printed() as (out, _):
            RunDetails(Run.get(self.workspace(), run_id)).show()
        said = out.getvalue()
        self.assertIn("RunId: {}\nStatus: Running\nWeb View: http".format(run_id), said)
        self.assertIn("acc: 0.75\nIt goes on; ", said)

    def test_an_interactive_run_in_a_with(self):
        with self.printed(), Experiment(self.workspace(), "notes").start_logging(snapshot_directory=None, outputs=False) as run:
            run.log("loss", 1.0)
        self.assertEqual(run.get_status(), "Completed")

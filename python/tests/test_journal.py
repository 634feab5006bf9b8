"""The metric journal: kills, forks, threads, signals, full disks, and the errors of what may be logged."""
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from support import Case, PYTHON, read_journals

from muster import Run
from muster._recording import journal as _journal, segment as _segment
from muster._recording.journal import Journal
from muster._recording.logging import JournalLogger
from muster.exceptions import RunEnvironmentException, UserErrorException


class JournalCase(Case):
    def setUp(self):
        super().setUp()
        self.metrics = os.path.join(self.folder, "metrics")

    def logger(self, **options):
        return JournalLogger(Journal(self.metrics, **options))

    def only_journal(self):
        journals = read_journals(self.metrics)
        self.assertEqual(len(journals), 1)
        return list(journals.values())[0]

    def values(self):
        return [point.get("number", point.get("json")) for point in self.only_journal()]

    def child(self, code):
        """A Python that has the package and the journal's folder."""
        environment = dict(os.environ, PYTHONPATH=PYTHON, MUSTER_METRICS_DIR=self.metrics, MUSTER_RUN_ID="birds_1_0a1b2c3d")
        return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class RecordingTest(JournalCase):
    def test_nothing_logged_leaves_no_file(self):
        self.logger()
        self.assertFalse(os.path.exists(self.metrics))

    def test_numbers_steps_and_times(self):
        logger = self.logger()
        before = int(time.time() * 1e6)
        logger.log("loss", 0.5)
        logger.log("loss", 3, step=0)
        logger.log("loss", -1.5, "a description", step=-7)
        logger.log("loss", 2 ** 53 + 1)
        after = int(time.time() * 1e6)
        points = self.only_journal()
        self.assertEqual([point["step"] for point in points], [None, 0, -7, None])
        self.assertEqual([point.get("number") for point in points], [0.5, 3.0, -1.5, None])
        self.assertEqual([point.get("integer") for point in points], [False, True, False, None])
        self.assertEqual(points[3]["json"], str(2 ** 53 + 1))
        times = [point["time"] for point in points]
        self.assertEqual(times, sorted(times))
        self.assertTrue(before - 1000 <= times[0] and times[-1] <= after + 1000)

    def test_other_scalars(self):
        logger = self.logger()
        for value in ("text", True, False, None, "\u00e9\U0001F426"):
            logger.log("v", value)
        self.assertEqual(self.values(), ['"text"', "true", "false", "null", '"\u00e9\U0001F426"'])

    def test_lists_rows_tables(self):
        logger = self.logger()
        logger.log_list("l", range(3))
        logger.log_list("l", [float("nan"), "x", None])
        logger.log_row("r", x=1, y=float("inf"))
        logger.log_table("t", {"a": [1, 2], "b": (3, 4)})
        self.assertEqual(self.values(), ['{"list": [0, 1, 2]}', '{"list": ["NaN", "x", null]}', '{"row": {"x": 1, "y": "Infinity"}}',
                                         '{"table": {"a": [1, 2], "b": [3, 4]}}'])

    def test_numpy_and_torch_shaped_things_without_either(self):
        class Scalar:
            dtype, shape = "float32", ()

            def __init__(self, value):
                self.value = value

            def item(self):
                return self.value

        class Array:
            dtype, shape = "float32", (2,)

            def item(self):
                raise ValueError("only one element tensors can be converted")

        class Float64(float):
            dtype, shape = "float64", ()

        class Odd:
            def __repr__(self):
                return "<odd>"

        logger = self.logger()
        for value in (Scalar(0.5), Scalar(3), Scalar(True), Float64(1.25), Odd()):
            logger.log("v", value)
        logger.log("v", Float64("nan"), step=Scalar(4).item())
        self.assertEqual(self.values()[:5], [0.5, 3.0, "true", 1.25, '"<odd>"'])
        self.assertEqual(self.only_journal()[5]["step"], 4)
        with self.refused(UserErrorException, "log_list"):
            logger.log("v", Array())

    def test_what_log_refuses(self):
        logger = self.logger()
        for value in ([1], (1,), range(2), {1}, (x for x in [1])):
            with self.refused(UserErrorException, "run.log does not support list type", "log_list"):
                logger.log("v", value)
        with self.refused(UserErrorException, "log_row"):
            logger.log("v", {"a": 1})
        for name in ("", "x" * 256):
            with self.refused(UserErrorException, "1 to 255 characters"):
                logger.log(name, 1.0)
        for name in (None, 3, [], b"x"):
            with self.refused(UserErrorException, "name", "string"):
                logger.log(name, 1.0)
        with self.refused(UserErrorException, "UTF-8"):
            logger.log("\ud800", 1.0)
        with self.refused(UserErrorException, "UTF-8"):
            logger.log("v", "\ud800")
        for step in ("x", 1.5, 2 ** 63, float("nan"), [1]):
            with self.refused(UserErrorException, "step"):
                logger.log("v", 1.0, step=step)
        with self.refused(UserErrorException, "1048576"):
            logger.log("v", "x" * (1 << 20))

        class LongDouble:
            dtype, shape = "float128", ()

            def item(self):
                return self

            def __float__(self):
                return float("inf")  # as NumPy's gives what is beyond a double

        class Odd(LongDouble):
            def __float__(self):
                raise OverflowError("int too large to convert to float")

        class Whole(LongDouble):
            def item(self):
                return 10 ** 400

        for value in (10 ** 400, -10 ** 308 * 10, LongDouble(), Odd(), Whole()):
            for log, logged in ((logger.log, value), (logger.log_list, [1, value]), (logger.log_table, {"x": [1, value]}),
                                (logger.log_table, {"x": value})):
                with self.refused(UserErrorException, "the metric 'big'", "beyond a double"):
                    log("big", logged)
            with self.refused(UserErrorException, "the metric 'big'", "beyond a double"):
                logger.log_row("big", x=value)
            with self.refused(UserErrorException, "the metric 'big'", "beyond a double"):
                logger.log("big", value, step=3)
        with self.refused(UserErrorException, "different lengths", "a has 2", "b has 1"):
            logger.log_table("t", {"a": [1, 2], "b": [1]})
        with self.refused(UserErrorException, "columns"):
            logger.log_table("t", [1])
        with self.refused(UserErrorException, "columns"):
            logger.log_row("r")
        with self.refused(UserErrorException, "log_list takes a list"):
            logger.log_list("l", "text")
        with self.refused(UserErrorException, "exactly one"):
            logger.log_image("i")
        self.assertFalse(os.path.exists(self.metrics) and read_journals(self.metrics) and self.values())
        logger.log("still", 1.0)
        self.assertEqual(self.values(), [1.0])

    def test_images_go_to_outputs(self):
        picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
        logger = self.logger()
        logger.log_image("plot", path=self.write("elsewhere.png", picture))
        logger.log_image("plot", path=self.write("outputs/here.png", picture))

        class Plot:
            def savefig(self, target, format):
                with open(target, "wb") as file:
                    file.write(picture)

        logger.log_image("a/b c", plot=Plot())
        images = [eval(value)["image"] for value in self.values()]
        self.assertEqual(images[1], "outputs/here.png")
        self.assertRegex(images[0], r"^outputs/plot_\d+\.png$")
        self.assertRegex(images[2], r"^outputs/a_b_c_\d+\.png$")
        for image in images:
            with open(os.path.join(self.work, image), "rb") as file:
                self.assertEqual(file.read(), picture)
        with self.refused(UserErrorException, "not an image"):
            logger.log_image("text", path=self.write("no.png", b"text"))
        with self.refused(UserErrorException, "cannot be read"):
            logger.log_image("gone", path="gone.png")

    def test_segments_follow_one_another_and_double(self):
        logger = self.logger(first_segment_bytes=4096)
        for index in range(1000):
            logger.log("m%d" % (index % 3), float(index), step=index)
        logger.log("big", "x" * 100000)
        logger.log("after", 1.0)
        points = self.only_journal()
        self.assertEqual([point["number"] for point in points[:1000]], [float(index) for index in range(1000)])
        self.assertEqual([point["name"] for point in points[:4]], ["m0", "m1", "m2", "m0"])
        self.assertEqual(points[1001]["name"], "after")
        sizes = [os.path.getsize(os.path.join(self.metrics, name)) for name in sorted(os.listdir(self.metrics))]
        self.assertEqual(sizes[:3], [4096, 8192, 16384])

    def test_the_largest_value_fits_even_at_first(self):
        logger = self.logger()
        logger.log("v", "x" * ((1 << 20) - 2))
        self.assertEqual(len(self.values()[0]), 1 << 20)

    def test_an_interrupted_record_leaves_room_for_the_next(self):
        """KeyboardInterrupt between a payload and its length, and between a length and its count."""
        journal = Journal(self.metrics)
        logger = JournalLogger(journal)
        logger.log("v", 1.0)
        publish = _segment.Segment._publish

        def before(segment, at, length):
            raise KeyboardInterrupt

        def after(segment, at, length):
            at_before = segment.at
            publish(segment, at, length)
            segment.at = at_before
            raise KeyboardInterrupt

        self.addCleanup(setattr, _segment.Segment, "_publish", publish)
        for interrupted in (before, after):
            _segment.Segment._publish = interrupted
            with self.assertRaises(KeyboardInterrupt):
                logger.log("v", "interrupted " * 100)
            _segment.Segment._publish = publish
            logger.log("v", 2.0)
            logger.log("w", "more")
        values = self.values()
        self.assertEqual(values[:3], [1.0, 2.0, '"more"'])
        self.assertEqual(values[3:], ['"%s"' % ("interrupted " * 100), 2.0, '"more"'])

    def test_folders_that_cannot_be_written(self):
        blocked = self.write("file")
        with self.refused(RunEnvironmentException, "cannot be recorded", blocked):
            JournalLogger(Journal(os.path.join(blocked, "metrics"))).log("v", 1.0)


class ProcessTest(JournalCase):
    def test_what_returned_before_sigkill_is_there(self):
        child = self.child(
            "import os\n"
            "from muster import Run\n"
            "run = Run.get_context()\n"
            "step = 0\n"
            "while True:\n"
            "    run.log('loss', step / 2, step=step)\n"
            "    if step % 100 == 0: run.log('note', 'at %d' % step)\n"
            "    os.write(1, b'%d\\n' % step)\n"
            "    step += 1\n")
        seen = b""
        while seen.count(b"\n") < 20000:
            seen += os.read(child.stdout.fileno(), 1 << 16)
        child.send_signal(signal.SIGKILL)
        seen += child.stdout.read()
        child.communicate()
        returned = seen.count(b"\n")
        points = self.only_journal()
        steps = [point["step"] for point in points if point["name"] == "loss"]
        self.assertEqual(steps, list(range(len(steps))))
        self.assertGreaterEqual(len(steps), returned)
        self.assertLessEqual(len(steps), returned + 2)
        notes = [point["json"] for point in points if point["name"] == "note"]
        self.assertEqual(notes, ['"at %d"' % (100 * index) for index in range(len(notes))])

    def test_a_fork_starts_its_own_journal(self):
        child = self.child(
            "import os\n"
            "from muster import Run\n"
            "run = Run.get_context()\n"
            "run.log('v', 1.0)\n"
            "pids = []\n"
            "for index in range(3):\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        for step in range(1000): run.log('v', 10.0 + index, step=step)\n"
            "        os._exit(0)\n"
            "    pids.append(pid)\n"
            "    for step in range(1000): run.log('v', 2.0, step=step)\n"
            "for pid in pids: os.waitpid(pid, 0)\n"
            "run.log('v', 3.0)\n")
        self.assertEqual(child.communicate()[1], b"")
        journals = sorted(read_journals(self.metrics).values(), key=lambda points: points[0]["number"])
        self.assertEqual([point["number"] for point in journals[0]], [1.0] + [2.0] * 3000 + [3.0])
        for index in range(3):
            self.assertEqual([point["number"] for point in journals[1 + index]], [10.0 + index] * 1000)

    def test_a_fork_while_other_threads_log(self):
        """The lock may be held by a thread that the child does not have."""
        child = self.child(
            "import os, threading\n"
            "from muster import Run\n"
            "run = Run.get_context()\n"
            "stop = threading.Event()\n"
            "def work():\n"
            "    while not stop.is_set(): run.log('parent', 1.0)\n"
            "threads = [threading.Thread(target=work) for _ in range(3)]\n"
            "for thread in threads: thread.start()\n"
            "for index in range(20):\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        run.log('child', float(index))\n"
            "        os._exit(0)\n"
            "    assert os.waitpid(pid, 0)[1] == 0\n"
            "stop.set()\n"
            "for thread in threads: thread.join()\n")
        _, errors = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, errors)
        children = [points for points in read_journals(self.metrics).values() if points[0]["name"] == "child"]
        self.assertEqual(sorted(points[0]["number"] for points in children), [float(index) for index in range(20)])

    def test_without_fork_hooks_the_process_id_tells(self):
        self.addCleanup(setattr, _journal, "_FORK_HOOKS", _journal._FORK_HOOKS)
        _journal._FORK_HOOKS = False
        logger = self.logger()
        logger.log("v", 1.0)
        pid = os.fork()
        if pid == 0:
            logger.log("v", 2.0)
            logger.log("v", "two")
            os._exit(0)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        logger.log("v", 3.0)
        journals = read_journals(self.metrics)
        self.assertEqual(sorted([point.get("number") for point in points] for points in journals.values() if len(points) == 2
                                and "number" in points[1]), [[1.0, 3.0]])
        self.assertEqual([point.get("json") for key, points in journals.items() for point in points if key.startswith("%d-" % pid)],
                         [None, '"two"'])

    def test_threads(self):
        logger = self.logger(first_segment_bytes=4096)

        def work(thread):
            for step in range(2000):
                logger.log("t%d" % thread, float(step), step=step)
                if step % 50 == 0:
                    logger.log("s%d" % thread, "text %d" % step)

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        points = self.only_journal()
        self.assertEqual(len(points), 4 * (2000 + 40))
        for index in range(4):
            steps = [point["step"] for point in points if point["name"] == "t%d" % index]
            self.assertEqual(steps, list(range(2000)))

    @unittest.skipUnless(hasattr(signal, "setitimer"), "this system has no interval timers")
    def test_signal_handlers_that_log(self):
        logger = self.logger()
        handled = []
        numbers = itertools.count()

        def handler(*unused):
            number = next(numbers)  # Handlers interrupt each other too.
            logger.log("signal", float(number))
            handled.append(float(number))

        previous = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        deadline = time.monotonic() + 30
        count = 0
        try:
            while len(handled) < 300 and time.monotonic() < deadline:
                logger.log("loop", float(count))
                count += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        logger.log("loop", float(count))
        points = self.only_journal()
        self.assertEqual(sorted(point["number"] for point in points if point["name"] == "signal"), sorted(handled))
        self.assertEqual([point["number"] for point in points if point["name"] == "loop"], [float(index) for index in range(count + 1)])
        self.assertGreaterEqual(len(handled), 300)

    def test_a_full_disk_is_an_error_and_loses_nothing_before_it(self):
        """A limit on the size of files stands in for the disk: making the next segment fails, and then may again."""
        child = self.child(
            "import resource\n"
            "from muster import Run\n"
            "from muster.exceptions import RunEnvironmentException\n"
            "run = Run.get_context()\n"
            "run.log('v', -1.0)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))\n"
            "count = 0\n"
            "try:\n"
            "    while True:\n"
            "        run.log('v', float(count)); count += 1\n"
            "except RunEnvironmentException as error:\n"
            "    message = error.message\n"
            "try:\n"
            "    run.log('v', 0.0)\n"
            "except RunEnvironmentException: pass\n"
            "else: raise SystemExit('a second time went through')\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
            "run.log('v', float(count))\n"
            "print(count, message)\n")
        out, errors = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, errors)
        count, _, message = out.decode().partition(" ")
        self.assertIn("cannot be recorded", message)
        self.assertIn("Free some space", message)
        self.assertEqual(self.values(), [-1.0] + [float(index) for index in range(int(count) + 1)])
        self.assertEqual([name for name in os.listdir(self.metrics) if name.endswith(".tmp")], [])

    def test_no_room_at_all(self):
        child = self.child(
            "import resource\n"
            "from muster import Run\n"
            "from muster.exceptions import RunEnvironmentException\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
            "try:\n"
            "    Run.get_context().log('v', 1.0)\n"
            "except RunEnvironmentException as error:\n"
            "    print(error.message)\n")
        out, errors = child.communicate(timeout=60)
        self.assertIn(b"cannot be recorded", out, errors)
        self.assertEqual(os.listdir(self.metrics), [])

    def test_the_launchs_rank_is_in_the_header(self):
        from support import read_segment
        for variable, rank in (("RANK", 3), ("OMPI_COMM_WORLD_RANK", 5), ("MUSTER_RANK", 2), (None, -1)):
            metrics = os.path.join(self.folder, "of-%s" % variable)
            environment = dict(os.environ, PYTHONPATH=PYTHON, MUSTER_METRICS_DIR=metrics, MUSTER_RUN_ID="r")
            if variable:
                environment[variable] = str(rank)
            subprocess.check_call([sys.executable, "-c", "from muster import Run; Run.get_context().log('v', 1.0)"], env=environment)
            with open(os.path.join(metrics, os.listdir(metrics)[0]), "rb") as file:
                self.assertEqual(read_segment(file.read())[0]["rank"], rank)


class ContextTest(JournalCase):
    def test_in_a_job(self):
        os.environ.update({"MUSTER_METRICS_DIR": self.metrics, "MUSTER_RUN_ID": "birds_1795230131_0a1b2c3d", "MUSTER_EXPERIMENT": "birds",
                           "MUSTER_WORKSPACE": "default", "MUSTER_URL": "http://127.0.0.1:1", "MUSTER_RUN_TOKEN": "t"})
        run, again = Run.get_context(), Run.get_context()
        self.assertEqual(run.id, "birds_1795230131_0a1b2c3d")
        self.assertEqual((run.experiment.name, run.experiment.workspace.name), ("birds", "default"))
        run.log("v", 1.0)
        again.log("v", 2.0)
        run.complete()
        with self.printed() as (_, err):
            run.fail("no")
        self.assertEqual(err.getvalue(), "run.fail: no\n")
        run.flush()
        with self.assertWarns(UserWarning):
            run.cancel()
        self.assertEqual(self.values(), [1.0, 2.0])

    def test_outside_of_a_job(self):
        run = Run.get_context()
        self.assertRegex(run.id, "^OfflineRun_[0-9a-f-]{36}$")
        with self.printed() as (out, _):
            run.log("loss", 0.5, step=3)
            run.log_list("l", [1, 2])
            run.log_row("r", x=1)
            run.tag("k", "v")
            run.upload_file("a", "b")
            run.complete()
        self.assertIn("Attempted to log scalar metric loss:\n0.5\n", out.getvalue())
        self.assertIn("Attempted to log list metric l:\n[1, 2]\n", out.getvalue())
        self.assertEqual(run.get_tags(), {"k": "v"})
        with self.refused(UserErrorException, "log_list"):
            run.log("v", [1])
        for name, value, step in (("v", 10 ** 400, None), ("v", "\ud800", None), ("v", "x" * (1 << 20), None), ("", 1.0, None),
                                  ("v", 1.0, 2 ** 63)):
            with self.refused(UserErrorException):  # as in a job
                run.log(name, value, step=step)
        with self.refused(RunEnvironmentException, "MUSTER_RUN_ID", "MUSTER_METRICS_DIR"):
            Run.get_context(allow_offline=False)
        self.assertFalse(hasattr(run, "experiment"))
        with self.assertRaisesRegex(RunEnvironmentException, "Workspace.from_config"):
            run.experiment  # noqa: B018

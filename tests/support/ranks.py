"""Runs of several ranks, as the tests start them, meet them and look at what they leave."""

import os
import pathlib
import shutil

from muster_program import is_alive
from waiting import wait_until

MEETING_MODULE = pathlib.Path(__file__).parent / "jobs" / "meeting.py"


class Job:
    """A script on two nodes by two processes (or as the options say), that can `import meeting`."""

    def __init__(self, server, script, *arguments, nodes=2, processes=4, options=(), name="meeting", compute="cluster"):
        self.server = server
        self.folder = server.folder / name
        self.folder.mkdir()
        (server.folder / "job").mkdir(exist_ok=True)
        shutil.copy(MEETING_MODULE, server.folder / "job")
        options = ["--compute", compute, "--nodes", nodes, "--processes", processes, "--env", "MEETING=%s" % self.folder, *options]
        self.processes = processes
        self.run_id = server.submit(script, *arguments, options=options)["run_id"]

    def arrived(self, word="arrived", ranks=None, seconds=60):
        """Wait until those ranks, all if none are named, have arrived; return their process ids."""
        paths = [self.folder / ("%s-%d" % (word, rank)) for rank in (range(self.processes) if ranks is None else ranks)]

        def check():
            run = self.show()
            assert run["status"] not in ("Completed", "Failed", "Canceled") or all(path.exists() for path in paths), run
            return all(path.exists() for path in paths)
        wait_until(check, "ranks to say '%s'" % word, seconds)
        return [int(path.read_text()) for path in paths]

    def say(self, word):
        (self.folder / word).write_text("")

    def show(self):
        return self.server.json("run", "show", self.run_id)

    def ended(self, seconds=60):
        return self.server.ended(self.run_id, seconds)

    def log(self, path):
        return self.server("run", "logs", self.run_id, "azureml-logs/" + path).stdout

    def wait_for_log(self, path, text, seconds=60):
        """Until the server has `text` of that log."""
        wait_until(lambda: path in self.logs() and text in self.log(path), "'%s' in %s" % (text, path), seconds)

    def logs(self):
        """The names of its logs, without their folder."""
        return {log["path"].replace("azureml-logs/", ""): log for log in self.server.json("run", "logs", self.run_id, "--list")["logs"]}

    def runner(self, node_rank):
        """The process id of a node's runner."""
        return self.show()["nodes"][node_rank]["runner_pid"]

    def marked_processes(self):
        """The living processes of its ranks, by the variable that every process of a run carries."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_marked(pid)]

    def assert_nothing_left(self):
        """No process of its ranks; and soon not even a runner."""
        assert self.marked_processes() == []
        server = self.server.server()["pid"]
        wait_until(lambda: [pid for pid in self.server.processes() if pid != server] == [], "the runners to end", 5)

    def _is_marked(self, pid):
        try:
            variables = pathlib.Path("/proc/%d/environ" % pid).read_bytes().split(b"\0")
        except OSError:
            return False
        return any(variable.startswith(b"MUSTER_GROUP=%s-" % self.run_id.encode()) for variable in variables) and is_alive(pid)


def program_of(pid):
    """The name of the program that the process runs, "" when it is gone."""
    try:
        return pathlib.Path("/proc/%d/comm" % pid).read_text().strip()
    except OSError:
        return ""

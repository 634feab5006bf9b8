"""A real Slurm for tests: tools/slurm_testbed.py in a folder of its own."""

import os
import subprocess
import sys

from muster_program import SOURCE
from waiting import wait_until

TESTBED = SOURCE / "tools" / "slurm_testbed.py"


class Slurm:
    def __init__(self, folder):
        self.folder = folder
        self.variables = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}

    def start(self):
        self._testbed("start")

    def stop(self):
        self._testbed("stop")

    def __call__(self, *words):
        """What that program of Slurm's writes."""
        done = subprocess.run([str(word) for word in words], env={**os.environ, **self.variables}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)
        assert done.returncode == 0, "%s: %s" % (words, done.stdout)
        return done.stdout

    def jobs(self, run_id, attempt=1):
        """The ids and states of the jobs that an attempt has, as Slurm remembers them."""
        lines = self("squeue", "--noheader", "--states=all", "--name=%s-%d" % (run_id, attempt), "--format=%i|%T").splitlines()
        return dict(line.split("|") for line in lines)

    def job(self, run_id, attempt=1):
        """The id of the one job that an attempt has."""
        wait_until(lambda: self.jobs(run_id, attempt), "a job for %s" % run_id)
        [job] = self.jobs(run_id, attempt)
        return job

    def node_state(self, node):
        return self("sinfo", "--noheader", "--nodes=" + node, "--format=%T").split()[0]

    def pid_of(self, daemon):
        return int((self.folder / (daemon + ".pid")).read_text())

    def step_daemons(self, job):
        """The ids of the processes by which Slurm watches the job's steps, and its script."""
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % process, "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if line.startswith(b"slurmstepd: [%d." % int(job)):
                found.append(int(process))
        return found

    def start_controller(self):
        self._daemon("slurmctld")

    def start_node(self, node):
        """Returns when Slurm has it back."""
        self._daemon("slurmd", "-N", node)

        def is_back():
            state = self.node_state(node)
            if state.startswith("down"):
                subprocess.run(["scontrol", "update", "NodeName=" + node, "State=RESUME"], env={**os.environ, **self.variables},
                               stderr=subprocess.DEVNULL, timeout=60)
            return not state.startswith(("down", "unk")) and not state.endswith("*")
        wait_until(is_back, "node %s to be back" % node, 60)

    def _daemon(self, *words):
        subprocess.run(words, env={**os.environ, **self.variables}, stdin=subprocess.DEVNULL, start_new_session=True, check=True,
                       timeout=60)

    def _testbed(self, what):
        subprocess.run([sys.executable, str(TESTBED), what, str(self.folder)], check=True, timeout=120)

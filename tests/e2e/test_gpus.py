"""GPUs are divided over runs, and never shared. Names are all that this takes: the server is told of two."""

import os
import signal

import pytest

from muster_program import free_address
from waiting import wait_until

SHOW = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
name = "%s-%s" % (os.environ["MUSTER_RANK"], os.environ["CUDA_VISIBLE_DEVICES"])
(folder / name).write_text("")
while not (folder / "end").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def two_gpus(muster):
    muster.environment["CUDA_VISIBLE_DEVICES"] = "0,1"
    muster("up", "--listen", free_address())
    return muster


class Holder:
    """A run that shows its GPUs and keeps them until it is told to end."""

    def __init__(self, server, name, *options, ranks=1):
        self.server, self.ranks = server, ranks
        self.folder = server.folder / name
        self.folder.mkdir()
        self.run_id = server.submit(SHOW, self.folder, options=options)["run_id"]

    def gpus(self):
        """What each rank sees."""
        wait_until(lambda: len(list(self.folder.iterdir())) == self.ranks, "all ranks to show their GPUs", 60)
        return [path.name.split("-")[1] for path in sorted(self.folder.iterdir())]

    def waits(self, word):
        """Until it is said to wait for that, and has not started."""
        def check():
            run = self.server.json("run", "show", self.run_id)
            return run["status"] == "Queued" and word in (run["status_detail"] or "")
        wait_until(check, "the run to wait for " + word)
        assert list(self.folder.iterdir()) == []

    def end(self):
        (self.folder / "end").write_text("")
        assert self.server.ended(self.run_id)["status"] == "Completed"


def test_one_run_a_gpu_on_local(two_gpus):
    first, second, third = (Holder(two_gpus, name) for name in ("first", "second", "third"))
    assert [first.gpus(), second.gpus()] == [["0"], ["1"]]
    third.waits("local")

    second.end()
    assert third.gpus() == ["1"]
    first.end()
    third.end()


def test_the_nodes_of_an_mpi_run_have_each_their_own(two_gpus):
    two_gpus("compute", "create", "pair", "--max-nodes", "2")

    pair = Holder(two_gpus, "pair", "--compute", "pair", "--nodes", "2", "--processes", "4", "--mpi", ranks=4)
    assert pair.gpus() == ["0", "0", "1", "1"]
    pair.end()


def test_the_nodes_of_a_cluster_divide_them_and_each_rank_sees_its_nodes(two_gpus):
    two_gpus("compute", "create", "pair", "--max-nodes", "2")
    two_gpus("compute", "create", "whole", "--max-nodes", "1")

    pair = Holder(two_gpus, "pair", "--compute", "pair", "--nodes", "2", "--processes", "4", ranks=4)
    assert pair.gpus() == ["0", "0", "1", "1"]
    whole = Holder(two_gpus, "whole", "--compute", "whole", "--processes", "2", ranks=2)
    local = Holder(two_gpus, "local")
    whole.waits("GPUs")
    local.waits("GPUs")

    pair.end()
    assert whole.gpus() == ["0,1", "0,1"]
    local.waits("GPUs")
    whole.end()
    assert local.gpus() == ["0"]
    local.end()


def test_a_run_keeps_its_gpu_when_the_server_is_killed(two_gpus):
    first = Holder(two_gpus, "first")
    assert first.gpus() == ["0"]
    os.kill(two_gpus.server()["pid"], signal.SIGKILL)
    two_gpus("up")

    second = Holder(two_gpus, "second")
    assert second.gpus() == ["1"]
    first.end()
    second.end()

"""The samples of many processes, as their READMEs say to run them: real PyTorch, Open MPI and Horovod on two nodes by two processes."""

import os
import subprocess
import sys

import pytest
import torch

from muster_program import SDK, SOURCE

SAMPLES = SOURCE / "samples"
EPOCHS = "2"
# In double precision only the order of additions differs: about 1e-15 after as many epochs.
TOLERANCE = 1e-10


def run_python(folder, *words, python=sys.executable, seconds=170, code=0, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(SDK),
                   "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run([str(python), *map(str, words)], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=seconds)
    assert done.returncode == code, done.stdout
    return done.stdout


def submit_sample(server, *words, python=sys.executable):
    (server.folder / "config.json").write_text(server("workspace", "config").stdout)
    output = run_python(server.folder, *words, python=python, MUSTER_HOME=str(server.home))
    [run] = server.json("run", "list")["runs"]
    assert (run["status"], run["node_count"], len(run["nodes"])) == ("Completed", 2, 2), output
    return run, output


def values(server, run, name, *words):
    return [point["value"] for point in server.json("run", "metrics", run["run_id"], "--name", name, *words)["metrics"][name]]


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    """The weights that one process reaches with the whole batch, without Muster."""
    folder = tmp_path_factory.mktemp("one_process")
    run_python(folder, SAMPLES / "ddp" / "train.py", "--epochs", EPOCHS, "--batch-size", "64")
    return folder / "outputs" / "digits_net.pt"


def largest_difference(one, other):
    one, other = torch.load(one), torch.load(other)
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)


@pytest.mark.parametrize("launch", ["per-process", "torchrun", "torch.distributed.launch"])
def test_four_processes_reach_the_weights_of_one(server, one_process, launch):
    run, _ = submit_sample(server, SAMPLES / "ddp" / "submit.py", "--launch", launch, "--epochs", EPOCHS)

    assert run["warnings"] == []
    assert largest_difference(one_process, server.folder / "models" / (launch + ".pt")) < TOLERANCE
    losses = values(server, run, "loss", "--rank", "all")
    assert len(losses) == 4 * len(values(server, run, "loss")) > 0
    assert len(values(server, run, "val_acc")) == int(EPOCHS)


def test_compare_tells_other_weights_from_the_same(one_process, tmp_path):
    weights = torch.load(one_process)
    next(iter(weights.values())).view(-1)[0] += 1e-9
    torch.save(weights, tmp_path / "other.pt")

    compare = SAMPLES / "ddp" / "compare.py"
    assert "largest difference: 0 " in run_python(tmp_path, compare, one_process, one_process)
    assert "1e-09" in run_python(tmp_path, compare, one_process, "other.pt", code=1)


def test_gradients_averaged_by_mpi(server):
    run, output = submit_sample(server, SAMPLES / "mpi" / "submit.py", "--epochs", "4")

    assert "Registered digits-mpi version 1" in output
    assert values(server, run, "val_acc")[-1] > 0.9
    for rank in range(4):
        log = server("run", "logs", run["run_id"], "azureml-logs/70_driver_log_rank_%d.txt" % rank).stdout
        assert "Rank %d of 4" % rank in log


@pytest.fixture(scope="session")
def horovod_python():
    folder = SOURCE / "build" / "horovod"
    # The interpreter behind this virtual environment's, whose headers are there.
    environment = {**os.environ, "PYTHON": os.path.realpath(sys.executable)}
    subprocess.run([SAMPLES / "horovod" / "make_env.sh", folder], env=environment, check=True, stdin=subprocess.DEVNULL, timeout=3600)
    return folder / "bin" / "python"


@pytest.mark.full
def test_horovod(server, horovod_python):
    run, output = submit_sample(server, SAMPLES / "horovod" / "submit.py", python=horovod_python)

    assert "Registered digits-hvd version 1" in output
    assert values(server, run, "test_acc")[-1] > 0.9
    for rank in range(4):
        log = server("run", "logs", run["run_id"], "azureml-logs/70_driver_log_rank_%d.txt" % rank).stdout
        # Two nodes on one machine, and still each has its own local ranks.
        assert "Rank %d of 4, local rank %d of 2" % (rank, rank % 2) in log
    assert len(values(server, run, "loss", "--rank", "all")) == 4 * len(values(server, run, "loss"))


@pytest.mark.full
def test_a_horovod_rank_that_raises_is_the_cause(cluster, horovod_python):
    (cluster.folder / "raise.py").write_text("""
import horovod.torch as hvd, torch
hvd.init()
for step in range(100):
    if step == 5 and hvd.rank() == 3:
        raise ValueError("bad shape in step 5")
    hvd.allreduce(torch.ones(4), name="ones%d" % step)
""")
    run = cluster.json("run", "submit", "--script", "raise.py", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2",
                       "--processes", "4",
                       "--mpi", "--python", horovod_python, "--grace", "3")
    run = cluster.ended(run["run_id"], 60)

    assert (run["status"], run["error"]["rank"]) == ("Failed", 3)
    assert "ValueError: bad shape in step 5" in run["error"]["message"]

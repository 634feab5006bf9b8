"""What people get wrong with many processes: refused at once, with the arithmetic or the package that is missing."""

import pathlib
import shutil

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration, PyTorchConfiguration
from azureml.exceptions import RunConfigurationException, UserErrorException

from rest import Rest


def refused(cluster, *options, says):
    (cluster.folder / "train.py").write_text("print('hello')")
    problem = cluster.problem("run", "submit", "--script", "train.py", "--compute", "cluster", *options)
    assert problem["code"] == "invalid"
    for word in says:
        assert word in str(problem), problem
    assert cluster.json("run", "list")["runs"] == []


def test_processes_that_cannot_be_divided_over_the_nodes(cluster):
    refused(cluster, "--nodes", "2", "--processes", "3", says=["process_count", "3", "2 or 4"])
    refused(cluster, "--nodes", "2", "--processes", "3", "--mpi", says=["3", "2 nodes"])


@pytest.mark.parametrize("options", [("--processes", "0"), ("--processes", "-2"), ("--nodes", "0"), ("--nodes", "0", "--mpi")],
                         ids=" ".join)
def test_no_processes_or_nodes_at_all(cluster, options):
    refused(cluster, *options, says=["0" if "0" in options else "-2"])


def test_more_nodes_than_the_target_has(cluster):
    refused(cluster, "--nodes", "5", says=["cluster", "5", "4"])
    refused(cluster, "--nodes", "5", "--mpi", says=["cluster", "5", "4"])


def test_several_faults_are_named_at_once(cluster):
    status, problem = Rest(cluster)("POST", "/workspaces/default/runs", {
        "experiment": "e2e", "script": "../train.py", "node_count": 2, "distribution":
        {"type": "pytorch", "process_count": 3, "backend": "ucc"}})
    assert (status, problem["code"]) == (422, "invalid")
    assert {error["field"] for error in problem["errors"]} >= {"script", "distribution.process_count", "distribution.backend"}


@pytest.mark.parametrize("distribution, word", [
    ({"type": "tensorflow"}, "tensorflow"), ({"type": "mpi", "process_count": 4}, "process_count_per_node"),
    ({"type": "mpi", "process_count_per_node": 0}, "process_count_per_node"), ({}, "type"), ([], "distribution"), ("mpi", "distribution"),
    (None, "distribution"), ({"type": "pytorch", "process_count": 2.5}, "process_count"),
    ({"type": "pytorch", "process_count": 10 ** 30}, "process_count"),
], ids=str)
def test_a_distribution_that_cannot_be(cluster, distribution, word):
    status, problem = Rest(cluster)("POST", "/workspaces/default/runs",
                                    {"experiment": "e2e", "command": "true", "node_count": 2, "compute_target": "cluster",
                                     "distribution": distribution})
    assert (status, problem["code"]) == (422, "invalid")
    assert word in str(problem)
    assert cluster.json("run", "list")["runs"] == []


def test_a_command_without_its_variables_is_warned_of(cluster):
    run = cluster.json("run", "submit", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2", "--command", "echo $NODE_RANK")
    [warning] = run["warnings"]
    assert "$MASTER_ADDR" in warning and "$MASTER_PORT" in warning and "$NODE_RANK" not in warning
    assert cluster.ended(run["run_id"])["status"] == "Completed"
    shown = cluster("run", "submit", "--compute", "cluster", "--nodes", "2", "--command", "true")
    assert "warning: the command runs once on each of 2 nodes" in shown.stderr and "warning" not in shown.stdout


def test_mpi_without_open_mpi_names_the_package(muster, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3", "sh", "bash", "env"):
        (programs / name).symlink_to(pathlib.Path(shutil.which(name, path="/usr/bin:/bin")))
    muster.environment["PATH"] = str(programs)
    muster("up")
    muster("compute", "create", "cluster", "--max-nodes", "4")
    refused(muster, "--nodes", "2", "--mpi", says=["mpirun", "openmpi-bin"])


def test_by_the_sdk(cluster, workspace):
    (cluster.folder / "train.py").write_text("print('hello')")
    environment = Environment("system")
    environment.python.user_managed_dependencies = True

    def submit(distribution):
        return Experiment(workspace, "sdk").submit(ScriptRunConfig(
            source_directory=str(cluster.folder), script="train.py", compute_target="cluster", environment=environment,
            distributed_job_config=distribution))
    with pytest.raises(UserErrorException, match="multiple of node_count"):
        submit(PyTorchConfiguration(process_count=3, node_count=2))
    with pytest.raises(UserErrorException, match="process_count_per_node"):
        submit(MpiConfiguration(process_count_per_node=0, node_count=2))
    with pytest.raises(UserErrorException, match="cluster"):
        submit(MpiConfiguration(node_count=5))
    with pytest.raises(RunConfigurationException, match="communication_backend"):
        PyTorchConfiguration(communication_backend="ucc")
    assert list(Experiment(workspace, "sdk").get_runs()) == []

    runs = [submit(PyTorchConfiguration("GLOO", process_count=4, node_count=2)), submit(MpiConfiguration(2, 2))]
    assert [run.wait_for_completion()["status"] for run in runs] == ["Completed"] * 2
    assert len(runs[0].get_file_names()) >= 4

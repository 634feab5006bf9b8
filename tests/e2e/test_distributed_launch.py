"""What each launch gives its processes: variables, arguments, logs, metrics. Two nodes by two processes on one machine."""

import json
import re
import socket
import sys

import pytest

from ranks import Job
from waiting import wait_until

# Each rank prints what a launch may set, and its arguments.
PRINT = """
import json, os, re, sys
names = r"(RANK|LOCAL_RANK|WORLD_SIZE|LOCAL_WORLD_SIZE|NODE_RANK|GROUP_RANK|MASTER_\\w+|AZ_BATCH\\w+|" \\
        r"OMPI_COMM_WORLD_(RANK|SIZE|LOCAL_RANK|LOCAL_SIZE)|" \\
        r"NCCL_SOCKET_IFNAME|MUSTER_RANK|MUSTER_NODE_\\w+|TORCHELASTIC_\\w+|PMI_RANK)$"
print(json.dumps({name: value for name, value in os.environ.items() if re.match(names, name)}))
print(json.dumps(sys.argv[1:]))
"""


def printed(job, log):
    """(variables, arguments) that the rank with this log printed."""
    variables, arguments = job.log(log).splitlines()
    return json.loads(variables), json.loads(arguments)


def completed(job):
    run = job.ended()
    assert run["status"] == "Completed", run["error"]
    job.assert_nothing_left()
    return run


def usual_port_is_free():
    """Whether nobody listens on 6105 and no other run on this machine has it."""
    with socket.socket() as one:
        listens = one.connect_ex(("127.0.0.1", 6105)) == 0
    with open("/proc/net/unix") as sockets:
        return not listens and "@muster-master-port-6105\n" not in sockets.read()


def test_per_process(cluster):
    usual_port = usual_port_is_free()
    job = Job(cluster, PRINT, "--local_rank", "$LOCAL_RANK", "${RANK}of$WORLD_SIZE", "$NO_SUCH_VARIABLE", "$$")
    run = completed(job)

    assert (run["node_count"], run["distribution"]["process_count"]) == (2, 4)
    assert [node["node_rank"] for node in run["nodes"]] == [0, 1]
    ports = set()
    for rank in range(4):
        variables, arguments = printed(job, "70_driver_log_%d.txt" % rank)
        ports.add(variables["MASTER_PORT"])
        node, local = divmod(rank, 2)
        assert variables == {
            "RANK": str(rank), "LOCAL_RANK": str(local), "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "NODE_RANK": str(node),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": variables["MASTER_PORT"],
            "AZ_BATCHAI_PYTORCH_INIT_METHOD": "tcp://127.0.0.1:" + variables["MASTER_PORT"], "AZ_BATCHAI_TASK_INDEX": str(rank),
            "MUSTER_RANK": str(rank), "MUSTER_NODE_RANK": str(node), "MUSTER_NODE_COUNT": "2"}
        assert arguments == ["--local_rank", str(local), "%dof4" % rank, "", "$$"]
    assert len(ports) == 1
    assert not usual_port or ports == {"6105"}


def test_one_process_a_node_when_no_count_is_given(cluster):
    (cluster.folder / "print.py").write_text(PRINT)
    run = cluster.json("run", "submit", "--script", "print.py", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2")
    assert cluster.ended(run["run_id"])["status"] == "Completed"

    for rank in range(2):
        log = cluster("run", "logs", run["run_id"], "azureml-logs/70_driver_log_%d.txt" % rank).stdout
        variables = json.loads(log.splitlines()[0])
        expected = {"RANK": str(rank), "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1", "NODE_RANK": str(rank)}
        assert {name: variables[name] for name in expected} == expected


def test_no_distribution_gets_no_launch_variables(cluster):
    (cluster.folder / "print.py").write_text(PRINT)
    run = cluster.json("run", "submit", "--script", "print.py", "--experiment", "e2e", "--compute", "cluster")
    assert cluster.ended(run["run_id"])["status"] == "Completed"

    log = cluster("run", "logs", run["run_id"], "azureml-logs/70_driver_log.txt").stdout
    assert json.loads(log.splitlines()[0]) == {"MUSTER_RANK": "0", "MUSTER_NODE_RANK": "0", "MUSTER_NODE_COUNT": "1"}


def test_per_node(cluster):
    (cluster.folder / "print.py").write_text(PRINT)
    run = cluster.json("run", "submit", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2", "--command",
                       "python3 print.py --node_rank $NODE_RANK --master_addr $MASTER_ADDR --master_port $MASTER_PORT")
    run = cluster.ended(run["run_id"])
    assert (run["status"], run["warnings"]) == ("Completed", [])

    for node in range(2):
        log = cluster("run", "logs", run["run_id"], "azureml-logs/70_driver_log_%d.txt" % node).stdout
        variables, arguments = map(json.loads, log.splitlines())
        port = variables["MASTER_PORT"]
        assert variables == {"NODE_RANK": str(node), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
                             "MUSTER_RANK": str(node), "MUSTER_NODE_RANK": str(node), "MUSTER_NODE_COUNT": "2"}
        assert arguments == ["--node_rank", str(node), "--master_addr", "127.0.0.1", "--master_port", port]


def test_mpi(cluster):
    job = Job(cluster, PRINT, "$OMPI_COMM_WORLD_LOCAL_RANK", options=["--mpi"])
    run = completed(job)

    assert run["distribution"]["process_count_per_node"] == 2
    for rank in range(4):
        variables, arguments = printed(job, "70_driver_log_rank_%d.txt" % rank)
        port = variables["MASTER_PORT"]
        variables.pop("PMI_RANK", None)
        node, local = divmod(rank, 2)
        assert variables == {
            "OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": str(local),
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
            "AZ_BATCHAI_MPI_MASTER_NODE": "127.0.0.1", "AZ_BATCH_MASTER_NODE": "127.0.0.1:" + port,
            "AZ_BATCH_HOST_LIST": "127.0.0.1,127.0.0.1",
            "NCCL_SOCKET_IFNAME": "", "MUSTER_RANK": str(rank), "MUSTER_NODE_RANK": str(node), "MUSTER_NODE_COUNT": "2"}
        assert arguments == [str(local)]
    assert "70_mpi_log.txt" in job.logs()


def test_mpi_on_one_node(cluster):
    job = Job(cluster, PRINT, nodes=1, processes=2, options=["--mpi"])
    completed(job)

    variables, _ = printed(job, "70_driver_log_rank_1.txt")
    assert (variables["OMPI_COMM_WORLD_LOCAL_RANK"], variables["AZ_BATCH_HOST_LIST"]) == ("1", "")
    assert variables["AZ_BATCHAI_MPI_MASTER_NODE"] == "127.0.0.1" and "AZ_BATCH_MASTER_NODE" not in variables


def test_runs_that_share_a_machine_have_ports_of_their_own(cluster):
    script = """
import os, socket
import meeting
if meeting.RANK == 0:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])))
    listener.listen()
meeting.arrive("port", int(os.environ["MASTER_PORT"]))
meeting.wait("go")
"""
    jobs = [Job(cluster, script, name=name) for name in ("first", "second")]
    ports = [set(job.arrived("port")) for job in jobs]
    for job in jobs:
        job.say("go")

    assert len(ports[0]) == len(ports[1]) == 1 and ports[0] != ports[1]
    for job in jobs:
        completed(job)


def test_a_port_that_is_taken_at_the_last_moment_is_replaced(cluster):
    script = """
import os
import meeting
import torch, torch.distributed as dist
meeting.arrive("port-" + os.environ["MASTER_PORT"])
meeting.wait("go")
dist.init_process_group("gloo")
ones = torch.ones(1)
dist.all_reduce(ones)
print("together", int(ones.item()), flush=True)
dist.destroy_process_group()  # or a Gloo thread may abort Python's end
"""
    job = Job(cluster, script, processes=2, options=["--python", sys.executable, "--grace", "1"])

    def ports():
        return {int(path.name.split("-")[1]) for path in job.folder.glob("port-*-0")}
    [taken] = wait_until(ports, "rank 0's port", 60)
    with socket.create_server(("", taken)):
        job.say("go")
        run = completed(job)
    assert len(ports()) == 2 and taken in ports()
    assert job.log("70_driver_log_0.txt") == "together 2\n"
    assert any(str(taken) in warning for warning in run["warnings"])


@pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])
def test_every_rank_has_its_log_and_they_are_merged_by_time(cluster, mpi):
    script = """
import os, meeting
for turn in range(3):
    meeting.wait("turn-%d-%d" % (turn, meeting.RANK))
    print("turn", turn, flush=True)
    os.write(2, b"also here\\n")
    meeting.arrive("done-%d" % turn)
"""
    job = Job(cluster, script, options=["--mpi"] if mpi else [])
    for turn in range(3):
        for rank in (2, 0, 3, 1):
            job.say("turn-%d-%d" % (turn, rank))
            job.arrived("done-%d" % turn, [rank])
    completed(job)

    stem = "70_driver_log_rank_%d.txt" if mpi else "70_driver_log_%d.txt"
    logs = job.logs()
    assert set(logs) == {stem % rank for rank in range(4)} | ({"70_mpi_log.txt"} if mpi else set())
    for rank in range(4):
        assert (logs[stem % rank]["rank"], logs[stem % rank]["node_rank"], logs[stem % rank]["complete"]) == (rank, rank // 2, True)
        assert job.log(stem % rank) == "turn 0\nalso here\nturn 1\nalso here\nturn 2\nalso here\n"
    merged = cluster("run", "logs", job.run_id).stdout
    lines = re.findall(r"^\[rank (\d)\] turn (\d)$", merged, re.MULTILINE)
    assert sorted(lines) == sorted((str(rank), str(turn)) for turn in range(3) for rank in range(4))
    for rank in "0123":
        assert [turn for one, turn in lines if one == rank] == ["0", "1", "2"]
    chosen = cluster("run", "logs", job.run_id, "--ranks", "1,3").stdout
    assert set(re.findall(r"^\[rank (\d)\] ", chosen, re.MULTILINE)) == {"1", "3"}
    assert "0 to 3" in cluster.problem("run", "logs", job.run_id, "--ranks", "1,4")["hint"]
    assert cluster.problem("run", "logs", job.run_id, "--merge", "--attempt", "2")["code"] == "not_found"


def test_lines_are_merged_in_the_order_of_time(cluster):
    script = """
import meeting
for turn in range(4):
    if turn == meeting.RANK:
        print("turn", turn, flush=True)
        meeting.arrive("said")
    meeting.wait("turn-%d" % turn)
"""
    job = Job(cluster, script)
    for turn in range(4):
        job.arrived("said", [turn])
        # The line has its time when the server has it.
        job.wait_for_log("70_driver_log_%d.txt" % turn, "turn %d" % turn)
        job.say("turn-%d" % turn)
    completed(job)

    assert cluster("run", "logs", job.run_id).stdout == "".join("[rank %d] turn %d\n" % (turn, turn) for turn in range(4))


@pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])
def test_metrics_carry_their_rank(cluster, workspace, mpi):
    from azureml.core import Run
    script = """
import meeting
from azureml.core.run import Run
run = Run.get_context()
for step in range(3):
    run.log("loss", meeting.RANK * 10 + step)
"""
    job = Job(cluster, script, options=["--mpi"] if mpi else [])
    completed(job)

    def values(*words):
        return [(point["rank"], point["value"]) for point in cluster.json("run", "metrics", job.run_id, *words)["metrics"]["loss"]]
    assert values() == [(0, 0), (0, 1), (0, 2)]
    assert values("--rank", "2") == [(2, 20), (2, 21), (2, 22)]
    everyone = values("--rank", "all")
    assert sorted(everyone) == [(rank, rank * 10 + step) for rank in range(4) for step in range(3)]
    run = Run.get(workspace, job.run_id)
    assert run.get_metrics("loss") == {"loss": [0, 1, 2]}
    assert run.get_metrics("loss", rank=3) == {"loss": [30, 31, 32]}
    assert len(run.get_metrics("loss", rank="all")["loss"]) == 12


def test_outputs_of_the_lowest_node_keep_their_name(cluster):
    script = """
import os, meeting
os.makedirs("outputs", exist_ok=True)
if meeting.RANK in (0, 2):
    open("outputs/same.txt", "w").write("rank %d" % meeting.RANK)
    open("outputs/of_rank_%d.txt" % meeting.RANK, "w").write("mine")
"""
    job = Job(cluster, script)
    run = completed(job)

    paths = {artifact["path"] for artifact in cluster.json("run", "outputs", job.run_id)["artifacts"]}
    assert paths == {"outputs/same.txt", "outputs/of_rank_0.txt", "outputs/of_rank_2.txt", "outputs/node_1/same.txt"}
    assert any("same.txt" in warning for warning in run["warnings"])
    cluster("run", "download", job.run_id, "outputs/same.txt", "--to", "same.txt")
    assert (cluster.folder / "same.txt").read_text() == "rank 0"

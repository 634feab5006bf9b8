"""Runs on a real Slurm of four nodes on this machine, two of them cloud nodes."""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from muster_program import free_address, is_alive
from ranks import Job
from slurm import Slurm
from waiting import wait_until

WAITS = "import time\nprint('here', flush=True)\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    testbed = Slurm(tmp_path_factory.mktemp("slurm"))
    testbed.start()
    yield testbed
    testbed.stop()


@pytest.fixture
def cluster(muster, slurm, tmp_path):
    """A server whose compute target "cluster" is the partition cpu: the nodes n1 and n2."""
    muster.environment.update(slurm.variables)
    muster("up", "--listen", free_address())
    create(muster, tmp_path, "cluster", "cpu")
    yield muster
    for target in muster.json("compute", "list")["compute_targets"]:
        assert target["queued_runs"] == 0, target
    muster("down", "--cancel", code=0)
    wait_until(lambda: not slurm("squeue", "--noheader"), "all jobs to leave Slurm", 30)


def create(muster, folder, name, partition, *options, nodes=2, **checks):
    return muster.json("compute", "create", name, "--engine", "slurm", "--partition", partition, "--max-nodes", nodes,
                       "--engine-option", "scratch=%s" % (folder / "nodes"), *options, **checks)


def submit(muster, script, *arguments, target="cluster", options=()):
    return muster.submit(script, *arguments, options=["--compute", target, *options])["run_id"]


def shows(muster, run_id, words, seconds=30):
    """Wait until the run's detail has these words; return the run."""
    def check():
        run = muster.json("run", "show", run_id)
        return run if words in (run["status_detail"] or "") else None
    return wait_until(check, "'%s' in the detail of %s" % (words, run_id), seconds)


def on_nodes(muster, run_id, *nodes):
    """Wait until Slurm has said that these are the run's."""
    def hosts():
        return [node["host"] for node in muster.json("run", "show", run_id)["nodes"]]
    wait_until(lambda: sorted(hosts()) == sorted(nodes), "%s to be on %s" % (run_id, nodes))


def test_a_run_is_one_job_of_its_name(cluster, slurm):
    run_id = submit(cluster, "import os\nprint('rank', os.environ.get('MUSTER_RANK'))\nopen('outputs/made', 'w').write('x')\n")
    run = cluster.ended(run_id)

    assert (run["status"], run["error"]) == ("Completed", None)
    [warning] = run["warnings"]
    assert "have 15 s to end" in warning and "they have 5 s, which is KillWait" in warning
    assert list(slurm.jobs(run_id).values()) in (["COMPLETED"], ["COMPLETING"], ["RUNNING"])
    assert "rank 0" in cluster("run", "logs", run_id).stdout
    assert [output["path"] for output in cluster.json("run", "outputs", run_id)["artifacts"]] == ["outputs/made"]


def test_two_by_two_processes(cluster):
    script = """
import os
import meeting
meeting.arrive("arrived")
meeting.wait("go")
print(os.environ["RANK"], os.environ["LOCAL_RANK"], os.environ["WORLD_SIZE"], os.environ["NODE_RANK"])
"""
    job = Job(cluster, script)
    job.arrived()
    on_nodes(cluster, job.run_id, "n1", "n2")
    job.say("go")
    run = job.ended()

    assert run["status"] == "Completed", run["error"]
    assert [job.log("70_driver_log_%d.txt" % rank).split() for rank in range(4)] == [
        ["0", "0", "4", "0"], ["1", "1", "4", "0"], ["2", "0", "4", "1"], ["3", "1", "4", "1"]]


def test_mpi_over_two_nodes(cluster):
    script = "import os\nprint(*[os.environ['OMPI_COMM_WORLD_' + name] for name in ('RANK', 'LOCAL_RANK', 'SIZE')])\n"
    job = Job(cluster, script, options=["--mpi"])
    run = job.ended()

    assert run["status"] == "Completed", run["error"]
    assert [job.log("70_driver_log_rank_%d.txt" % rank).split() for rank in range(4)] == [
        ["0", "0", "4"], ["1", "1", "4"], ["2", "0", "4"], ["3", "1", "4"]]


def test_real_training_by_two_by_two_processes(cluster):
    script = """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
torch.manual_seed(0)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(3, 1, dtype=torch.float64))
step = torch.optim.SGD(model.parameters(), lr=0.1)
inputs = torch.arange(24, dtype=torch.float64).reshape(8, 3) / 24
for _ in range(3):
    step.zero_grad()
    (model(inputs[rank::size]) ** 2).mean().backward()
    step.step()
print(size, [round(value, 9) for value in model.module.weight.flatten().tolist()])
"""
    job = Job(cluster, script, options=["--python", sys.executable, "--env", "OMP_NUM_THREADS=1"])
    run = job.ended(120)
    assert run["status"] == "Completed", run["error"]
    assert sorted(node["host"] for node in run["nodes"]) == ["n1", "n2"]
    lines = {job.log("70_driver_log_%d.txt" % rank) for rank in range(4)}
    assert len(lines) == 1, lines
    assert lines.pop().strip() == "4 %s" % [round(value, 9) for value in weights_of_one_process()]


def weights_of_one_process():
    """What one process comes to with all inputs at once."""
    import torch
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1, dtype=torch.float64)
    step = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs = torch.arange(24, dtype=torch.float64).reshape(8, 3) / 24
    for _ in range(3):
        step.zero_grad()
        (model(inputs) ** 2).mean().backward()
        step.step()
    return model.weight.flatten().tolist()


def test_a_failed_run_says_why(cluster):
    run = cluster.ended(submit(cluster, "raise ValueError('bad shape')\n"))
    assert (run["status"], run["error"]["code"]) == ("Failed", "user_error"), run["error"]
    assert "ValueError: bad shape" in run["error"]["message"]


def test_what_it_waits_for_is_said_and_a_cancel_ends_the_waiting(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "closed", "closed")
    run_id = submit(cluster, WAITS, target="closed")
    run = shows(cluster, run_id, "its partition starts no jobs now (PartitionDown")

    assert run["status"] == "Queued"
    cluster("run", "cancel", run_id)
    assert cluster.ended(run_id)["status"] == "Canceled"
    wait_until(lambda: list(slurm.jobs(run_id).values()) == ["CANCELLED"], "the job to be canceled")


def test_a_cancel_reaches_the_ranks(cluster, slurm):
    run_id = submit(cluster, WAITS)
    cluster.running(run_id)
    cluster("run", "cancel", run_id)
    run = cluster.ended(run_id)

    assert (run["status"], run["status_detail"] is not None) == ("Canceled", True)
    wait_until(lambda: not slurm("squeue", "--noheader"), "the job to leave Slurm")
    assert nothing_runs_in(cluster)


def nothing_runs_in(muster):
    server = muster.server()["pid"]
    return wait_until(lambda: [pid for pid in muster.processes() if is_alive(pid)] == [server], "all but the server to end", 10)


def test_a_cancel_by_slurms_own_means(cluster, slurm):
    run_id = submit(cluster, WAITS)
    cluster.running(run_id)
    wait_until(lambda: "here" in cluster("run", "logs", run_id).stdout, "the script to print")
    slurm("scancel", slurm.job(run_id))
    run = cluster.ended(run_id)

    assert run["status"] == "Canceled", run["error"]
    assert "it was canceled outside of Muster (Slurm: CANCELLED, job" in run["status_detail"]
    assert cluster("run", "logs", run_id).stdout == "here\n", "what it had printed is there"


def test_a_cancel_by_slurms_own_means_while_it_waits(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "closed", "closed")
    run_id = submit(cluster, WAITS, target="closed")
    shows(cluster, run_id, "PartitionDown")
    slurm("scancel", slurm.job(run_id))
    run = cluster.ended(run_id)

    assert (run["status"], "it was canceled outside of Muster" in run["status_detail"]) == ("Canceled", True), run


def test_a_server_that_comes_back_goes_on_with_both(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "closed", "closed")
    script = "import os, time\nprint('here', flush=True)\nwhile not os.path.exists(%r): time.sleep(0.05)\nprint('done')\n"
    go = tmp_path / "go"
    running = submit(cluster, script % str(go))
    waiting = submit(cluster, WAITS, target="closed")
    cluster.running(running)
    shows(cluster, waiting, "PartitionDown")
    cluster.kill_server()
    cluster("up")

    go.write_text("")
    run = cluster.ended(running)
    assert (run["status"], run["attempt"]) == ("Completed", 1), run["error"]
    assert cluster("run", "logs", running).stdout.split() == ["here", "done"]
    assert len(slurm.jobs(running)) == len(slurm.jobs(waiting)) == 1, "nothing is submitted twice"
    assert cluster.json("run", "show", waiting)["status"] == "Queued"
    cluster("run", "cancel", waiting)


@pytest.mark.parametrize("point", ["server.engine.submitted", "server.engine.recorded"])
def test_a_server_that_dies_while_it_submits_goes_on_with_the_job(cluster, slurm, point):
    cluster("down")
    cluster("up", MUSTER_CRASH_AT=point)
    run_id = submit(cluster, "print('once')\n")
    wait_until(lambda: not (cluster.home / "server.json").exists() or not alive_server(cluster), "the server to die")
    assert list(slurm.jobs(run_id).values()) == ["PENDING"]
    cluster("up")
    run = cluster.ended(run_id)

    assert (run["status"], run["attempt"], len(slurm.jobs(run_id))) == ("Completed", 1, 1), run["error"]
    assert cluster("run", "logs", run_id).stdout.split() == ["once"]


def alive_server(muster):
    return is_alive(json.loads((muster.home / "server.json").read_text())["pid"])


def test_a_restart_of_slurms_controller_loses_nothing(cluster, slurm, tmp_path):
    go = tmp_path / "go"
    script = "import os, time\nwhile not os.path.exists(%r): time.sleep(0.05)\nprint('done')\n" % str(go)
    run_id = submit(cluster, script)
    cluster.running(run_id)
    controller = slurm.pid_of("slurmctld")
    os.kill(controller, signal.SIGTERM)
    wait_until(lambda: not is_alive(controller), "slurmctld to be gone")
    late = submit(cluster, "print('late')\n")
    shows(cluster, late, "Slurm does not answer", 60)
    go.write_text("")
    assert cluster.ended(run_id, 60)["status"] == "Completed", "the run does not need it"

    slurm.start_controller()
    run = cluster.ended(late, 120)
    assert (run["status"], len(slurm.jobs(late))) == ("Completed", 1), run["error"]


def test_a_node_that_fails_is_named(cluster, slurm):
    run_id = submit(cluster, WAITS, options=["--grace", "0"])
    cluster.running(run_id)
    on_nodes(cluster, run_id, "n1")
    # All that runs on n1, the daemon first: so it cannot tell that the others end.
    for pid in [slurm.pid_of("slurmd-n1"), *slurm.step_daemons(slurm.job(run_id)), *runner_and_ranks(cluster, run_id)]:
        os.kill(pid, signal.SIGKILL)
    slurm("scontrol", "update", "NodeName=n1", "State=DOWN", "Reason=test")
    run = cluster.ended(run_id, 60)

    slurm.start_node("n1")
    assert (run["status"], run["error"]["code"]) == ("Failed", "node_lost"), run
    assert not any("KillWait" in warning for warning in run["warnings"]), "it asks for less than Slurm gives"
    assert "n1" in run["error"]["message"] and "NODE_FAIL" in run["error"]["message"]


def runner_and_ranks(muster, run_id):
    runner = muster.json("run", "show", run_id)["nodes"][0]["runner_pid"]
    return [runner, *map(int, pathlib.Path("/proc/%d/task/%d/children" % (runner, runner)).read_text().split())]


def test_a_job_that_is_put_back_into_slurms_queue_is_the_next_attempt(cluster, slurm):
    run_id = submit(cluster, WAITS, options=["--max-retries", "1"])
    cluster.running(run_id)
    job = slurm.job(run_id)
    slurm("scontrol", "update", "JobId=" + job, "Requeue=1")
    slurm("scontrol", "requeue", job)
    run = wait_until(lambda: (lambda run: run if run["attempt"] == 2 else None)(cluster.json("run", "show", run_id)), "another attempt", 60)

    assert "put back into the queue" in run["warnings"][-1] or "PREEMPTED" in run["warnings"][-1], run
    cluster.running(run_id)
    wait_until(lambda: slurm.jobs(run_id).get(job) in ("CANCELLED", None), "the first job to be canceled", 60)
    cluster("run", "cancel", run_id)
    cluster.ended(run_id)


def test_a_preempted_run_of_low_priority_starts_again(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "low", "low", "--priority", "lowpriority", "--engine-option", "cpus=8", nodes=1)
    create(cluster, tmp_path, "urgent", "cpu", "--engine-option", "cpus=8")
    run_id = submit(cluster, WAITS, target="low")
    cluster.running(run_id)
    urgent = submit(cluster, WAITS, target="urgent", options=["--nodes", "2"])
    run = wait_until(lambda: (lambda run: run if run["attempt"] == 2 else None)(cluster.json("run", "show", run_id)), "another attempt", 60)

    assert "PREEMPTED" in run["warnings"][-1]
    cluster.running(urgent)
    cluster("run", "cancel", urgent)
    cluster.running(run_id)
    cluster("run", "cancel", run_id)


def test_cloud_nodes_come_for_a_run_and_go_when_idle(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "elastic", "cloud")
    wait_until(lambda: slurm.node_state("n3") == slurm.node_state("n4") == "idle~", "the cloud to be empty", 60)
    job = Job(cluster, "import meeting\nmeeting.arrive('arrived')\nmeeting.wait('go')\n", compute="elastic")
    job.arrived()

    def all_run():
        target = cluster.json("compute", "show", "elastic")
        return (target["current_node_count"], target["node_state_counts"]["running"]) == (2, 2)
    wait_until(all_run, "both nodes to be shown as running")
    on_nodes(cluster, job.run_id, "n3", "n4")
    job.say("go")
    run = job.ended()

    assert run["status"] == "Completed", run["error"]
    wait_until(lambda: slurm.node_state("n3") == slurm.node_state("n4") == "idle~", "the nodes to go", 60)
    target = cluster.json("compute", "show", "elastic")
    assert target["current_node_count"] == 0
    now = datetime.datetime.utcnow().isoformat()
    assert run["created_at"] < target["allocation_state_transition_time"] < now, "the nodes came and left since"


def test_a_token_is_nowhere_where_others_can_read_it(cluster, slurm):
    run_id = submit(cluster, WAITS)
    cluster.running(run_id)
    told = slurm("scontrol", "show", "job", slurm.job(run_id), "--details")
    lines = b""  # of all command lines
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines += process.read_bytes()
        except OSError:
            pass
    runner = cluster.json("run", "show", run_id)["nodes"][0]["runner_pid"]
    variables = dict(entry.split(b"=", 1) for entry in pathlib.Path("/proc/%d/environ" % runner).read_bytes().split(b"\0") if b"=" in entry)
    cluster("run", "cancel", run_id)

    token = variables[b"MUSTER_RUNNER_TOKEN"]
    assert len(token) > 20 and token not in lines and token.decode() not in told
    cluster.ended(run_id)


def test_azures_sizes_are_partitions_of_slurm(cluster, slurm, monkeypatch):
    from azureml.core import Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    (cluster.home / "vm_sizes.yaml").write_text("STANDARD_D2_V2: {partition: cpu, memory: 1G}\nhalf: {cpus: 2}\n")
    monkeypatch.setenv("MUSTER_HOME", str(cluster.home))
    monkeypatch.delenv("MUSTER_URL", raising=False)
    monkeypatch.chdir(cluster.folder)
    (cluster.folder / "config.json").write_text(cluster("workspace", "config").stdout)
    workspace = Workspace.from_config()

    target = ComputeTarget.create(workspace, "sized", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
    shown = cluster.json("compute", "show", "sized")
    assert (shown["engine"], shown["engine_options"]) == ("slurm", {"partition": "cpu", "memory": "1G", "cpus": 2})
    run_id = submit(cluster, WAITS, target="sized", options=["--nodes", "2"])
    cluster.running(run_id)
    wait_until(lambda: target.get_status().serialize()["nodeStateCounts"]["runningNodeCount"] == 2, "two nodes to run")
    told = slurm("scontrol", "show", "job", slurm.job(run_id))
    assert "NumNodes=2" in told and "CPUs/Task=2" in told and "MinMemoryNode=1G" in told
    cluster("run", "cancel", run_id)
    cluster.ended(run_id)

    problem = cluster.problem("compute", "create", "other", "--vm-size", "half", "--max-nodes", "1")
    assert problem["errors"][0]["detail"] == "vm_sizes.yaml gives half no partition"


def test_what_slurm_would_refuse_is_refused_with_its_words(cluster, tmp_path):
    def refused(*words, nodes=2, partition="cpu"):
        problem = cluster.problem("compute", "create", "other", "--engine", "slurm", "--partition", partition, "--max-nodes", nodes, *words)
        return {error["field"]: error["detail"] for error in problem["errors"]}

    assert refused(partition="nope")["engine_options.partition"] == "there is no partition nope: Partition nope not found"
    assert refused(nodes=3)["max_nodes"] == "3 nodes are more than the partition cpu gives to a job (2)"
    assert "60 minutes" in refused("--engine-option", "time_limit=120", partition="short")["engine_options.time_limit"]
    assert "Invalid feature specification" in refused("--engine-option", "constraint=gpu")["engine_options"]
    assert "generic resource" in refused("--engine-option", "gpus=4")["engine_options"]
    assert "Invalid account or account/partition combination" in refused("--engine-option", "account=refused")["engine_options"]
    assert "Invalid qos specification" in refused("--engine-option", "qos=refused")["engine_options"]
    assert refused("--slurm-option=--wrap=id")["engine_options.sbatch"] == "--wrap is Muster's to say"

    create(cluster, tmp_path, "short", "short")
    run = cluster.ended(submit(cluster, WAITS, target="short", options=["--max-duration", "2h"]))
    assert run["status"] == "Failed"
    assert run["error"]["message"] == "max_run_duration_seconds is 7200, and Slurm's partition short gives a job at most 3600 s"


def test_attach_proposes_what_the_cluster_has_and_makes_it(cluster):
    proposed = {one["name"]: one for one in cluster.json("compute", "attach")["proposals"]}
    assert sorted(proposed) == ["all", "closed", "cloud", "cpu", "low", "short"]
    assert (proposed["cpu"]["max_nodes"], proposed["cpu"]["cpus"], proposed["cpu"]["memory_mb"]) == (2, 8, 4000)
    assert proposed["cloud"]["engine_options"] == {"partition": "cloud", "cpus": 8, "memory": "4000M"}, "its nodes are powered down"
    assert proposed["all"]["max_nodes"] == 4
    assert proposed["short"]["time_limit_seconds"] == 3600
    assert "starts none" in proposed["closed"]["remark"]
    assert "Nothing was made" in cluster("compute", "attach", code=0).stderr, "nobody is there to be asked"

    made = cluster.json("compute", "attach", "short", "cloud", "--create")
    assert sorted(target["name"] for target in made["created"]) == ["cloud", "short"] and made["refused"] == []
    run = cluster.ended(submit(cluster, "print('here')\n", target="short"))
    assert run["status"] == "Completed", run["error"]
    again = cluster.json("compute", "attach", "short", "--create")
    assert (again["proposals"][0]["exists"], "created" in again) == (True, False)
    assert "nothing is proposed by the name nope" in cluster.problem("compute", "attach", "nope")["detail"]


def test_what_the_cluster_no_longer_gives_is_said_to_the_run(cluster, slurm, tmp_path):
    slurm("scontrol", "create", "PartitionName=passing", "Nodes=n[1-2]", "State=UP")
    create(cluster, tmp_path, "passing", "passing")
    slurm("scontrol", "update", "PartitionName=passing", "MaxNodes=1")
    large = submit(cluster, WAITS, target="passing", options=["--nodes", "2"])
    shows(cluster, large, "more nodes than its partition gives to a job; it will not start until that is changed (PartitionNodeLimit")
    cluster("run", "cancel", large)
    assert cluster.ended(large)["status"] == "Canceled"

    wait_until(lambda: not slurm("squeue", "--noheader", "--partition=passing"), "its job to leave the partition")
    slurm("scontrol", "delete", "PartitionName=passing")
    run = cluster.ended(submit(cluster, WAITS, target="passing"))
    assert run["status"] == "Failed"
    assert "sbatch: error: invalid partition specified: passing" in run["error"]["message"], "in Slurm's words"


def test_without_slurms_programs_or_munge(muster, slurm, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    muster("up", "--listen", free_address(), PATH=str(empty))
    problem = muster.problem("compute", "create", "other", "--engine", "slurm", "--partition", "cpu", "--max-nodes", "1")
    assert "Slurm's program scontrol is not there" in problem["detail"]
    muster("down")

    muster.environment.update(slurm.variables)
    muster("up")
    create(muster, tmp_path, "cluster", "cpu")
    munged = slurm.pid_of("munged")
    command = pathlib.Path("/proc/%d/cmdline" % munged).read_bytes().decode().split("\0")[:-1]
    os.kill(munged, signal.SIGTERM)
    wait_until(lambda: not is_alive(munged), "munged to end")
    try:
        problem = muster.problem("compute", "create", "other", "--engine", "slurm", "--partition", "cpu", "--max-nodes", "1")
        run_id = submit(muster, "print('late')\n")
        shows(muster, run_id, "Slurm does not answer")
    finally:
        subprocess.run(command, check=True, start_new_session=True, env={**os.environ, **slurm.variables}, timeout=60)
    assert "Slurm does not answer" in problem["detail"] and "munge" in problem["detail"].lower(), problem
    assert muster.ended(run_id, 60)["status"] == "Completed", "it went on when munge was back"


@pytest.mark.full
def test_of_many_short_runs_none_is_lost_or_doubled(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "many", "cpu", nodes=1)
    done = tmp_path / "done"
    script = "import os\nopen(%r, 'a').write(os.environ['MUSTER_RUN_ID'] + '\\n')\n" % str(done)
    runs = [submit(cluster, script, target="many") for _ in range(200)]

    def statuses():
        return {run["run_id"]: run["status"] for run in cluster.json("run", "list", "--limit", "500")["runs"]}
    wait_until(lambda: set(map(statuses().get, runs)) == {"Completed"}, "all runs to be Completed", 300)
    assert sorted(done.read_text().split()) == sorted(runs)
    names = slurm("squeue", "--noheader", "--states=all", "--format=%j").split()
    assert all(names.count(run_id + "-1") <= 1 for run_id in runs), "Slurm may have forgotten some by now"


@pytest.mark.full
def test_the_end_of_its_time_reaches_the_ranks_first(cluster, slurm, tmp_path):
    create(cluster, tmp_path, "timed", "cpu", "--engine-option", "time_limit=3")
    run_id = submit(cluster, WAITS, target="timed", options=["--grace", "1"])
    run = cluster.ended(run_id, 240)

    assert run["status"] == "Canceled", run["error"]
    assert "its time is over (Slurm's time limit" in run["status_detail"]

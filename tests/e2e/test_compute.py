"""Compute targets: made, seen growing and shrinking, deleted."""

from waiting import wait_until


def test_a_target_is_created_shown_listed_and_deleted(server):
    made = server.json("compute", "create", "cpu-cluster", "--max-nodes", "4", "--min-nodes", "0", "--idle-seconds", "60", "--vm-size",
                       "STANDARD_D2")

    assert (made["name"], made["max_nodes"], made["min_nodes"], made["idle_seconds_before_scaledown"]) == ("cpu-cluster", 4, 0, 60)
    assert made["provisioning_state"] == "Succeeded"
    assert server.json("compute", "show", "cpu-cluster")["vm_size"] == "STANDARD_D2"
    assert {target["name"] for target in server.json("compute", "list")["compute_targets"]} == {"local", "cpu-cluster"}
    server("compute", "delete", "cpu-cluster")
    assert server.problem("compute", "show", "cpu-cluster")["code"] == "not_found"


def test_an_engine_or_option_that_is_not_there_is_refused_with_those_that_are(server):
    made = server.json("compute", "create", "here", "--max-nodes", "1", "--engine", "local")
    assert (made["engine"], made["engine_options"]) == ("local", {})
    problem = server.problem("compute", "create", "there", "--max-nodes", "1", "--engine", "slum")
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid", "engine")
    assert problem["errors"][0]["hint"] == "this server has: local, slurm"
    problem = server.problem("compute", "create", "there", "--max-nodes", "1", "--engine-option", "partition=cpu")
    assert problem["errors"][0]["field"] == "engine_options.partition"
    assert problem["errors"][0]["hint"] == "it has no options"


def test_it_grows_on_demand_and_shrinks_when_idle(server):
    server("compute", "create", "elastic", "--max-nodes", "2", "--idle-seconds", "1")
    assert server.json("compute", "show", "elastic")["current_node_count"] == 0
    wait_for_file = "import os, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.01)"
    go = server.folder / "go"
    runs = [server.submit(wait_for_file, options=["--compute", "elastic", "--env", "GO=%s" % go])["run_id"] for _ in range(3)]

    def nodes():
        return server.json("compute", "show", "elastic")
    wait_until(lambda: nodes()["node_state_counts"]["running"] == 2, "both nodes to run")
    assert nodes()["queued_runs"] == 1
    go.write_text("")
    assert [server.ended(run_id)["status"] for run_id in runs] == ["Completed"] * 3
    wait_until(lambda: nodes()["current_node_count"] == 0 and nodes()["allocation_state"] == "Steady", "the idle nodes to go")


def test_min_nodes_stay(server):
    server("compute", "create", "warm", "--max-nodes", "2", "--min-nodes", "1", "--idle-seconds", "1")
    wait_until(lambda: server.json("compute", "show", "warm")["node_state_counts"]["idle"] == 1, "the node that is always there")


def test_stages_are_told_with_their_times(server):
    server("compute", "create", "cluster", "--max-nodes", "1")
    run = server.ended(server.submit("print('hello')", options=["--compute", "cluster"])["run_id"])

    names = [stage["name"] for stage in run["stages"]]
    assert names == ["Preparing", "Scaling", "Running", "Post-processing"]
    times = [time for stage in run["stages"] for time in (stage["started_at"], stage["ended_at"])]
    assert times == sorted(times)
    shown = server("run", "show", run["run_id"]).stdout
    assert all(name in shown for name in names)


def test_the_sdk_creates_one_as_the_service_did(workspace):
    import pytest
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.core.compute_target import ComputeTargetException

    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        ComputeTarget(workspace=workspace, name="gpu-cluster")
    target = ComputeTarget.create(workspace, "gpu-cluster", AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6", max_nodes=4))
    target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=1)
    assert ComputeTarget(workspace=workspace, name="gpu-cluster").get_status().serialize()["scaleSettings"]["maxNodeCount"] == 4
    with pytest.raises(ComputeTargetException):
        AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6")

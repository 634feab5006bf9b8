"""What a run began with and what it wrote, looked into from the command line: code, lines of logs, runs by a filter, use of nodes."""

from waiting import wait_until

SCRIPT = """
for epoch in range(300):
    print('epoch', epoch)
print('loss is NaN')
"""


def test_code_lines_and_filters(server):
    first = server.submit(SCRIPT, options=("--tag", "team=birds"))["run_id"]
    second = server.submit(SCRIPT + "print('more')\n")["run_id"]
    for run in (first, second):
        assert server.ended(run)["status"] == "Completed"

    assert server("run", "code", second, "job.py").stdout == SCRIPT + "print('more')\n"
    assert "job.py" in server("run", "code", first).stdout
    [change] = server.json("run", "code", second, "--against", first)["changes"]
    assert (change["path"], change["change"]) == ("job.py", "changed")
    assert "no file 'gone.py'" in server.problem("run", "code", second, "gone.py")["detail"]

    lines = server("run", "logs", first, "--grep", "loss.*nan", "-i", "-C", "1").stdout
    assert lines == "300-epoch 299\n301:loss is NaN\n"
    assert server("run", "logs", first, "--grep", "epoch 2.", "--fixed-strings").stdout == ""
    assert "no regular expression" in server.problem("run", "logs", first, "--grep", "(")["detail"]

    assert [run["run_id"] for run in server.json("run", "list", "--filter", "status:completed tag.team=birds")["runs"]] == [first]
    assert "state:failed" in server.problem("run", "list", "--filter", "state:failed")["detail"]


def test_runs_side_by_side(server):
    first, second = (server.submit("print(1)", options=("--tag", "k=" + value))["run_id"] for value in ("1", "2"))
    for run in (first, second):
        assert server.ended(run)["status"] == "Completed"
    [tag] = server.json("run", "compare", first, second)["tags"]
    assert tag == {"name": "k", "values": ["1", "2"], "differs": True}
    shown = server("run", "compare", first, second).stdout
    assert "tags" in shown and "node_count" not in shown
    assert "node_count" in server("run", "compare", first, second, "--all").stdout


def test_the_use_of_its_nodes_while_it_runs(server):
    run = server.submit("import time; time.sleep(300)", options=("--env", "MUSTER_SAMPLE_SECONDS=1"))["run_id"]
    curves = wait_until(lambda: server.json("run", "machine", run)["curves"], "its node to be looked at")
    named = {curve["name"]: curve for curve in curves}
    assert named["memory_used_bytes"]["last"]["value"] > 0 and named["cpu_cores_used"]["node_rank"] == 0
    assert "cpu_cores_used" in server("run", "machine", run).stdout
    assert "cpu_cores_used" not in server("run", "metrics", run, "--rank", "all").stdout
    server("run", "cancel", run)
    assert server.ended(run)["status"] == "Canceled"

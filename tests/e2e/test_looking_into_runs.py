"""What a run began with and what it wrote, looked into from the command line: its code, lines of its log, runs by a filter."""

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


def test_runs_side_by_side_and_the_use_of_their_nodes(server):
    first, second = (server.submit("sum(range(10 ** 7))", options=("--tag", "k=" + value))["run_id"] for value in ("1", "2"))
    never = server.submit("print(1)", options=("--env", "MUSTER_SAMPLE_SECONDS=0"))["run_id"]
    for run in (first, second, never):
        assert server.ended(run)["status"] == "Completed"

    [tag] = server.json("run", "compare", first, second)["tags"]
    assert tag == {"name": "k", "values": ["1", "2"], "differs": True}
    shown = server("run", "compare", first, second).stdout
    assert "tags" in shown and "node_count" not in shown

    curves = {curve["name"]: curve for curve in server.json("run", "machine", first)["curves"]}
    assert curves["memory_used_bytes"]["last"]["value"] > 0 and curves["cpu_cores_used"]["node_rank"] == 0
    assert "cpu_cores_used" in server("run", "machine", first).stdout
    assert server.json("run", "machine", never)["curves"] == []
    assert "cpu_cores_used" not in server("run", "metrics", first, "--rank", "all").stdout

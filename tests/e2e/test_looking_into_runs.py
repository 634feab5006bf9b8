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

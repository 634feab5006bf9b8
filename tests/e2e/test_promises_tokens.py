"""What the two tokens of a run open, and that they open nothing afterwards."""

import os
import pathlib

from rest import Rest
from waiting import wait_until

#: Prints its token, says by it to the server that all is over, and goes on until it is told to end.
SPEAKS_FOR_ITS_RUNNER = """
import os, time, urllib.error, urllib.request
print("token", os.environ["MUSTER_RUN_TOKEN"], flush=True)
os.makedirs("outputs", exist_ok=True)
open("outputs/model", "w").write("weights")
for what, body in (("finished", b'{"ranks":[]}'), ("done", b"{}")):
    path = "/api/v1/runner/runs/%s/attempts/1/nodes/0/%s" % (os.environ["MUSTER_RUN_ID"], what)
    token = {"Authorization": "Bearer " + os.environ["MUSTER_RUN_TOKEN"]}
    request = urllib.request.Request(os.environ["MUSTER_URL"] + path, body, token)
    try:
        print(what, urllib.request.urlopen(request, timeout=10).status)
    except urllib.error.HTTPError as refusal:
        print(what, refusal.code)
print("goes on", flush=True)
while not os.path.exists("outputs/end"):
    time.sleep(0.01)
print("the last line", flush=True)
"""


def runner_token(server, run):
    """As whoever is the same user reads it in /proc."""
    [node] = run["nodes"]
    variables = pathlib.Path("/proc/%d/environ" % node["runner_pid"]).read_bytes().split(b"\0")
    [token] = [value[len(b"MUSTER_RUNNER_TOKEN="):] for value in variables if value.startswith(b"MUSTER_RUNNER_TOKEN=")]
    return token.decode()


def log_of(server, run_id):
    return server("run", "logs", run_id).stdout


def test_a_job_cannot_end_its_own_run_and_its_tokens_open_nothing_afterwards(server):
    rest = Rest(server)
    run_id = server.submit(SPEAKS_FOR_ITS_RUNNER)["run_id"]
    wait_until(lambda: "goes on" in log_of(server, run_id), "the script to have tried")
    run = server.json("run", "show", run_id)
    assert run["status"] == "Running"
    assert "finished 403\ndone 403\n" in log_of(server, run_id)

    job = log_of(server, run_id).split()[1]
    runner = runner_token(server, run)
    own = "/workspaces/default/runs/" + run_id
    node = "/runner/runs/%s/attempts/1/nodes/0/" % run_id
    assert rest("GET", own, token=job)[0] == 200
    assert rest("GET", own, token=runner)[0] == 200
    assert rest("GET", "/workspaces/default/runs", token=runner)[0] == 403
    assert rest("PUT", node.replace("nodes/0", "nodes/1") + "logs?path=azureml-logs/x.txt&offset=0", b"x", token=runner)[0] == 404

    [folder] = server.home.glob("runs/%s/1/node_0" % run_id)
    (folder / "outputs" / "end").write_text("")
    ended = server.ended(run_id)
    assert (ended["status"], ended["error"]) == ("Completed", None)
    assert log_of(server, run_id).endswith("the last line\n")
    logs = rest("GET", own + "/logs")[1]
    outputs = server("run", "outputs", run_id).stdout
    assert "outputs/model" in outputs

    for token in (job, runner):
        for method, path, body in (("GET", own, None), ("PUT", own + "/artifacts/outputs/late", b"late"),
                                   ("GET", "/workspaces/default/models", None)):
            status, problem = rest(method, path, body, token=token)
            assert (status, "which is over" in problem["detail"]) == (401, True), problem
    for method, path, body in (("PUT", "logs?path=azureml-logs/late.txt&offset=0", b"late"), ("POST", "outputs", {"files": []}),
                               ("POST", "metrics?process=late&sequence=0", b""), ("POST", "heartbeat", {}),
                               ("POST", "started", {"ranks": []})):
        status, problem = rest(method, node + path, body, token=runner)
        assert (status, problem["code"]) == (401, "unauthorized"), (path, problem)
    assert rest("GET", own + "/logs")[1] == logs
    assert server("run", "outputs", run_id).stdout == outputs
    assert not os.path.exists(folder)


def test_cancel_and_delete_work_whatever_a_job_said(server):
    run_id = server.submit(SPEAKS_FOR_ITS_RUNNER)["run_id"]
    wait_until(lambda: "goes on" in log_of(server, run_id), "the script to have tried")
    server("run", "cancel", run_id)
    assert server.ended(run_id)["status"] == "Canceled"
    server("run", "delete", run_id)
    server.assert_only_server_left()

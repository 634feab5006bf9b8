"""Cancel: politely first, then not, and never for long."""

from waiting import wait_until

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""

POLITE = """
import signal, sys, time, os
def stop(number, frame):
    os.makedirs("outputs", exist_ok=True)
    open("outputs/checkpoint", "w").write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(600)
"""

WITH_CHILDREN = """
import subprocess, time
subprocess.Popen(["setsid", "sleep", "601"])
subprocess.Popen(["sleep", "602"])
print("ready", flush=True)
time.sleep(600)
"""


def start(server, script, *options):
    run_id = server.submit(script, options=options)["run_id"]
    server.running(run_id)
    wait_until(lambda: "ready" in server("run", "logs", run_id).stdout, "the script's first line")
    return run_id


def test_a_script_that_handles_sigterm_may_save_its_work(server):
    run_id = start(server, POLITE)
    server("run", "cancel", run_id)

    assert server.ended(run_id)["status"] == "Canceled"
    server("run", "download", run_id, "outputs/checkpoint", "--to", "checkpoint")
    assert (server.folder / "checkpoint").read_text() == "saved"


def test_a_script_that_ignores_sigterm_ends_after_the_grace(server):
    run_id = start(server, STUBBORN, "--grace", "1")
    server("run", "cancel", run_id)

    run = server.ended(run_id, seconds=10)
    assert run["status"] == "Canceled"


def test_nothing_the_script_started_is_left(server):
    run_id = start(server, WITH_CHILDREN, "--grace", "1")
    assert len(server.processes()) >= 4
    server("run", "cancel", run_id)
    server.ended(run_id)
    server.assert_only_server_left()


def test_a_queued_run_is_canceled_at_once(server):
    server("compute", "create", "one", "--max-nodes", "1")
    first = server.submit("import time\ntime.sleep(600)", options=["--compute", "one"])["run_id"]
    server.running(first)
    second = server.submit("print('never')", options=["--compute", "one"])["run_id"]
    server("run", "cancel", second)

    run = server.ended(second, seconds=5)
    assert run["status"] == "Canceled" and run["started_at"] is None
    server("run", "cancel", first)
    server.ended(first)


def test_the_maximum_duration_cancels_with_the_reason(server):
    run_id = server.submit("import time\ntime.sleep(600)", options=["--max-duration", "1s", "--grace", "1"])["run_id"]

    run = server.ended(run_id, seconds=15)
    assert run["status"] == "Canceled"
    assert "duration" in (run["status_detail"] or "")

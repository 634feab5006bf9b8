"""What people read is true of their case: of one run and of several, and inside a run, where nobody can log in or start a server."""

import sys

from muster_program import PROGRAM, free_address

#: Asks by the SDK and by the command line, with a token that nobody knows.
ASKS = """
import subprocess, sys
from azureml.core import Workspace
try:
    Workspace.get("default")
except Exception as error:
    print("SDK:", error)
print("CLI:", subprocess.run([sys.argv[1], "run", "list"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode())
"""


def test_22_down_says_what_goes_on_of_one_run_and_of_several(muster):
    muster("up", "--listen", free_address())
    first = muster.submit("import time\ntime.sleep(600)", options=["--grace", "1s"])["run_id"]
    muster.running(first)
    said = muster("down").stdout
    assert "This run has not ended: %s\n" % first in said and "goes on with it; `muster down --cancel` ends it." in said
    muster("up")
    second = muster.submit("import time\ntime.sleep(600)", options=["--grace", "1s"])["run_id"]
    said = muster("down").stdout
    assert "These runs have not ended: " in said and first in said and second in said
    assert "goes on with them; `muster down --cancel` ends them." in said
    muster("up")
    muster("down", "--cancel")


def test_22_inside_a_run_nobody_is_told_to_log_in(server):
    run = server.submit(ASKS, str(PROGRAM), options=["--python", sys.executable, "--env", "MUSTER_TOKEN=unknown"])
    assert server.ended(run["run_id"])["status"] == "Completed"
    log = server("run", "logs", run["run_id"]).stdout
    assert log.count("the token is not known to this server") == 2, log
    assert "the token came from MUSTER_TOKEN; without that variable the run's own is used" in log
    assert "else from MUSTER_RUN_TOKEN" in log
    assert "muster login" not in log and "muster up" not in log

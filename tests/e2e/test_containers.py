"""Runs in containers: real podman, and a base image that mmdebstrap makes."""

import os
import signal

import pytest

from base_image import base_image, containers_of, podman
from muster_program import free_address, is_alive
from rest import Rest
from tiny_package import tiny_wheel
from waiting import wait_until

SCRIPT = """
import os, sys
from azureml.core import Run
run = Run.get_context()
rank = int(os.environ.get("RANK", 0))
run.log("rank", rank)
print("contained", "libpod" in open("/proc/self/cgroup").read(), os.path.exists("/base-of-test"),
      os.getcwd() == os.environ["MUSTER_RUN_DIR"])
print("python", sys.executable, "arguments", sys.argv[1:], flush=True)
with open("outputs/rank%d.txt" % rank, "w") as file:
    file.write("from rank %d" % rank)
sys.exit(int(os.environ.get("END", 0)))
"""
WAITS = """
import os, signal, subprocess, sys, time
def end(number, frame):
    print("asked to end", flush=True)
    sys.exit(0)
if "STUBBORN" not in os.environ:
    signal.signal(signal.SIGTERM, end)
subprocess.Popen(["sleep", "1000"], env={}, start_new_session=True)
print("waits", flush=True)
while True:
    time.sleep(0.1)
"""


@pytest.fixture(scope="session")
def image():
    return base_image()


@pytest.fixture
def in_image(server, image):
    server("environment", "create", "boxed", "--image", image)
    return server


def log_of(server, run_id):
    return server("run", "logs", run_id).stdout


def begun(server, code, *options):
    """A run whose script has said that it waits."""
    run = server.submit(code, options=["--environment", "boxed", *options])
    wait_until(lambda: "waits" in log_of(server, run["run_id"]), "the script to begin", seconds=60)
    return run["run_id"]


def test_what_a_run_does_outside_it_does_inside(in_image, image):
    run = in_image.submit(SCRIPT, "a b", "$MUSTER_RUN_ID", options=["--environment", "boxed"])
    ended = in_image.ended(run["run_id"], seconds=120)
    log = log_of(in_image, run["run_id"])
    assert ended["status"] == "Completed", (ended, log)
    assert "contained True False True" in log and "arguments ['a b', '%s']" % run["run_id"] in log
    assert "image sha256:" in in_image("run", "logs", run["run_id"], "azureml-logs/20_image_build_log.txt").stdout
    assert "rank" in in_image("run", "metrics", run["run_id"]).stdout
    in_image("run", "download", run["run_id"], "outputs/rank0.txt", "--to", "got.txt")
    assert containers_of(run["run_id"]) == []
    had = in_image.json("run", "show", run["run_id"])
    digest = podman("image", "inspect", "--format", "{{.Id}}", image).stdout.strip()
    status, kept = Rest(in_image)("GET", "/workspaces/default/runs/%s/environment" % had["run_id"])
    assert status == 200 and kept["image"]["id"] == digest and kept["interpreter"].startswith("/usr/bin/python3"), kept

    for end, words in (("3", "exit code 3"), ("137", "exit code 137")):
        failed = in_image.ended(in_image.submit(SCRIPT, options=["--environment", "boxed", "--env", "END=" + end])["run_id"], seconds=60)
        assert failed["status"] == "Failed" and words in failed["error"]["message"], failed["error"]
    killed = in_image.submit("import os; os.kill(os.getpid(), 11)", options=["--environment", "boxed"])
    assert "SIGSEGV" in in_image.ended(killed["run_id"], seconds=60)["error"]["message"]


def test_ranks_have_a_container_each_and_meet(in_image):
    in_image("compute", "create", "cluster", "--max-nodes", "2")
    run = in_image.submit(SCRIPT, options=["--environment", "boxed", "--compute", "cluster", "--nodes", "2", "--processes", "4"])
    assert in_image.ended(run["run_id"], seconds=120)["status"] == "Completed", log_of(in_image, run["run_id"])
    outputs = {item["path"] for item in in_image.json("run", "outputs", run["run_id"])["artifacts"]}
    assert {"outputs/rank%d.txt" % rank for rank in range(4)} <= outputs
    assert containers_of(run["run_id"]) == []


def test_a_cancel_ends_all_that_runs_inside(in_image):
    run_id = begun(in_image, WAITS)
    in_image("run", "cancel", run_id)
    assert in_image.ended(run_id, seconds=60)["status"] == "Canceled"
    assert "asked to end" in log_of(in_image, run_id)
    assert containers_of(run_id) == []
    in_image.assert_only_server_left()

    run_id = begun(in_image, WAITS, "--env", "STUBBORN=1", "--grace", "1")
    in_image("run", "cancel", run_id)
    assert in_image.ended(run_id, seconds=60)["status"] == "Canceled"
    assert containers_of(run_id) == []


def test_a_lost_runners_containers_end_with_it(in_image):
    run_id = begun(in_image, WAITS, "--env", "STUBBORN=1")
    pid = in_image.json("run", "show", run_id)["nodes"][0]["runner_pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the runner to be gone")
    run = in_image.ended(run_id, seconds=60)
    assert run["status"] == "Failed" and run["error"]["code"] == "node_lost"
    assert "waits" in log_of(in_image, run_id)
    assert containers_of(run_id) == []


def test_packages_are_laid_over_the_image(in_image, image):
    wheel = tiny_wheel(in_image.folder, "tiny", "1.0")
    in_image("environment", "create", "boxed", "--image", image, "--pip=--no-index", "--pip", str(wheel))
    run = in_image.submit("import sys, tiny\nprint('tiny', tiny.__version__, 'libpod' in open('/proc/self/cgroup').read())",
                          options=["--environment", "boxed"])
    ended = in_image.ended(run["run_id"], seconds=180)
    log = log_of(in_image, run["run_id"])
    assert ended["status"] == "Completed", (ended, log)
    assert "tiny 1.0 True" in log

    in_image("environment", "create", "missing", "--image", image, "--pip=--no-index", "--pip", "no-such-package==9")
    failed = in_image.ended(in_image.submit("", options=["--environment", "missing"])["run_id"], seconds=180)
    assert failed["error"]["code"] == "environment_error" and "'no-such-package==9'" in failed["error"]["message"]


def test_a_dockerfile_is_built_and_a_failing_step_is_named(in_image, image):
    dockerfile = in_image.folder / "Dockerfile"
    dockerfile.write_text("FROM %s\nRUN touch /base-of-test\n" % image)
    in_image("environment", "create", "built", "--dockerfile", dockerfile)
    run = in_image.submit(SCRIPT, options=["--environment", "built"])
    assert in_image.ended(run["run_id"], seconds=180)["status"] == "Completed", log_of(in_image, run["run_id"])
    assert "contained True True True" in log_of(in_image, run["run_id"])

    dockerfile.write_text("FROM %s\nRUN true\nRUN echo says why && exit 7\n" % image)
    in_image("environment", "create", "broken", "--dockerfile", dockerfile)
    failed = in_image.ended(in_image.submit("", options=["--environment", "broken"])["run_id"], seconds=180)
    assert "the Dockerfile failed at step 3/3 (RUN echo says why && exit 7): exit status 7" in failed["error"]["message"]
    assert "says why" in in_image("run", "logs", failed["run_id"], "azureml-logs/20_image_build_log.txt").stdout


def test_what_cannot_be_had_is_said(in_image):
    in_image("environment", "create", "none", "--image", "localhost/muster-none:1")
    failed = in_image.ended(in_image.submit("", options=["--environment", "none"])["run_id"], seconds=120)
    assert failed["error"]["code"] == "environment_error"
    assert "the image 'localhost/muster-none:1' cannot be had" in failed["error"]["message"]
    refused = in_image.problem("run", "submit", "--environment", "boxed", "--mpi", "--command", "true")
    assert "mpirun starts no ranks in containers" in json_text(refused)


def json_text(problem):
    return " ".join([problem["detail"]] + [error["detail"] for error in problem.get("errors", [])])


def test_without_podman_and_docker_a_run_says_so(muster, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "python3", "id", "env"):
        (programs / name).symlink_to("/usr/bin/" + name)
    muster("up", "--listen", free_address(), PATH=str(programs))
    muster("environment", "create", "boxed", "--image", "localhost/any")
    failed = muster.ended(muster.submit("", options=["--environment", "boxed"])["run_id"])
    assert "there is no podman or docker on this machine" in failed["error"]["message"]

"""A real base image: Debian's smallest system with Python, made once on a machine by mmdebstrap and kept by podman."""

import fcntl
import os
import subprocess
import tempfile

IMAGE = "localhost/muster-test-base:bookworm-1"


def podman(*words, check=True, timeout=300):
    return subprocess.run(["podman", *words], check=check, capture_output=True, text=True, timeout=timeout)


def base_image():
    """Its name; whoever comes first makes it, which takes half a minute or more."""
    with open(os.path.join(tempfile.gettempdir(), "muster-test-base.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if podman("image", "exists", IMAGE, check=False).returncode == 0:
            return IMAGE
        with tempfile.TemporaryDirectory(prefix="muster-base-") as folder:
            tar = os.path.join(folder, "base.tar")
            made = subprocess.run(["mmdebstrap", "--variant=minbase", "--include=python3-minimal,python3-venv", "bookworm", tar],
                                  capture_output=True, text=True, timeout=900)
            assert made.returncode == 0, made.stderr[-3000:]
            podman("import", tar, IMAGE)
    return IMAGE


def containers_of(run_id, attempt=1):
    """What podman keeps of a run's containers, running or not."""
    shown = podman("ps", "--all", "--format", "{{.Labels}}").stdout
    return [line for line in shown.splitlines() if "{}-{}".format(run_id, attempt) in line]

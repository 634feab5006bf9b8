#!/usr/bin/env python3
"""A real Slurm on this machine, for tests and for trying it out: four nodes, each a slurmd of its own, beside a munged and a slurmctld.

    slurm_testbed.py start FOLDER     brings it up, or finds it up; then FOLDER/slurm.conf is what SLURM_CONF has to name
    slurm_testbed.py stop FOLDER      ends its jobs and its daemons, by their process ids

n1 and n2 are always up; n3 and n4 are cloud nodes, which Slurm starts when a job wants them and stops when they have been idle. Several
testbeds can be up at once: ports are chosen free, and munge has a key and a socket of its own. Any user may start one; it runs that user's
jobs.
"""

import contextlib
import fcntl
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

NODES = ("n1", "n2", "n3", "n4")
STATIC = NODES[:2]
PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "scontrol", "squeue", "scancel", "sinfo")
# A daemon's place may be missing from an ordinary user's PATH.
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"

CONFIG = """\
# Written by tools/slurm_testbed.py.
ClusterName=muster
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool-%n
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# The nodes have as many processors as is written here, whatever the machine has.
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
SlurmdTimeout=30
# A job may start as soon as it is submitted: nobody else is in a hurry here.
SchedulerParameters=batch_sched_delay=0,bf_interval=1
JobSubmitPlugins=lua
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
# Cloud nodes come when they are wanted and go when they have been idle.
SlurmctldParameters=idle_on_node_suspend
ResumeProgram={folder}/resume
SuspendProgram={folder}/suspend
ResumeTimeout=60
SuspendTimeout=5
SuspendTime=5
SuspendRate=0
ResumeRate=0
SuspendExcNodes=n[1-2]
DebugFlags=Power
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=8 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=8 RealMemory=4000 State=UNKNOWN
NodeName=n3 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[3]} CPUs=8 RealMemory=4000 State=CLOUD
NodeName=n4 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[4]} CPUs=8 RealMemory=4000 State=CLOUD
PartitionName=cpu Nodes=n[1-2] Default=YES MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF State=UP
PartitionName=cloud Nodes=n[3-4] MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF State=UP
PartitionName=all Nodes=n[1-4] MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF State=UP
# What runs here makes way for the partition cpu.
PartitionName=low Nodes=n[1-2] MaxTime=INFINITE PriorityTier=1 PreemptMode=CANCEL State=UP
# An hour and no longer.
PartitionName=short Nodes=n[1-2] MaxTime=60 PriorityTier=10 PreemptMode=OFF State=UP
# Takes jobs and starts none.
PartitionName=closed Nodes=n[1-2] MaxTime=INFINITE State=DOWN
"""

# What an accounting database would refuse: the account and the QOS "refused".
JOB_SUBMIT = """\
function slurm_job_submit(job, partitions, user)
  if job.account == "refused" then return slurm.ESLURM_INVALID_ACCOUNT end
  if job.qos == "refused" then return 2066 end  -- ESLURM_INVALID_QOS
  return slurm.SUCCESS
end
function slurm_job_modify(job, record, partitions, user) return slurm.SUCCESS end
return slurm.SUCCESS
"""

# slurmctld gives these neither PATH nor SLURM_CONF.
RESUME = """\
#!/bin/sh
export PATH={path} SLURM_CONF={folder}/slurm.conf
for node in $(scontrol show hostnames "$1"); do setsid slurmd -N "$node" -b </dev/null >/dev/null 2>&1; done
"""
SUSPEND = """\
#!/bin/sh
export PATH={path} SLURM_CONF={folder}/slurm.conf
for node in $(scontrol show hostnames "$1"); do kill "$(cat {folder}/slurmd-"$node".pid)"; done
"""


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(PATH=PATH, SLURM_CONF=str(folder / "slurm.conf"))
    with open(str(folder / "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two tests that want the same one
        if sys.argv[1] == "start":
            start(folder)
        else:
            stop(folder)


def start(folder):
    if (folder / "slurm.conf").exists() and is_up():
        return
    missing = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if missing:
        sys.exit("not found: %s; on Debian: apt-get install slurm-wlm munge" % ", ".join(missing))
    stop(folder)  # what an interrupted start has left
    configure(folder)
    run("munged", "--force", "--socket=%s/munge.socket" % folder, "--key-file=%s/munge.key" % folder, "--pid-file=%s/munged.pid" % folder,
        "--log-file=%s/munged.log" % folder, "--seed-file=%s/munge.seed" % folder, "--num-threads=4")
    run("slurmctld")
    for node in STATIC:
        run("slurmd", "-N", node)
    wait_until(lambda: output("sinfo", "-h", "-p", "cpu", "-t", "idle", "-o", "%D").strip() == str(len(STATIC)),
               "nodes n1 and n2 to be idle; %s/slurmctld.log says what happened" % folder, 30)


def configure(folder):
    for name in ("state", *("spool-" + node for node in NODES)):
        (folder / name).mkdir(exist_ok=True)
    words = {"folder": folder, "host": socket.gethostname().split(".")[0], "user": pwd.getpwuid(os.geteuid()).pw_name, "path": PATH,
             "ports": free_ports(1 + len(NODES))}
    (folder / "slurm.conf").write_text(CONFIG.format(**words))
    (folder / "job_submit.lua").write_text(JOB_SUBMIT)
    for name, text in (("resume", RESUME), ("suspend", SUSPEND)):
        (folder / name).write_text(text.format(**words))
        (folder / name).chmod(0o755)
    if not (folder / "munge.key").exists():
        run("mungekey", "--create", "--keyfile=%s/munge.key" % folder)


def stop(folder):
    if pid_of(folder / "slurmctld.pid"):
        subprocess.run(["scancel", "--user", str(os.geteuid())], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(TimeoutError):  # one that hangs is left to the end of its node
            wait_until(lambda: not output("squeue", "-h").strip(), "jobs to end", 15)
    for name in ("slurmctld", *("slurmd-" + node for node in NODES), "munged"):
        end(folder / (name + ".pid"))


def end(pid_file):
    """SIGTERM to the daemon of this file, SIGKILL when that does not end it."""
    pid = pid_of(pid_file)
    for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        if pid is None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: pid_of(pid_file) is None, "%s to end" % pid_file.stem, patience)
        pid = pid_of(pid_file)
    with contextlib.suppress(FileNotFoundError):
        pid_file.unlink()


def pid_of(pid_file):
    """The daemon's process id while it lives: a number that another program has by now is not it."""
    try:
        pid = int(pid_file.read_text())
        words = pathlib.Path("/proc/%d/cmdline" % pid).read_bytes().split(b"\0")
        state = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, ValueError):
        return None
    is_it = os.path.basename(words[0]).decode() == pid_file.stem.split("-")[0]
    return pid if is_it and state not in "ZX" else None


def is_up():
    return subprocess.run(["sinfo", "-h"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode == 0


def free_ports(count):
    """Below the range from which the kernel gives ports away, so that they stay free until the daemons have them."""
    first, ports = 20000 + os.getpid() % 1000 * 10, []
    while len(ports) < count:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", first))
            ports.append(first)
        first += 1
    return ports


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.decode()


def run(*command):
    # In a session of its own: a daemon must not end with the terminal. Its output may be held open for as long as it lives.
    done = subprocess.run(command, stdin=subprocess.DEVNULL, start_new_session=True, timeout=60)
    if done.returncode != 0:
        sys.exit("%s ended with %d" % (" ".join(command), done.returncode))


def wait_until(check, what, seconds):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError("waited %d s for %s" % (seconds, what))
        time.sleep(0.05)


if __name__ == "__main__":
    main()

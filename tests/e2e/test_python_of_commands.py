"""`python` in a command is the environment's, whatever the interpreter's own folder calls it."""

import pathlib
import shutil
import sys

import pytest

QUESTION = "import sys; print(sys.executable, *sys.argv[1:])"
COMMAND = """python -c '%s' as python; python3 -c '%s' as python3; echo '#!/usr/bin/env python' > script
echo 'import sys; print(sys.executable, "as a script")' >> script; chmod +x script; ./script""" % (QUESTION, QUESTION)


@pytest.fixture
def lonely_python(tmp_path):
    """A Python whose folder has neither a `python` nor a `python3`; that of the server's PATH is another."""
    folder = tmp_path / "it's an opt" / "bin"
    folder.mkdir(parents=True)
    interpreter = folder / "python3.x"
    interpreter.symlink_to(pathlib.Path(sys.executable).resolve())
    return interpreter


def submit(server, interpreter, *options):
    return server.json("run", "submit", "--experiment", "e2e", "--python", interpreter, *options, "--command", COMMAND)["run_id"]


def said(server, run_id, *options):
    run = server.ended(run_id)
    log = server("run", "logs", run_id, *options).stdout
    assert run["status"] == "Completed", log
    return log


def test_python_in_a_command_is_the_environments(server, lonely_python):
    log = said(server, submit(server, lonely_python))

    for how in ("as python", "as python3", "as a script"):
        assert "%s %s" % (lonely_python, how) in log


def test_python_in_a_command_of_an_mpi_run_is_the_environments(cluster, lonely_python):
    if not shutil.which("mpirun"):
        pytest.fail("these tests need Open MPI's mpirun")
    log = said(cluster, submit(cluster, lonely_python, "--compute", "cluster", "--nodes", "2", "--mpi"), "--merge")

    assert log.count("%s as python\n" % lonely_python) == 2

"""The command line before a person: a terminal has colours, bars and questions; a pipe has none of them."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios

from muster_program import PROGRAM


def at_a_terminal(muster, *words, typed="", code=0, **variables):
    """What `muster words…` shows on a terminal of 100 columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    environment = {**muster.environment, "TERM": "xterm", **variables}
    program = subprocess.Popen([str(PROGRAM), *map(str, words)], cwd=muster.folder, env=environment, stdin=its, stdout=its, stderr=its,
                               start_new_session=True)
    os.close(its)
    shown = b""
    try:
        while select.select([ours], [], [], 30)[0]:
            shown += os.read(ours, 65536)
            if typed and b"Token: " in shown:
                os.write(ours, typed.encode() + b"\n")
                typed = ""
    except OSError:  # nobody has the other end any more
        pass
    finally:
        os.close(ours)
    assert program.wait(30) == code, shown
    return shown.decode()


def token_of(server):
    [entry] = json.loads((server.home / "credentials").read_text())["servers"].values()
    return entry["token"]


def test_colours_are_for_terminals(server):
    server.ended(server.submit("print('hello')")["run_id"])
    assert "\x1b[32mCompleted\x1b[0m" in at_a_terminal(server, "run", "list")
    assert "\x1b[31merror:" in at_a_terminal(server, "run", "show", "nothing", code=2)
    assert "\x1b[" not in at_a_terminal(server, "run", "list", NO_COLOR="1")
    assert "\x1b[" not in server("run", "list").stdout


def test_a_table_fits_its_terminal(server):
    server("run", "submit", "--command", "true", "--name", "n" * 200)
    lines = at_a_terminal(server, "run", "list", NO_COLOR="1").splitlines()
    assert len(lines) == 2 and max(map(len, lines)) <= 100


def test_a_token_is_asked_for_and_not_shown(server, tmp_path):
    url, other = server.server()["url"], str(tmp_path / "other")
    server("run", "list", "--server", url, MUSTER_HOME=other, code=2)
    shown = at_a_terminal(server, "login", url, typed=token_of(server), MUSTER_HOME=other)
    assert shown.startswith("Token:") and token_of(server) not in shown
    server("run", "list", "--server", url, MUSTER_HOME=other)
    assert oct((tmp_path / "other" / "credentials").stat().st_mode)[-3:] == "600"


def test_a_token_is_read_from_a_pipe(server, tmp_path):
    url, other = server.server()["url"], str(tmp_path / "other")
    server("login", url, stdin=b"mu_wrong\n", MUSTER_HOME=other, code=2)
    assert not (tmp_path / "other" / "credentials").exists()
    server("login", url, stdin=token_of(server).encode() + b"\n", MUSTER_HOME=other)
    server("run", "list", "--server", url, MUSTER_HOME=other)


def test_a_status_begins_on_a_line_of_its_own(server):
    (server.folder / "job.py").write_text("import sys\nsys.stdout.write('no newline')")
    shown = at_a_terminal(server, "run", "submit", "--script", "job.py", "--follow", NO_COLOR="1")
    assert "no newline\r\n" in shown, shown


def test_help_fits_80_columns(server):
    for command in ("submit", "list", "logs", "download"):
        lines = server("run", command, "--help", COLUMNS="80").stdout.splitlines()
        assert all(len(line) <= 80 for line in lines if line.startswith("  muster"))

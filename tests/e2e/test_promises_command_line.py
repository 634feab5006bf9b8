"""The command line tells the truth: of the server it starts and ends, and of what others wrote; and leaves the terminal as it was."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import termios

import pytest

from muster_program import PROGRAM, Muster, free_address, is_alive
from waiting import wait_until


@pytest.fixture
def home(tmp_path):
    """A home without a server; none is left in it."""
    program = Muster(tmp_path / "home", tmp_path)
    yield program
    if program.home.is_dir():
        program("down")
    assert program.processes() == []


# --- 26: muster login restores the terminal ---

def typing_a_token(muster):
    """`muster login` at a terminal, once it has asked: the process and our end of the terminal."""
    ours, its = pty.openpty()
    program = subprocess.Popen([str(PROGRAM), "login", "http://127.0.0.1:1"], env={**muster.environment, "TERM": "xterm"}, stdin=its,
                               stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    wait_for_question(ours)
    assert not echoes(ours)
    return program, ours


def wait_for_question(terminal):
    shown = b""
    while b"Token: " not in shown:
        assert select.select([terminal], [], [], 30)[0], shown
        shown += os.read(terminal, 1024)


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_26_login_restores_the_terminal(home, which):
    program, terminal = typing_a_token(home)
    program.send_signal(which)
    assert program.wait(30) == -which
    assert echoes(terminal)
    os.close(terminal)


def test_26_a_stopped_login_restores_the_terminal_and_asks_again(home):
    program, terminal = typing_a_token(home)
    program.send_signal(signal.SIGTSTP)
    # In a session of its own nothing stops by SIGTSTP, as nobody could go on with it: it is asked again at once.
    wait_for_question(terminal)
    wait_until(lambda: not echoes(terminal), "the second question to hide its answer")
    program.send_signal(signal.SIGINT)
    assert program.wait(30) == -signal.SIGINT
    assert echoes(terminal)
    os.close(terminal)


# --- 28: down, up and failed starts ---

def spoil(home, how):
    card = home.home / "server.json"
    if how == "gone":
        card.unlink()
    elif how == "damaged":
        card.write_text("{")
    else:
        # As after a jump of the clock by years, or when another home's was copied here.
        card.write_text(json.dumps({**json.loads(card.read_text()), **how}))


WRONG_CARDS = ["gone", "damaged", {"pid": 1}, {"started_at": "2001-01-01T00:00:00.000000Z"}, {"url": "http://127.0.0.1:1"}]


@pytest.mark.parametrize("how", WRONG_CARDS, ids=str)
def test_28_down_ends_the_server_whatever_server_json_says(home, how):
    pid = home.json("up", "--listen", free_address())["server"]["pid"]
    spoil(home, how)
    assert home.json("down")["stopped"] is True
    assert not is_alive(pid)
    assert home.json("down")["stopped"] is False


@pytest.mark.parametrize("how", WRONG_CARDS, ids=str)
def test_28_up_finds_the_server_whatever_server_json_says(home, how):
    server = home.json("up", "--listen", free_address())["server"]
    spoil(home, how)
    assert home.json("up")["server"]["pid"] == server["pid"]
    assert home.server()["pid"] == server["pid"], "and other commands find it again"


def test_28_a_pid_that_another_program_has_now_is_no_server(home):
    home.json("up", "--listen", free_address())
    home.kill_server()
    (home.home / "muster.db.lock").write_text(str(os.getpid()))
    assert home.json("down")["stopped"] is False


def refused_start(home, *words, code):
    problem = home.problem("up", *words, code=code)
    assert problem["detail"].startswith("the server did not start: ") and problem["hint"], problem
    assert "exit code" not in problem["detail"], problem
    return problem["detail"]


def test_28_a_start_without_room_says_so(tmp_path):
    script = 'mount -t tmpfs -o size=64k none "$MUSTER_HOME" && exec "$0" up --json'
    home = Muster(tmp_path / "home", tmp_path)
    home.home.mkdir()
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run([*unshare, "sh", "-c", script, str(PROGRAM)], env=home.environment, capture_output=True, timeout=60)
    problem = json.loads(done.stderr)
    assert done.returncode == 4 and problem["code"] == "disk_full", problem
    assert problem["detail"].startswith("the server did not start: ") and "exit code" not in problem["detail"]


def test_28_a_start_on_a_port_that_is_taken_says_so(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        assert address in refused_start(home, "--listen", address, code=3)


def test_28_a_start_with_an_unreadable_database_says_so(home):
    home.home.mkdir()
    (home.home / "muster.db").write_text("garbage" * 1000)
    assert "muster.db" in refused_start(home, code=4)


def test_28_a_home_that_is_no_folder_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    problem = Muster(tmp_path / "file", tmp_path).problem("up")
    assert "is not a folder" in problem["detail"] and "MUSTER_HOME" in problem["hint"]


# --- 30: nothing raw on a terminal ---

HIDDEN = "a\u202eb\u2066c\u200bd"  # the server takes them, where a control character is refused
HOSTILE = "a\u202eb\u2066c\u200bd\x1b]0;title\x07e\x9b2Jf"


def at_a_terminal(muster, *words):
    """What `muster words…` writes to a terminal."""
    ours, its = pty.openpty()
    program = subprocess.Popen([str(PROGRAM), *words], cwd=muster.folder, env={**muster.environment, "TERM": "xterm"},
                               stdin=subprocess.DEVNULL, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    shown = b""
    try:
        while select.select([ours], [], [], 30)[0]:
            shown += os.read(ours, 65536)
    except OSError:  # nobody has the other end any more
        pass
    os.close(ours)
    program.wait(30)
    return shown.decode()


def assert_clean(shown):
    for harmful in ("\u202e", "\u2066", "\u200b", "\x1b]", "\x07", "\x9b", "\x1b[2J"):
        assert harmful not in shown, ascii(shown)


def test_30_what_a_user_wrote_does_not_steer_the_terminal(server):
    run = server.submit("print('\\x1b[31mred\\x1b[0m \\x1b[2J\\x1b]0;title\\x07 \\u202e end')",
                        options=["--name", "n" + HIDDEN, "--tag", "t%s=%s" % (HIDDEN, HIDDEN)])
    server.ended(run["run_id"])
    for words in (["run", "list"], ["run", "show", run["run_id"]], ["run", "show", run["run_id"], "--json"], ["run", "show", HOSTILE],
                  ["run", "logs", run["run_id"]], ["run", "logs", run["run_id"], "-f"], ["run", "list", "--server", HOSTILE], [HOSTILE]):
        shown = at_a_terminal(server, *words)
        assert shown
        assert_clean(shown)
    assert "\x1b[31mred\x1b[0m" in at_a_terminal(server, "run", "logs", run["run_id"]), "colours stay"
    assert "\x1b[2J\x1b]0;title\x07 \u202e end" in server("run", "logs", run["run_id"]).stdout, "and a file gets what was written"


def test_30_credentials_that_others_can_read_are_said(server):
    path = server.home / "credentials"
    path.chmod(0o644)
    warning = "warning: others can read the tokens in %s; `chmod 600 %s` ends that\n" % (path, path)
    assert server("status").stderr == warning
    path.chmod(0o600)
    assert server("status").stderr == ""

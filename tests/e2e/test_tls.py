"""A server that other machines can reach: TLS, fingerprints, and proxies, by the command line, the SDK and the runners."""

import contextlib
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from muster_program import PROGRAM, SDK, Muster, free_address
from waiting import wait_until

TRAINS = """
import os
from azureml.core import Run
run = Run.get_context()
print("hello from", os.environ["MUSTER_URL"].split(":")[0])
run.log("loss", 0.5)
os.makedirs("outputs", exist_ok=True)
open("outputs/model", "w").write("weights")
run.tag("by", "the job")
"""

#: Reads a run by the SDK: metrics, a file, the log.
READS = """
import sys
from azureml.core import Run, Workspace
run = Run.get(Workspace.from_config(), sys.argv[1])
print(run.get_status(), run.get_metrics(), run.get_file_names(), run.get_tags()["by"])
run.download_file("outputs/model", "model")
print(open("model").read())
"""


def listens_everywhere(muster, *options):
    """A server that listens beyond loopback; its URL."""
    url = "https://" + free_address()
    muster("up", "--listen", url.replace("https://127.0.0.1", "0.0.0.0"), "--advertise", url, *options)
    return url


def elsewhere(muster, tmp_path):
    """The command line as somebody has it who does not share the server's home."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    return Muster(other / "home", other)


def token_of(muster, url):
    return json.loads((muster.home / "credentials").read_text())["servers"][url]["token"]


def read_by_sdk(client, url, run_id, code=0, **variables):
    client.folder.joinpath("config.json").write_text(json.dumps(
        {"subscription_id": "muster", "resource_group": "muster", "workspace_name": "default", "muster_url": url}))
    done = subprocess.run([sys.executable, "-c", READS, run_id], cwd=client.folder, capture_output=True, text=True, timeout=120,
                          env={**client.environment, "PYTHONPATH": str(SDK), **variables})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_run_by_tls_with_a_certificate_of_its_own(muster, tmp_path):
    url = listens_everywhere(muster)
    fingerprint = muster.server()["fingerprint"]
    assert fingerprint in muster("status").stdout
    assert fingerprint.startswith("SHA256:") and len(fingerprint) == 71
    run = muster.submit(TRAINS)
    assert muster.ended(run["run_id"])["status"] == "Completed"
    assert "hello from https" in muster("run", "logs", run["run_id"], "-f").stdout
    assert (muster.home / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600

    other = elsewhere(muster, tmp_path)
    token = token_of(muster, url)
    refused = other("login", url, stdin=token.encode(), code=2)
    assert fingerprint in refused.stderr and "muster login %s --fingerprint" % url in refused.stderr
    assert not (other.home / "credentials").exists()
    wrong = other("login", url, "--fingerprint", "SHA256:" + "ab" * 32, stdin=token.encode(), code=3)
    assert "not the one that is known" in wrong.stderr
    other("login", url, "--fingerprint", fingerprint, stdin=token.encode())
    other("run", "download", run["run_id"], "--to", other.folder / "files", "--server", url)
    assert (other.folder / "files" / "outputs" / "model").read_text() == "weights"
    assert "Completed {'loss': 0.5} ['azureml-logs/70_driver_log.txt', 'outputs/model'] the job" in read_by_sdk(other, url, run["run_id"])

    # Another certificate is another server, until somebody says otherwise.
    muster("down")
    shutil.rmtree(muster.home / "tls")
    muster("up", "--listen", url.replace("https://127.0.0.1", "0.0.0.0"), "--advertise", url)
    assert muster.server()["fingerprint"] != fingerprint
    assert "not the one that is known" in other("run", "list", "--server", url, code=3).stderr
    assert "not the one that is known" in read_by_sdk(other, url, run["run_id"], code=1)
    other("login", url, "--fingerprint", muster.server()["fingerprint"], stdin=token.encode())
    other("run", "list", "--server", url)


def test_login_asks_about_the_fingerprint(muster, tmp_path):
    url = listens_everywhere(muster)
    other = elsewhere(muster, tmp_path)
    for answer, kept in (("no", False), ("yes", True)):
        master, slave = pty.openpty()
        process = subprocess.Popen([str(PROGRAM), "login", url], env=other.environment, cwd=other.folder,
                                   stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        seen = read_until(master, b"[yes/no]")
        assert muster.server()["fingerprint"].encode() in seen.replace(b"\r\n", b"")
        os.write(master, answer.encode() + b"\n")
        if kept:
            read_until(master, b"oken")
            os.write(master, token_of(muster, url).encode() + b"\n")
        with contextlib.suppress(OSError):
            read_until(master, b"never")
        assert (process.wait(30) == 0) == kept
        os.close(master)
    other("run", "list", "--server", url)


def read_until(terminal, text):
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], 30)[0], seen
        seen += os.read(terminal, 4096)
    return seen


def test_a_certificate_of_an_authority(muster, tmp_path):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=our authority", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=localhost")
    (tmp_path / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    muster.environment["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    port = free_address().rsplit(":", 1)[1]
    url = "https://localhost:" + port
    muster("up", "--listen", "0.0.0.0:" + port, "--advertise", url,
           "--tls-certificate", tmp_path / "server.pem", "--tls-key", tmp_path / "server.key")
    run = muster.submit(TRAINS)
    assert muster.ended(run["run_id"])["status"] == "Completed"

    other = elsewhere(muster, tmp_path)
    token = token_of(muster, url)
    untrusted = other("login", url, stdin=token.encode(), code=2)
    assert "No authority that this machine trusts" in untrusted.stderr
    other.environment["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    other("login", url, stdin=token.encode())
    assert "fingerprint" not in (other.home / "credentials").read_text()
    other("run", "list", "--server", url)
    assert "Completed" in read_by_sdk(other, url, run["run_id"])
    # The name is part of what an authority vouches for.
    by_number = url.replace("localhost", "127.0.0.1")
    assert "not trusted" in other("run", "list", "--server", by_number, code=3, MUSTER_TOKEN=token).stderr
    assert "not trusted" in read_by_sdk(other, by_number, run["run_id"], code=1, MUSTER_TOKEN=token)

    # A server that is reached by another name than its certificate's is known by its fingerprint.
    muster("down")
    muster("up", "--advertise", by_number, "--tls-certificate", tmp_path / "server.pem", "--tls-key", tmp_path / "server.key")
    assert muster.server()["url"] == by_number
    run = muster.submit(TRAINS)
    assert muster.ended(run["run_id"])["status"] == "Completed"


def test_without_tls_only_where_it_is_said(muster):
    port = free_address().rsplit(":", 1)[1]
    plain = "http://127.0.0.1:" + port
    refused = muster("up", "--listen", "0.0.0.0:" + port, "--advertise", plain, code=2)
    assert "--insecure" in refused.stderr
    for _ in range(2):
        warned = muster("up", "--listen", "0.0.0.0:" + port, "--advertise", plain, "--insecure")
        assert "Without TLS" in warned.stderr
        muster("run", "list")
        muster("down")
    assert (muster.home / "server.log").read_text().count("without TLS (--insecure)") == 2
    half = muster("up", "--listen", "0.0.0.0:" + port, "--tls-key", "key.pem", code=2)
    assert "without its certificate" in half.stderr
    missing = muster("up", "--listen", "0.0.0.0:" + port, "--tls-key", "key.pem", "--tls-certificate", "none.pem", code=2)
    assert "none.pem" in missing.stderr


#: Trains until the test says that it may end.
WAITS = """
import os, time
print("begun", flush=True)
while not os.path.exists("end"):
    time.sleep(0.05)
os.makedirs("outputs", exist_ok=True)
open("outputs/model", "w").write("weights")
"""


def begun(muster):
    """A run of WAITS that has begun; its id, and its folder."""
    run_id = muster.submit(WAITS)["run_id"]
    wait_until(lambda: "begun" in muster("run", "logs", run_id).stdout, "the script's first line")
    [folder] = muster.home.glob("runs/%s/1/node_0" % run_id)
    return run_id, folder


@contextlib.contextmanager
def served(muster):
    """`muster serve` that is told nothing; what it says in server.json."""
    process = subprocess.Popen([str(PROGRAM), "serve"], env=muster.environment, cwd=muster.folder)

    def card():
        with contextlib.suppress(OSError):
            found = json.loads((muster.home / "server.json").read_text())
            return found if found["pid"] == process.pid else None
    try:
        yield wait_until(card, "the server to start")
    finally:
        process.terminate()
        process.wait(30)


def training_without_tls(muster):
    """A server that others can reach, without TLS, killed while a run goes on: its port and address, the run and its folder."""
    port = free_address().rsplit(":", 1)[1]
    plain = "http://127.0.0.1:" + port
    muster("up", "--listen", "0.0.0.0:" + port, "--advertise", plain, "--insecure")
    run_id, folder = begun(muster)
    muster.kill_server()
    return port, plain, run_id, folder


def test_a_start_that_says_nothing_is_like_the_last_one(muster):
    port, plain, run_id, folder = training_without_tls(muster)
    again = muster("up")
    assert "Without TLS" in again.stderr
    assert (muster.server()["url"], muster.server()["fingerprint"]) == (plain, None)
    (folder / "end").write_text("")
    run = muster.ended(run_id)
    assert (run["status"], run["attempt"], run["warnings"]) == ("Completed", 1, [])

    run_id, _ = begun(muster)
    muster.kill_server()
    assert run_id in muster("down", "--cancel").stdout
    with served(muster) as card:
        assert card["url"] == muster.server()["url"] == plain
        assert muster.json("run", "show", run_id)["status"] == "Canceled"

    secure = plain.replace("http", "https")
    muster("up", "--listen", "0.0.0.0:" + port, "--advertise", secure)
    fingerprint = muster.server()["fingerprint"]
    muster("down")
    assert "Without TLS" not in muster("up").stderr
    assert (muster.server()["url"], muster.server()["fingerprint"]) == (secure, fingerprint)


def test_a_home_of_an_older_version_goes_on_without_tls_while_its_runs_do(muster):
    port, plain, run_id, folder = training_without_tls(muster)
    (muster.home / "address").write_text("0.0.0.0:" + port)  # an older version kept no more
    credentials = json.loads((muster.home / "credentials").read_text())
    credentials["servers"]["http://%s:%s" % (socket.gethostname(), port)] = credentials["servers"][plain]
    (muster.home / "credentials").write_text(json.dumps(credentials))
    muster.environment["MUSTER_URL"] = plain
    with served(muster) as card:
        assert card["url"].startswith("http:")
        (folder / "end").write_text("")
        assert muster.ended(run_id)["status"] == "Completed"
    with served(muster) as card:
        assert card["url"].startswith("https:")


def test_why_a_started_server_does_not_answer_is_said(muster):
    address = free_address()
    nowhere = free_address()
    silent = muster("up", "--listen", address, "--advertise", "http://" + nowhere, code=3)
    assert "does not answer within 10 s" in silent.stderr and "no connection to %s: Connection refused" % nowhere in silent.stderr
    assert str(muster.home / "server.log") in silent.stderr
    muster("down")


def test_credentials_that_cannot_be_read_are_not_written_over(muster):
    muster("up", "--listen", free_address())
    muster("down")
    damaged = '{"servers": {"https://elsewhere:6464": {"token": "precious"'
    (muster.home / "credentials").write_text(damaged)
    refused = muster("up", code=2)
    assert str(muster.home / "credentials") in refused.stderr and "correct or remove that file" in refused.stderr
    assert (muster.home / "credentials").read_text() == damaged


def test_the_wrong_scheme_is_said(muster):
    url = listens_everywhere(muster)
    token = token_of(muster, url)
    by_http = muster("run", "list", "--server", url.replace("https", "http"), code=2, MUSTER_TOKEN=token)
    assert "https://" in by_http.stderr


class ForwardingProxy:
    """An HTTP proxy that knows one host name, and asks for a password."""

    AUTHORIZATION = b"Proxy-Authorization: Basic YW5uOnNlY3JldA=="  # ann:secret

    def __init__(self, name):
        self._name, self.requests = name, []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.url = "http://ann:secret@127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(1 << 16)
                if not piece:
                    return
                head += piece
            line = head.split(b"\r\n", 1)[0].decode()
            self.requests.append(line)
            method, target, _ = line.split()
            if self.AUTHORIZATION not in head:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = (target if method == "CONNECT" else target.split("/")[2]).rsplit(":", 1)
            if host != self._name:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", int(port))) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:  # the next requests of this connection pass as they are: a server takes them with the whole address too
                    server.sendall(head)
                threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
                pass_on(client, server)


def pass_on(source, target):
    with contextlib.suppress(OSError):
        for piece in iter(lambda: source.recv(1 << 16), b""):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_all_go_by_the_proxy_of_the_environment(muster, scheme):
    name = "muster.example"  # only the proxy knows where that is
    proxy = ForwardingProxy(name)
    port = free_address().rsplit(":", 1)[1]
    url = "%s://%s:%s" % (scheme, name, port)
    variable = scheme + "_proxy"
    muster.environment[variable] = proxy.url
    muster("up", "--listen", "0.0.0.0:" + port, "--advertise", url, *(["--insecure"] if scheme == "http" else []))
    run = muster.submit(TRAINS)
    assert muster.ended(run["run_id"])["status"] == "Completed"
    assert "hello from " + scheme in muster("run", "logs", run["run_id"]).stdout
    assert "Completed {'loss': 0.5}" in read_by_sdk(muster, url, run["run_id"])
    expected = "CONNECT %s:%s HTTP/1." % (name, port) if scheme == "https" else "POST %s/api/v1/" % url
    wait_until(lambda: any(line.startswith(expected) for line in proxy.requests), "a request by the proxy")
    without = muster("run", "list", code=3, **{variable: proxy.url.replace("ann:secret@", "")})
    assert "407" in without.stderr or "proxy" in without.stderr.lower()
    assert "HTTP proxy" in muster("run", "list", code=2, **{variable: "socks5://ann:secret@x"}).stderr
    around = muster("run", "list", code=3, no_proxy=".example")
    assert name in around.stderr and "secret" not in around.stderr
    proxy.close()

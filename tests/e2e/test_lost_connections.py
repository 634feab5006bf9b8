"""What goes on when the connection to the server is lost on the way: logs that are followed, downloads."""

import contextlib
import hashlib
import random
import socket
import subprocess
import threading
import urllib.parse

from muster_program import PROGRAM
from waiting import wait_until


class CuttingProxy:
    """Passes bytes on to the server, and cuts a connection after that many bytes of answers."""

    def __init__(self, muster, cut_after):
        url = urllib.parse.urlsplit(muster.server()["url"])
        self.server, self.cut_after, self.cuts = (url.hostname, url.port), cut_after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self.server) as server:
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            left = self.cut_after
            with contextlib.suppress(OSError):
                while left > 0:
                    piece = server.recv(min(left, 65536))
                    if not piece:
                        return
                    client.sendall(piece)
                    left -= len(piece)
                self.cuts += 1
            for end in (client, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pass_on(source, target):
        with contextlib.suppress(OSError):
            while True:
                piece = source.recv(65536)
                if not piece:
                    return
                target.sendall(piece)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def through(muster, proxy):
    [token] = [line.split('"')[3] for line in (muster.home / "credentials").read_text().splitlines() if '"token"' in line]
    return {"MUSTER_URL": proxy.url, "MUSTER_TOKEN": token}


def test_a_download_goes_on_as_long_as_it_progresses(server):
    content = random.Random(1).randbytes(3_000_000)
    (server.folder / "content").write_bytes(content)
    run = server.ended(server.submit("import os, shutil\nshutil.copy(%r, 'outputs/big')" % str(server.folder / "content"))["run_id"])
    assert run["status"] == "Completed", run
    with CuttingProxy(server, 100_000) as proxy:
        server("run", "download", run["run_id"], "outputs/big", "--to", "got", timeout=120, **through(server, proxy))
        assert proxy.cuts >= 25
    assert hashlib.sha256((server.folder / "got").read_bytes()).digest() == hashlib.sha256(content).digest()


def test_a_file_and_merged_ranks_are_followed_through_lost_connections(server):
    """Each line once: of a file of logs/, and of each rank."""
    go = server.folder / "go"
    script = """
import os, time
rank = os.environ.get("RANK", "0")
with open("logs/own-%s.log" % rank, "w") as log:
    for i in range(3000):
        print("line %d" % i, flush=True)
        print("own %d" % i, file=log, flush=True)
        while i == 1500 and not os.path.exists({go!r}):
            time.sleep(0.01)
""".format(go=str(go))
    run_id = server.submit(script, options=("--processes", "2"))["run_id"]
    server.running(run_id)
    followed = {"logs/own-0.log", *("azureml-logs/70_driver_log_%d.txt" % rank for rank in range(2))}
    wait_until(lambda: followed <= {log["path"] for log in server.json("run", "logs", run_id, "--list")["logs"]
                                    if log["size"] > 1000}, "logs")
    with CuttingProxy(server, 9_000) as proxy:
        environment = {**server.environment, **through(server, proxy)}
        ways = {"file": ["logs/own-0.log"], "merged": ["--merge"]}
        followers = {way: subprocess.Popen([str(PROGRAM), "run", "logs", run_id, "-f", *words], env=environment, cwd=server.folder,
                                           stdout=subprocess.PIPE, text=True) for way, words in ways.items()}
        wait_until(lambda: proxy.cuts >= 2, "connections to be cut")
        go.touch()
        text = {way: follower.communicate(timeout=60)[0] for way, follower in followers.items()}
        assert [follower.returncode for follower in followers.values()] == [0, 0]
    assert text["file"].splitlines() == ["own %d" % i for i in range(3000)]
    for rank in range(2):
        mine = [line for line in text["merged"].splitlines() if line.startswith("[rank %d] " % rank)]
        assert mine == ["[rank %d] line %d" % (rank, i) for i in range(3000)]
    assert server.ended(run_id)["status"] == "Completed"

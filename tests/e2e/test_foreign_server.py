"""Something else listens at the server's address for a while: training goes on, and nothing is lost."""

import http.server
import threading
import urllib.error
import urllib.parse
import urllib.request

from muster_program import Muster, free_address
from waiting import wait_until

#: Ends when the test says so.
TRAINS = """
import os, time
from azureml.core import Run
run = Run.get_context()
print("begun", flush=True)
step = 0
while not os.path.exists("end"):
    run.log("step", step)
    step += 1
    time.sleep(0.05)
os.makedirs("outputs", exist_ok=True)
open("outputs/model", "w").write("weights")
print("ended", flush=True)
"""


class Stranger:
    """Listens at `address`, answers each request by `answer(request)` → (status, headers, body), and counts heartbeats."""

    def __init__(self, address, answer):
        self.heartbeats = 0
        stranger = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, body = answer(self)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                stranger.heartbeats += self.path.endswith("/heartbeat")

            do_GET = do_POST = do_PUT = do_any

            def log_message(self, *_):
                pass

        host, port = address.rsplit(":", 1)
        self.server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answered(self, heartbeats):
        wait_until(lambda: self.heartbeats >= heartbeats, "%d heartbeats at the wrong server" % heartbeats, 60)


def not_found_page(_):
    return 404, [("Content-Type", "text/html")], b"<html>There is no such page here.</html>"


def forwards_to(url):
    """As if that server listened here: its own answers, with its own headers."""
    def answer(request):
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        asked = urllib.request.Request(url + request.path, request.body or None, headers, method=request.command)
        try:
            with urllib.request.urlopen(asked, timeout=20) as given:
                return given.status, list(kept(given.headers)), given.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, list(kept(refusal.headers)), refusal.read()

    def kept(headers):
        return [(name, value) for name, value in headers.items() if name.lower() not in ("content-length", "connection", "date")]
    return answer


def begin(server):
    run_id = server.submit(TRAINS)["run_id"]
    wait_until(lambda: "begun" in server("run", "logs", run_id).stdout, "the script's first line")
    [folder] = server.home.glob("runs/%s/1/node_0" % run_id)
    return run_id, folder


def assert_all_is_recorded(server, run_id, folder):
    run = server.ended(run_id, seconds=60)
    assert (run["status"], run["error"], run["warnings"], run["attempt"]) == ("Completed", None, [], 1)
    assert server("run", "logs", run_id).stdout == "begun\nended\n"
    assert "outputs/model" in server("run", "outputs", run_id).stdout
    wait_until(lambda: not folder.exists(), "the run folder to go")


def test_another_homes_server_and_a_proxys_page_are_not_heard(server, tmp_path):
    address = urllib.parse.urlsplit(server.server()["url"]).netloc
    run_id, folder = begin(server)
    other = Muster(tmp_path / "other-home", server.folder)
    other("up", "--listen", free_address())
    try:
        server.kill_server()
        for answer in (not_found_page, forwards_to(other.server()["url"])):
            with Stranger(address, answer) as stranger:
                stranger.answered(3)
                (folder / "between").write_text("")
        with Stranger(address, forwards_to(other.server()["url"])) as stranger:
            (folder / "end").write_text("")
            stranger.answered(3)
    finally:
        other("down")
    assert other.home.exists() and not list(other.home.glob("runs/*"))
    server("up", "--listen", address)
    assert_all_is_recorded(server, run_id, folder)

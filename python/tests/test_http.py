"""The HTTP client: retries, keep-alive, errors; and the search for servers, tokens and configurations."""
import io
import json
import os
import socket
import threading
from unittest import mock

from fake_server import Drop, FakeServer, Problem
from server_case import ServerCase
from support import Case

from muster import Workspace
from muster._client import config as _config, http as _http, tls as _tls
from muster._client.http import Client
from muster._terminal.progress import Progress, human_size
from muster.exceptions import (AuthenticationException, ProjectSystemException, ServerUnreachableException, UserErrorException,
                               WorkspaceException)


class ClientTest(ServerCase):
    def client(self):
        return Client(self.server.url, "secret")

    def fail_first(self, count, how):
        """Lets the first requests fail in some way."""
        left = [count]

        def before(handler):
            if left[0]:
                left[0] -= 1
                return how(handler)

        self.server.before = before

    def test_a_connection_is_kept(self):
        client, ports = self.client(), set()
        self.server.before = lambda handler: ports.add(handler.client_address[1])
        for _ in range(5):
            client.json("GET", "/workspaces/default")
        self.assertEqual(len(ports), 1)

    def test_broken_connections_and_busy_servers_are_tried_again(self):
        def drop(handler):
            raise Drop

        def busy(status):
            def refuse(handler):
                raise Problem(status, "unavailable", "Come again")
            return refuse

        for how in (drop, busy(502), busy(503), busy(504)):
            self.fail_first(2, how)
            self.assertEqual(self.client().json("GET", "/workspaces/default")["name"], "default")

    def test_a_create_whose_answer_was_lost_is_made_once(self):
        def answer_and_drop(handler):
            # The work is done, and the connection breaks before the answer leaves.
            import fake_server
            handler.server.state.answers[handler.headers["Idempotency-Key"]] = fake_server.post_target(handler, "default")
            raise Drop

        self.fail_first(1, answer_and_drop)
        data = self.client().json("POST", "/workspaces/default/compute_targets", {"name": "once", "max_nodes": 1}, create=True)
        self.assertEqual(data["name"], "once")

    def test_a_delete_whose_answer_was_lost_is_done(self):
        self.state.targets["old"] = {"name": "old"}

        def delete_and_drop(handler):
            del handler.server.state.targets["old"]
            raise Drop

        self.fail_first(1, delete_and_drop)
        self.client().json("DELETE", "/workspaces/default/compute_targets/old")

    def test_a_server_that_refuses_a_body_early_is_heard(self):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        body = json.dumps({"status": 413, "code": "too_large", "detail": "More than 8 MiB"}).encode()

        def serve():
            connection, _ = listener.accept()
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
                               b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 20):
                pass
            connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        client = Client("http://127.0.0.1:%d" % listener.getsockname()[1], "t")
        with self.refused(UserErrorException, "More than 8 MiB"):
            client.send("PUT", "/blobs/x", b"x" * (20 << 20))

    def test_bytes_sent_twice_are_counted_once(self):
        sent = []
        self.fail_first(1, lambda handler: (_ for _ in ()).throw(Drop()))
        data = b"x" * 3000000
        self.client().send("PUT", "/workspaces/default/runs/r/artifacts/a", lambda: io.BytesIO(data), len(data), sent=sent.append)
        self.assertEqual(sum(sent), len(data))
        self.assertIn(-len(data), sent)

    def test_no_server(self):
        self.server.stop()
        with self.refused(ServerUnreachableException, self.server.url, "nothing listens there", "muster up"):
            self.client().json("GET", "/workspaces/default")

    def test_a_server_that_has_answered_is_waited_for_while_it_starts_again(self):
        client = self.client()
        client.json("GET", "/workspaces/default")
        self.server.stop()
        pauses = []
        with mock.patch("muster._client.http.time.monotonic", lambda: len(pauses) * 2.0), \
                mock.patch("muster._client.http._pause", lambda attempt: self.next_server(pauses, attempt)):
            self.assertEqual(client.json("GET", "/workspaces/default")["name"], "default")
        self.assertEqual(len(pauses), 2)

    def next_server(self, pauses, attempt):
        pauses.append(attempt)
        if len(pauses) == 2:  # After four seconds by the clock that is used here.
            self.server = FakeServer(self.server.server_port, self.server.state)

    def test_something_that_is_no_muster_server(self):
        self.server.before = lambda handler: handler.answer(200, raw=b"<html>") or True
        with self.refused(ProjectSystemException, "is it a Muster server?"):
            self.client().json("GET", "/workspaces/default")

    def test_problems_name_field_and_fix(self):
        document = {"status": 422, "code": "invalid", "detail": "The run is refused", "hint": "Correct these and submit again.", "errors": [
            {"field": "node_count", "detail": "0 is too few", "hint": "Give at least 1."}, {"field": "script", "detail": "it is empty"}]}
        self.server.before = lambda handler: handler.answer(422, document) or True
        with self.refused(UserErrorException, "node_count: 0 is too few (Give at least 1.)", "script: it is empty",
                          "Correct these and submit again.") as caught:
            self.client().json("GET", "/x")
        self.assertEqual((caught.exception.status, caught.exception.problem["code"]), (422, "invalid"))
        self.assertRegex(str(caught.exception), r"^UserErrorException:\n\tMessage: The run is refused\.\n(.|\n)*\n\tInnerException None\n"
                                                r"\tErrorResponse \n\{")

    def test_classes_of_errors(self):
        for status, kind in ((400, UserErrorException), (401, AuthenticationException), (403, AuthenticationException),
                             (404, ProjectSystemException), (409, UserErrorException), (413, UserErrorException),
                             (422, UserErrorException), (500, ProjectSystemException), (507, ProjectSystemException)):
            self.server.before = lambda handler, status=status: handler.answer(status, {"detail": "why"}) or True
            with self.refused(kind, "why"):
                self.client().json("GET", "/x")
        self.server.before = lambda handler: handler.answer(500, raw=b"not json") or True
        with self.refused(ProjectSystemException, "not json"):
            self.client().json("GET", "/x")
        with self.refused(WorkspaceException):
            self.server.before = lambda handler: handler.answer(404, {"detail": "why"}) or True
            self.client().json("GET", "/x", error=WorkspaceException)

    def test_wrong_token(self):
        os.environ["MUSTER_TOKEN"] = "wrong"
        with self.refused(AuthenticationException, "The token is not known", "MUSTER_TOKEN"):
            self.workspace()
        for odd in ("\u00e9", "a\nb"):
            with self.refused(UserErrorException, "token"):
                Client(self.server.url, odd)

    def test_addresses_that_are_none(self):
        for url in ("127.0.0.1:6464", "ftp://x", "http://", "http://x:port"):
            with self.refused(UserErrorException, url):
                Client(url, "t")

    def test_threads_and_forks_have_their_own_connections(self):
        client = self.client()
        client.json("GET", "/workspaces/default")
        pid = os.fork()
        if pid == 0:
            os._exit(0 if client.json("GET", "/workspaces/default")["name"] == "default" else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(client.json("GET", "/workspaces/default")["name"], "default")


class ConfigTest(Case):
    def config(self, path, name="default", **more):
        return self.write(path, json.dumps(dict({"subscription_id": "s", "resource_group": "g", "workspace_name": name}, **more)))

    def test_the_nearest_wins(self):
        self.config("../.azureml/config.json", "far")
        os.makedirs("a/b")
        self.assertEqual(_config.find_config("a/b").workspace_name, "far")
        self.config("config.json", "near")
        self.assertEqual(_config.find_config("a/b").workspace_name, "near")
        self.config("a/aml_config/project.json", "nearer")
        self.assertEqual(_config.find_config("a/b").workspace_name, "nearer")
        self.config("a/b/config.json", "here")
        self.assertEqual(_config.find_config("a/b").workspace_name, "here")
        self.config("a/b/.azureml/config.json", "hidden")
        self.assertEqual(_config.find_config("a/b").workspace_name, "hidden")
        self.assertEqual(_config.find_config("config.json").workspace_name, "near")
        self.config("a/b/other.json", "other")
        self.assertEqual(_config.find_config("a/b", "other.json").workspace_name, "other")

    def test_the_other_shape(self):
        scope = "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W"
        path = self.write("c.json", json.dumps({"Id": None, "Scope": scope}))
        config = _config.find_config(path)
        self.assertEqual((config.subscription_id, config.resource_group, config.workspace_name), ("S", "G", "W"))

    def test_bad_ones(self):
        with self.refused(UserErrorException, "could not be found in", self.work, "muster workspace config"):
            _config.find_config()
        with self.refused(UserErrorException, "neither a file nor a folder"):
            _config.find_config("gone")
        for content, text in (("{", "is not JSON"), ("[1]", "must hold one JSON object, not list"), ("{}", "subscription_id is missing"),
                              ('{"Scope": "/x"}', "Scope is '/x'"), (b"\xff\xfe{}", "is not JSON"), ("[" * 100000, "is not JSON"),
                              ('{"subscription_id": 1}', "subscription_id"),
                              ('{"subscription_id":"s","resource_group":"g","workspace_name":"w","muster_url":1}', "muster_url")):
            path = self.write("bad.json", content)
            with self.refused(UserErrorException, path, text):
                _config.find_config(path)

    def test_where_the_server_is(self):
        with self.refused(UserErrorException, "No Muster server is known", "muster up"):
            _config.find_server()
        self.write("../home/server.json", '{"url": "http://127.0.0.1:4/"}')
        self.assertEqual(_config.find_server(), "http://127.0.0.1:4")
        self.assertEqual(_config.find_server(None, "http://127.0.0.1:3"), "http://127.0.0.1:3")
        os.environ["MUSTER_URL"] = "http://127.0.0.1:2/"
        self.assertEqual(_config.find_server(None, "http://127.0.0.1:3"), "http://127.0.0.1:2")
        self.assertEqual(_config.find_server("http://127.0.0.1:1", "http://127.0.0.1:3"), "http://127.0.0.1:1")

    def test_which_token(self):
        with self.refused(AuthenticationException, "muster login http://a:1"):
            _config.find_token("http://a:1")
        os.environ["MUSTER_RUN_TOKEN"] = "of the run"
        self.assertEqual(_config.find_token("http://a:1"), "of the run")
        self.write("../home/credentials", '{"servers": {"http://a:1/": {"token": "kept"}}}')
        self.assertEqual(_config.find_token("http://a:1"), "kept")
        self.assertEqual(_config.find_token("http://b:1"), "of the run")
        os.environ["MUSTER_TOKEN"] = "told"
        self.assertEqual(_config.find_token("http://a:1"), "told")
        del os.environ["MUSTER_TOKEN"]
        self.write("../home/credentials", "{")
        with self.refused(UserErrorException, "credentials is not JSON"):
            _config.find_token("http://a:1")

    def test_one_server_under_any_spelling(self):
        digits = "ab" * 32
        self.write("../home/credentials", json.dumps({"servers": {"no address": {"token": "x"}, "https://GPU-Box": {
            "token": "kept", "fingerprint": "SHA256:" + digits}}}))
        for url in ("https://gpu-box:443", "https://GPU-box/", "https://gpu-box#SHA256:" + "cd" * 32):
            self.assertEqual(_config.find_token(url), "kept")
            self.assertEqual(_config.find_fingerprint(url), "SHA256:" + digits)
        with self.refused(AuthenticationException, "muster login https://gpu-box:444"):
            _config.find_token("https://gpu-box:444")

    def test_inside_a_run_nobody_is_told_to_log_in_or_to_start_a_server(self):
        os.environ["MUSTER_RUN_ID"] = "birds_1"
        for kind, ask in ((UserErrorException, _config.find_server), (AuthenticationException, lambda: _config.find_token("http://a:1"))):
            with self.assertRaises(kind) as caught:
                ask()
            self.assertNotRegex(caught.exception.message, "muster (login|up)")
            self.assertRegex(caught.exception.message, "MUSTER_(URL|RUN_TOKEN), which Muster gives each process of a run, is missing")


class InsideARunTest(ServerCase):
    def test_a_token_that_is_refused_and_a_server_that_is_away(self):
        os.environ["MUSTER_RUN_ID"] = "birds_1"
        os.environ["MUSTER_TOKEN"] = "wrong"
        with self.assertRaises(AuthenticationException) as caught:
            Workspace.get("default")
        self.assertIn("else from MUSTER_RUN_TOKEN", caught.exception.message)
        self.assertNotIn("muster login", caught.exception.message)
        self.server.stop()
        with self.assertRaises(ServerUnreachableException) as caught:
            Workspace.get("default")
        self.assertIn("The run goes on without it", caught.exception.message)
        self.assertNotIn("muster up", caught.exception.message)


class WorkspaceTest(ServerCase):
    def test_from_config_and_back(self):
        self.workspace().write_config()
        with open(".azureml/config.json") as file:
            self.assertEqual(json.load(file)["muster_url"], self.server.url)
        del os.environ["MUSTER_URL"]
        os.mkdir("below")
        workspace = Workspace.from_config(path="below")
        self.assertEqual((workspace.name, workspace.id, workspace.tags), ("default", "7", {"team": "birds"}))
        self.assertEqual(workspace.get_details()["name"], "default")
        self.assertEqual(list(Workspace.list(server=self.server.url)), ["default"])

    def test_there_is_none(self):
        with self.refused(ProjectSystemException, "Workspace not found", "'other'", "Workspace.list()"):
            Workspace.get("other")
        with self.refused(UserErrorException, "workspace_name"):
            Workspace.get("a/b")

    def test_what_is_no_address_is_told_before_a_missing_token(self):
        del os.environ["MUSTER_TOKEN"]
        with self.refused(UserErrorException, "'gopher://x' is not one"):
            Workspace.get("default", server="gopher://x")

    def test_what_is_not_text_is_refused_by_its_field(self):
        workspace = self.workspace()
        for body, field in (({"tags": {"a": "\udcff"}}, "tags.a: "), ({"arguments": ["x", "\ud800"]}, "arguments[1]: "),
                            ({"tags": {"\udcff": "a"}}, "tags: ")):
            with self.refused(UserErrorException, field, "is not text"):
                workspace._client.json("POST", workspace._path + "/runs", body)
        with self.refused(UserErrorException, "is not text"):
            workspace.get_run("\udcff")

    def test_moved_servers_are_found_by_their_home(self):
        self.server.stop()
        again = FakeServer(state=self.state)
        self.addCleanup(again.stop)
        del os.environ["MUSTER_URL"]
        self.write("../home/server.json", json.dumps({"url": again.url}))
        self.assertEqual(Workspace.get("default").location, again.url)


class PinnedTest(Case):
    URL = "https://gpu-box:6464#SHA256:" + "ab" * 32

    def test_a_fingerprint_in_the_address_is_not_lost(self):
        os.environ["MUSTER_TOKEN"] = "t"
        with mock.patch("muster._client.http.Client.json", return_value={"name": "birds"}):
            workspace = Workspace.create("birds", server=self.URL)
        self.assertEqual(workspace._client._fingerprint, "ab" * 32)
        self.assertEqual(workspace.location, "https://gpu-box:6464")
        workspace.write_config()
        self.assertEqual(_config.find_config().muster_url, self.URL)

    def test_one_that_the_credentials_keep_stays_there(self):
        self.assertEqual(Client("https://gpu-box:6464", "t", "ab" * 32).pinned_url, "https://gpu-box:6464")


class AuthoritiesTest(Case):
    def trusted(self, default_paths, files):
        """Which file a connection's authorities are read from, when these are the interpreter's own and these there are."""
        context = mock.Mock()
        paths = mock.Mock(**default_paths)
        with mock.patch("ssl.get_default_verify_paths", return_value=paths), \
                mock.patch("os.access", side_effect=lambda path, how: path in files):
            _tls._trust_authorities(context)
        return [call[0][0] for call in context.load_verify_locations.call_args_list]

    def test_those_of_the_machine_where_the_interpreter_has_none(self):
        second, third = _tls.AUTHORITY_FILES[1:]
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            os.environ.pop(name, None)
        os.mkdir("empty")
        for paths in ({"cafile": None, "capath": None}, {"cafile": None, "capath": "empty"}):
            self.assertEqual(self.trusted(paths, (second, third)), [second])
        self.write("full/0.pem", "")
        for paths in ({"cafile": "x.pem", "capath": None}, {"cafile": None, "capath": "full"}):
            self.assertEqual(self.trusted(paths, (second, third)), [])
        os.environ["SSL_CERT_FILE"] = "named.pem"
        self.assertEqual(self.trusted({"cafile": None, "capath": None}, (second, third)), [])


class ProgressTest(Case):
    def test_plain_lines_and_bars(self):
        plain = io.StringIO()
        with Progress("Uploading", 10, plain) as progress:
            progress.add(10)
        self.assertRegex(plain.getvalue(), r"^Uploading: 10 bytes in \d+\.\d s\n$")
        one = io.StringIO()
        with Progress("Uploading", 1, one) as progress:
            progress.add(1)
        self.assertTrue(one.getvalue().startswith("Uploading: 1 byte in "), one.getvalue())
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        with Progress("Uploading", 10, terminal) as progress:
            progress._shown -= 1
            progress.add(5)
        self.assertIn("\rUploading [###############---------------]  50 %", terminal.getvalue())
        with Progress("Uploading", 10, None) as progress:
            progress.add(10)

    def test_sizes(self):
        self.assertEqual([human_size(size) for size in (0, 1023, 1536, 3 << 20, 5 << 40)],
                         ["0 bytes", "1023 bytes", "1.5 KB", "3.0 MB", "5120.0 GB"])


_http.RETRY_FOR_SECONDS = 5.0

"""A small stand-in for the server, for unit tests of the client: it keeps things in memory and believes what it is told.

It follows docs/rest-api.md as far as the client can tell. Tests reach into `server.state`, and give `server.before` a
function that sees each request first and may answer it, or break the connection by raising Drop.
"""
import hashlib
import io
import json
import re
import socketserver
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TIME = "2026-11-21T03:22:11.123456Z"


class Drop(Exception):
    """Breaks the connection without an answer."""


class Problem(Exception):
    def __init__(self, status, code, detail, hint=None, **more):
        super().__init__(detail)
        self.status = status
        self.document = dict({"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}, **more)
        if hint:
            self.document["hint"] = hint


class State:
    def __init__(self):
        self.token = "secret"
        self.blobs = {}
        self.snapshots = {}
        self.searched = []
        self.experiments = {}
        self.runs = {}
        self.submitted = []  # The bodies of POST /runs.
        self.artifacts = {}  # run id -> {path: bytes}
        self.logs = {}  # run id -> {path: bytes}
        self.sources = {}  # (run id, source) -> next sequence
        self.metrics = {}  # run id -> {name: [points]}
        self.environments = []
        self.curated_environments = []
        self.builds = {}  # environment's name -> {"status", "log", "error"}
        self.targets = {"local": target("local", 1)}
        self.models = []
        self.secrets = {}  # name -> value
        self.data = {}  # path in the datastore -> sha256
        self.answers = {}  # Idempotency-Key -> (body, answer)
        self.requests = []  # (method, path) of everything that came
        self.listed = []  # the query of every list of runs, but for its page
        self.streams = []  # What each event stream sends: a function of the query, giving bytes; the last one again.


def target(name, max_nodes, min_nodes=0, **more):
    return dict({"name": name, "engine": "local", "type": "local" if name == "local" else "AmlCompute", "vm_size": None,
                 "vm_priority": "dedicated", "min_nodes": min_nodes, "max_nodes": max_nodes, "idle_seconds_before_scaledown": 1800,
                 "description": None, "tags": {}, "created_at": TIME, "created_by": "me", "provisioning_state": "Succeeded",
                 "current_node_count": min_nodes, "target_node_count": min_nodes, "node_state_counts": {"idle": min_nodes},
                 "allocation_state": "Steady", "allocation_state_transition_time": TIME, "nodes": [], "queued_runs": 0}, **more)


def event(kind, data):
    return "event: {}\ndata: {}\n\n".format(kind, json.dumps(data)).encode("utf-8")


class FakeServer(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port=0, state=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.state = state or State()
        self.before = None
        self.url = "http://127.0.0.1:{}".format(self.server_port)
        self._open = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks the network for this machine's name.
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        """Ends the server, its open connections too. May be called twice."""
        if not self._thread.is_alive():
            return
        self.shutdown()
        self.server_close()
        self._thread.join()
        for connection in list(self._open):
            try:
                connection.shutdown(2)
            except OSError:
                pass

    def run(self, run_id="birds_1795230131_0a1b2c3d", experiment="birds", status="Running", **more):
        """Makes a run."""
        self.state.runs[run_id] = dict({
            "run_id": run_id, "kind": "job", "uuid": hashlib.md5(run_id.encode()).hexdigest(), "workspace": "default",
            "experiment": experiment, "number": len(self.state.runs) + 1, "description": None, "parameters": {}, "lifecycle": "active",
            "display_name": None, "status": status, "status_detail": None, "attempt": 1, "created_at": TIME, "created_by": "me",
            "started_at": TIME, "ended_at": None, "stages": [], "compute_target": "local", "environment": {"name": None, "version": None},
            "snapshot_id": "ab" * 32, "script": "train.py", "command": None, "arguments": [], "distribution": None, "node_count": 1,
            "max_run_duration_seconds": 2592000, "max_retries": 0, "priority": 0, "grace_seconds": 15, "environment_variables": {},
            "parent_run_id": None, "nodes": [], "error": None, "warnings": [], "tags": {}, "properties": {}}, **more)
        self.state.experiments.setdefault(experiment, {"name": experiment, "id": "1", "tags": {}})
        return run_id


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *unused):
        pass

    def setup(self):
        super().setup()
        self.server._open.add(self.connection)

    def finish(self):
        self.server._open.discard(self.connection)
        super().finish()

    def answer(self, status, value=None, raw=None, headers=()):
        body = raw if raw is not None else json.dumps(value).encode("utf-8") if value is not None else b""
        self.send_response(status)
        kind = "application/octet-stream" if raw is not None else "application/problem+json" if status >= 400 else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        parts = urlsplit(self.path)
        self.queries = parse_qs(parts.query)
        self.query = {key: values[-1] for key, values in self.queries.items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.state.requests.append((self.command, unquote(parts.path)))
        try:
            if self.server.before is not None and self.server.before(self) is not None:
                return
            if self.headers.get("Authorization") != "Bearer " + self.server.state.token:
                raise Problem(401, "unauthorized", "The token is not known", "Log in again.")
            key = self.headers.get("Idempotency-Key")
            if key in self.server.state.answers:
                self.answer(*self.server.state.answers[key])
                return
            for method, pattern, function in ROUTES:
                match = re.match(pattern + r"\Z", parts.path)
                if method == self.command and match:
                    result = function(self, *[unquote(group) for group in match.groups()])
                    if result is not None:
                        if key:
                            self.server.state.answers[key] = result
                        self.answer(*result)
                    return
            raise Problem(404, "not_found", "Nothing is at " + parts.path)
        except Problem as problem:
            self.answer(problem.status, problem.document)
        except Drop:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def json(self):
        return json.loads(self.body.decode("utf-8"))


def list_secrets(handler, ws):
    return 200, {"secrets": [{"name": name, "created_at": TIME, "created_by": "me", "updated_at": TIME, "updated_by": "me"}
                             for name in sorted(handler.server.state.secrets)], "next": None}


def one_secret(handler, ws, name):
    secrets = handler.server.state.secrets
    if handler.command == "PUT":
        secrets[name] = handler.json()["value"]
        return 200, {"name": name}
    if name not in secrets:
        raise Problem(404, "not_found", "the workspace has no secret " + name)
    if handler.command == "DELETE":
        del secrets[name]
        return 204, None
    return 200, {"name": name, "value": secrets[name]}


def get_workspace(handler, name):
    if name != "default":
        raise Problem(404, "not_found", "There is no workspace " + name)
    return 200, {"name": name, "id": "7", "created_at": TIME, "created_by": "me", "tags": {"team": "birds"}}


def list_workspaces(handler):
    return 200, {"workspaces": [get_workspace(handler, "default")[1]], "next": None}


def post_experiment(handler, ws):
    name = handler.json()["name"]
    is_new = name not in handler.server.state.experiments
    return (201 if is_new else 200), handler.server.state.experiments.setdefault(name, {"name": name, "id": "1", "tags": {}})


def list_experiments(handler, ws):
    return 200, {"experiments": list(handler.server.state.experiments.values()), "next": None}


def one_experiment(handler, ws, name):
    experiment = handler.server.state.experiments[name]
    if handler.command == "PATCH":
        merge(experiment["tags"], handler.json()["tags"])
    return 200, experiment


def merge(present, changes):
    for key, value in changes.items():
        if value is None:
            present.pop(key, None)
        else:
            present[key] = value


def blobs_missing(handler, ws):
    return 200, {"missing": [sha for sha in handler.json()["sha256"] if sha not in handler.server.state.blobs]}


def put_blob(handler, ws, sha256):
    if hashlib.sha256(handler.body).hexdigest() != sha256:
        raise Problem(422, "invalid", "The bytes hash otherwise")
    handler.server.state.blobs[sha256] = handler.body
    return 201, {"sha256": sha256, "size": len(handler.body)}


def post_blobs(handler, ws):
    assert handler.headers["Content-Type"] == "application/x-tar" and len(handler.body) <= 16 << 20
    with tarfile.open(fileobj=io.BytesIO(handler.body)) as archive:
        members = archive.getmembers()
        for member in members:
            content = archive.extractfile(member).read()
            assert hashlib.sha256(content).hexdigest() == member.name
            handler.server.state.blobs[member.name] = content
    return 200, {"stored": len(members)}


def post_snapshot(handler, ws):
    files = handler.json()["files"]
    missing = [file["sha256"] for file in files if file["sha256"] not in handler.server.state.blobs]
    if missing:
        raise Problem(409, "conflict", "Blobs are missing", missing=missing)
    text = b"muster-snapshot 1\n"
    for file in files:
        text += "{mode} {size} {sha256} {path}\0".format(**file).encode("utf-8")
    snapshot = hashlib.sha256(text).hexdigest()
    handler.server.state.snapshots[snapshot] = files
    return 201, {"snapshot_id": snapshot, "file_count": len(files), "size": sum(file["size"] for file in files)}


def one_snapshot(handler, ws, snapshot):
    return 200, {"snapshot_id": snapshot, "files": handler.server.state.snapshots[snapshot]}


def snapshot_file(handler, ws, snapshot, path):
    files = {file["path"]: file["sha256"] for file in handler.server.state.snapshots[snapshot]}
    handler.answer(200, raw=handler.server.state.blobs[files[path]])


def snapshot_changes(handler, ws, snapshot):
    before, after = ({file["path"]: file for file in handler.server.state.snapshots[one]} for one in (handler.query["from"], snapshot))
    return 200, {"changes": [{"path": path, "change": "changed", "before": before.get(path), "after": after.get(path)}
                             for path in sorted(set(before) | set(after)) if before.get(path) != after.get(path)], "next": None}


def log_search(handler, ws, run_id):
    """One match a page, to show that pages are joined."""
    text = handler.server.state.logs[run_id][handler.query["path"]].decode("utf-8")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if handler.query["pattern"] in line]
    at = int(handler.query.get("cursor", 0))
    handler.server.state.searched.append(handler.query)
    return 200, {"matches": [{"line": number, "offset": 0, "parts": ["", line, ""], "cut": False, "before": [], "after": []}
                             for number, line in lines[at:at + 1]], "next": str(at + 1) if at + 1 < len(lines) else None}


def run_comparison(handler, ws):
    return 200, {"runs": [], "asked": handler.queries["run"]}


def machine_curves(handler, ws, run_id):
    return 200, {"curves": [{"name": "cpu_cores_used", "node_rank": int(handler.query.get("node_rank", 0))}], "next": None}


def post_run(handler, ws):
    body = handler.json()
    state = handler.server.state
    if body.get("kind") == "interactive":
        state.submitted.append(body)
        run_id = handler.server.run("{}_1795230131_{:08x}".format(body["experiment"], len(state.submitted)), body["experiment"], "Running",
                                    kind="interactive", compute_target=None, environment=None, script=None,
                                    snapshot_id=body.get("snapshot_id"), parent_run_id=body.get("parent_run_id"),
                                    display_name=body.get("display_name"), tags=body["tags"], properties=body["properties"])
        return 201, state.runs[run_id]
    if body["compute_target"] not in state.targets:
        detail = "compute_target: there is no compute target {}".format(body["compute_target"])
        raise Problem(422, "invalid", detail, "Make it first.", errors=[{"field": "compute_target", "detail": "there is none"}])
    state.submitted.append(body)
    run_id = handler.server.run("{}_1795230131_{:08x}".format(body["experiment"], len(state.submitted)), body["experiment"], "NotStarted")
    state.runs[run_id].update({key: body[key] for key in ("tags", "properties", "snapshot_id", "compute_target", "node_count")})
    return 201, state.runs[run_id]


def list_runs(handler, ws):
    handler.server.state.listed.append({key: values for key, values in handler.queries.items() if key not in ("limit", "cursor")})
    runs = [run for run in reversed(list(handler.server.state.runs.values()))
            if handler.query.get("experiment") in (None, run["experiment"])
            and handler.query.get("parent_run_id") in (None, run["parent_run_id"])]
    start = int(handler.query.get("cursor", 0))
    page = runs[start:start + 2]  # Small pages, so that the client has to turn them.
    return 200, {"runs": page, "next": str(start + 2) if start + 2 < len(runs) else None}


def the_run(handler, run_id):
    for run in handler.server.state.runs.values():
        if run_id in (run["run_id"], run["uuid"]):
            return run
    raise Problem(404, "not_found", "There is no run " + run_id)


def one_run(handler, ws, run_id):
    run = the_run(handler, run_id)
    if handler.command == "PATCH":
        body = handler.json()
        merge(run["tags"], body.get("tags") or {})
        for key, value in (body.get("properties") or {}).items():
            if run["properties"].setdefault(key, value) != value:
                raise Problem(409, "conflict", "The property {} is there and cannot change".format(key))
        for key, value in (body.get("parameters") or {}).items():
            if run["parameters"].setdefault(key, value) != value:
                raise Problem(409, "conflict", "the parameter `{}` is there and cannot change".format(key))
        run["description"] = body.get("description", run["description"])
        run["display_name"] = body.get("display_name", run["display_name"])
    return 200, run


def cancel_run(handler, ws, run_id):
    run = the_run(handler, run_id)
    if run["status"] in ("Completed", "Failed", "Canceled"):
        raise Problem(409, "conflict", "The run has ended: it is " + run["status"])
    run["status"] = "CancelRequested"
    return 202, run


def end_run(handler, ws, run_id, end):
    run = the_run(handler, run_id)
    status = {"complete": "Completed", "fail": "Failed"}[end]
    if run["kind"] != "interactive" or run["status"] not in ("Running", status):
        raise Problem(409, "conflict", "The run has ended: it is " + run["status"])
    if end == "fail" and run["status"] == "Running":
        body = handler.json() if handler.body else {}
        run["error"] = {"code": "user_error", "message": body.get("message", ""), "traceback": body.get("traceback")}
    run["status"] = status
    return 200, run


def add_points(handler, ws, run_id):
    state = handler.server.state
    source, sequence, points = handler.query["source"], int(handler.query["sequence"]), handler.json()["points"]
    known = state.sources.setdefault((run_id, source), 0)
    if sequence > known:
        raise Problem(409, "conflict", "Points are missing", next_sequence=known)
    for point in points[known - sequence:]:
        state.metrics.setdefault(run_id, {}).setdefault(point["name"], []).append(dict(point, rank=0))
    state.sources[(run_id, source)] = max(known, sequence + len(points))
    return 200, {"next_sequence": state.sources[(run_id, source)]}


def events(handler, ws, run_id):
    run = the_run(handler, run_id)
    streams = handler.server.state.streams
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    send = streams.pop(0) if len(streams) > 1 else streams[0] if streams else lambda query: event("status", run) + event("end", run)
    handler.wfile.write(send(handler.query))


def list_logs(handler, ws, run_id):
    logs = handler.server.state.logs.get(run_id, {})
    signed = {"expires": 1795300000, "signature": "5" * 64} if handler.query.get("signed") == "true" else {}
    return 200, {"logs": [dict(signed, path=path, size=len(text), node_rank=0, rank=0, attempt=1, complete=True)
                          for path, text in logs.items()]}


def get_log(handler, ws, run_id, path):
    handler.answer(200, raw=handler.server.state.logs[run_id][path])


def metrics(handler, ws, run_id):
    points = handler.server.state.metrics.get(run_id, {})
    wanted = handler.query.get("rank", "0")
    chosen = {}
    for name, series in points.items():
        if handler.query.get("name") in (None, name):
            kept = [point for point in series if wanted == "all" or point["rank"] == int(wanted)]
            if kept:
                chosen[name] = kept
    return 200, {"metrics": chosen, "next": None}


def metric_curves(handler, ws, run_id):
    """One series a page, to show that pages are joined."""
    _, answer = metrics(handler, ws, run_id)
    names = sorted(answer["metrics"])
    at = int(handler.query.get("cursor", "0"))
    curves = []
    for name in names[at:at + 1]:
        points = [{key: point[key] for key in ("value", "step", "time")} for point in answer["metrics"][name]]
        curves.append({"name": name, "rank": 0, "count": len(points), "min": points[0]["value"], "max": points[-1]["value"],
                       "last": dict(points[-1]), "points": points[:int(handler.query.get("points", "500"))]})
    return 200, {"curves": curves, "next": str(at + 1) if at + 1 < len(names) else None}


def list_artifacts(handler, ws, run_id):
    return 200, {"artifacts": [{"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "created_at": TIME}
                               for path, data in handler.server.state.artifacts.get(run_id, {}).items()], "next": None}


def one_artifact(handler, ws, run_id, path):
    artifacts = handler.server.state.artifacts.setdefault(run_id, {})
    if handler.command == "PUT":
        if path in artifacts:
            raise Problem(409, "conflict", "There is an artifact " + path)
        artifacts[path] = handler.body
        return 201, {"path": path, "size": len(handler.body), "sha256": hashlib.sha256(handler.body).hexdigest(), "created_at": TIME}
    if path not in artifacts:
        raise Problem(404, "not_found", "There is no artifact " + path)
    raw(handler, artifacts[path])


def raw(handler, data):
    span = handler.headers.get("Range")
    if span:
        handler.answer(206, raw=data[int(span[len("bytes="):-1]):])
    else:
        handler.answer(200, raw=data)


def list_environments(handler, ws):
    state = handler.server.state
    return 200, {"environments": state.curated_environments if handler.query.get("curated") == "true" else state.environments[::-1],
                 "next": None}


def post_environment(handler, ws):
    definition = handler.json()
    same = [item for item in handler.server.state.environments if item["name"] == definition["name"]]
    if same and same[-1]["definition"]["python"] == definition["python"]:
        return 200, same[-1]
    entry = {"name": definition["name"], "version": str(len(same) + 1), "hash": "ab", "created_at": TIME, "definition": definition}
    handler.server.state.environments.append(entry)
    return 201, entry


def environment_build(handler, ws, name):
    entry = get_environment(handler, ws, name)[1]
    build = handler.server.state.builds.setdefault(name, {"status": "absent", "log": "", "error": None})
    if handler.command == "POST" and build["status"] == "absent":
        build["status"] = "building"
    rest = build["log"].encode()[int(handler.query.get("log_from", 0)):]
    return 200, {"name": name, "version": entry["version"], "builder": "venv", "hash": "ab" * 32, "interpreter": "/usr/bin/python3",
                 "status": build["status"], "error": build["error"], "log": rest.decode(),
                 "log_next": len(build["log"].encode()), "log_size": len(build["log"].encode())}


def get_environment(handler, ws, name):
    state = handler.server.state
    fitting = [item for item in state.environments + state.curated_environments
               if item["name"] == name and handler.query.get("version") in (None, item["version"])]
    if not fitting:
        raise Problem(404, "not_found", "There is no environment " + name)
    return 200, fitting[-1]


def list_targets(handler, ws):
    return 200, {"compute_targets": list(handler.server.state.targets.values()), "next": None}


def post_target(handler, ws):
    body = handler.json()
    if body["name"] in handler.server.state.targets:
        raise Problem(409, "conflict", "There is a compute target " + body["name"])
    handler.server.state.targets[body["name"]] = target(**body)
    return 201, handler.server.state.targets[body["name"]]


def one_target(handler, ws, name):
    if name not in handler.server.state.targets:
        raise Problem(404, "not_found", "There is no compute target " + name)
    if handler.command == "PATCH":
        handler.server.state.targets[name].update(handler.json())
    elif handler.command == "DELETE":
        del handler.server.state.targets[name]
        return 204, None
    return 200, handler.server.state.targets[name]


def post_model(handler, ws):
    body = handler.json()
    state = handler.server.state
    if "path" in body:
        path = body["path"].rstrip("/")
        there = state.artifacts.get(body["run_id"], {})
        parent = path.rpartition("/")[0] + "/" if "/" in path else ""
        files = [(name[len(parent):], data) for name, data in there.items() if name == path or name.startswith(path + "/")]
        if not files:
            there_are = "there are " + ", ".join(there)
            detail = "model: the run has written no '{}'; {}".format(path, there_are)
            raise Problem(422, "invalid", detail, errors=[{"field": "path", "detail": "nothing was written there; " + there_are}])
    else:
        files = [(file["path"], state.blobs[file["sha256"]]) for file in body["files"]]
    version = 1 + sum(1 for model in state.models if model["name"] == body["name"])
    model = {"name": body["name"], "version": version, "id": "{}:{}".format(body["name"], version), "run_id": body.get("run_id"),
             "experiment": "birds" if body.get("run_id") else None, "description": body.get("description"),
             "framework": body.get("framework"), "framework_version": body.get("framework_version"), "tags": body.get("tags", {}),
             "properties": body.get("properties", {}), "created_at": TIME, "created_by": "me", "size": sum(len(data) for _, data in files),
             "files": [{"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in files]}
    state.models.append(model)
    state.blobs.update({hashlib.sha256(data).hexdigest(): data for _, data in files})
    return 201, model


def datastore(handler, ws, name):
    if name != "workspaceblobstore":
        raise Problem(404, "not_found", "there is no datastore '{}'".format(name))
    return 200, {"name": name, "is_default": True}


def list_datastores(handler, ws):
    return 200, {"datastores": [{"name": "workspaceblobstore", "is_default": True}]}


def datastore_files(handler, ws, name):
    files = handler.server.state.data
    if handler.command == "POST":
        body, kept = handler.json(), []
        for file in body["files"]:
            assert file["sha256"] in handler.server.state.blobs, file
            if file["path"] in files and files[file["path"]] != file["sha256"] and not body["overwrite"]:
                kept.append(file["path"])
            else:
                files[file["path"]] = file["sha256"]
        return 200, {"written": len(body["files"]) - len(kept), "kept": kept}
    found = sorted(path for path in files if path.startswith(handler.query.get("prefix", "")))
    start = int(handler.query.get("cursor", 0))
    blobs = handler.server.state.blobs
    return 200, {"files": [{"path": path, "size": len(blobs[files[path]]), "sha256": files[path], "written_at": TIME, "written_by": "me"}
                           for path in found[start:start + 2]], "next": str(start + 2) if start + 2 < len(found) else None}


def datastore_file(handler, ws, name, path):
    files = handler.server.state.data
    if handler.command == "DELETE":
        gone = [one for one in files if one == path or one.startswith(path + "/")]
        if not gone:
            raise Problem(404, "not_found", "the datastore has no file or folder '{}'".format(path))
        for one in gone:
            del files[one]
        return 204, None
    raw(handler, handler.server.state.blobs[files[path]])


def list_models(handler, ws):
    models = [model for model in handler.server.state.models[::-1]
              if handler.query.get("name") in (None, model["name"]) and handler.query.get("run_id") in (None, model["run_id"])]
    if handler.query.get("latest") == "true":
        models = [model for index, model in enumerate(models) if model["name"] not in [other["name"] for other in models[:index]]]
    return 200, {"models": models, "next": None}


def one_model(handler, ws, name, version):
    fitting = [model for model in handler.server.state.models if model["name"] == name and version in ("latest", str(model["version"]))]
    if not fitting:
        raise Problem(404, "not_found", "There is no version {} of a model {}".format(version, name))
    if handler.command == "PATCH":
        body = handler.json()
        merge(fitting[-1]["tags"], body.get("tags", {}))
        fitting[-1]["properties"].update(body.get("properties", {}))
        fitting[-1]["description"] = body.get("description", fitting[-1]["description"])
    elif handler.command == "DELETE":
        handler.server.state.models.remove(fitting[-1])
        return 204, None
    return 200, fitting[-1]


def model_file(handler, ws, name, version, path):
    _, model = one_model(handler, ws, name, version)
    raw(handler, handler.server.state.blobs[next(file["sha256"] for file in model["files"] if file["path"] == path)])


API = "/api/v1"
WS = API + "/workspaces/([^/]+)"
RUN = WS + "/runs/([^/]+)"
MODEL = WS + "/models/([^/]+)/versions/([^/]+)"
ROUTES = [
    ("GET", API + "/workspaces", list_workspaces), ("GET", WS, get_workspace),
    ("GET", WS + "/experiments", list_experiments), ("POST", WS + "/experiments", post_experiment),
    ("GET", WS + "/experiments/([^/]+)", one_experiment), ("PATCH", WS + "/experiments/([^/]+)", one_experiment),
    ("POST", WS + "/blobs/missing", blobs_missing), ("PUT", WS + "/blobs/([^/]+)", put_blob), ("POST", WS + "/blobs", post_blobs),
    ("POST", WS + "/snapshots", post_snapshot), ("GET", WS + "/snapshots/([^/]+)", one_snapshot),
    ("GET", WS + "/snapshots/([^/]+)/files/(.+)", snapshot_file), ("GET", WS + "/snapshots/([^/]+)/changes", snapshot_changes),
    ("POST", WS + "/runs", post_run), ("GET", WS + "/runs", list_runs), ("GET", RUN, one_run), ("PATCH", RUN, one_run),
    ("POST", RUN + "/(complete|fail)", end_run), ("POST", RUN + "/metrics", add_points),
    ("POST", RUN + "/cancel", cancel_run), ("GET", RUN + "/events", events), ("GET", RUN + "/logs", list_logs),
    ("GET", RUN + "/logs/(.+)", get_log), ("GET", RUN + "/log-search", log_search), ("GET", RUN + "/machine", machine_curves),
    ("GET", WS + "/run-comparison", run_comparison), ("GET", RUN + "/metrics", metrics),
    ("GET", RUN + "/metrics/curves", metric_curves), ("GET", RUN + "/artifacts", list_artifacts),
    ("GET", RUN + "/artifacts/(.+)", one_artifact), ("PUT", RUN + "/artifacts/(.+)", one_artifact),
    ("GET", WS + "/secrets", list_secrets), ("GET", WS + "/secrets/([^/]+)", one_secret),
    ("PUT", WS + "/secrets/([^/]+)", one_secret), ("DELETE", WS + "/secrets/([^/]+)", one_secret),
    ("GET", WS + "/environments", list_environments), ("POST", WS + "/environments", post_environment),
    ("GET", WS + "/environments/([^/]+)", get_environment),
    ("GET", WS + "/environments/([^/]+)/build", environment_build), ("POST", WS + "/environments/([^/]+)/build", environment_build),
    ("GET", WS + "/compute_targets", list_targets), ("POST", WS + "/compute_targets", post_target),
    ("GET", WS + "/compute_targets/([^/]+)", one_target), ("PATCH", WS + "/compute_targets/([^/]+)", one_target),
    ("DELETE", WS + "/compute_targets/([^/]+)", one_target),
    ("GET", WS + "/datastores", list_datastores), ("GET", WS + "/datastores/([^/]+)", datastore),
    ("GET", WS + "/datastores/([^/]+)/files", datastore_files), ("POST", WS + "/datastores/([^/]+)/files", datastore_files),
    ("GET", WS + "/datastores/([^/]+)/files/(.+)", datastore_file), ("DELETE", WS + "/datastores/([^/]+)/files/(.+)", datastore_file),
    ("GET", WS + "/models", list_models), ("POST", WS + "/models", post_model), ("GET", MODEL, one_model), ("PATCH", MODEL, one_model),
    ("DELETE", MODEL, one_model), ("GET", MODEL + "/files/(.+)", model_file),
]

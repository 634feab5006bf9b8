"""Users, tokens and roles, by the command line and against every operation that a server describes."""

import json
import re
import time

from rest import Rest

ROLES = ["reader", "contributor", "owner"]


def test_every_described_operation_against_every_role(server):
    rest = Rest(server)
    tokens = {role: server("token", "create", "--role", role).stdout.strip() for role in ROLES}
    paths = rest("GET", "/openapi.json")[1]["paths"]
    seen = set()
    for path, item in paths.items():
        if not path.startswith("/api/v1"):
            continue
        for method, operation in item.items():
            if method == "parameters":
                continue
            needs = operation["x-needs"]
            seen.add(needs)
            address = re.sub(r"\{[^}]*\}", "1", path.replace("{workspace}", "default"))[len("/api/v1"):]
            if needs == "nothing":
                answers = {rest(method.upper(), address, {}, token=token)[0] for token in [*tokens.values(), "mu_unknown"]}
                assert len(answers) == 1, (method, path, answers, "a token makes no difference")
                continue
            for role in ROLES:
                status, answer = rest(method.upper(), address, {}, token=tokens[role])
                allowed = needs != "runner" and ROLES.index(role) >= ROLES.index(needs)
                assert (status not in (401, 403)) == allowed, (method, path, needs, role, status, answer)
                if not allowed and needs != "runner":
                    assert "needs the role " + needs in answer["detail"] and "ask an owner" in answer["hint"]
            assert rest(method.upper(), address, {}, token="mu_unknown")[0] == 401
    assert seen == {*ROLES, "runner", "nothing"}


def test_users_and_their_tokens(server):
    me = server.json("whoami")
    assert (me["role"], me["workspace"], me["token"]["expires_at"]) == ("owner", None, None)
    owner = me["user"]
    assert server.json("user", "create", "bob")["created_by"] == owner
    assert server.problem("user", "create", "bob")["code"] == "conflict"
    made = server.json("token", "create", "--user", "bob", "--role", "reader", "--purpose", "dashboards", "--expires", "90d")
    assert (made["user"], made["role"], made["purpose"], made["created_by"]) == ("bob", "reader", "dashboards", owner)
    as_bob = {"MUSTER_TOKEN": made["secret"]}

    text = re.sub(r" +", " ", server("whoami", **as_bob).stdout)
    assert text == "user bob\nrole reader\nworkspace all\ntoken %s (dashboards)\nexpires in 89 d 23 h\n" % made["id"]
    refused = server.problem("experiment", "list", MUSTER_TOKEN="mu_wrong")
    assert "never made here, or it was revoked" in refused["detail"]
    assert server.json("experiment", "list", **as_bob) == {"experiments": [], "next": None}
    refused = server.problem("token", "create", **as_bob)
    assert refused["code"] == "forbidden" and "has the role reader" in refused["detail"] and owner in refused["hint"]
    (server.folder / "job.py").write_text("print('hello')")
    assert server.problem("run", "submit", "--script", "job.py", **as_bob)["code"] == "forbidden"

    table = server("token", "list").stdout
    assert re.search(r"%s +bob +reader +all +in 89 d 23 h +(just now|\d+ s ago|never) +\S.* dashboards" % made["id"], table), table
    assert made["secret"] not in table + server("token", "list", "--json").stdout + (server.home / "server.log").read_text()
    assert re.search(r"bob +enabled .* %s" % owner, server("user", "list").stdout)

    server("user", "disable", "bob")
    assert "is disabled" in server.problem("whoami", **as_bob)["detail"]
    server("user", "enable", "bob")
    server("token", "revoke", made["id"])
    assert server.problem("whoami", **as_bob)["code"] == "unauthorized"
    assert server.problem("token", "revoke", made["id"])["code"] == "not_found"
    assert server.problem("token", "revoke", me["token"]["id"])["code"] == "conflict"
    assert server.problem("user", "disable", owner)["code"] == "conflict"


def test_runs_and_what_their_jobs_make_name_the_user(server):
    server("user", "create", "bob")
    as_bob = {"MUSTER_TOKEN": server("token", "create", "--user", "bob", "--only-workspace", "default").stdout.strip()}
    (server.folder / "job.py").write_text("""
from azureml.core.run import Run
import os
os.makedirs("outputs", exist_ok=True)
open("outputs/weights", "w").write("0.5")
run = Run.get_context()
run.upload_file("outputs/weights", "outputs/weights")
run.register_model(model_name="birds", model_path="outputs/weights")
""")
    submitted = server.json("run", "submit", "--script", "job.py", "--experiment", "e2e", **as_bob)
    run = server.ended(submitted["run_id"])
    assert (run["status"], run["created_by"]) == ("Completed", "bob"), run["error"]
    model = server.json("model", "show", "birds")
    assert (model["created_by"], model["run_id"]) == ("bob", run["run_id"])
    assert server.json("experiment", "list")["experiments"][0]["created_by"] == "bob"


def test_a_token_of_one_workspace_knows_of_no_other(server):
    rest = Rest(server)
    for name in ("team", "other"):
        assert rest("POST", "/workspaces", {"name": name})[0] == 201
    team = {"MUSTER_TOKEN": server("token", "create", "--role", "owner", "--only-workspace", "team").stdout.strip()}
    assert server.json("run", "list", "--workspace", "team", **team)["runs"] == []
    there = server.problem("run", "list", "--workspace", "other", **team)
    absent = server.problem("run", "list", "--workspace", "absent", **team)
    assert there["code"] == "not_found" and {**there, "detail": there["detail"].replace("other", "absent")} == absent
    assert "in all workspaces" in server.problem("token", "create", **team)["detail"]
    assert re.search(r"workspace +team", server("whoami", **team).stdout)


def test_an_expired_token_says_so_and_a_restarted_server_lets_its_own_account_in(server):
    brief = server("token", "create", "--expires", "1s").stdout.strip()
    deadline = time.monotonic() + 30
    while True:
        answer = Rest(server)("GET", "/me", token=brief)
        if answer[0] != 200 or time.monotonic() > deadline:
            break
    assert answer[0] == 401 and "expired at" in answer[1]["detail"] and "muster token create" in answer[1]["hint"]

    # The account's own token goes when another owner's is there; the next start makes it another.
    own = server.json("whoami")["token"]["id"]
    server("user", "create", "bob")
    as_bob = {"MUSTER_TOKEN": server("token", "create", "--user", "bob", "--role", "owner").stdout.strip()}
    server("token", "revoke", own, **as_bob)
    assert server.problem("whoami")["code"] == "unauthorized"
    server("down", **as_bob)
    server("up")
    assert server.json("whoami")["role"] == "owner"
    assert server.json("whoami")["token"]["id"] != own
    assert json.loads((server.home / "credentials").read_text())["servers"]

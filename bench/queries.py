"""Ten questions that people ask of a list of runs, over HTTP, at 100,000 and at a million runs, beside a bare query of the same file.
Each is asked with other values every time; a page has 100 runs.
"""

import http.client
import json
import random
import socket
import sqlite3
import statistics
import time
import urllib.parse

from harness import Home, Row

SIZES = ((100_000, 30), (1_000_000, 150))  # runs, and milliseconds at the 95th percentile
TIMES = 60
BARE_TIMES = 5  # some take seconds
PAGE = 100
SECOND = 1_000_000
RATES = ("0.1", "0.03", "0.01", "0.003", "0.001")

# Everything of run {key} that is not the first one's: the same on every machine.
RUN = {
    "key": "n", "run_id": "printf('bench_1_%08x', n)", "uuid": "printf('%032x', n)", "number": "n",
    "experiment_key": ":experiment + n % 100",
    "display_name": """(CASE n % 4 WHEN 0 THEN 'resnet50' WHEN 1 THEN 'bert' WHEN 2 THEN 'vit' ELSE 'unet' END) || '-'
                       || (CASE n / 4 % 3 WHEN 0 THEN 'baseline' WHEN 1 THEN 'augmented' ELSE 'finetune' END) || '-' || n""",
    "status": "CASE WHEN n % 50 = 0 THEN 'Canceled' WHEN n % 13 = 0 THEN 'Failed' ELSE 'Completed' END",
    "created_at": ":created_at + n * %d" % SECOND,
}
# A number in [0, 1) that the run's key gives; the plainest way to have them in no order.
CHANCE = "((n * 2654435761) % 4294967296) / 4294967296.0"
PARTS = (
    "INSERT INTO run_tags SELECT n, 'team', 'team-' || (n % 10), :workspace, :experiment + n % 100 FROM numbers",
    "INSERT INTO run_tags SELECT n, 'sweep', 'sweep-' || (n / 1000), :workspace, :experiment + n % 100 FROM numbers",
    """INSERT INTO run_parameters SELECT n, 'lr', r.text, r.text, :workspace, :experiment + n % 100
       FROM numbers JOIN rates r ON r.place = n / 7 % 5""",
    """INSERT INTO run_parameters SELECT n, 'optimizer', CASE n % 3 WHEN 0 THEN 'adam' ELSE 'sgd' END, NULL, :workspace,
       :experiment + n % 100 FROM numbers""",
    """INSERT INTO run_metrics SELECT n, 'acc', 0, CASE WHEN n %% 33 = 0 THEN NULL ELSE %s END, :workspace, :experiment + n %% 100
       FROM numbers WHERE n %% 20 <> 0""" % CHANCE,
    "INSERT INTO run_metrics SELECT n, 'epoch', 1, n % 90, :workspace, :experiment + n % 100 FROM numbers",
)


def rows():
    for size, bar in SIZES:
        home = Home()
        source = home.folder / "source"
        source.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home("up", "--listen", "127.0.0.1:%d" % port)
        run = home.json("run", "submit", "--command", "true", "--experiment", "bench", "--source-directory", source)
        home("run", "wait", run["run_id"])
        home("down")
        database = home.folder / "home" / "muster.db"
        _fill(database, size)
        with home:
            yield from _rows(home, database, size, bar)


def _fill(database, size):
    """Runs like the one that is there, `size` of them, written past the server; the schema is the server's."""
    connection = sqlite3.connect(str(database), isolation_level=None)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY")
    first, workspace, created_at = connection.execute("SELECT key, workspace_key, created_at FROM runs").fetchone()
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute("DROP INDEX " + name)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(experiments)")]
    experiment = connection.execute("SELECT max(key) FROM experiments").fetchone()[0] + 1
    for number in range(100):
        chosen = {"key": experiment + number, "name": "'experiment-%d'" % number, "id": "'bench-%d'" % number}
        connection.execute("INSERT INTO experiments SELECT %s FROM experiments WHERE key = %d" % (
            ", ".join(str(chosen.get(column, column)) for column in columns), experiment - 1))
    names = {"workspace": workspace, "experiment": experiment, "created_at": created_at}
    connection.execute("CREATE TEMP TABLE numbers AS WITH RECURSIVE count(n) AS (VALUES (%d) UNION ALL SELECT n + 1 FROM count "
                       "WHERE n < %d) SELECT n FROM count" % (first + 1, first + size))
    connection.execute("CREATE TEMP TABLE rates (place INTEGER PRIMARY KEY, text)")
    connection.executemany("INSERT INTO rates VALUES (?, ?)", enumerate(RATES))
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    chosen = ", ".join(RUN.get(column, "r." + column) for column in columns)
    connection.execute("INSERT INTO runs SELECT %s FROM numbers CROSS JOIN runs r WHERE r.key = %d" % (chosen, first), names)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(run_attempts)")]
    chosen = ", ".join({"run_key": "n", "resolved_environment": "NULL"}.get(column, "a." + column) for column in columns)
    connection.execute("INSERT INTO run_attempts SELECT %s FROM numbers CROSS JOIN run_attempts a WHERE a.run_key = %d" % (chosen, first))
    for part in PARTS:
        connection.execute(part, {name: value for name, value in names.items() if ":" + name in part})
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _questions(choose, created_at, size):
    """Each with its query, and the same in SQL as one would write it by hand."""
    newest = "FROM runs r JOIN %s p ON p.run_key = r.key WHERE p.workspace_key = 1 AND p.name = ? AND %s ORDER BY p.run_key DESC"
    rate, acc, team = choose.choice(RATES), choose.uniform(0.9, 0.999), "team-%d" % choose.randrange(10)
    begin = created_at + choose.randrange(size) * SECOND
    end = begin + size // 100 * SECOND
    part = "finetune-%d" % choose.randrange(1000, 9999)
    late = size // 10 - choose.randrange(1000)
    return (
        ("by status", [("status", "Failed")], "FROM runs WHERE workspace_key = 1 AND status = ? ORDER BY key DESC", ["Failed"]),
        ("by time", [("created_from", _rfc3339(begin)), ("created_before", _rfc3339(end))],
         "FROM runs WHERE workspace_key = 1 AND created_at >= ? AND created_at < ? ORDER BY created_at DESC", [begin, end]),
        ("by tag", [("tag", "team=" + team)], newest % ("run_tags", "p.value = ?"), ["team", team]),
        ("by parameter", [("parameter", "lr=" + rate)], newest % ("run_parameters", "p.value = ?"), ["lr", rate]),
        ("by name pattern", [("name", "*%s*" % part)],
         "FROM runs WHERE workspace_key = 1 AND display_name GLOB ? ORDER BY key DESC", ["*%s*" % part]),
        ("by metric", [("metric", "acc>=%r" % acc)], newest % ("run_metrics", "p.number >= ?"), ["acc", acc]),
        ("by metric and parameter", [("metric", "acc>=%r" % acc), ("parameter", "lr=" + rate)],
         newest % ("run_metrics", "p.number >= ? AND EXISTS (SELECT 1 FROM run_parameters q WHERE q.run_key = r.key AND q.name = 'lr' "
                   "AND q.value = ?)"), ["acc", acc, rate]),
        ("ordered by a metric", [("order_by", "metrics.acc desc")],
         "FROM run_metrics p JOIN runs r ON r.key = p.run_key WHERE p.workspace_key = 1 AND p.name = ? ORDER BY p.number DESC", ["acc"]),
        ("first page", [], "FROM runs WHERE workspace_key = 1 ORDER BY key DESC", []),
        ("page at 90 %", [("cursor", str(late))], "FROM runs WHERE workspace_key = 1 AND key < ? ORDER BY key DESC", [late]),
    )


def _rows(home, database, size, bar):
    url = home.json("status")["server"]["url"]
    token = json.loads((home.folder / "home" / "credentials").read_text())["servers"][url]["token"]
    server = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
    bare = sqlite3.connect("file:%s?mode=ro" % database, uri=True)
    created_at = bare.execute("SELECT min(created_at) FROM runs").fetchone()[0]

    def by_muster(query, *_):
        path = "/api/v1/workspaces/default/runs?" + urllib.parse.urlencode([("limit", PAGE)] + query)
        server.request("GET", path, headers={"Authorization": "Bearer " + token})
        answer = server.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError("%s: %s" % (path, body[:300]))
        return len(json.loads(body)["runs"])

    def by_sql(_, sql, values):
        return len(bare.execute("SELECT * %s LIMIT %d" % (sql, PAGE), values).fetchall())

    choose = random.Random(1)
    took = {}
    for _ in range(TIMES):
        for name, *question in _questions(choose, created_at, size):
            ours, theirs = took.setdefault(name, ([], []))
            ours.append(_milliseconds(by_muster, question))
            if len(theirs) < BARE_TIMES:
                theirs.append(_milliseconds(by_sql, question))
    for name, (ours, theirs) in took.items():
        yield Row("runs %s, %d: p95 (p50 %.1f)" % (name, size, statistics.median(ours)), _p95(ours), bar, "ms", "sqlite3", _p95(theirs))


def _milliseconds(ask, question):
    started = time.perf_counter()
    ask(*question)
    return (time.perf_counter() - started) * 1000


def _p95(times):
    return sorted(times)[int(len(times) * 0.95)]


def _rfc3339(micros):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(micros // SECOND))

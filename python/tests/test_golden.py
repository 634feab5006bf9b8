"""The vectors that both clients must pass."""
import os
from unittest import mock

from support import Case, GOLDEN, golden, read_journals, read_segment

from muster._recording import journal as _journal, segment as _segment
from muster._client.addresses import normal_url, read_server_url
from muster._client.http import TRIED_AGAIN
from muster._path_patterns import path_matches
from muster._snapshots.ignore import IgnoreRules
from muster._recording.journal import Journal
from muster._recording.logging import JournalLogger
from muster._client.proxy import proxy_for
from muster._snapshots.snapshot import snapshot_id
from muster._client.tls import AUTHORITY_FILES
from muster.exceptions import UserErrorException


def _text(proxy):
    return ("[%s]:%d" if ":" in proxy.host else "%s:%d") % (proxy.host, proxy.port)


class GoldenTest(Case):
    def test_path_patterns(self):
        for name, vector in golden("path_pattern"):
            for case in vector["cases"]:
                with self.subTest(name, **case):
                    self.assertEqual(path_matches(case["pattern"], case["path"]), case["matches"])

    def test_ignore_rules(self):
        for name, vector in golden("ignore"):
            rules = IgnoreRules(vector["rules"].encode("utf-8"))
            for case in vector["cases"]:
                with self.subTest(name, **case):
                    self.assertEqual(rules.ignores(case["path"], case["folder"]), case["ignored"])

    def test_proxies(self):
        for name, vector in golden("proxy"):
            for case in vector["cases"]:
                with self.subTest(name, **case), mock.patch.dict(os.environ, case["variables"], clear=True), \
                        mock.patch("socket.gethostname", return_value=case.get("own_name", "this-machine")):
                    if case["refused"]:
                        with self.assertRaises(UserErrorException) as caught:
                            proxy_for(case["scheme"], case["host"], case["port"])
                        self.assertNotIn("secret", str(caught.exception))
                        continue
                    proxy = proxy_for(case["scheme"], case["host"], case["port"])
                    self.assertEqual(proxy and _text(proxy), case["proxy"])
                    self.assertEqual(proxy.authorization if proxy else "", case["authorization"])

    def test_addresses(self):
        for case in dict(golden("network"))["addresses"]["cases"]:
            with self.subTest(**case):
                if case["normal"] is None:
                    with self.assertRaises(UserErrorException):
                        read_server_url(case["url"])
                    continue
                self.assertEqual(normal_url(case["url"]), case["normal"])
                self.assertEqual(read_server_url(case["url"]).fingerprint, case["fingerprint"])

    def test_what_is_tried_again_and_where_authorities_are(self):
        vectors = dict(golden("network"))
        self.assertEqual(list(TRIED_AGAIN), vectors["tried_again"]["statuses"])
        self.assertEqual(list(AUTHORITY_FILES), vectors["authorities"]["files"])

    def test_snapshot_ids(self):
        for name, vector in golden("snapshot"):
            with self.subTest(name):
                files = [(file["path"], file["size"], file["sha256"], file["mode"]) for file in vector["files"]]
                self.assertEqual(snapshot_id(files), vector["snapshot_id"])
                self.assertEqual(snapshot_id(files[::-1]), vector["snapshot_id"])

    def test_the_tests_own_journal_reader(self):
        for name, vector in golden("journal"):
            with self.subTest(name):
                points = []
                for segment, ended in zip(vector["segments"], vector["ended"]):
                    with open(os.path.join(GOLDEN, "journal", segment), "rb") as file:
                        header, read, was_ended = read_segment(file.read())
                    self.assertEqual((header["rank"], header["pid"], header["created"]), (vector["rank"], vector["pid"], vector["created"]))
                    self.assertEqual((header["first_sequence"], was_ended), (len(points), ended))
                    points += read
                found = [as_vector(index, point) for index, point in enumerate(points)]
                self.assertEqual([point for point in found if "left_out" not in point], as_recorded(vector["points"]))
                self.assertEqual([point for point in found if "left_out" in point],
                                 [{"sequence": one["sequence"], "name": one["name"], "left_out": True}
                                  for one in vector.get("left_out", [])])

    def test_the_sdk_records_what_readers_keep_and_refuses_what_they_leave_out(self):
        seen = {"points": 0, "left_out": 0}
        for name, vector in golden("journal"):
            folder = os.path.join(self.folder, name)
            run = JournalLogger(Journal(folder))
            recorded = []
            for kind in seen:
                for point in vector.get(kind, []):
                    if "logged" not in point:
                        continue
                    seen[kind] += 1
                    with self.subTest(name, logged=point["logged"]):
                        if kind == "points":
                            eval(point["logged"], {"run": run})
                            recorded.append(point["json"])
                        else:
                            with self.refused(UserErrorException, repr(point["name"])):
                                eval(point["logged"], {"run": run})
            run.log("the end", 1.5)
            journal, = read_journals(folder).values()
            self.assertEqual([point.get("json", point.get("number")) for point in journal], recorded + [1.5])
        self.assertGreater(min(seen.values()), 4)

    def test_the_writer_writes_the_vectors_points(self):
        """What a vector decodes to, logged again, decodes to the same: the writer can write all the format can hold."""
        for name, vector in golden("journal"):
            with self.subTest(name):
                folder = os.path.join(self.folder, name)
                journal = Journal(folder, vector["rank"], first_segment_bytes=2048)
                self.addCleanup(setattr, _journal, "now_us", _journal.now_us)
                for point in vector["points"]:
                    _journal.now_us = lambda time=point["time"]: time
                    flags = _segment.HAS_STEP if point["step"] is not None else 0
                    if "json" in point:
                        journal.value(point["name"], flags, point["step"] or 0, point["json"].encode("utf-8"))
                    else:
                        flags |= _segment.IS_INTEGER if point["integer"] else 0
                        journal.number(point["name"], flags, point["step"] or 0, float(point["number"]))
                _journal.now_us = lambda: 0
                points = []
                for segment in sorted(os.listdir(folder)) if vector["points"] else []:
                    with open(os.path.join(folder, segment), "rb") as file:
                        header, read, _ = read_segment(file.read())
                    self.assertEqual(header["rank"], vector["rank"])
                    points += read
                self.assertEqual([as_vector(index, point) for index, point in enumerate(points)],
                                 [dict(point, sequence=index) for index, point in enumerate(as_recorded(vector["points"]))])


def as_recorded(points):
    """A vector's points without what the SDK is asked to write them."""
    return [{key: value for key, value in point.items() if key != "logged"} for point in points]


def as_vector(index, point):
    """A point as the vectors write it."""
    result = dict(point, sequence=index)
    if "number" in point:
        number = point["number"]
        if number != number:
            number = "NaN"
        elif number in (float("inf"), float("-inf")):
            number = "Infinity" if number > 0 else "-Infinity"
        result["number"] = number
    return result

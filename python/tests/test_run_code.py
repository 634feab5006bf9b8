"""A run's snapshot, its difference to another's, and lines of its logs."""
import hashlib

from server_case import ServerCase

from muster import Run
from muster.exceptions import UserErrorException

LOG = "azureml-logs/70_driver_log.txt"


class CodeTest(ServerCase):
    def snapshot(self, name, files):
        self.state.snapshots[name] = [{"path": path, "size": len(text), "mode": 420, "sha256": hashlib.sha256(text).hexdigest()}
                                      for path, text in files.items()]
        self.state.blobs.update({hashlib.sha256(text).hexdigest(): text for text in files.values()})
        return name

    def run_object(self, run_id, **more):
        self.server.run(run_id, **more)
        return Run.get(self.workspace(), run_id)

    def test_files_and_their_differences(self):
        old = self.run_object("old", snapshot_id=self.snapshot("a" * 64, {"a b.py": b"1", "same": b"s"}))
        new = self.run_object("new", snapshot_id=self.snapshot("b" * 64, {"a b.py": b"2", "same": b"s"}))
        self.assertEqual([file["path"] for file in new.get_code_files()], ["a b.py", "same"])
        self.assertEqual((old.read_code_file("a b.py"), new.read_code_file("a b.py")), (b"1", b"2"))
        self.assertEqual([(one["path"], one["change"]) for one in new.compare_code(old)], [("a b.py", "changed")])

    def test_a_run_without_a_snapshot_says_so(self):
        run = self.run_object("empty", snapshot_id=None)
        for ask in (run.get_code_files, lambda: run.read_code_file("a"), lambda: run.compare_code(run)):
            with self.assertRaisesRegex(UserErrorException, "empty has no snapshot"):
                ask()

    def test_lines_of_logs(self):
        run = self.run_object("logs")
        self.state.logs["logs"] = {LOG: b"epoch 1\nloss\nepoch 2\n", "azureml-logs/20_image_build_log.txt": b"epoch\n"}
        found = list(run.search_logs("epoch", ignore_case=True, context=1))
        self.assertEqual([(one["path"], one["line"], one["text"]) for one in found], [(LOG, 1, "epoch 1"), (LOG, 3, "epoch 2")])
        self.assertEqual(self.state.searched[1], {"pattern": "epoch", "ignore_case": "true", "context": "1", "attempt": "1", "path": LOG,
                                                  "node_rank": "0", "limit": "1000", "cursor": "1"})
        self.assertEqual([one["text"] for one in run.search_logs("ep", path="azureml-logs/20_image_build_log.txt")], ["epoch"])

    def test_runs_side_by_side_and_their_machines(self):
        one, other = self.run_object("one"), self.run_object("other")
        self.assertEqual(one.compare(other)["asked"], ["one", "other"])
        self.assertEqual(one.get_machine_curves(node_rank=3), [{"name": "cpu_cores_used", "node_rank": 3}])

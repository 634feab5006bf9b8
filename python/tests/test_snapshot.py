"""Snapshots: what is taken, what is refused and how, what is hashed and sent again."""
import os
import socket
import time
import unittest
from unittest import mock

from server_case import ServerCase
from support import Case

from muster._snapshots import hash_cache as _hash_cache, snapshot as _snapshot, upload as _upload
from muster._snapshots.snapshot import take_snapshot
from muster.exceptions import SnapshotException


class TakingTest(Case):
    def paths(self):
        return [file.path for file in take_snapshot(self.work)]

    def test_files_modes_and_order(self):
        self.write("b.py", "x")
        self.write("a/z.txt", "yy")
        self.write("a.sh", "#!")
        os.chmod(os.path.join(self.work, "a.sh"), 0o755)
        os.mkdir(os.path.join(self.work, "empty"))
        files = take_snapshot(self.work)
        self.assertEqual([(file.path, file.size, file.mode) for file in files],
                         [("a.sh", 2, 0o755), ("a/z.txt", 2, 0o644), ("b.py", 1, 0o644)])

    def test_ignored_are_our_own_and_the_amlignores_or_else_the_gitignores(self):
        for path in ("train.py", "x.log", "data/a", ".git/HEAD", "outputs/m", "logs/l", "src/outputs/kept", "__pycache__/a.pyc"):
            self.write(path)
        self.write(".gitignore", "*.log\n")
        self.assertEqual(self.paths(), [".gitignore", "data/a", "src/outputs/kept", "train.py"])
        self.write(".amlignore", "data/\n!outputs/\n")
        self.assertEqual(self.paths(), [".amlignore", ".gitignore", "outputs/m", "src/outputs/kept", "train.py", "x.log"])
        self.write("sub/.gitignore", "*\n")
        self.assertIn("sub/.gitignore", self.paths())

    def test_everything_in_the_way_is_named_at_once(self):
        self.write("train.py")
        for index in range(2):
            listener = socket.socket(socket.AF_UNIX)
            self.addCleanup(listener.close)
            listener.bind("socket%d" % index)
        os.mkfifo("pipe")
        os.symlink("nowhere", "broken")
        os.symlink("loop", "loop")
        os.symlink("/etc/hostname", "outside")
        os.mkdir("folder")
        os.symlink("folder", "to_folder")
        with open(os.fsencode(self.work) + b"/bad\xff", "w"):
            pass
        with self.refused(SnapshotException, "socket0: a socket", "socket1: a socket", "pipe: a pipe", "broken: a broken link",
                          "loop: a broken link", "outside: a link to /etc/hostname, outside", "to_folder: a link to a folder",
                          "bad\\xff: the name is not UTF-8", ".amlignore"):
            take_snapshot(self.work)
        self.write(".amlignore", "socket*\npipe\nbroken\nloop\noutside\nto_folder\nbad*\n")
        self.assertEqual(self.paths(), [".amlignore", "train.py"])

    def test_a_file_in_the_place_of_a_runs_own_folder_is_refused(self):
        for path in ("train.py", "logs", "a/logs", ".muster"):
            self.write(path)
        os.symlink("train.py", "outputs")
        words = ": in the place of a folder that every run has. Rename or ignore it."
        with self.refused(SnapshotException, "logs" + words, "outputs" + words, ".muster" + words) as caught:
            take_snapshot(self.work)
        self.assertNotIn("a/logs", caught.exception.message)
        self.write(".amlignore", "/logs\n/outputs\n.muster\n")
        self.assertEqual(self.paths(), [".amlignore", "a/logs", "train.py"])

    def test_a_link_inside_is_its_file(self):
        self.write("real.txt", "content")
        os.symlink("real.txt", "link.txt")
        files = take_snapshot(self.work)
        self.assertEqual({file.path: file.size for file in files}, {"real.txt": 7, "link.txt": 7})

    def test_names_in_any_script_whatever_the_locale(self):
        for name in ("donn\u00e9es.txt", "\u65e5\u672c.py", "with space", "new\nline"):
            with open(os.fsencode(self.work) + b"/" + name.encode("utf-8"), "w"):
                pass
        self.assertEqual(set(self.paths()), {"donn\u00e9es.txt", "\u65e5\u672c.py", "with space", "new\nline"})

    def test_unreadable_files_and_folders(self):
        self.write("secret.txt", "x")
        self.write("closed/file", "x")
        real_open, real_scan = open, os.scandir

        def no_open(path, *rest, **options):
            if str(path).endswith("secret.txt"):
                raise PermissionError(13, "Permission denied", path)
            return real_open(path, *rest, **options)

        def no_scan(path):
            if str(path).endswith("closed"):
                raise PermissionError(13, "Permission denied", path)
            return real_scan(path)

        with mock.patch("builtins.open", no_open):  # The tests may run as root, whom no mode stops.
            with self.refused(SnapshotException, "secret.txt: cannot be read (Permission denied)"):
                take_snapshot(self.work)
        with mock.patch("os.scandir", no_scan):
            with self.refused(SnapshotException, "closed/: the folder cannot be read (Permission denied)"):
                take_snapshot(self.work)

    def test_over_the_limit_says_what_is_big(self):
        os.environ["MUSTER_SNAPSHOT_LIMIT_MB"] = "1"
        self.write("train.py", "x")
        for index in range(3):
            self.write("data/%d.bin" % index, b"x" * 400000)
        self.write("weights.bin", b"x" * 300000)
        with self.refused(SnapshotException, "exceeds the limit of 1.0 MB", "it is 1.4 MB", "data/ (1.1 MB), weights.bin (293.0 KB)",
                          "MUSTER_SNAPSHOT_LIMIT_MB"):
            take_snapshot(self.work)
        os.environ["MUSTER_SNAPSHOT_LIMIT_MB"] = "2"
        self.assertEqual(len(self.paths()), 5)
        for wrong in ("many", "0", "-1"):
            os.environ["MUSTER_SNAPSHOT_LIMIT_MB"] = wrong
            with self.refused(SnapshotException, "MUSTER_SNAPSHOT_LIMIT_MB", wrong):
                take_snapshot(self.work)

    def test_too_many_files(self):
        for index in range(30):
            self.write("many/%d" % index)
        with mock.patch.object(_snapshot, "FILE_LIMIT", 20):
            with self.refused(SnapshotException, "more than 20 files", "many/ (30 files)"):
                take_snapshot(self.work)

    def test_no_such_folder(self):
        with self.refused(SnapshotException, "source_directory", "gone is not a folder"):
            take_snapshot("gone")


class HashCacheTest(Case):
    def hashed(self):
        """The paths that a snapshot reads; the others it knows."""
        seen = []
        real = _hash_cache.hash_file

        def spy(path):
            seen.append(os.path.relpath(path, self.work))
            return real(path)

        with mock.patch.object(_snapshot, "hash_file", spy):
            take_snapshot(self.work)
        return sorted(seen)

    def settle(self):
        """Lets the files count as unchanged for long enough."""
        patch = mock.patch.object(_hash_cache, "SETTLED_SECONDS", -1.0)
        patch.start()
        self.addCleanup(patch.stop)

    def test_only_what_changed_is_read_again(self):
        self.settle()
        for index in range(5):
            self.write("%d.txt" % index, str(index))
        self.assertEqual(len(self.hashed()), 5)
        self.assertEqual(self.hashed(), [])
        self.write("3.txt", "other")
        self.assertEqual(self.hashed(), ["3.txt"])
        stat = os.stat("2.txt")
        self.write("2.txt", "X")  # The same size, and its time set back.
        os.utime("2.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.assertEqual(self.hashed(), ["2.txt"])
        self.write("new", "4")
        os.replace("new", "4.txt")
        self.assertEqual(self.hashed(), ["4.txt"])

    def test_what_was_just_written_is_not_trusted(self):
        self.write("a.txt", "a")
        self.assertEqual(self.hashed(), ["a.txt"])
        self.assertEqual(self.hashed(), ["a.txt"])

    def test_a_broken_or_unwritable_cache_only_costs_time(self):
        self.settle()
        self.write("a.txt", "a")
        take_snapshot(self.work)
        folder = _hash_cache.cache_folder()
        for content in (b"{", b"[]", b"{\"format\": 1, \"files\": 3}", b"\xff"):
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            self.assertEqual(self.hashed(), ["a.txt"])
        os.environ["XDG_CACHE_HOME"] = self.write(os.path.join("..", "blocked"))
        self.assertEqual(self.hashed(), ["a.txt"])

    def test_a_file_that_never_rests(self):
        path = self.write("a.txt", "a")
        real = os.fstat
        with mock.patch("os.fstat", lambda fd: (os.utime(path, (time.time(), time.time())), real(fd))[1]):
            with self.refused(SnapshotException, "a.txt: cannot be read (it changes while it is being read)"):
                take_snapshot(self.work)


class UploadTest(ServerCase):
    def setUp(self):
        super().setUp()
        output = self.printed()  # Progress is no part of what is tested, but where a test catches it itself.
        output.__enter__()
        self.addCleanup(output.__exit__, None, None, None)

    def upload(self):
        workspace = self.workspace()
        return _upload.upload_snapshot(workspace._client, workspace._path, take_snapshot(self.work))

    def sent(self):
        """The uploads since the last call."""
        found = [(method, path) for method, path in self.state.requests if "/blobs" in path and not path.endswith("missing")]
        del self.state.requests[:]
        return found

    def test_small_files_go_together_big_ones_alone_known_ones_not_at_all(self):
        for index in range(50):
            self.write("small/%d" % index, "content %d" % index)
        self.write("same", "content 7")
        self.write("empty")
        self.write("big.bin", os.urandom(3 << 20))
        with self.printed() as (_, err):
            snapshot = self.upload()
        sent = self.sent()
        self.assertEqual(sorted(method for method, _ in sent), ["POST", "PUT"])
        self.assertIn("Uploading snapshot (52 files): 3.0 MB in", err.getvalue())
        self.assertEqual(len(self.state.snapshots[snapshot]), 53)
        with self.printed() as (_, err):
            self.assertEqual(self.upload(), snapshot)
        self.assertEqual((self.sent(), err.getvalue()), ([], ""))
        self.write("small/3", "changed")
        self.assertNotEqual(self.upload(), snapshot)
        self.assertEqual([method for method, _ in self.sent()], ["POST"])

    def test_batches_stay_below_the_servers_limit(self):
        for index in range(60):
            self.write("%d" % index, os.urandom(200 << 10))
        self.upload()
        self.assertEqual([method for method, _ in self.sent()], ["POST"] * 2)

    def test_an_empty_folder(self):
        self.assertEqual(self.state.snapshots[self.upload()], [])

    def test_blobs_collected_in_between_are_sent_again(self):
        self.write("a.txt", "a")
        dropped = []

        def before(handler):
            if handler.path.endswith("/snapshots") and not dropped:
                dropped.append(1)
                self.state.blobs.clear()

        self.server.before = before
        self.upload()
        self.assertEqual(len(self.sent()), 2)

    def test_files_that_change_or_go_while_being_sent(self):
        for size in (10, 1 << 20):
            path = self.write("a.bin", b"x" * size)
            workspace = self.workspace()
            files = take_snapshot(self.work)
            self.write("a.bin", b"y" * size)
            with self.refused(SnapshotException, "a.bin changed while it was being uploaded"):
                _upload.upload_snapshot(workspace._client, workspace._path, files)
            self.write("a.bin", b"y")
            with self.refused(SnapshotException, "a.bin changed while it was being uploaded"):
                _upload.upload_snapshot(workspace._client, workspace._path, files)
            os.unlink(path)
            with self.refused(SnapshotException, "a.bin cannot be read any more"):
                _upload.upload_snapshot(workspace._client, workspace._path, files)


if __name__ == "__main__":
    unittest.main()

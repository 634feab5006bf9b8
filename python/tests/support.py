"""What the tests share: the package on the path, a world of their own, golden vectors, a reader of journals."""
import contextlib
import io
import json
import os
import shutil
import struct
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.dirname(HERE)
GOLDEN = os.path.join(os.path.dirname(PYTHON), "tests", "golden")
if PYTHON not in sys.path:
    sys.path.insert(0, PYTHON)

_OURS = ("MUSTER_", "AZUREML_", "OMPI_", "XDG_CACHE_HOME", "RANK")


class Case(unittest.TestCase):
    """A test in a folder of its own, with no home, server or job to be seen."""

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="muster-test-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self._environ = dict(os.environ)
        self.addCleanup(self._restore)
        for name in list(os.environ):
            if name.startswith(_OURS):
                del os.environ[name]
        os.environ["MUSTER_HOME"] = os.path.join(self.folder, "home")
        os.environ["XDG_CACHE_HOME"] = os.path.join(self.folder, "cache")
        self._cwd = os.getcwd()
        work = os.path.join(self.folder, "work")
        os.mkdir(work)
        os.chdir(work)
        self.work = work

    def _restore(self):
        os.chdir(self._cwd)
        os.environ.clear()
        os.environ.update(self._environ)

    def write(self, path, content=b""):
        """Writes a file below the working folder; returns its path."""
        target = os.path.join(self.work, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        return target

    @contextlib.contextmanager
    def refused(self, kind, *texts):
        """Expects an error of this very class whose message has all the texts."""
        with self.assertRaises(kind) as caught:
            yield caught
        self.assertIs(type(caught.exception), kind)
        for text in texts:
            self.assertIn(text, caught.exception.message)

    @contextlib.contextmanager
    def printed(self):
        """Catches standard output and standard error; gives (out, err), each to be asked for its getvalue()."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err


def golden(kind):
    """The vectors of one kind: (name, content)."""
    folder = os.path.join(GOLDEN, kind)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    if not names:
        raise AssertionError("no vectors in " + folder)
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            yield name[:-5], json.load(file)


def read_segment(data):
    """One segment, by docs/formats.md alone: (header, points, ended). A point: {"name", "time", "step", "number"+"integer" | "json"}."""
    magic, version, header_size, size, rank, pid, first, created = struct.unpack_from("<8sIIQiIQq", data, 0)
    assert magic == b"MUSTERMJ" and version == 1 and header_size == 64 and size == len(data), (magic, version, header_size, size)
    assert data[48:64] == bytes(16)
    header = {"rank": rank, "pid": pid, "first_sequence": first, "created": created}
    names, points = {}, []
    at = header_size
    while at + 8 <= size:
        length, kind, flags, zero = struct.unpack_from("<IBBH", data, at)
        if length == 0:
            return header, points, False
        assert zero == 0 and at + 8 + length <= size, (at, length)
        payload = data[at + 8:at + 8 + length]
        padding = data[at + 8 + length:at + 8 + (length + 7) // 8 * 8]
        assert not any(padding), "padding is not zero"
        at += 8 + (length + 7) // 8 * 8
        if kind == 4:
            return header, points, True
        if kind == 1:
            names[struct.unpack_from("<I", payload)[0]] = payload[4:].decode("utf-8")
            continue
        name_id, zero, time, step = struct.unpack_from("<IIqq", payload)
        assert zero == 0
        point = {"name": names[name_id], "time": time, "step": step if flags & 1 else None}
        if kind == 2:
            assert length == 32
            point["number"] = struct.unpack_from("<d", payload, 24)[0]
            point["integer"] = bool(flags & 2)
        else:
            assert kind == 3
            point["json"] = payload[24:].decode("utf-8")
        points.append(point)
    return header, points, False


def read_journals(folder):
    """All journals in a folder: {key: [points]}, checking that segments follow one another."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tmp"):
            continue
        key, number, extension = name.split(".")
        assert extension == "journal" and len(number) == 6, name
        with open(os.path.join(folder, name), "rb") as file:
            header, points, _ = read_segment(file.read())
        earlier = found.setdefault(key, [])
        assert header["first_sequence"] == len(earlier), (name, header["first_sequence"], len(earlier))
        assert str(header["pid"]) == key.split("-")[0]
        earlier.extend(points)
    return found

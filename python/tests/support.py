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
    """One segment, by docs/formats.md alone: (header, points, ended).

    A point: {"name", "time", "step", "number"+"integer" | "json"}, or {"name", "left_out": True} for one that cannot be kept.
    """
    magic, version, header_size, size, rank, pid, first, created = struct.unpack_from("<8sIIQiIQq", data, 0)
    assert magic == b"MUSTERMJ" and version == 1 and header_size == 64 and size == len(data), (magic, version, header_size, size)
    assert data[48:64] == bytes(16)
    header = {"rank": rank, "pid": pid, "first_sequence": first, "created": created}
    names, points = {}, []
    at = header_size
    while at + 8 <= size:
        length, kind, flags, zero = struct.unpack_from("<IBBH", data, at)
        if length == 0 or at + 8 + length > size:
            return header, points, False
        assert zero == 0
        payload = data[at + 8:at + 8 + length]
        padding = data[at + 8 + length:at + 8 + (length + 7) // 8 * 8]
        assert not any(padding), "padding is not zero"
        at += 8 + (length + 7) // 8 * 8
        if kind == 4:
            return header, points, True
        if kind == 1 and length >= 4:
            name = as_text(payload[4:])
            names[struct.unpack_from("<I", payload)[0]] = name if name is not None and 1 <= len(name) <= 255 else None
        if kind in (2, 3, 5):
            points.append(read_point(kind, flags, payload, names))
    return header, points, False


def read_point(kind, flags, payload, names):
    name = names.get(struct.unpack_from("<I", payload)[0]) if len(payload) >= 4 and kind != 5 else None
    left_out = {"name": name or "", "left_out": True}
    if name is None or (len(payload) != 32 if kind == 2 else len(payload) <= 24):
        return left_out
    _, zero, time, step = struct.unpack_from("<IIqq", payload)
    assert zero == 0
    point = {"name": name, "time": time, "step": step if flags & 1 else None}
    if kind == 2:
        point["number"] = struct.unpack_from("<d", payload, 24)[0]
        point["integer"] = bool(flags & 2)
        return point
    point["json"] = as_text(payload[24:])
    return point if len(payload) <= 24 + (1 << 20) and can_be_kept(point["json"]) else left_out


def can_be_kept(text):
    """Whether a value's JSON is one that the format allows."""
    def number(digits):
        if abs(float(digits)) == float("inf"):
            raise ValueError("beyond a double: " + digits)
        return float(digits)

    def constant(name):
        raise ValueError(name + " is not JSON")

    try:
        value = json.loads(text, parse_int=number, parse_float=number, parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError):
        return False
    return depth(value) <= 64


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max([depth(one) for one in inner], default=0)


def as_text(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


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

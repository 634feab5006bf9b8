#!/usr/bin/env python3
"""Writes the journal vectors, straight from the definition in docs/formats.md and not through any client's code.

A vector is NAME.json beside its segments NAME.000000.journal, NAME.000001.journal, …:

  {"segments": [file names in order],
   "rank", "pid", "created",            of the header, the same in every segment
   "ended": [for each segment, whether its end record is there],
   "points": [{"sequence", "name", "time", "step" or null, and
               "number": x or "NaN", "Infinity", "-Infinity", with "integer": bool     (kind 2)
               or "json": the payload's JSON, byte for byte                            (kind 3);
               "logged": what the SDK's `run` is asked, where a value is at its limit: it records exactly this}],
   "left_out": [{"sequence", "name" ("" without one), and "logged" where the SDK must refuse it}]}
              points that cannot be kept: they take their sequence number, and everything after them is read
"""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
TIME = 1795230131000000  # 2026-11-21T03:22:11Z, µs since 1970
STEP, INTEGER = 1, 2


class Segment:
    def __init__(self, size=4096, rank=-1, pid=4242, first_sequence=0, created=TIME):
        self.bytes = bytearray(size)
        struct.pack_into("<8sIIQiIQq", self.bytes, 0, b"MUSTERMJ", 1, 64, size, rank, pid, first_sequence, created)
        self.at = 64

    def record(self, kind, payload, flags=0, written=True):
        """One record; with written=False its length is not there yet, as when the writer was killed before storing it."""
        struct.pack_into("<IBBH", self.bytes, self.at, len(payload) if written else 0, kind, flags, 0)
        self.bytes[self.at + 8:self.at + 8 + len(payload)] = payload
        self.at += 8 + (len(payload) + 7) // 8 * 8
        assert self.at <= len(self.bytes)

    def name(self, name_id, name):
        self.record(1, struct.pack("<I", name_id) + name.encode("utf-8"))

    def number(self, name_id, value, step=None, integer=False, time=TIME, written=True):
        flags = (STEP if step is not None else 0) | (INTEGER if integer else 0)
        self.record(2, struct.pack("<IIqqd", name_id, 0, time, step or 0, value), flags, written)

    def value(self, name_id, text, step=None, time=TIME, written=True):
        flags = STEP if step is not None else 0
        self.record(3, struct.pack("<IIqq", name_id, 0, time, step or 0) + text.encode("utf-8"), flags, written)

    def end(self):
        self.record(4, struct.pack("<I", 0))


def number(name, value, step=None, integer=False, time=TIME):
    if value != value:
        value = "NaN"
    elif value in (float("inf"), float("-inf")):
        value = "Infinity" if value > 0 else "-Infinity"
    return {"name": name, "time": time, "step": step, "number": value, "integer": integer}


def value(name, text, step=None, time=TIME):
    return {"name": name, "time": time, "step": step, "json": text}


def left_out(name, logged=None):
    return {"left_out": {"name": name, "logged": logged} if logged else {"name": name}}


def save(vector, segments, points, ended=None, rank=-1, pid=4242):
    names = ["{}.{:06d}.journal".format(vector, index) for index in range(len(segments))]
    for name, segment in zip(names, segments):
        with open(os.path.join(HERE, name), "wb") as file:
            file.write(segment.bytes)
    numbered = list(enumerate(points))
    kept = [dict(sequence=i, **point) for i, point in numbered if "left_out" not in point]
    others = [dict(sequence=i, **point["left_out"]) for i, point in numbered if "left_out" in point]
    head = {"segments": names, "rank": rank, "pid": pid, "created": TIME, "ended": ended or [False] * len(segments)}
    with open(os.path.join(HERE, vector + ".json"), "w") as file:
        file.write("{\n" + "".join('  "{}": {},\n'.format(key, json.dumps(head[key])) for key in head))
        lists = [("points", kept)] + ([("left_out", others)] if others else [])
        file.write(",\n".join('  "{}": [\n{}  ]'.format(key, ",\n".join("    " + json.dumps(one) for one in rows) + ("\n" if rows else ""))
                              for key, rows in lists) + "\n}\n")


def empty():
    save("empty", [Segment()], [])


def numbers():
    """Doubles that are easy to lose: not finite, negative zero, the smallest and largest, and integers."""
    segment, points = Segment(rank=3, pid=7), []
    segment.name(0, "loss")
    for x in (0.5, float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, 0.1, -1e-9):
        segment.number(0, x)
        points.append(number("loss", x))
    segment.name(1, "epoch")
    for x in (0, 1, -1, 2 ** 53, -2 ** 53):
        segment.number(1, float(x), integer=True)
        points.append(number("epoch", x, integer=True))
    segment.number(1, 3.0)
    points.append(number("epoch", 3.0))
    save("numbers", [segment], points, rank=3, pid=7)


def steps_and_times():
    """A step of 0 is not the same as no step; steps may be negative, repeat and fall; so may times."""
    segment, points = Segment(), []
    segment.name(7, "lr")
    for step, time in ((0, TIME), (None, TIME + 1), (-5, TIME - 10), (2 ** 63 - 1, TIME), (-2 ** 63, TIME), (3, 0), (3, TIME)):
        segment.number(7, 0.01, step=step, time=time)
        points.append(number("lr", 0.01, step=step, time=time))
    save("steps_and_times", [segment], points)


def values():
    """Everything that is not a plain number travels as JSON; payloads of every length modulo 8 meet the padding."""
    segment, points = Segment(size=8192), []
    segment.name(0, "v")
    texts = ['"a string"', '"donn\u00e9es \U0001F426"', '"NaN"', "true", "false", "null", "123456789012345678901234567890",
             '{"list": [1, 2.5, "x", null, "NaN"]}', '{"row": {"x": 1, "y": "two"}}', '{"table": {"a": [1, 2], "b": [3, 4]}}',
             '{"image": "outputs/plot.png"}', '{"list": []}'] + ['"' + "x" * length + '"' for length in range(9)]
    for index, text in enumerate(texts):
        step = index if index % 3 == 0 else None
        segment.value(0, text, step=step, time=TIME + index)
        points.append(value("v", text, step=step, time=TIME + index))
    save("values", [segment], points)


def names():
    """Names in any script, ids in any order and not from 0, a name defined between points, padding of every length."""
    segment, points = Segment(size=8192), []
    names = ["a", "ab", "abc", "abcd", "abcde", "with space", "tr\u00e4ning/f\u00f6rlust", "\u640d\u5931", "\U0001F426 count", "x" * 255,
             "\u00e9" * 255, "=/\\\"'\n\t"]
    for index, name in enumerate(names):
        segment.name(1000 - index, name)
        segment.number(1000 - index, float(index) + 0.5, time=TIME + index)
        points.append(number(name, index + 0.5, time=TIME + index))
    segment.number(1000, 99.5)
    points.append(number("a", 99.5))
    save("names", [segment], points)


def torn_number():
    """Killed after the payload was stored and before its length was: that point was never recorded."""
    segment = Segment()
    segment.name(0, "loss")
    segment.number(0, 1.5, step=1)
    segment.number(0, 2.5, step=2)
    segment.number(0, 3.5, step=3, written=False)
    save("torn_number", [segment], [number("loss", 1.5, step=1), number("loss", 2.5, step=2)])


def torn_name():
    """Killed while defining the second name."""
    segment = Segment()
    segment.name(0, "loss")
    segment.number(0, 1.5)
    segment.record(1, struct.pack("<I", 1) + b"accura", written=False)
    save("torn_name", [segment], [number("loss", 1.5)])


def torn_value():
    segment = Segment()
    segment.name(0, "note")
    segment.value(0, '"first"')
    segment.value(0, '"second"', written=False)
    save("torn_value", [segment], [value("note", '"first"')])


def two_segments():
    """A full segment, its end record, and the next one: ids start anew there and sequences go on."""
    first, points = Segment(size=256), []
    first.name(0, "loss")
    for index in range(3):
        first.number(0, index / 4.0, step=index)
        points.append(number("loss", index / 4.0, step=index))
    first.end()
    second = Segment(size=512, first_sequence=3)
    second.name(0, "accuracy")
    second.number(0, 0.75)
    points.append(number("accuracy", 0.75))
    second.name(1, "loss")
    second.number(1, 0.125, step=3)
    points.append(number("loss", 0.125, step=3))
    save("two_segments", [first, second], points, ended=[True, False])


def full_to_the_last_byte():
    """A segment with no room left at all: its end is the file's end, and no end record says so."""
    segment = Segment(size=64 + 16 + 40 + 40)
    segment.name(0, "loss")
    segment.number(0, 1.0)
    segment.number(0, 2.0)
    assert segment.at == len(segment.bytes)
    save("full_to_the_last_byte", [segment], [number("loss", 1.0), number("loss", 2.0)])


def ended_next_segment_missing():
    """The end record was written and the machine died before the next segment's rename reached the disk."""
    segment = Segment()
    segment.name(0, "loss")
    segment.number(0, 1.0)
    segment.end()
    save("ended_next_segment_missing", [segment], [number("loss", 1.0)], ended=[True])


LARGEST = 2 ** 1024 - 2 ** 970 - 1  # the largest whole number that rounds to a double; one more does not


def whole_numbers_at_their_limit():
    """Whole numbers are kept as the digits they were logged with as long as a double can hold about as much, and not beyond."""
    segment, points = Segment(size=16384), []
    segment.name(0, "n")

    def kept(text, logged):
        segment.value(0, text, time=TIME + len(points))
        points.append(dict(value("n", text, time=TIME + len(points)), logged=logged))

    def refused(text, logged):
        segment.value(0, text, time=TIME + len(points))
        points.append(left_out("n", logged))

    kept(str(2 ** 53 + 1), "run.log('n', 2 ** 53 + 1)")
    kept(str(10 ** 308), "run.log('n', 10 ** 308)")
    refused(str(10 ** 400), "run.log('n', 10 ** 400)")
    kept(str(LARGEST), "run.log('n', 2 ** 1024 - 2 ** 970 - 1)")
    refused(str(LARGEST + 1), "run.log('n', 2 ** 1024 - 2 ** 970)")
    kept(str(-LARGEST), "run.log('n', -(2 ** 1024 - 2 ** 970 - 1))")
    refused(str(-LARGEST - 1), "run.log('n', -(2 ** 1024 - 2 ** 970))")
    refused(str(-10 ** 309), "run.log('n', -10 ** 308 * 10)")
    refused('{"list": [1, %d, 3]}' % 10 ** 400, "run.log_list('n', [1, 10 ** 400, 3])")
    refused('{"row": {"x": 1, "y": %d}}' % -10 ** 309, "run.log_row('n', x=1, y=-10 ** 308 * 10)")
    refused('{"table": {"x": [1, 2], "y": [3, %d]}}' % 10 ** 400, "run.log_table('n', {'x': [1, 2], 'y': [3, 10 ** 400]})")
    kept('{"list": [%d, -1.7976931348623157e+308, "NaN", "-Infinity"]}' % 10 ** 300,
         "run.log_list('n', [10 ** 300, -1.7976931348623157e308, float('nan'), -float('inf')])")
    save("whole_numbers_at_their_limit", [segment], points)


def points_that_cannot_be_kept():
    """Whatever one record holds, the points after it are read, under their own sequence numbers."""
    segment, points = Segment(size=16384), []

    def good():
        segment.number(0, float(len(points)), time=TIME + len(points))
        points.append(number("loss", float(len(points)), time=TIME + len(points)))

    def bad(kind, payload, name="loss", logged=None, flags=0):
        segment.record(kind, payload, flags)
        points.append(left_out(name, logged))
        good()

    head = struct.pack("<IIqq", 0, 0, TIME, 0)
    segment.name(0, "loss")
    good()
    for text in ("1e400", "-1e309", "NaN", "Infinity", "{bad", "", "1 2", "[" * 65 + "]" * 65, '"\\ud800"', "'x'", "[1,]", "01", " "):
        bad(3, head + text.encode("utf-8"))
    bad(3, head + b'"\xff"')
    bad(3, head + b'"\xed\xa0\x80"', logged="run.log('loss', '\\ud800')")  # a lone surrogate, as UTF-8 has none
    bad(2, head)  # no value
    bad(2, head + bytes(16))
    bad(2, struct.pack("<II", 0, 0))
    bad(2, struct.pack("<IIqqd", 9, 0, TIME, 0, 1.0), name="")  # a name that was never defined
    bad(2, b"\0", name="")
    bad(3, b"\0\0\0", name="")
    segment.record(9, b"a kind of another day")  # not a point: takes no number
    good()
    segment.record(1, b"\1")
    for name in (b"", b"\xff", b"x" * 256, "\u00e9".encode("utf-8") * 256):
        segment.record(1, struct.pack("<I", 1) + name)
        bad(2, struct.pack("<IIqqd", 1, 0, TIME, 0, 1.0), name="")
    segment.name(1, "again")
    segment.record(1, struct.pack("<I", 1) + b"\xff")  # the name that the id had is not the name of what follows
    bad(2, struct.pack("<IIqqd", 1, 0, TIME, 0, 1.0), name="")
    bad(5, struct.pack("<I", 0), name="")  # left out by who sends it
    save("points_that_cannot_be_kept", [segment], points)


def a_record_past_the_end():
    """A length that leads past the end of the segment says nothing of where the next record is: the segment's rest is lost."""
    segment = Segment()
    segment.name(0, "loss")
    segment.number(0, 1.0)
    struct.pack_into("<IBBH", segment.bytes, segment.at, 5000, 3, 0, 0)
    save("a_record_past_the_end", [segment], [number("loss", 1.0)])


if __name__ == "__main__":
    for make in (empty, numbers, steps_and_times, values, names, torn_number, torn_name, torn_value, two_segments,
                 full_to_the_last_byte, ended_next_segment_missing, whole_numbers_at_their_limit,
                 points_that_cannot_be_kept, a_record_past_the_end):
        make()

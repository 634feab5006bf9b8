#!/usr/bin/env python3
"""Writes the snapshot vectors, straight from the definition in docs/formats.md and not through any client's code.

A vector is {"files": [{path, size, sha256, mode}], "snapshot_id"}. The files stand in any order: putting them in the
order of the id is the client's part.
"""
import hashlib
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def entry(path, content=b"", mode=420):
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "mode": mode}


def snapshot_id(files):
    text = b"muster-snapshot 1\n"
    for file in sorted(files, key=lambda file: file["path"].encode("utf-8")):
        head = "{} {} {} ".format(file["mode"], file["size"], file["sha256"])
        text += head.encode("ascii") + file["path"].encode("utf-8") + b"\0"
    return hashlib.sha256(text).hexdigest()


VECTORS = {
    "empty": [],
    "one_file": [entry("train.py", b"print('hello')\n")],
    "empty_file": [entry("src/__init__.py")],
    "modes": [entry("run.sh", b"#!/bin/sh\n", 493), entry("data.csv", b"1,2\n", 420)],
    # "-" and "." sort before "/", "0" after it: a folder's files are not always neighbours of its name.
    "sorted_as_bytes": [entry("a/b"), entry("a0"), entry("a.b"), entry("a-b"), entry("B"), entry("a"), entry("a/B"), entry("_")],
    # By UTF-16 units U+1F426 would come before U+FF21; as bytes, and as code points, it comes after.
    "unicode": [entry("\U0001F426.png", b"bird"), entry("\uff21.txt", b"A"), entry("donn\u00e9es/caf\u00e9.txt", b"x"),
                entry("z"), entry("\u65e5\u672c/\u8a9e.py", b"y"), entry("e\u0301", b"combining"), entry("\u00e9", b"composed")],
    "odd_names": [entry("with space.txt", b"1"), entry("tab\tname", b"2"), entry("new\nline", b"3"), entry("quote\"'", b"4"),
                  entry("back\\slash", b"5"), entry("...", b"6"), entry(".hidden", b"7"), entry("-dash", b"8")],
    "same_content_twice": [entry("a.txt", b"same"), entry("b.txt", b"same")],
    "large_sizes": [{"path": "weights.bin", "size": 314572800, "sha256": "ab" * 32, "mode": 420},
                    {"path": "huge.bin", "size": 2 ** 53 - 1, "sha256": "0123456789abcdef" * 4, "mode": 420}],
    "many": [entry("d{}/f{}.txt".format(i % 7, i), str(i).encode("ascii"), 493 if i % 5 == 0 else 420) for i in range(60)],
    "longest_path": [entry("/".join(["p" * 255] * 15 + ["q" * 255, "r"])[:4096], b"deep")],
}


def main():
    for name, files in VECTORS.items():
        lines = ",\n".join("    " + json.dumps(file, ensure_ascii=True) for file in files)
        with open(os.path.join(HERE, name + ".json"), "w") as file:
            file.write('{\n  "files": [\n' + lines + ('\n' if lines else '') + '  ],\n  "snapshot_id": "' + snapshot_id(files) + '"\n}\n')


if __name__ == "__main__":
    main()

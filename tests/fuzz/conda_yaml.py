"""The fuzzer of the SDK's reader of conda environment files, which is no part of the C++ program: conda_yaml.py SECONDS [SEED].

Each input is a file that was made of known content, in one of the many ways to write it, and is read as that; then the same file damaged,
which is read as something that can be written and read again, or refused in words with the line. Says its seed, and how many inputs."""

import random
import re
import sys
import time

from muster._conda_yaml import CondaFile, parse_conda_file
from muster.exceptions import UserErrorException

PLAIN = ["python=3.8", "numpy", "pytorch::pytorch>=1.10", "pip", "c-ares=1.18.1=h7f8727e_0", "https://example.org/a b", "-x", "a#b", "ä",
         "1.5", "numpy[version='>1']", "git+https://example.org/x.git@main#egg=x", "torch==2.0; python_version<'3.9'", "~", "null"]
QUOTED = ["# no comment", " led by a space", "a: b", "- a", "[a]", "it's", "two  spaces ", "{}", "&a", "*"]
PIECES = ["- ", "  ", "\t", ":", ": ", "\n", "\r", "\r\n", "#", " #", "[", "]", "{", "}", ",", "'", '"', "\\", "&a", "*a", "!!str ", "|",
          ">", "---\n", "...\n", "- pip:\n", "pip:", "dependencies:\n", "name: x\n", "%YAML 1.1\n", "\0", "\x85",
          "\u2028", "\u00a0", "\ufeff", "?", "? a\n", "<<: "]


def scalar(rng, flow):
    """(as it is written, what it means)."""
    kind = rng.random()
    if kind < 0.7:
        text = rng.choice([one for one in PLAIN if not flow or not re.search(r"[\[\]{},]", one)])
        return text, text
    text = rng.choice([one for one in QUOTED if not flow or not re.search(r"[\[\]{},]", one)])
    quote = rng.choice([one for one in "\"'" if one not in text])
    return quote + text + quote, text


def listed(rng, items, indent):
    """What follows the colon of a list's key."""
    if rng.random() < 0.2:
        written = [scalar(rng, True) for _ in items]
        lines = " [" + rng.choice([", ", ",", " , "]).join(one for one, _ in written) + "]" + comment(rng) + "\n"
    else:
        written = [scalar(rng, False) for _ in items]
        lines = comment(rng) + "\n" + "".join(" " * indent + "- " + one + comment(rng) + "\n" for one, _ in written)
    return lines, [text for _, text in written]


def comment(rng):
    return rng.choice(["", "", "", " # comment", "\t#: - [", "   "])


def made(rng):
    """A file, and its content."""
    parts, name, channels = [], "", []
    if rng.random() < 0.7:
        written, name = scalar(rng, False)
        parts.append("name: " + written + comment(rng) + "\n")
    if rng.random() < 0.5:
        written, channels = listed(rng, range(rng.randrange(1, 4)), rng.choice([0, 2, 4]))
        parts.append("channels:" + written)
    if rng.random() < 0.2:
        parts.append("prefix: /opt/conda # where it was\n")
    indent = rng.choice([0, 1, 2, 7])
    written, conda = "", []
    for _ in range(rng.randrange(5)):
        one, text = scalar(rng, False)
        written += " " * indent + "- " + one + comment(rng) + "\n"
        conda.append(text)
    pip = []
    if rng.random() < 0.6:
        dash = rng.choice(["- ", "-   "])
        below, pip = listed(rng, range(rng.randrange(1, 4)), indent + len(dash) + rng.choice([0, 2]))
        written += " " * indent + dash + "pip:" + below
    parts.append("dependencies:" + comment(rng) + "\n" + written)
    rng.shuffle(parts)
    text = rng.choice(["", "---\n", "# a comment\n\n"]) + rng.choice(["", "\n", " \n"]).join(parts) + rng.choice(["", "...\n"])
    return text.replace("\n", rng.choice(["\n", "\n", "\r\n"])), CondaFile(name, channels, conda, pip)


def damaged(rng, text):
    for _ in range(rng.randrange(1, 4)):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        change = rng.random()
        if change < 0.5:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif change < 0.7:
            text = text[:at] + text[min(end, at + 5):]
        elif change < 0.85:
            text = text[:end] + text[at:end] + text[end:]
        else:
            text = text[:at] + chr(rng.choice([rng.randrange(0x100), rng.randrange(0xD800), rng.randrange(0xE000, 0x11000)])) + text[at:]
    return text


def written(content):
    """A file of that content."""
    def quoted(text):
        for quote in "\"'":
            if quote not in text and "\\" not in text and " #" not in text and "\t#" not in text:
                return quote + text + quote
        return text
    text = "name: %s\n" % quoted(content.name) if content.name else ""
    text += "channels:\n" + "".join("- %s\n" % quoted(one) for one in content.channels)
    text += "dependencies:\n" + "".join("- %s\n" % quoted(one) for one in content.conda_packages)
    return text + "- pip:\n" + "".join("  - %s\n" % quoted(one) for one in content.pip_packages)


def check_made(text, content):
    assert parse_conda_file(text) == content, (text, content)


def check_damaged(text):
    try:
        content = parse_conda_file(text)
    except UserErrorException as refusal:
        line = re.search(r", line (\d+): ", str(refusal))
        assert "has no key 'dependencies'" in str(refusal) or 1 <= int(line.group(1)) <= len(re.split("\r\n|\r|\n", text)), (text, refusal)
        return
    assert parse_conda_file(written(content)) == content, (text, content)


def main(seconds, seed):
    print("seed: %d" % seed)
    rng = random.Random(seed)
    inputs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        text, content = made(rng)
        check_made(text, content)
        check_damaged(damaged(rng, text))
        inputs += 2
    print("stat::number_of_executed_units: %d" % inputs)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32))

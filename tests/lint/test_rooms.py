"""What ARCHITECTURE.md promises of the source, seen from its text."""

import itertools
import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def rooms():
    """Each room of CMakeLists.txt, in its order, and those after its USES."""
    found = {}
    for words in re.findall(r"^muster_room\((.*?)\)", (SOURCE / "CMakeLists.txt").read_text(), re.MULTILINE | re.DOTALL):
        name, *rest = words.split()
        uses = rest[rest.index("USES") + 1:] if "USES" in rest else []
        found[name] = list(itertools.takewhile(str.islower, uses))
    return found


USES = rooms()


def above(room):
    """The room and all it may use, directly or through others."""
    found = {room}
    for name in USES[room]:
        found |= above(name)
    return found


@pytest.mark.parametrize("room", USES)
def test_a_room_includes_only_rooms_it_uses(room):
    order = list(USES)
    assert all(order.index(name) < order.index(room) for name in USES[room])
    allowed, wrong = above(room), []
    for file in sorted((SOURCE / "src" / room).rglob("*.[ch]*")):
        for included in re.findall(r'^#include "(\w+)/', file.read_text(), re.MULTILINE):
            if included in USES and included not in allowed:
                wrong.append("%s includes %s/" % (file.relative_to(SOURCE), included))
    assert wrong == []

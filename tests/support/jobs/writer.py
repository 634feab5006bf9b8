"""Writes lines, metric points and outputs as fast as it can, and keeps count of them outside Muster.

Arguments: how many, and the counter's file: two 64-bit numbers, the lines and the points whose writing has returned.
"""

import mmap
import os
import struct
import sys

from azureml.core.run import Run

EVERY = 5000


def main():
    count = int(sys.argv[1])
    with open(sys.argv[2], "r+b") as file:
        counter = mmap.mmap(file.fileno(), 16)
    run = Run.get_context()
    os.makedirs("outputs", exist_ok=True)
    for number in range(count):
        os.write(1, b"line %08d\n" % number)
        struct.pack_into("<q", counter, 0, number + 1)
        run.log("number", number)
        struct.pack_into("<q", counter, 8, number + 1)
        if number % EVERY == 0:
            with open("outputs/part_%08d" % number, "w") as out:
                out.write("part %d\n" % number * 1000)


main()

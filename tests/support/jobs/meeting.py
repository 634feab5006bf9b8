"""How the ranks of a test's job tell the test that they are there, and wait for it. The folder is the same on all nodes: they are one
machine.
"""

import os
import time

FOLDER = os.environ["MEETING"]
RANK = int(os.environ.get("RANK", os.environ.get("OMPI_COMM_WORLD_RANK", os.environ["MUSTER_RANK"])))


def arrive(word="arrived", pid=None):
    """Leave `word` and the process's id where the test looks for them."""
    path = os.path.join(FOLDER, "%s-%d" % (word, RANK))
    with open(path + ".tmp", "w") as file:
        file.write(str(pid or os.getpid()))
    os.rename(path + ".tmp", path)


def wait(word):
    """Until the test says `word`."""
    while not os.path.exists(os.path.join(FOLDER, word)):
        time.sleep(0.01)

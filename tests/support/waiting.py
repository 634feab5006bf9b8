"""Waiting for something to become true, with a deadline."""

import os
import time

SLOWER = float(os.environ.get("MUSTER_TEST_SLOWER", "1"))  # how much longer each wait may take: sanitizers slow a program down


def wait_until(check, what, seconds=20):
    """Return the first true answer of `check()`; fail, saying `what` was waited for, when there is none in time."""
    deadline = time.monotonic() + seconds * SLOWER
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError("waited %g s for %s" % (seconds * SLOWER, what))
        time.sleep(0.01)

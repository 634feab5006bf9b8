"""Waiting for something to become true, with a deadline."""

import time


def wait_until(check, what, seconds=20):
    """Return the first true answer of `check()`; fail, saying `what` was waited for, when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError("waited %g s for %s" % (seconds, what))
        time.sleep(0.01)

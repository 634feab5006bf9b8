"""A network between runner and server that cuts, delays and repeats calls, or leads to somebody else: the run's record is whole, each line
and point once."""

import pytest

from muster_program import Muster, free_address
from proxy import STRANGERS, Proxy
from whole_home import assert_home_is_whole
from writer_job import WriterJob

COUNT = 30_000
KINDS_OF_CALLS = ["POST check-in", "GET /api/v1/workspaces/default/snapshots/…/archive", "POST started", "PUT logs",
                  "POST metrics", "POST /api/v1/workspaces/default/blobs/missing", "POST /api/v1/workspaces/default/blobs", "POST outputs",
                  "POST finished", "POST done"]


def assert_recorded_whole(muster, job):
    """Of a run that has ended; ends the server."""
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)
    muster.assert_only_server_left()
    assert_home_is_whole(muster.home)
    muster("down")


@pytest.mark.parametrize("faults", [["cut_before"], ["cut_inside"], ["cut_after"], ["delay"], ["twice"],
                                    ["cut_before", "cut_inside", "cut_after", "delay", "twice"]], ids="-".join)
def test_the_record_is_whole_though_the_network(muster, faults):
    address = free_address()
    proxy = Proxy(address, faults, seed=7)
    try:
        muster("up", "--listen", address, "--advertise", proxy.url)
        job = WriterJob(muster, COUNT)

        run = muster.ended(job.run_id, seconds=60)
        assert (run["status"], run["attempt"], run["error"], run["warnings"]) == ("Completed", 1, None, [])
        assert all(proxy.met.values()), proxy.met
        assert_recorded_whole(muster, job)
    finally:
        proxy.close()


@pytest.fixture
def other(muster):
    """The address of a server of another home."""
    (muster.home.parent / "other").mkdir()
    other = Muster(muster.home.parent / "other" / "home", muster.home.parent / "other")
    address = free_address()
    other("up", "--listen", address)
    yield address
    other("down")


def test_another_server_answers_every_kind_of_call(muster, other):
    address = free_address()
    strangers = [*STRANGERS, "other_home"]
    proxy = Proxy(address, strangers=strangers, other=other)
    try:
        muster("up", "--listen", address, "--advertise", proxy.url)
        job = WriterJob(muster, COUNT)

        run = muster.ended(job.run_id, seconds=120)
        assert (run["status"], run["attempt"], run["error"], run["warnings"]) == ("Completed", 1, None, [])
        heartbeats = proxy.heard.pop("POST heartbeat")  # every two seconds: as many as there was time for
        assert len(heartbeats) >= 2 and heartbeats == strangers[:len(heartbeats)]
        assert dict(proxy.heard) == dict.fromkeys(KINDS_OF_CALLS, strangers)
        assert_recorded_whole(muster, job)
    finally:
        proxy.close()

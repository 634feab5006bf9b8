"""A network between runner and server that cuts, delays and repeats calls: the run's record is whole, each line and point once."""

import pytest

from muster_program import free_address
from proxy import Proxy
from whole_home import assert_home_is_whole
from writer_job import WriterJob

COUNT = 30_000


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
        job.assert_recorded(COUNT, COUNT)
        job.assert_outputs(COUNT)
        muster.assert_only_server_left()
        assert_home_is_whole(muster.home)
        muster("down")
    finally:
        proxy.close()

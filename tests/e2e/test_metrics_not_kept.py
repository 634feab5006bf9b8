"""A metric value that cannot be kept costs itself alone, whoever wrote it."""

# The journal's own call stands for a writer that is not our SDK: it records JSON without a look at what it says.
LOGS = """
from muster import Run
from muster.exceptions import UserErrorException

run = Run.get_context()
for step in range(50):
    run.log("loss", step / 2, step=step)
    for log in (lambda: run.log("loss", 10 ** 400), lambda: run.log("loss", -10 ** 308 * 10), lambda: run.log_list("loss", [1, 10 ** 400]),
                lambda: run.log_row("loss", x=10 ** 400), lambda: run.log_table("loss", {"x": [10 ** 400]})):
        try:
            log()
        except UserErrorException as error:
            assert "'loss'" in error.message, error.message
        else:
            raise SystemExit("not refused")
    run._journal.value("foreign", 0, 0, b"1" + b"0" * 400)
    run._journal.value("foreign", 0, 0, b'{"list": [1, 2')
    run.log("foreign", step)
"""


def test_points_after_one_that_cannot_be_kept_are_there_and_the_run_says_which_was_not(server):
    run = server.ended(server.submit(LOGS)["run_id"])

    assert run["status"] == "Completed", run
    metrics = server.json("run", "metrics", run["run_id"], "--name", "loss")["metrics"]["loss"]
    assert [point["step"] for point in metrics] == list(range(50))
    metrics = server.json("run", "metrics", run["run_id"], "--name", "foreign")["metrics"]["foreign"]
    assert [point["value"] for point in metrics] == list(range(50))
    warnings = [warning for warning in run["warnings"] if "metrics" in warning]
    assert len(warnings) == 1, run["warnings"]
    assert 'the metric "foreign" has points that cannot be kept' in warnings[0]
    assert "too large" in warnings[0]

import os


def pytest_terminal_summary(terminalreporter):
    ran = [report for reports in terminalreporter.stats.values() for report in reports if "test_documents" in getattr(report, "nodeid", "")]
    if ran and not os.environ.get("MUSTER_SEEDS"):
        terminalreporter.write_line("MUSTER_SEEDS is not set: its documents were left out, and our own scripts of the same calls ran.")

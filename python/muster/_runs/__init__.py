"""The parts of runs."""

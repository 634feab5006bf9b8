"""Reads the data that it is given."""

import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--data_dir")
options = parser.parse_args()

found = sorted(os.path.relpath(os.path.join(folder, name), options.data_dir)
               for folder, _, names in os.walk(options.data_dir) for name in names)
assert found == ["bee.txt", "train/ant.txt"], found
print("the data: " + ", ".join(found))

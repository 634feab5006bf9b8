import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--data_dir")
options = parser.parse_args()

print("the data: " + ", ".join(sorted(os.listdir(options.data_dir))))

"""Prints the largest difference between the weights of two files that train.py wrote, and fails if it is above the tolerance.

    python compare.py ONE.pt OTHER.pt [--tolerance 1e-10]
"""

import argparse
import sys

import torch


def largest_difference(one, other):
    if one.keys() != other.keys():
        raise SystemExit("the files hold different networks")
    return max((one[name] - other[name]).abs().max().item() for name in one)


def main():
    parser = argparse.ArgumentParser(description="Compare the weights of two networks.")
    parser.add_argument("one")
    parser.add_argument("other")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    options = parser.parse_args()
    difference = largest_difference(*(torch.load(path, map_location="cpu") for path in (options.one, options.other)))
    print("largest difference: %.3g (tolerance %g)" % (difference, options.tolerance))
    sys.exit(difference > options.tolerance)


if __name__ == "__main__":
    main()

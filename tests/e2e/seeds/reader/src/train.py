"""Stands for a script that trains with DistributedDataParallel: each rank meets the others, and says who it is."""

import argparse
import os

import torch
import torch.distributed

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
options = parser.parse_args()

torch.distributed.init_process_group("gloo")
met = torch.ones(1)
torch.distributed.all_reduce(met)
assert int(met) == int(os.environ["WORLD_SIZE"]) == 4, met
print("rank {} of {} trained {} epochs".format(os.environ["RANK"], int(met), options.epochs))
torch.distributed.destroy_process_group()

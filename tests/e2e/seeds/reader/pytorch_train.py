"""Stands for the documents' training script: its options, its metrics, its file."""

import argparse
import os

import torch
from azureml.core.run import Run

run = Run.get_context()
parser = argparse.ArgumentParser()
parser.add_argument("--num_epochs", type=int, default=25)
parser.add_argument("--output_dir")
options = parser.parse_args()

print("torch " + torch.__version__)
run.log("lr", 0.001)
for epoch in range(options.num_epochs):
    print("Epoch {}/{}".format(epoch, options.num_epochs - 1))
    run.log("best_val_acc", 1 - 1 / (epoch + 1))
os.makedirs(options.output_dir, exist_ok=True)
with open(os.path.join(options.output_dir, "model.pt"), "w") as file:
    file.write("weights")

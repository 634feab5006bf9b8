"""Fits a line to ten points: small enough to read, and it needs nothing installed."""
import argparse
import json

from azureml.core.run import Run

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=20)
epochs = parser.parse_args().epochs

run = Run.get_context()                # outside of a job it prints what it would record
slope = 0.0
for epoch in range(epochs):
    loss = sum((3 * x - slope * x) ** 2 for x in range(10)) / 10
    slope += 0.01 * sum((3 - slope) * x for x in range(10)) / 10
    run.log("loss", loss)
    print("epoch {}: loss {:.4f}".format(epoch, loss))

with open("outputs/model.json", "w") as file:
    json.dump({"slope": slope}, file)

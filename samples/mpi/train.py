"""Trains a small network on scikit-learn's handwritten digits, its gradients averaged by MPI, and writes outputs/digits_net.pt."""

import argparse
import os
import sys

import torch
from mpi4py import MPI
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from azureml.core.run import Run

WORLD = MPI.COMM_WORLD


def abort_all(kind, exception, trace):
    """Says what happened, then ends all ranks: one that merely exits waits in MPI for the others, which wait for it."""
    sys.__excepthook__(kind, exception, trace)
    sys.stderr.flush()
    WORLD.Abort(1)


def load(seed):
    """scikit-learn's 1,797 digits as ((train images, labels), (validation images, labels)); an image is 1 x 8 x 8, from 0 to 1."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target, dtype=torch.int64)
    train, val = train_test_split(range(len(labels)), test_size=0.25, random_state=seed, stratify=labels)
    return (images[train], labels[train]), (images[val], labels[val])


def build():
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 10))


def average(tensor):
    """Make the tensor, in place, the mean of all ranks' tensors."""
    # MPI adds into the tensor's own memory, through the array that shares it.
    WORLD.Allreduce(MPI.IN_PLACE, tensor.numpy(), op=MPI.SUM)
    tensor /= WORLD.size


def train_epoch(net, images, labels, optimizer, batch_size):
    """Go through the images once, each rank with its share of every batch; return the last batch's mean loss."""
    net.train()
    share = batch_size // WORLD.size
    mean_loss = torch.zeros(1)
    # Every rank draws the same order: the seed is the same.
    for batch in torch.randperm(len(labels)).split(batch_size)[:-1]:
        mine = batch[WORLD.rank * share:(WORLD.rank + 1) * share]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images[mine]), labels[mine])
        loss.backward()
        for parameter in net.parameters():
            average(parameter.grad)
        optimizer.step()
        mean_loss[0] = loss.item()
    average(mean_loss)
    return mean_loss.item()


def accuracy(net, images, labels):
    net.eval()
    with torch.no_grad():
        return (net(images).argmax(1) == labels).float().mean().item()


def main():
    sys.excepthook = abort_all
    parser = argparse.ArgumentParser(description="Train a network that reads handwritten digits, with MPI.")
    parser.add_argument("--epochs", type=int, default=10, help="number of epochs to train")
    parser.add_argument("--batch-size", type=int, default=64, help="images a batch, over all processes")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--output-dir", default="outputs", help="where the trained network goes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.batch_size % WORLD.size != 0:
        parser.error("--batch-size must be a multiple of the %d processes" % WORLD.size)

    print("Rank %d of %d" % (WORLD.rank, WORLD.size))
    torch.set_num_threads(1)  # several processes share the machine's cores
    torch.manual_seed(options.seed)
    run = Run.get_context()
    train, val = load(options.seed)
    net = build()
    optimizer = torch.optim.SGD(net.parameters(), lr=options.learning_rate, momentum=options.momentum)
    for epoch in range(options.epochs):
        loss = train_epoch(net, *train, optimizer, options.batch_size)
        if WORLD.rank == 0:
            reached = accuracy(net, *val)
            print("Epoch %d/%d loss: %.4f val Acc: %.4f" % (epoch, options.epochs - 1, loss, reached))
            run.log("loss", loss)
            run.log("val_acc", reached)
    if WORLD.rank == 0:
        os.makedirs(options.output_dir, exist_ok=True)
        torch.save(net.state_dict(), os.path.join(options.output_dir, "digits_net.pt"))


if __name__ == "__main__":
    main()

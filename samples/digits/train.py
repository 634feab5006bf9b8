"""Trains a small network on scikit-learn's handwritten digits, and writes it as outputs/model.pt and outputs/model.onnx."""

import argparse
import copy
import inspect
import os

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from azureml.core.run import Run


def load(seed):
    """The 1,797 digits as ((train images, labels), (validation images, labels)); an image is 1 x 8 x 8, from 0 to 1."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target, dtype=torch.int64)
    train, val = train_test_split(range(len(labels)), test_size=0.25, random_state=seed, stratify=labels)
    return (images[train], labels[train]), (images[val], labels[val])


def build():
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 10))


def learn(net, images, labels, optimizer, batch_size=32):
    """Go through the images once, in a random order."""
    net.train()
    for chosen in torch.randperm(len(labels)).split(batch_size):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images[chosen]), labels[chosen]).backward()
        optimizer.step()


def accuracy(net, images, labels):
    net.eval()
    with torch.no_grad():
        return (net(images).argmax(1) == labels).float().mean().item()


def save(net, folder):
    os.makedirs(folder, exist_ok=True)
    net.eval()
    torch.save(net.state_dict(), os.path.join(folder, "model.pt"))
    # The exporter that traces works in every version of PyTorch; newer ones have it behind this switch.
    tracing = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(net, torch.zeros(1, 1, 8, 8), os.path.join(folder, "model.onnx"), opset_version=13,
                      input_names=["image"], output_names=["scores"],
                      dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}}, **tracing)


def main():
    parser = argparse.ArgumentParser(description="Train a network that reads handwritten digits.")
    parser.add_argument("--num_epochs", type=int, default=12, help="number of epochs to train")
    parser.add_argument("--output_dir", default="./outputs", help="where the trained model goes")
    parser.add_argument("--learning_rate", type=float, default=0.05, help="learning rate")
    parser.add_argument("--momentum", type=float, default=0.9, help="momentum")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    run = Run.get_context()
    run.log("lr", options.learning_rate)
    run.log("momentum", options.momentum)

    torch.manual_seed(options.seed)
    train, val = load(options.seed)
    net = build()
    optimizer = torch.optim.SGD(net.parameters(), lr=options.learning_rate, momentum=options.momentum)
    best, best_weights = 0.0, copy.deepcopy(net.state_dict())
    for epoch in range(options.num_epochs):
        learn(net, *train, optimizer)
        reached = accuracy(net, *val)
        print("Epoch %d/%d val Acc: %.4f" % (epoch, options.num_epochs - 1, reached))
        if reached > best:
            best, best_weights = reached, copy.deepcopy(net.state_dict())
        run.log("best_val_acc", best)
    net.load_state_dict(best_weights)
    save(net, options.output_dir)


if __name__ == "__main__":
    main()

"""Trains a network to tell chickens from turkeys, and writes it as outputs/model.pt and outputs/model.onnx.

With --weights, a ResNet-18 whose last layer is new (transfer learning; needs torchvision and a file of its weights);
else a small network from scratch. Without pictures in --data_dir, draws them first.
"""

import argparse
import copy
import os
import time

import torch
from torch import nn
from torch.optim import lr_scheduler

import make_birds
import network
import pictures
from azureml.core.run import Run


def train_model(net, batches, num_epochs, learning_rate, momentum, run):
    """Train `net`; return it with the weights of its best epoch, and that epoch's validation accuracy."""
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=momentum)
    schedule = lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best_accuracy, best_weights = 0.0, copy.deepcopy(net.state_dict())
    for epoch in range(num_epochs):
        print("Epoch %d/%d" % (epoch, num_epochs - 1))
        print("train Loss: %.4f Acc: %.4f" % run_epoch(net, batches["train"], criterion, optimizer))
        loss, accuracy = run_epoch(net, batches["val"], criterion)
        print("val Loss: %.4f Acc: %.4f" % (loss, accuracy))
        schedule.step()
        if accuracy > best_accuracy:
            best_accuracy, best_weights = accuracy, copy.deepcopy(net.state_dict())
        run.log("best_val_acc", best_accuracy)
    net.load_state_dict(best_weights)
    return net, best_accuracy


def run_epoch(net, batches, criterion, optimizer=None):
    """Go through `batches` once, learning if there is an optimizer; return (mean loss, accuracy)."""
    device = next(net.parameters()).device
    net.train(optimizer is not None)
    loss_sum, correct, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for images, labels in batches:
            images, labels = images.to(device), labels.to(device)
            scores = net(images)
            loss = criterion(scores, labels)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(labels)
            correct += (scores.argmax(1) == labels).sum().item()
            seen += len(labels)
    return loss_sum / seen, correct / seen


def save(net, classes, image_size, folder):
    """Write the network for PyTorch and, with its softmax, for any ONNX runtime."""
    os.makedirs(folder, exist_ok=True)
    net = net.cpu().eval()
    torch.save({"classes": classes, "image_size": image_size, "network": type(net).__name__,
                "state_dict": net.state_dict()}, os.path.join(folder, "model.pt"))
    network.export_onnx(net, image_size, os.path.join(folder, "model.onnx"))


def main():
    parser = argparse.ArgumentParser(description="Train a network that tells chickens from turkeys.")
    parser.add_argument("--num_epochs", type=int, default=25, help="number of epochs to train")
    parser.add_argument("--output_dir", default="./outputs", help="where the trained model goes")
    parser.add_argument("--learning_rate", type=float, default=0.001, help="learning rate")
    parser.add_argument("--momentum", type=float, default=0.9, help="momentum")
    parser.add_argument("--data_dir", default="./birds-data", help="pictures as train/<class>/* and val/<class>/*")
    parser.add_argument("--weights", help="file with the weights of a trained ResNet-18, to start from")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    run = Run.get_context()
    run.log("lr", options.learning_rate)
    run.log("momentum", options.momentum)

    started = time.time()
    torch.manual_seed(options.seed)
    make_birds.ensure(options.data_dir)
    net, image_size = network.build(classes=2, weights=options.weights)
    sets = {part: pictures.load(os.path.join(options.data_dir, part), image_size) for part in ("train", "val")}
    batches = {"train": pictures.Batches(sets["train"], shuffle=True), "val": pictures.Batches(sets["val"])}

    net = net.to("cuda" if torch.cuda.is_available() else "cpu")
    net, accuracy = train_model(net, batches, options.num_epochs, options.learning_rate, options.momentum, run)
    print("Training complete in %.0f s" % (time.time() - started))
    print("Best val Acc: %.4f" % accuracy)
    save(net, sets["train"].classes, image_size, options.output_dir)


if __name__ == "__main__":
    main()

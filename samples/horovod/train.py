"""Trains a small network on scikit-learn's handwritten digits with Horovod, and writes outputs/digits_net.pt."""

import argparse
import os

import horovod.torch as hvd
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from azureml.core.run import Run


def load(seed):
    """scikit-learn's 1,797 digits as (training set, test set) of images, 1 x 8 x 8 from 0 to 1, and labels."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target, dtype=torch.int64)
    train, test = train_test_split(range(len(labels)), test_size=0.25, random_state=seed, stratify=labels)
    return TensorDataset(images[train], labels[train]), TensorDataset(images[test], labels[test])


def build():
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 10))


def share_of(dataset, batch_size):
    """This rank's part of the dataset, in batches; call .sampler.set_epoch for another order."""
    return DataLoader(dataset, batch_size, sampler=DistributedSampler(dataset, num_replicas=hvd.size(), rank=hvd.rank()))


def train_epoch(epoch, net, batches, optimizer, device, log_interval, run):
    net.train()
    batches.sampler.set_epoch(epoch)
    for number, (images, labels) in enumerate(batches):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        if number % log_interval == 0:
            print("Train Epoch: {} [{}/{}]\tLoss: {:.6f}".format(epoch, number * len(images), len(batches.sampler), loss.item()))
            run.log("loss", loss.item())


def test(net, batches, device):
    """(mean loss, accuracy) over the shares of all ranks."""
    net.eval()
    sums = torch.zeros(3, dtype=torch.float64)
    with torch.no_grad():
        for images, labels in batches:
            scores, labels = net(images.to(device)), labels.to(device)
            loss = nn.functional.cross_entropy(scores, labels, reduction="sum")
            sums += torch.tensor([loss.item(), (scores.argmax(1) == labels).sum().item(), len(labels)], dtype=torch.float64)
    loss, correct, seen = hvd.allreduce(sums, op=hvd.Sum, name="test").tolist()
    return loss / seen, correct / seen


def main():
    parser = argparse.ArgumentParser(description="Train a network that reads handwritten digits, with Horovod.")
    parser.add_argument("--batch-size", type=int, default=64, help="images a batch, in each process")
    parser.add_argument("--test-batch-size", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=10, help="number of epochs to train")
    parser.add_argument("--lr", type=float, default=0.01, help="learning rate of one process; multiplied by their number")
    parser.add_argument("--momentum", type=float, default=0.5)
    parser.add_argument("--no-cuda", action="store_true", help="do not use GPUs")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--log-interval", type=int, default=10, help="batches between two logged losses")
    parser.add_argument("--fp16-allreduce", action="store_true", help="send gradients in half precision")
    parser.add_argument("--output-dir", default="outputs", help="where the trained network goes")
    options = parser.parse_args()

    hvd.init()
    torch.manual_seed(options.seed)
    device = torch.device("cpu")
    if torch.cuda.is_available() and not options.no_cuda:
        device = torch.device("cuda", hvd.local_rank())
        torch.cuda.set_device(device)
    torch.set_num_threads(1)  # several processes share the machine's cores
    print("Rank %d of %d, local rank %d of %d" % (hvd.rank(), hvd.size(), hvd.local_rank(), hvd.local_size()))

    run = Run.get_context()
    train_set, test_set = load(options.seed)
    train_batches, test_batches = share_of(train_set, options.batch_size), share_of(test_set, options.test_batch_size)
    net = build().to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=options.lr * hvd.size(), momentum=options.momentum)
    hvd.broadcast_parameters(net.state_dict(), root_rank=0)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    compression = hvd.Compression.fp16 if options.fp16_allreduce else hvd.Compression.none
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=net.named_parameters(), compression=compression)

    for epoch in range(1, options.epochs + 1):
        train_epoch(epoch, net, train_batches, optimizer, device, options.log_interval, run)
        loss, accuracy = test(net, test_batches, device)
        if hvd.rank() == 0:
            print("Test set: Average loss: {:.4f}, Accuracy: {:.2f}%".format(loss, 100 * accuracy))
            run.log("test_acc", accuracy)
    if hvd.rank() == 0:
        os.makedirs(options.output_dir, exist_ok=True)
        torch.save(net.state_dict(), os.path.join(options.output_dir, "digits_net.pt"))


if __name__ == "__main__":
    main()

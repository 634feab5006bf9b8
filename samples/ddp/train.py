"""Trains a small network on scikit-learn's handwritten digits with DistributedDataParallel, and writes outputs/digits_net.pt.

Each process takes its share of every batch; the weights come out as those of one process with the same total batch. Reads RANK,
LOCAL_RANK and WORLD_SIZE, as every launcher of PyTorch sets them, and runs as one process without them. After each epoch process 0
leaves outputs/checkpoint.pt: a run that is started again goes on from there.
"""

import argparse
import contextlib
import os

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

import digits
from azureml.core.run import Run
from checkpoint import Checkpoint

# DistributedDataParallel and optimizers import this when they are first used. PyTorch 2.13 lets a process group live past
# destroy_process_group() if that is after init_process_group(); then a thread of Gloo meets Python's shutdown, now and then:
# "terminate called without an active exception", SIGABRT.
with contextlib.suppress(ImportError):  # PyTorch 1 has none of it
    import torch._dynamo

RANK = int(os.environ.get("RANK", 0))
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", 0))
WORLD_SIZE = int(os.environ.get("WORLD_SIZE", 1))


def choose_device():
    """The GPU that this process's LOCAL_RANK names, else the CPU."""
    if not torch.cuda.is_available():
        # A network this small gains nothing from more threads, and several processes share the machine's cores.
        torch.set_num_threads(1)
        return torch.device("cpu")
    torch.cuda.set_device(LOCAL_RANK)
    return torch.device("cuda", LOCAL_RANK)


def train_epoch(net, batches, optimizer, device, report):
    """Go through this process's share of the images once."""
    net.train()
    for number, (images, labels) in enumerate(batches):
        optimizer.zero_grad()
        # The mean over this process's share; DistributedDataParallel makes the mean over all of them, of equal shares.
        loss = cross_entropy(net(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        report(number, loss.item())


def accuracy(net, dataset, device):
    net.eval()
    images, labels = dataset.tensors
    with torch.no_grad():
        return (net(images.to(device)).argmax(1).cpu() == labels).float().mean().item()


def train(options, device, run):
    torch.manual_seed(options.seed)
    train_set, val_set = digits.load(options.seed)
    net = digits.build().to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=options.learning_rate, momentum=options.momentum)
    checkpoint = Checkpoint(os.path.join(options.output_dir, "checkpoint.pt"), net, optimizer)
    first_epoch = checkpoint.restore(device)
    if first_epoch > 0:
        print("Rank %d: Continuing with epoch %d" % (RANK, first_epoch))

    # In turn: the processes' k-th batches together are the k-th batch of one process that takes WORLD_SIZE times as many.
    sampler = DistributedSampler(train_set, num_replicas=WORLD_SIZE, rank=RANK, seed=options.seed, drop_last=True)
    batches = DataLoader(train_set, options.batch_size, sampler=sampler, num_workers=options.workers, drop_last=True)
    model = DistributedDataParallel(net) if WORLD_SIZE > 1 else net
    for epoch in range(first_epoch, options.epochs):
        print("Rank %d: Starting epoch %d" % (RANK, epoch))
        sampler.set_epoch(epoch)

        def report(number, loss, epoch=epoch):
            run.log("loss", loss)
            if number % options.print_freq == 0:
                print("Rank %d: [%d, %5d] loss: %.3f" % (RANK, epoch, number, loss))
        train_epoch(model, batches, optimizer, device, report)
        if RANK == 0:
            checkpoint.save(epoch)
            run.log("val_acc", accuracy(net, val_set, device))
    print("Rank %d: Finished Training" % RANK)
    if RANK == 0:
        torch.save(net.state_dict(), os.path.join(options.output_dir, "digits_net.pt"))
        print("Accuracy of the network on the %d validation images: %.1f %%" % (len(val_set), 100 * accuracy(net, val_set, device)))


def main():
    parser = argparse.ArgumentParser(description="Train a network that reads handwritten digits, in several processes.")
    parser.add_argument("--epochs", type=int, default=10, help="number of epochs to train")
    parser.add_argument("--batch-size", type=int, default=16, help="images a batch, in each process")
    parser.add_argument("--workers", type=int, default=0, help="processes that load data, for each process")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--output-dir", default="outputs", help="where the trained network goes")
    parser.add_argument("--print-freq", type=int, default=10, help="batches between two printed losses")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    device = choose_device()
    if WORLD_SIZE > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", init_method="env://")
    os.makedirs(options.output_dir, exist_ok=True)
    train(options, device, Run.get_context())
    if WORLD_SIZE > 1:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

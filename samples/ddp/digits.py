"""The data and the network."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import TensorDataset

# With it the weights of four processes and of one can be compared to the last bits; with single precision they drift apart.
DTYPE = torch.float64


def load(seed):
    """scikit-learn's 1,797 digits as (training set, validation set) of images, 1 x 8 x 8 from 0 to 1, and labels."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=DTYPE).unsqueeze(1) / 16
    labels = torch.tensor(digits.target, dtype=torch.int64)
    train, val = train_test_split(range(len(labels)), test_size=0.25, random_state=seed, stratify=labels)
    return TensorDataset(images[train], labels[train]), TensorDataset(images[val], labels[val])


def build():
    """The network; its first weights come from PyTorch's random numbers, so they are the same after the same seed."""
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 10)).to(DTYPE)

"""Folders of pictures as tensors."""

import os

import torch
from torch.nn.functional import interpolate

import png

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


class Pictures:
    """Pictures of one size with the number of their class; `classes` are the names."""

    def __init__(self, images, labels, classes):
        self.images, self.labels, self.classes = images, labels, classes


def load(folder, size):
    """Read folder/<class>/*, whatever the sizes of the pictures there, as squares of `size`."""
    classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    images, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            images.append(_normalised(png.read(os.path.join(folder, name, file)), size))
            labels.append(label)
    return Pictures(torch.stack(images), torch.tensor(labels), classes)


class Batches:
    """Goes through the pictures in batches: mirrored and shifted at random, in a new order each time, if shuffled."""

    def __init__(self, pictures, shuffle=False, size=8):
        self.pictures, self.shuffle, self.size = pictures, shuffle, size

    def __iter__(self):
        count = len(self.pictures.labels)
        order = torch.randperm(count) if self.shuffle else torch.arange(count)
        for chosen in order.split(self.size):
            images = self.pictures.images[chosen]
            yield (_varied(images) if self.shuffle else images), self.pictures.labels[chosen]


def _normalised(pixels, size):
    image = torch.tensor(pixels).permute(2, 0, 1).float() / 255
    image = interpolate(image[None], size=(size, size), mode="bilinear", align_corners=False)[0]
    return (image - MEAN) / STD


def _varied(images):
    mirrored = torch.rand(len(images), 1, 1, 1) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    reach = images.shape[-1] // 8
    down, right = (int(step) for step in torch.randint(-reach, reach + 1, (2,)))
    return images.roll((down, right), (2, 3))

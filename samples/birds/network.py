"""The networks, and their way out to ONNX."""

import inspect

import torch
from torch import nn


class SmallNet(nn.Module):
    """Four blocks of convolution for pictures of 64 x 64: small enough for two cores, from random weights."""

    def __init__(self, classes):
        super().__init__()
        widths = (3, 16, 32, 48, 64)
        self.features = nn.Sequential(*[_block(a, b) for a, b in zip(widths, widths[1:])])
        self.classifier = nn.Linear(widths[-1], classes)

    def forward(self, images):
        return self.classifier(nn.functional.adaptive_max_pool2d(self.features(images), 1).flatten(1))


def build(classes, weights=None):
    """Return (network, the size of picture it takes). `weights` is a file of a ResNet-18's."""
    if weights is None:
        return SmallNet(classes), 64
    from torchvision.models import resnet18
    net = resnet18()
    net.load_state_dict(torch.load(weights, map_location="cpu"))
    net.fc = nn.Linear(net.fc.in_features, classes)
    return net, 224


def export_onnx(net, image_size, path):
    """Write `net` as ONNX: input `image` (batch x 3 x size x size), output `probability` (batch x classes)."""
    example = torch.zeros(1, 3, image_size, image_size)
    # The exporter that traces works in every version of PyTorch; newer ones have it behind this switch.
    tracing = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(nn.Sequential(net, nn.Softmax(dim=1)), example, path, opset_version=12,
                      input_names=["image"], output_names=["probability"],
                      dynamic_axes={"image": {0: "batch"}, "probability": {0: "batch"}}, **tracing)


def _block(channels_in, channels_out):
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
                         nn.BatchNorm2d(channels_out), nn.ReLU(), nn.MaxPool2d(2))

"""Draws a data set of chickens and turkeys, each picture with a pose, plumage, place and weather of its own.

    python make_birds.py DIR [--train 120] [--val 100] [--seed 7]

The layout is the usual one of folders by class: DIR/train/chicken/000.png, DIR/val/turkey/099.png.
The same seed draws the same pictures.
"""

import argparse
import os
import shutil
import tempfile
import zlib

import numpy

import png
import scenery
from bird import draw_chicken, draw_turkey
from canvas import Canvas, Frame

CLASSES = {"chicken": draw_chicken, "turkey": draw_turkey}
SIZES = (80, 96, 112)


def draw(species, rng):
    """One picture of a bird, as height x width x 3 bytes."""
    canvas = Canvas(int(rng.choice(SIZES)))
    ground = scenery.draw(canvas, rng)
    centre = (rng.uniform(0.38, 0.62), ground + rng.uniform(-0.16, 0.0))
    bird = Frame(canvas, centre, scale=rng.uniform(0.21, 0.33), tilt=rng.normal(0, 0.08), facing=rng.choice([-1, 1]))
    bird.fill(bird.ellipse((0, -1.0), (0.85, 0.13)), canvas.rgb * 0.62, softness=6)
    CLASSES[species](bird, rng)
    scenery.weather(canvas, rng)
    return canvas.pixels()


def make(folder, train=120, val=100, seed=7):
    """Draw the whole set into `folder`, which appears only when it is complete."""
    parent = os.path.dirname(os.path.abspath(folder))
    os.makedirs(parent, exist_ok=True)
    unfinished = tempfile.mkdtemp(dir=parent, prefix=".birds-")
    try:
        for part, count in (("train", train), ("val", val)):
            for species in CLASSES:
                pictures = os.path.join(unfinished, part, species)
                os.makedirs(pictures)
                for number in range(count):
                    # A stream a picture: asking for more of them does not change the first ones.
                    rng = numpy.random.default_rng([seed, zlib.crc32(part.encode()), zlib.crc32(species.encode()), number])
                    png.write(os.path.join(pictures, "%03d.png" % number), draw(species, rng))
        os.chmod(unfinished, 0o755)
        _rename_unless_there(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def ensure(folder):
    """Draw the set unless `folder` has one."""
    if not os.path.isdir(os.path.join(folder, "train")):
        print("Drawing chickens and turkeys in", folder)
        make(folder)


def _rename_unless_there(source, folder):
    try:
        os.rename(source, folder)
    except OSError:
        # Somebody else drew the same set at the same time, and theirs is as good.
        if not os.path.isdir(os.path.join(folder, "train")):
            raise


def main():
    parser = argparse.ArgumentParser(description="Draw a data set of chickens and turkeys.")
    parser.add_argument("folder")
    parser.add_argument("--train", type=int, default=120, help="training pictures a class")
    parser.add_argument("--val", type=int, default=100, help="validation pictures a class")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if os.path.exists(options.folder):
        parser.error("%s is there already; choose another folder or remove it" % options.folder)
    make(options.folder, options.train, options.val, options.seed)


if __name__ == "__main__":
    main()

"""The birds. Each is painted back to front in a frame where its body is about one unit wide and high."""

import numpy

PLUMAGES = {
    "chicken": [(0.96, 0.94, 0.90), (0.72, 0.42, 0.20), (0.85, 0.66, 0.38), (0.30, 0.25, 0.24), (0.55, 0.30, 0.18),
                (0.62, 0.60, 0.58)],
    "turkey": [(0.36, 0.24, 0.17), (0.24, 0.19, 0.18), (0.52, 0.36, 0.24), (0.93, 0.91, 0.86), (0.45, 0.33, 0.30)],
}
RED = (0.84, 0.14, 0.13)
BEAK = (0.95, 0.72, 0.25)
TURKEY_FACE = [(0.60, 0.72, 0.86), (0.80, 0.66, 0.66), (0.66, 0.70, 0.72)]


def draw_chicken(frame, rng):
    """Round, with a comb and wattles of red, and tail feathers that stand up."""
    plumage = _plumage("chicken", rng)
    accent = plumage * rng.uniform(0.45, 0.8) if rng.random() < 0.6 else numpy.array((0.12, 0.16, 0.17))
    _legs(frame, rng)
    for number in range(5):
        angle = rng.normal(2.2, 0.05) + (number - 2) * 0.17
        tip = (-0.52 + 0.62 * numpy.cos(angle), 0.10 + 0.62 * numpy.sin(angle))
        frame.fill(frame.limb((-0.45, 0.05), tip, 0.13, 0.075), accent * (1 - 0.09 * (number % 2)))
    frame.fill(frame.ellipse((-0.08, -0.10), (0.66, 0.50), 0.15), plumage)
    pecking = rng.random() < 0.25
    head = (0.80, -0.30) if pecking else (rng.uniform(0.48, 0.62), rng.uniform(0.62, 0.80))
    frame.fill(frame.limb((0.30, 0.02), head, 0.33, 0.17), plumage)
    _wing(frame, rng, accent)

    turn = -1.0 if pecking else rng.normal(0.0, 0.12)
    face = _Head(head, turn)
    for along, up, radius in ((-0.13, 0.17, 0.075), (-0.01, 0.23, 0.095), (0.11, 0.19, 0.075)):
        frame.fill(frame.ellipse(face.at(along, up), (radius, radius)), RED)
    frame.fill(frame.ellipse(head, (0.19, 0.19)), plumage * 1.04)
    frame.fill(frame.ellipse(face.at(0.15, -0.20), (0.065, 0.11), turn), RED)
    _beak_and_eye(frame, face)


def draw_turkey(frame, rng):
    """Heavy, with a fan of banded feathers, a bare head and a snood over the beak."""
    plumage = _plumage("turkey", rng)
    _legs(frame, rng)
    _fan(frame, rng, plumage)
    frame.fill(frame.ellipse((0.02, -0.16), (0.62, 0.52), 0.1), plumage)
    head = (rng.uniform(0.50, 0.66), rng.uniform(0.52, 0.76))
    skin = numpy.array(TURKEY_FACE[rng.integers(len(TURKEY_FACE))]) * rng.uniform(0.92, 1.05)
    frame.fill(frame.limb((0.36, 0.0), head, 0.20, 0.10), skin)
    frame.fill(frame.limb((0.20, -0.12), (0.44, 0.14), 0.32, 0.20), plumage * 1.08)
    _wing(frame, rng, plumage * 0.72)

    face = _Head(head, rng.normal(0.0, 0.15))
    frame.fill(frame.ellipse(head, (0.145, 0.135)), skin)
    frame.fill(frame.limb(face.at(0.04, -0.13), face.at(0.02, -0.36), 0.07, 0.045), RED)
    _beak_and_eye(frame, face, size=0.85)
    drop = rng.uniform(0.14, 0.34)
    frame.fill(frame.limb(face.at(0.13, 0.09), face.at(0.24, 0.06), 0.035), RED)
    frame.fill(frame.limb(face.at(0.24, 0.06), face.at(0.27, 0.06 - drop), 0.035, 0.045), RED)


class _Head:
    """Places on a head, from its middle: `along` towards the beak, `up` towards the crown."""

    def __init__(self, centre, turn):
        self.centre, self.cos, self.sin = centre, numpy.cos(turn), numpy.sin(turn)

    def at(self, along, up):
        return (self.centre[0] + along * self.cos - up * self.sin, self.centre[1] + along * self.sin + up * self.cos)


def _plumage(species, rng):
    colours = PLUMAGES[species]
    return numpy.clip(numpy.array(colours[rng.integers(len(colours))]) * rng.uniform(0.88, 1.1) + rng.normal(0, 0.02, 3), 0, 1)


def _fan(frame, rng, plumage):
    """The tail, opened: feathers in a half circle, their ends in bands of dark and light."""
    feathers = rng.integers(9, 14)
    spread = rng.uniform(1.25, 1.75)
    radius, angle = frame.polar((-0.22, -0.10), rng.uniform(1.75, 2.15))
    phase = angle / spread * feathers / 2 * numpy.pi
    reach = rng.uniform(0.92, 1.12)
    edge = reach * (0.93 + 0.07 * numpy.abs(numpy.cos(phase)))
    outside = (numpy.abs(angle) - spread) * numpy.maximum(radius, 0.05)
    light = numpy.clip(plumage * 0.5 + numpy.array((0.45, 0.38, 0.26)), 0, 1)
    bands = [(1.0, light), (0.89, plumage * 0.35), (0.80, plumage * 0.85 + 0.10), (0.60, plumage * 0.45), (0.52, plumage * 0.8)]
    for shrink, colour in bands:
        frame.fill(numpy.maximum(radius - edge * shrink, outside), colour)
    gaps = numpy.abs(numpy.cos(phase)) * radius * 0.22 - 0.012
    frame.fill(numpy.maximum(numpy.maximum(gaps, radius - edge), outside), plumage * 0.4)


def _wing(frame, rng, colour):
    lift = rng.uniform(-0.25, 0.15)
    frame.fill(frame.ellipse((-0.16, -0.10), (0.36, 0.24), lift - 0.1), colour)
    for number in range(3):
        start = (-0.02 - 0.10 * number, -0.08 - 0.07 * number)
        end = (start[0] - 0.42, start[1] + 0.42 * numpy.tan(-lift) * 0.4 - 0.03)
        frame.fill(frame.limb(start, end, 0.028, 0.012), colour * 0.72)


def _legs(frame, rng):
    stride = rng.uniform(0.06, 0.22)
    colour = numpy.array((0.92, 0.66, 0.26)) * rng.uniform(0.7, 1.0)
    for hip, foot in ((-0.06, -0.06 - stride), (0.14, 0.14 + stride * 0.7)):
        frame.fill(frame.limb((hip, -0.45), (foot, -0.98), 0.045, 0.032), colour)
        for toe in (-0.12, 0.06, 0.19):
            frame.fill(frame.limb((foot, -0.97), (foot + toe, -1.03), 0.028, 0.018), colour)


def _beak_and_eye(frame, face, size=1.0):
    corners = [face.at(0.13 * size, -0.09 * size), face.at(0.36 * size, -0.04 * size), face.at(0.13 * size, 0.08 * size)]
    frame.fill(frame.polygon(corners), BEAK)
    frame.fill(frame.ellipse(face.at(0.06 * size, 0.05 * size), (0.052, 0.052)), (1.0, 0.98, 0.90))
    frame.fill(frame.ellipse(face.at(0.07 * size, 0.05 * size), (0.032, 0.032)), (0.05, 0.04, 0.04))

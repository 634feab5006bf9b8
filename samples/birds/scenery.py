"""What is around the bird: sky and meadow, a barn, a fence, evening light, rain."""

import numpy

from canvas import Frame

SKIES = [((0.55, 0.75, 0.93), (0.86, 0.93, 0.98)),   # a clear day
         ((0.95, 0.70, 0.50), (0.99, 0.88, 0.70)),   # evening
         ((0.70, 0.74, 0.78), (0.85, 0.87, 0.88)),   # overcast
         ((0.42, 0.50, 0.72), (0.93, 0.75, 0.74))]   # early morning
GROUNDS = [(0.45, 0.64, 0.30), (0.58, 0.66, 0.33), (0.74, 0.63, 0.42), (0.62, 0.50, 0.37), (0.90, 0.92, 0.94)]
ROOFS = [(0.66, 0.20, 0.16), (0.45, 0.33, 0.26), (0.36, 0.42, 0.48)]


def draw(canvas, rng):
    """Paint a place; return how far down its ground is where a bird may stand."""
    horizon = rng.uniform(0.42, 0.62)
    view = Frame(canvas, (0.0, horizon), 1.0)
    _sky(canvas, view, horizon, rng)
    if rng.random() < 0.35:
        _barn(view, rng)
    elif rng.random() < 0.6:
        _hills(view, rng)
    _ground(view, rng)
    if rng.random() < 0.4:
        _fence(view, rng)
    return min(horizon + rng.uniform(0.08, 0.2), 0.68)


def weather(canvas, rng):
    """Light, grain and sometimes rain over the finished picture."""
    canvas.rgb *= rng.uniform(0.82, 1.12)
    canvas.rgb *= rng.normal(1.0, 0.05, 3)
    if rng.random() < 0.12:
        slant = canvas.x * 61 + canvas.y * 9 + 3 * numpy.sin(canvas.x * 37)
        canvas.rgb += 0.16 * (numpy.sin(slant * 2) > 0.965)[..., None]
    canvas.rgb += rng.normal(0, rng.uniform(0.005, 0.05), canvas.rgb.shape)


def _sky(canvas, view, horizon, rng):
    top, bottom = (numpy.array(colour) for colour in SKIES[rng.integers(len(SKIES))])
    blend = numpy.clip(canvas.y / horizon, 0, 1)[..., None]
    canvas.rgb[:] = top + (bottom - top) * blend
    sun = (rng.uniform(0.08, 0.92), rng.uniform(0.25, 0.45))
    if rng.random() < 0.5:
        view.fill(view.ellipse(sun, (0.055, 0.055)), (1.0, 0.95, 0.72), softness=2)
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform(0, 1), rng.uniform(0.15, 0.5)
        for puff in range(3):
            radius = rng.uniform(0.03, 0.06)
            cloud = view.ellipse((x + (puff - 1) * 0.06, y), (radius * 1.5, radius))
            view.fill(cloud, numpy.minimum(bottom + 0.08, 1), softness=3)


def _hills(view, rng):
    colour = numpy.array((0.46, 0.58, 0.45)) * rng.uniform(0.8, 1.2)
    for _ in range(3):
        view.fill(view.ellipse((rng.uniform(0, 1), -0.02), (rng.uniform(0.25, 0.5), rng.uniform(0.06, 0.2))), colour)
        colour = colour * 0.93


def _barn(view, rng):
    left, width, wall = rng.uniform(-0.05, 0.65), rng.uniform(0.3, 0.45), rng.uniform(0.15, 0.24)
    right, middle = left + width, left + width / 2
    colour = numpy.array(ROOFS[rng.integers(len(ROOFS))])
    view.fill(view.polygon([(left, -0.05), (right, -0.05), (right, wall), (left, wall)]), colour)
    view.fill(view.polygon([(left - 0.03, wall), (right + 0.03, wall), (middle, wall + width * 0.42)]), colour * 0.62)
    door = width * 0.16
    view.fill(view.polygon([(middle - door, -0.05), (middle + door, -0.05), (middle + door, wall * 0.72),
                            (middle - door, wall * 0.72)]), (0.93, 0.90, 0.82))
    view.fill(view.polygon([(middle - door * 0.8, -0.05), (middle + door * 0.8, -0.05), (middle + door * 0.8, wall * 0.66),
                            (middle - door * 0.8, wall * 0.66)]), colour * 0.45)


def _ground(view, rng):
    colour = numpy.array(GROUNDS[rng.integers(len(GROUNDS))]) * rng.uniform(0.9, 1.08)
    shade = colour * (1 + 0.35 * numpy.clip(view.y, -1, 0))[..., None]
    view.fill(view.y + 0.006 * numpy.sin(view.x * rng.uniform(5, 15)), shade)
    for _ in range(rng.integers(6, 16)):
        x, y = rng.uniform(0, 1), rng.uniform(-0.55, -0.02)
        height = 0.012 + 0.05 * -y
        for lean in (-0.5, 0.0, 0.6):
            view.fill(view.limb((x, y), (x + lean * height, y + height), 0.006, 0.001), colour * 0.8)


def _fence(view, rng):
    colour = numpy.array((0.93, 0.90, 0.84)) * rng.uniform(0.55, 1.0)
    offset = rng.uniform(0, 0.16)
    for height in (0.03, 0.075):
        view.fill(numpy.abs(view.y - height) - 0.009, colour * 0.9)
    for x in numpy.arange(-0.16, 1.1, 0.16):
        view.fill(view.limb((x + offset, -0.03), (x + offset, 0.105), 0.014), colour)

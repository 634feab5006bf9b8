"""A small painter: filled shapes with soft edges on an array of pixels.

Shapes are signed distances (negative inside), so an edge is smooth at any size without drawing larger and shrinking.
"""

import numpy


class Canvas:
    """A picture in unit coordinates: (0, 0) is the top left, (1, 1) the bottom right."""

    def __init__(self, size):
        axis = (numpy.arange(size, dtype=numpy.float32) + 0.5) / size
        self.x, self.y = numpy.meshgrid(axis, axis)
        self.pixel = 1.0 / size
        self.rgb = numpy.zeros((size, size, 3), numpy.float32)

    def fill(self, distance, colour, softness=1.0):
        """Paint `colour`, one for all or one a pixel, wherever `distance` is below zero."""
        edge = self.pixel * softness
        touched = numpy.flatnonzero((distance < edge / 2).any(axis=1))
        if not len(touched):
            return
        rows = slice(touched[0], touched[-1] + 1)  # most shapes are small, and the rest of the picture stays as it is
        cover = numpy.clip(0.5 - distance[rows] / edge, 0, 1)[..., None]
        colour = numpy.broadcast_to(numpy.asarray(colour, numpy.float32), self.rgb.shape)
        self.rgb[rows] += cover * (colour[rows] - self.rgb[rows])

    def pixels(self):
        return (numpy.clip(self.rgb, 0, 1) * 255 + 0.5).astype(numpy.uint8)


class Frame:
    """A canvas seen from coordinates of its own: moved, scaled, tilted, and mirrored when `facing` is -1.

    Here (0, 0) is `centre` on the canvas, x grows to where it is facing and y upwards.
    """

    def __init__(self, canvas, centre, scale, tilt=0.0, facing=1):
        self.canvas = canvas
        self.scale = scale
        dx, dy = (canvas.x - centre[0]) / scale * facing, (centre[1] - canvas.y) / scale
        self.x = dx * numpy.cos(tilt) + dy * numpy.sin(tilt)
        self.y = dy * numpy.cos(tilt) - dx * numpy.sin(tilt)

    def fill(self, distance, colour, softness=1.0):
        self.canvas.fill(distance * self.scale, colour, softness)

    def ellipse(self, centre, radii, angle=0.0):
        """Distance to an ellipse, near enough at its edge."""
        x, y = self._turned(centre, angle)
        k = numpy.hypot(x / radii[0], y / radii[1])
        slope = numpy.hypot(x / radii[0] ** 2, y / radii[1] ** 2)
        return k * (k - 1) / numpy.maximum(slope, 1e-6)

    def limb(self, start, end, start_radius, end_radius=None):
        """Distance to a line with round ends, that may grow thinner towards its end."""
        end_radius = start_radius if end_radius is None else end_radius
        along = (end[0] - start[0], end[1] - start[1])
        dx, dy = self.x - start[0], self.y - start[1]
        t = numpy.clip((dx * along[0] + dy * along[1]) / (along[0] ** 2 + along[1] ** 2), 0, 1)
        return numpy.hypot(dx - t * along[0], dy - t * along[1]) - (start_radius + t * (end_radius - start_radius))

    def polygon(self, points):
        """Distance to a convex polygon whose corners go round against the clock."""
        distance = numpy.full_like(self.x, -numpy.inf)
        for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
            length = numpy.hypot(bx - ax, by - ay)
            distance = numpy.maximum(distance, ((self.x - ax) * (by - ay) - (self.y - ay) * (bx - ax)) / length)
        return distance

    def polar(self, centre, angle=0.0):
        """(radius, angle) of each pixel around `centre`; the angle is 0 in the direction `angle`."""
        x, y = self._turned(centre, angle)
        return numpy.hypot(x, y), numpy.arctan2(y, x)

    def _turned(self, centre, angle):
        dx, dy = self.x - centre[0], self.y - centre[1]
        return (dx * numpy.cos(angle) + dy * numpy.sin(angle),
                dy * numpy.cos(angle) - dx * numpy.sin(angle))

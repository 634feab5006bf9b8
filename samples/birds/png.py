"""Reading and writing 8-bit RGB pictures as PNG with zlib alone."""

import struct
import zlib

import numpy

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write(path, pixels):
    """Write `pixels`, an array of height x width x 3 bytes."""
    height, width, _ = pixels.shape
    # Every row starts with the number of its filter; 0 is "none".
    rows = numpy.zeros((height, 1 + width * 3), numpy.uint8)
    rows[:, 1:] = pixels.reshape(height, width * 3)
    with open(path, "wb") as out:
        out.write(SIGNATURE)
        _write_chunk(out, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        _write_chunk(out, b"IDAT", zlib.compress(rows.tobytes(), 1))
        _write_chunk(out, b"IEND", b"")


def read(path):
    """Return the picture as height x width x 3 bytes. Pictures other than `write`'s need Pillow."""
    with open(path, "rb") as file:
        data = file.read()
    pixels = _read_plain(data)
    if pixels is None:
        from PIL import Image
        pixels = numpy.asarray(Image.open(path).convert("RGB"))
    return pixels


def _write_chunk(out, kind, body):
    out.write(struct.pack(">I", len(body)) + kind + body)
    out.write(struct.pack(">I", zlib.crc32(kind + body)))


def _read_plain(data):
    if not data.startswith(SIGNATURE):
        return None
    width, height, *kind = struct.unpack_from(">IIBBBBB", data, 16)
    if kind != [8, 2, 0, 0, 0]:
        return None
    packed, position = b"", 8
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"IDAT":
            packed += data[position + 8:position + 8 + length]
        position += 12 + length
    rows = numpy.frombuffer(zlib.decompress(packed), numpy.uint8).reshape(height, 1 + width * 3)
    return None if rows[:, 0].any() else rows[:, 1:].reshape(height, width, 3)

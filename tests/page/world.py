"""The scripts behind the runs that the page is tested with: one that did well, one that failed, one that goes on."""

#: Markup, an emoji, and text that runs from right to left: nothing but text.
BAD_NAME = "<img src=x onerror=window.hacked=1> \U0001f426 \u05e9\u05dc\u05d5\u05dd"

DONE = r"""
import os, struct, sys, zlib
from azureml.core import Run
run = Run.get_context()
print("\x1b[32mgreen\x1b[0m and \x1b[1;31mred\x1b[0m")
for step in range(3000):
    run.log("loss", 1 / (step + 1), step=step)
for value in (1.0, float("nan"), float("inf"), 2.0):
    run.log("odd", value)
run.log("one point", 5)
run.log("rate", 0.1)
run.log("below zero", -1)
run.log("below zero", 10)
for line in range(30000):
    print("line", line)
sys.stdout.flush()
sys.stdout.buffer.write(b"binary \x00\xff\xfe\x80 bytes\n")
sys.stdout.buffer.write(b"long " + b"x" * (10 << 20) + b"\n")
sys.stdout.buffer.write(b"<script>window.hacked=1</script> the last line\n")

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
pixels = b"".join(b"\0" + bytes((x * 4, y * 4, 128)[i] for x in range(64) for i in range(3)) for y in range(64))
os.makedirs("outputs", exist_ok=True)
files = {
    "picture.png": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""),
    "no-picture.png": b"this is no picture",
    "broken.png": b"\x89PNG\r\n\x1a\n broken",
    "notes.html": b"<script>window.hacked=1</script>",
    "values.json": b'{"accuracy": 0.5}',
    "table.csv": b'name,score\n"Ada, L.",3\n',
    "model.onnx": bytes.fromhex("080812046d696e653a180a0c0a01781201792204") + b"Relu" + bytes.fromhex("5a030a017862030a0179"),
    "weights.bin": bytes(range(256)),
}
for name, content in files.items():
    with open("outputs/" + name, "wb") as file:
        file.write(content)
"""

FAILED = r"""
import os
print("about to fail")
def train(rate):
    raise ValueError("learning rate is <b>negative</b>: %s" % rate)
train(-1)
"""

#: Goes on until the file that it is given is there: a line and a point each tenth of a second.
LIVE = r"""
import os, sys, time
from azureml.core import Run
run = Run.get_context()
run.log("rate", 0.2)
step = 0
while not os.path.exists(sys.argv[1]):
    run.log("loss", 1 / (step + 1), step=step)
    print("step", step, flush=True)
    step += 1
    time.sleep(0.1)
"""

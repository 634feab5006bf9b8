"""Makes pictures of the page, of a server of its own with runs as people have them: to be looked at when it was changed.

`build/venv/bin/python tests/page/screenshots.py [FOLDER]` (build/pictures); those that docs/page.md shows are copied to docs/page/.
"""

import base64
import math
import pathlib
import random
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "support")]

from playwright.sync_api import sync_playwright  # noqa: E402

from conftest import CHROMIUM, FLAGS, until  # noqa: E402
from muster_program import SOURCE, Muster, free_address  # noqa: E402
from rest import Rest  # noqa: E402

FAILED = """
import time
def batches(path):
    print("Reading", path)
    raise FileNotFoundError("No such folder: '%s'" % path)
def train(epochs):
    for epoch in range(epochs):
        for batch in batches("data/train"):
            pass
print("Epoch 0/9")
train(10)
"""
RUNNING = """
import math, os, random, sys, time
from muster import Run
run = Run.get_context()
step = 0
while not os.path.exists(sys.argv[1]):
    loss = 0.05 + 2.3 * math.exp(-step / 90) + random.gauss(0, 0.03)
    run.log("loss", loss, step=step)
    run.log("accuracy", 1 - math.exp(-step / 70) * 0.9 + random.gauss(0, 0.008), step=step)
    run.log("learning rate", 0.1 * 0.5 ** (step // 60), step=step)
    run.log("images per second", 820 + random.gauss(0, 14), step=step)
    print("\\x1b[32mstep %4d\\x1b[0m  loss %.4f" % (step, loss), flush=True)
    step += 1
    time.sleep(0.02 if step < 200 else 0.5)
"""


def recorded(rest, name, parameters, quality, steps=400):
    """A run that a notebook recorded: curves that get better, the more so the better it is."""
    _, run = rest("POST", "/workspaces/default/runs", {
        "kind": "interactive", "experiment": "birds", "display_name": name, "tags": {"owner": "ada"},
        "parameters": {key: str(value) for key, value in parameters.items()}})
    noise = random.Random(name)
    points = []
    for step in range(steps):
        loss = quality + 2.2 * math.exp(-step / (40 + 200 * quality)) + noise.gauss(0, 0.02)
        accuracy = 1 - quality - 0.8 * math.exp(-step / 60)
        points += [{"name": "loss", "value": loss, "step": step}, {"name": "accuracy", "value": accuracy, "step": step}]
    path = "/workspaces/default/runs/" + run["run_id"]
    rest("POST", path + "/metrics?source=notebook&sequence=0", {"points": points})
    rest("POST", path + "/complete", {})
    return run["run_id"]


def submitted(muster, name, script, *options, arguments=()):
    folder = muster.folder / name.replace(" ", "-")
    folder.mkdir()
    (folder / "train.py").write_text(script)
    return muster.json("run", "submit", "--script", folder / "train.py", "--experiment", "birds", "--name", name, *options, "--",
                       *arguments)["run_id"]


def fill(muster, rest, stop):
    muster("compute", "create", "gpu-cluster", "--max-nodes", "1")
    runs = [recorded(rest, "%s, lr %g" % (network, rate), {"network": network, "lr": rate, "batch": 64},
                     base + abs(math.log10(rate / 0.01)) * 0.05)
            for network, base in (("resnet18", 0.08), ("resnet50", 0.05), ("convnext", 0.03), ("vit-small", 0.07))
            for rate in (0.1, 0.03, 0.01, 0.003)]
    failed = submitted(muster, "resnet50 on new data", FAILED)
    live = submitted(muster, "convnext, long", RUNNING, "--compute", "gpu-cluster", "--tag", "owner=ada", arguments=(stop,))
    submitted(muster, "vit-small, long", RUNNING, "--compute", "gpu-cluster", "--tag", "owner=ada", arguments=(stop,))
    muster.ended(failed)
    muster.running(live)
    return runs, failed, live


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "work"
        work.mkdir()
        muster = Muster(pathlib.Path(folder) / "home", work)
        muster("up", "--listen", free_address())
        try:
            rest = Rest(muster)
            runs, failed, live = fill(muster, rest, work / "stop")
            pictures(out, muster, runs, failed, live)
        finally:
            (work / "stop").write_text("")
            muster("down", "--cancel")


def pictures(out, muster, runs, failed, live):
    url = muster.server()["url"] + "/workspaces/default"
    columns = "cols=metric.loss,metric.accuracy,param.lr"
    wanted = [
        ("runs", "light", 1440, "/runs?" + columns, "td.num"),
        ("runs", "dark", 1440, "/runs?" + columns, "td.num"),
        ("runs", "narrow", 390, "/runs", "td"),
        ("failed", "light", 1440, "/runs/" + failed, ".cause"),
        ("metrics", "light", 1440, "/runs/%s?tab=metrics&smooth=0.8" % live, "canvas"),
        ("metrics", "dark", 1440, "/runs/%s?tab=metrics&smooth=0.8" % live, "canvas"),
        ("logs", "dark", 1440, "/runs/%s?tab=logs" % live, ".row"),
        ("overview", "narrow", 390, "/runs/" + live, ".pairs"),
        ("overview", "light", 1440, "/runs/" + live, "td.num"),
        ("code", "light", 1440, "/runs/%s?tab=code&file=train.py" % live, ".code, .fault"),
        ("compare", "light", 1440, "/compare?tab=charts&" + "&".join("run=" + run for run in runs[::4]), "canvas"),
        ("parallel", "dark", 1440, "/compare?tab=parallel&" + "&".join("run=" + run for run in runs), "polyline"),
        ("differences", "light", 1440, "/compare?" + "&".join("run=" + run for run in runs[:4]), "td"),
        ("compute", "light", 1440, "/compute", ".node"),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, look, width, path, ready in wanted:
            context = browser.new_context(viewport={"width": width, "height": 900 if width > 500 else 780}, locale="en-US",
                                          color_scheme="dark" if look == "dark" else "light")
            page = context.new_page()
            page.goto(muster.json("ui")["link"])
            page.get_by_role("table").wait_for()
            page.goto(url + path)
            page.locator(ready).first.wait_for()
            until(page, "document.fonts.status === 'loaded' && !document.querySelector('.coming')")
            page.mouse.move(width // 2, 520)
            page.wait_for_timeout(700)
            shot = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 82})
            (out / ("%s-%s.webp" % (name, look))).write_bytes(base64.b64decode(shot["data"]))
            context.close()
        browser.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE / "build" / "pictures")

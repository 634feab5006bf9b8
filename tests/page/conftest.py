"""What all tests of the page share: one server with runs of every kind, and one browser that is signed in."""

import os
import re

import pytest
from playwright.sync_api import sync_playwright

from muster_program import PROGRAM, SOURCE, Muster, free_address
from rest import Rest
from waiting import SLOWER, wait_until
from world import BAD_NAME, DONE, FAILED, LIVE

AXE = SOURCE / "build" / "web" / "work" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("MUSTER_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
#: What axe finds, each in a line.
FINDINGS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map((one) => one.id + ': ' +
    one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + node.any.map((check) => check.message).join(' ')).join(' | '))"""


class World:
    """The server, and the runs in it by what they are for."""

    def __init__(self, muster):
        self.muster = muster
        self.rest = Rest(muster)
        self.url = muster.server()["url"]
        self.stop = muster.folder / "stop"
        self.runs = {}

    def submit(self, what, script, *options, arguments=()):
        folder = self.muster.folder / what
        folder.mkdir()
        (folder / "train.py").write_text(script)
        (folder / "settings.json").write_text('{"lr": 0.1}\n')
        run = self.muster.json("run", "submit", "--script", folder / "train.py", "--experiment", "birds", *options, "--", *arguments)
        self.runs[what] = run["run_id"]
        return run["run_id"]

    def fill(self):
        self.muster("compute", "create", "small", "--max-nodes", "1")
        self.submit("done", DONE, "--name", BAD_NAME, "--tag", "owner=ada", arguments=("--lr", "0.1"))
        self.submit("failed", FAILED)
        self.submit("live", LIVE, "--compute", "small", arguments=(self.stop,))
        self.submit("queued", DONE, "--compute", "small")
        self.runs["none"] = "birds_1_00000000"
        self.muster.ended(self.runs["done"])
        self.muster.ended(self.runs["failed"])
        self.muster.running(self.runs["live"])
        self.rest("POST", "/workspaces/default/models", {"name": "birds", "run_id": self.runs["done"], "path": "outputs/table.csv"})


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    assert PROGRAM.exists(), "%s is not there: ./dev build" % PROGRAM
    folder = tmp_path_factory.mktemp("page")
    (folder / "work").mkdir()
    muster = Muster(folder / "home", folder / "work")
    muster("up", "--listen", free_address())
    try:
        made = World(muster)
        made.fill()
        yield made
        made.stop.write_text("")
    finally:
        muster("down", "--cancel")


@pytest.fixture(scope="session")
def browser():
    assert os.path.exists(CHROMIUM), "%s is not there: apt-get install chromium" % CHROMIUM
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(world, browser):
    """A browser that `muster ui` has signed in, and every fault and foreign request that it saw."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000 * SLOWER)
    seen = {"faults": [], "elsewhere": []}
    context.on("weberror", lambda error: seen["faults"].append(str(error.error)))

    def on_console(message):
        if "Content Security Policy" in message.text:
            seen["faults"].append(message.text)

    def on_request(request):
        if not request.url.startswith((world.url, "blob:")):
            seen["elsewhere"].append(request.url)

    context.on("console", on_console)
    context.on("request", on_request)
    page = context.new_page()
    page.goto(world.muster.json("ui")["link"])
    page.get_by_role("table").wait_for()
    page.close()
    context.seen = seen
    yield context
    context.close()


@pytest.fixture
def page(world, signed_in):
    """A tab of it; whatever the test did, the page threw nothing, and asked nobody else for anything."""
    for seen in signed_in.seen.values():
        seen.clear()
    tab = signed_in.new_page()
    yield tab
    tab.close()
    assert signed_in.seen["faults"] == []
    assert signed_in.seen["elsewhere"] == []


@pytest.fixture
def show(world, page):
    """Opens an address below the workspace: show("runs"), show("runs", "done", tab="logs"); runs by what they are for."""
    def go(*parts, **query):
        path = "/".join(["/workspaces/default", *(world.runs.get(part, part) for part in parts)])
        words = "&".join("%s=%s" % (name, value) for name, value in query.items())
        page.goto(world.url + path + ("?" + words if words else ""))
        page.get_by_role("main").wait_for()
        return page
    return go


@pytest.fixture
def axe():
    """Says what of a page hinders people who cannot see it well, or use no mouse; there is to be nothing."""
    def check(page):
        assert AXE.exists(), "%s is not there: ./dev build" % AXE
        # As a debugger, which the page's policy of scripts does not concern.
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        found = page.evaluate(FINDINGS)
        session.detach()
        assert found == []
    return check


def text_of(page):
    return re.sub(r"\s+", " ", page.get_by_role("main").inner_text())


def until(page, script, argument=None):
    """Waits until the script is true in the page. Playwright's own wait_for_function evaluates text there, which its policy forbids."""
    return wait_until(lambda: page.evaluate(script, argument), "%s in the page" % script, 15)

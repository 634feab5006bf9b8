"""Each page, as somebody uses it, with a run going on; axe on every one."""

import pytest

from conftest import text_of, until
from world import BAD_NAME, LIVE


def test_runs_are_listed_live_and_names_are_text(show, world, page, axe):
    show("runs")
    page.get_by_text("learning rate is <b>negative</b>").wait_for()
    assert page.get_by_role("link", name=BAD_NAME).get_attribute("href").endswith(world.runs["done"])
    for status in ("Completed", "Failed", "Running", "Queued"):
        page.get_by_role("row").filter(has_text=status).first.wait_for()
    axe(page)
    before = page.get_by_role("row").count()
    world.submit("later", "print(1)")
    until(page, "(n) => document.querySelectorAll('tr').length > n", before)
    assert page.evaluate("window.hacked") is None


def test_the_filter_is_the_address_and_back_works(show, page, axe):
    show("runs")
    box = page.get_by_role("combobox", name="Filter runs")
    page.keyboard.press("/")
    until(page, "document.activeElement.id === 'filter'")
    box.fill("status:failed")
    box.press("Enter")
    page.wait_for_url("**q=status%3Afailed**")
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    page.reload()
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    page.go_back()
    until(page, "document.querySelectorAll('tbody tr').length > 1")
    box.fill("nonsense:")
    box.press("Enter")
    page.get_by_role("alert").get_by_text("nonsense").wait_for()
    box.fill("sta")
    page.get_by_role("option", name="status:").wait_for()
    box.press("Tab")
    assert box.input_value() == "status:"
    box.press_sequentially("Fa")
    page.get_by_role("option", name="status:Failed").wait_for()
    axe(page)
    box.press("Tab")
    box.press("Enter")
    until(page, "document.querySelectorAll('tbody tr').length === 1")


def test_columns_of_metrics_and_keys(show, world, page):
    show("runs", cols="metric.loss,tag.owner", q="name:*img*")
    page.get_by_role("cell", name="ada", exact=True).wait_for()
    page.get_by_role("cell", name="3.3333e-4").or_(page.get_by_role("cell", name="0.00033333")).first.wait_for()
    page.get_by_role("button", name="loss").click()
    page.wait_for_url("**sort=metrics.loss+desc**")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.wait_for_url("**sel=" + world.runs["done"] + "**")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/" + world.runs["done"])
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/models")


def test_a_failed_run_opens_on_why(show, page, axe):
    show("runs", "failed")
    cause = page.get_by_role("region", name="Why it failed")
    assert "ValueError: learning rate is <b>negative</b>: -1" in cause.inner_text()
    assert "train(-1)" in cause.inner_text()
    assert page.evaluate("document.querySelector('.cause').getBoundingClientRect().top") < 200
    axe(page)
    cause.get_by_role("link", name="its log").click()
    page.locator(".log-box").get_by_text("about to fail").wait_for()


def test_a_waiting_run_says_what_it_waits_for(show, page):
    show("runs", "queued")
    assert "node" in page.locator(".waits").inner_text()


def test_an_overview_says_what_to_type(show, page, axe):
    show("runs", "done")
    page.get_by_role("link", name="loss", exact=True).wait_for()
    text = text_of(page)
    assert "muster run submit" in text and "ScriptRunConfig(" in text and "--lr 0.1" in text
    for stage in ("Preparing", "Running", "Post-processing"):
        assert stage in page.get_by_role("list", name="Stages").inner_text()
    axe(page)


def test_metrics_are_drawn_and_zoomed(show, page, axe):
    show("runs", "done", tab="metrics")
    loss = page.get_by_role("figure").filter(has_text="loss").first
    loss.locator("canvas").wait_for()
    assert "2 of the points shown are NaN or infinite" in text_of(page)
    one_point = page.get_by_role("figure").filter(has_text="one point")
    assert one_point.locator(".legend b").inner_text() == "5"
    page.get_by_role("checkbox", name="Log scale").check()
    page.get_by_text("leaves out 1 values of 0 or less").wait_for()
    axe(page)
    area = loss.locator(".u-over").bounding_box()
    with page.expect_request(lambda request: "points=10000" in request.url):
        page.mouse.move(area["x"] + 50, area["y"] + 60)
        page.mouse.down()
        page.mouse.move(area["x"] + 150, area["y"] + 60, steps=4)
        page.mouse.up()
    page.wait_for_url("**zoom=**")
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("combobox", name="Across").select_option("time")
    page.wait_for_url("**x=time**")


def test_metrics_of_a_running_run_go_on(show, page):
    show("runs", "live", tab="metrics", metric="loss")
    value = page.get_by_role("figure").first.locator(".legend b")
    value.wait_for()
    before = value.inner_text()
    until(page, "(before) => document.querySelector('.legend b').innerText !== before", before)


def test_a_log_opens_at_its_end_with_colours_and_links(show, page, axe):
    show("runs", "done", tab="logs")
    box = page.locator(".log-box")
    box.get_by_text("<script>window.hacked=1</script> the last line").wait_for()
    assert page.locator(".row").count() < 200, "only what is seen is drawn"
    page.get_by_role("button", name="Start").click()
    green = box.get_by_text("green", exact=True)
    green.wait_for()
    assert "ansi2" in green.get_attribute("class")
    axe(page)
    box.get_by_role("link", name="Link to the line at byte").nth(3).click()
    page.wait_for_url("**at=**")
    page.reload()
    page.locator(".row.marked").wait_for()
    assert page.evaluate("window.hacked") is None


def test_a_log_goes_on_and_does_not_move_what_is_read(show, page):
    show("runs", "live", tab="logs")
    until(page, "document.querySelectorAll('.row').length > 45")
    last = "(() => { const rows = document.querySelectorAll('.row .text'); return rows[rows.length - 1].innerText; })()"
    before = page.evaluate(last)
    until(page, "(before) => %s !== before" % last, before)
    page.evaluate("document.querySelector('.log-box').scrollTop = 18")
    until(page, "document.querySelector('.row .text').innerText === 'step 0'")
    page.get_by_role("button", name="new line").wait_for()
    assert page.evaluate("document.querySelector('.log-box').scrollTop") == 18
    page.get_by_role("button", name="new line").click()
    until(page, "document.querySelector('.log-box').scrollTop > 18")


def test_outputs_are_previewed_by_what_they_are(show, page, axe):
    show("runs", "done", tab="outputs")
    preview = page.get_by_role("region", name="Preview")

    def chosen(name):
        page.get_by_role("link", name="outputs/" + name).click()
        preview.get_by_role("heading", name="outputs/" + name).wait_for()
        return preview

    chosen("picture.png").locator("img").wait_for()
    until(page, "document.querySelector('img.preview').naturalWidth === 64")
    axe(page)
    chosen("no-picture.png").get_by_text("It is no picture").wait_for()
    chosen("broken.png").get_by_text("The picture is damaged").wait_for()
    chosen("notes.html").get_by_text("window.hacked").first.wait_for()
    chosen("values.json").get_by_text('"accuracy"').wait_for()
    chosen("table.csv").get_by_role("cell", name="Ada, L.").wait_for()
    chosen("model.onnx").get_by_role("cell", name="Relu").wait_for()
    chosen("weights.bin").get_by_text("binary data").wait_for()
    with page.expect_download() as download:
        preview.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "weights.bin"
    assert open(download.value.path(), "rb").read() == bytes(range(256))
    assert page.evaluate("window.hacked") is None


def test_a_log_is_searched(show, page, axe):
    show("runs", "done", tab="logs")
    box = page.get_by_role("searchbox", name="Search in the log")
    box.wait_for()
    page.keyboard.press("/")
    until(page, "document.activeElement.getAttribute('aria-label') === 'Search in the log'")
    box.fill("line 1234[56]$")
    box.press("Enter")
    found = page.get_by_role("region", name="Lines found")
    found.get_by_text("2 lines").wait_for()
    axe(page)
    found.get_by_role("link").nth(1).click()
    page.locator(".row.marked").get_by_text("line 12346").wait_for()
    for pattern, row in (("binary", "binary \ufffd\ufffd\ufffd\ufffd bytes"), ("^long x", "long xxxx")):
        box.fill(pattern)
        box.press("Enter")
        found.get_by_role("link").filter(has_text=row[:6]).click()
        page.locator(".row.marked").get_by_text(row).wait_for()
    page.get_by_role("link", name="↳ link to the line").first.wait_for()
    box.fill("[")
    box.press("Enter")
    page.get_by_role("alert").wait_for()


def test_code_is_shown_and_compared(show, world, page, axe):
    show("runs", "done", tab="code")
    page.get_by_role("region", name="train.py").locator(".t-k").get_by_text("import").first.wait_for()
    axe(page)
    show("runs", "done", tab="code", file="train.py", **{"with": world.runs["failed"]})
    code = page.get_by_role("region", name="train.py")
    code.locator("tr.added").first.wait_for()
    code.locator("tr.removed").get_by_text("train(-1)").wait_for()
    axe(page)


def test_the_environment_of_a_run(show, world, page, axe):
    show("runs", "done", tab="environment")
    page.get_by_text("Interpreter").wait_for()
    axe(page)
    show("runs", "done", tab="environment", **{"with": world.runs["failed"]})
    page.get_by_text("Both have the same packages").wait_for()


def test_the_use_of_machines(show, page, axe):
    show("runs", "live", tab="machine")
    page.get_by_role("figure").filter(has_text="CPU cores used").first.locator("canvas").wait_for()
    page.get_by_role("figure").filter(has_text="memory used").first.get_by_text("iB").wait_for()
    axe(page)


def test_a_model_is_registered_from_an_output(show, page):
    show("runs", "done", tab="outputs", file="outputs/values.json")
    page.get_by_role("button", name="Register a model").click()
    page.get_by_role("textbox", name="Name").fill("values")
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url("**/models/values/1")
    page.get_by_role("link", name="values.json").wait_for()


def test_a_run_is_tagged(show, world, page):
    show("runs", "done")
    page.get_by_role("button", name="Tag").click()
    page.get_by_role("textbox", name="Name of the tag").fill("seen")
    page.get_by_role("textbox", name="Value of the tag").fill("on the page")
    page.get_by_role("button", name="Save").click()
    page.locator(".run-head .tag").get_by_text("seen=on the page").wait_for()
    assert world.muster.json("run", "show", world.runs["done"])["tags"]["seen"] == "on the page"


def test_a_run_is_submitted_again(show, world, page):
    show("runs", "done")
    page.get_by_role("button", name="Submit again").click()
    page.get_by_role("button", name="Submit", exact=True).click()
    until(page, "(old) => !location.pathname.endsWith(old) && location.pathname.includes('/runs/')", world.runs["done"])
    made = world.muster.json("run", "show", page.url.rsplit("/", 1)[1])
    assert (made["script"], made["arguments"], made["display_name"]) == ("train.py", ["--lr", "0.1"], BAD_NAME)


def test_a_run_is_canceled(show, world, page):
    world.muster.running(world.submit("canceled", LIVE, arguments=("/nothing",)))
    show("runs", "canceled")
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("button", name="Cancel the run").click()
    page.locator(".run-head .status").get_by_text("Canceled").wait_for()


@pytest.mark.parametrize("parts, words", [
    (("compute",), "Waits for"), (("compute", "small"), "small-0"),
    (("models",), "birds"), (("models", "birds"), "birds"), (("models", "birds", "1"), "table.csv"),
    (("environments",), "Registered"), (("experiments",), "birds"), (("experiments", "birds"), "Filter and sort"),
    (("data",), "workspaceblobstore"), (("data", "workspaceblobstore"), "No files here"), (("nothing",), "There is no page"),
])
def test_the_other_pages(show, page, axe, parts, words):
    show(*parts)
    page.get_by_text(words).first.wait_for()
    axe(page)


@pytest.mark.parametrize("tab, words", [("table", "leave out"), ("charts", "loss"), ("parallel", "metric.loss"), ("scatter", "Across")])
def test_runs_are_compared(show, world, page, axe, tab, words):
    show("compare", run=world.runs["done"] + "&run=" + world.runs["live"], tab=tab)
    page.get_by_text(words).first.wait_for()
    axe(page)


def test_the_page_fits_a_phone(show, page):
    page.set_viewport_size({"width": 390, "height": 800})
    for parts in (("runs",), ("runs", "failed"), ("runs", "done")):
        show(*parts)
        page.get_by_role("heading").first.wait_for(state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, parts


def test_it_is_seen_soon(show, page):
    show("runs")
    paint = page.evaluate("performance.getEntriesByName('first-paint')[0]?.startTime ?? performance.now()")
    assert paint < 1000, "much more than the 100 ms that it takes on a machine with nothing else to do"
    sent = page.evaluate("performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])")
    assert 0 < sum(size for name, size in sent if name.endswith(".js")) < 150 * 1024

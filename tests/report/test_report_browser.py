"""The report in a real browser, opened from disk."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_run import write_fake_run
from test_report_alone import graded, score, write_folder

from spillover.core.records import CORE_EVALS
from spillover.report import write_report

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
POISON = "</script><script>window.broken=1</script><img src=https://example.invalid/x onerror=window.broken=1>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["webdriver.Chrome"]:
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def opened(browser: "webdriver.Chrome", tmp_path_factory: pytest.TempPathFactory) -> "webdriver.Chrome":
    """The browser with a report open whose model texts try to break out of the page."""
    run = write_fake_run(tmp_path_factory.mktemp("run") / "quickstart", seeds=(0, 1), poison=POISON)
    browser.set_window_size(1400, 1000)
    browser.get(write_report(run).as_uri())
    wait_until_drawn(browser)
    return browser


def wait_until_drawn(browser: "webdriver.Chrome") -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 60).until(
        lambda driver: driver.execute_script("return document.documentElement.dataset.drawn === 'true'")
    )


def test_every_chart_draws_marks(opened: "webdriver.Chrome") -> None:
    drawn = opened.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('.chart')].map(c => [c.id, c.querySelectorAll("
        "'svg .mark-line path, svg .mark-rect path, svg .mark-symbol path, svg .mark-area path').length]))"
    )
    assert len(drawn) >= 20
    assert [name for name, marks in drawn.items() if not marks] == []


def test_the_console_stays_silent(opened: "webdriver.Chrome") -> None:
    assert [entry["message"] for entry in opened.get_log("browser")] == []


def test_no_request_leaves_the_machine(opened: "webdriver.Chrome") -> None:
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    urls = [request["request"]["url"] for request in asked if request["documentURL"].startswith("file://")]
    assert urls
    assert [url for url in urls if not url.startswith(("file://", "data:", "blob:"))] == []


def test_text_of_the_model_stays_text(opened: "webdriver.Chrome") -> None:
    opened.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert opened.execute_script("return window.broken") is None
    assert opened.execute_script("return document.images.length") == 0


def test_filters_narrow_the_transcripts(opened: "webdriver.Chrome") -> None:
    opened.execute_script(
        "const s = document.querySelector('select[data-key=label]'); s.value = 'misaligned';"
        "s.dispatchEvent(new Event('change'));"
    )
    labels = opened.execute_script(
        "return [...document.querySelectorAll('#transcripts-list summary b')].map(b => b.textContent)"
    )
    assert labels
    assert set(labels) == {"misaligned"}


def test_words_narrow_the_transcripts(opened: "webdriver.Chrome") -> None:
    count = "return document.getElementById('transcripts-count').textContent"
    search = "const s = document.getElementById('transcripts-search'); s.value = arguments[0];"
    search += "s.dispatchEvent(new Event('input'));"
    opened.execute_script("document.querySelectorAll('select[data-key]').forEach(s => { s.value = ''; });")
    opened.execute_script(search, "KEEP MY OWN AIMS")
    some = int(opened.execute_script(count).split()[0])
    opened.execute_script(search, "no such words anywhere")
    none = int(opened.execute_script(count).split()[0])
    opened.execute_script(search, "")
    whole = int(opened.execute_script(count).split()[0])
    assert none == 0 < some < whole


def test_a_transcript_shows_reasoning_calls_and_verdict_side_by_side(
    browser: "webdriver.Chrome", tmp_path: Path
) -> None:
    scores = [*(score(name, 2) for name in CORE_EVALS), *graded()]
    browser.get_log("browser")
    browser.set_window_size(1300, 900)
    browser.get(write_report(write_folder(tmp_path / "eval", scores, text=POISON)).as_uri())
    wait_until_drawn(browser)
    browser.execute_script("document.querySelector('#transcripts-list details').open = true")
    columns = browser.execute_script(
        "return new Promise(done => setTimeout(() => done(['.thought', '.call', '.verdict'].map(name => {"
        "const box = document.querySelector(`#transcripts-list ${name}`).getBoundingClientRect();"
        "return [box.left, box.right, box.width]})), 100))"
    )
    assert columns[0][1] < columns[1][0] < columns[1][1] < columns[2][0]
    shown = browser.execute_script("return document.querySelector('#transcripts-list .verdict').textContent")
    assert "because" in shown
    assert "executed" in shown
    assert browser.execute_script("return window.broken") is None
    assert [entry["message"] for entry in browser.get_log("browser")] == []


@pytest.mark.parametrize("width", [1400, 420])
def test_the_page_never_scrolls_sideways(opened: "webdriver.Chrome", width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.refresh()
    wait_until_drawn(opened)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


def test_an_unfinished_run_with_gaps_draws_without_complaint(browser: "webdriver.Chrome", tmp_path: Path) -> None:
    browser.get_log("browser")
    run = write_fake_run(tmp_path / "run", reached=22, missing=("goals", "exfil_offer"))
    browser.get(write_report(run).as_uri())
    wait_until_drawn(browser)
    assert [entry["message"] for entry in browser.get_log("browser")] == []

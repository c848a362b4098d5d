"""``python -m bench.client``: print how long it takes from a click until all is painted, as medians."""

from __future__ import annotations

import argparse
import gzip
import logging
import statistics
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from werkzeug.serving import make_server

from .app import BUTTONS, CASES, FULL, HTMX4, OURS, Bench

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc"]
PATIENCE = 120_000  # milliseconds
TIMES_HTMX4, TIMES_DOUBLED = 1.2, 2.3  # what ours may cost at most
SUBMITS, WARM_UP = 500, 50

# The clock goes on from one document to the next: a full load is another one.
STOPWATCH = """
  const now = () => performance.timeOrigin + performance.now();
  const step = () => document.readyState !== "loading" && document.querySelector("main")?.dataset.step;
  const tick = () => {
    const began = Number(sessionStorage.began);
    if (!began || step() !== "1") return requestAnimationFrame(tick);
    requestAnimationFrame(() => setTimeout(() => { window.took = now() - began; }));
  };
  requestAnimationFrame(tick);
  addEventListener("click", () => { sessionStorage.began = now(); }, true);
"""

# Within the page: each call of Playwright's leaves some bytes there, which would be taken for ours.
SUBMIT_UNTIL = """async last => {
  const [main, go] = [document.querySelector("main"), document.querySelector("#go")];
  while (Number(main.dataset.step) < last) {
    const { step } = main.dataset;
    go.click();
    while (main.dataset.step === step || go.disabled) await new Promise(resolve => setTimeout(resolve, 2));
  }
}"""

Times = dict[tuple[str, str, int], list[float]]  # of a contender, a case and a count of rows, in milliseconds


@contextmanager
def served(bench: Bench) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, bench.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def measure(browser: Browser, bench: Bench, address: str, contender: str, case: str, count: int) -> float:
    """Return the milliseconds of one click, in a page of its own."""
    bench.begin(contender, case, count)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(STOPWATCH)
    page.goto(address)
    page.evaluate("gc()")
    page.evaluate("document.querySelector('#go').click()")
    page.wait_for_function("window.took")
    shown = page.locator("tr").evaluate_all("rows => rows.map(row => row.id)")
    assert shown == [f"r{row}" for row, _ in bench.rows], f"{contender} shows another page after {case!r}"
    took: float = page.evaluate("took")
    page.close()
    return took


def median(times: Times, contender: str, case: str, count: int) -> float:
    return statistics.median(times[contender, case, count])


def print_table(times: Times, count: int) -> None:
    print(f"{'':<22}" + "".join(f"{contender:>20}" for contender in BUTTONS))
    for case in CASES:
        row = [median(times, contender, case, count) for contender in BUTTONS]
        print(f"{case:<22}" + "".join(f"{milliseconds:>17,.0f} ms" for milliseconds in row))


def print_verdicts(times: Times, count: int) -> None:
    for case in CASES:
        ours = median(times, OURS, case, count)
        htmx = ours / median(times, HTMX4, case, count)
        full = ours / median(times, FULL, case, count)
        doubled = ours / median(times, OURS, case, count // 2)
        held = htmx <= TIMES_HTMX4 and full < 1 and doubled <= TIMES_DOUBLED
        ratios = f"{htmx:.2f} times htmx 4, {full:.2f} times a full load, {doubled:.2f} times half of the rows"
        print(f"{case:<22}{ratios}: {'held' if held else 'NOT HELD'}")


def metrics(session: CDPSession, page: Page) -> dict[str, float]:
    page.evaluate("gc()")
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def print_growth(browser: Browser, bench: Bench, address: str) -> None:
    """Print what is left of many submits."""
    bench.begin(OURS, "reverse two fifths", 100)
    page = browser.new_page()
    page.goto(address)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(SUBMIT_UNTIL, WARM_UP)
    before = metrics(session, page)
    page.evaluate(SUBMIT_UNTIL, SUBMITS)
    after = metrics(session, page)
    for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners"):
        print(f"{name:<22}{before[name]:,.0f} after {WARM_UP} submits, {after[name]:,.0f} after {SUBMITS}")
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.client", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    times: Times = defaultdict(list)
    bench = Bench()
    with served(bench) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        print(f"Chromium {browser.version}, {given.rows} rows, medians of {given.rounds}\n", flush=True)
        for _ in range(given.rounds):
            for case in CASES:
                for contender in BUTTONS:
                    took = measure(browser, bench, address, contender, case, given.rows)
                    times[contender, case, given.rows].append(took)
                half = given.rows // 2
                times[OURS, case, half].append(measure(browser, bench, address, OURS, case, half))
        print_table(times, given.rows)
        print()
        print_verdicts(times, given.rows)
        print()
        print_growth(browser, bench, address)
        browser.close()
    client = files("flask_serveractions").joinpath("static/client.js").read_bytes()
    print(f"\nclient.js: {len(client):,} bytes, {len(gzip.compress(client, 9, mtime=0)):,} gzipped")


if __name__ == "__main__":
    main()

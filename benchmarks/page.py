"""What a page asks of its reader, over the page as it was and over an untouched page of Jupyter Book, side by side in one run.

Needs the built site (`make site`), the history of the repository, and a network: the two other sites are built in a
temporary folder, which takes some minutes. Times are the main thread's processor time, fourfold, as of a slower processor:
another program on the machine disturbs it less than the clock on the wall. The network is not in them, but in the weight.
"""

import contextlib
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]
from conftest import served  # noqa: E402
from pictures import CHROMIUM_ARGS, chromium  # noqa: E402

BEFORE = "641610d"  # the last commit whose pages loaded MathJax, Plotly and every icon
PAGES = {
    "book/index.html": 1 / 2,
    "book/fashion-mnist.html": 1 / 5,
}  # and how late the slider may be, over before
UNTOUCHED = "markdown.html"  # text alone, which asks nothing of other hosts
SLOWER, REPEATS = 4, 5
# A reader's press waits no longer than this once the page reacts; later than SETTLED nothing is done unasked.
PATIENCE, SETTLED = 200, 3000  # ms
WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver((changes, observer) => {
  if (!document.querySelector(".nin-explorer input")) return;
  observer.disconnect();
  performance.mark("slider");
}).observe(document, { subtree: true, childList: true });
"""


def build_before(folder):
    """The site of the commit BEFORE, by its own `make book`."""
    checkout = folder / "before"
    subprocess.run(["git", "worktree", "add", "-q", "--detach", checkout, BEFORE], cwd=ROOT, check=True)
    try:
        subprocess.run(["make", "book"], cwd=checkout, check=True, stdout=subprocess.DEVNULL)
        return shutil.move(checkout / "_build/html", folder / "site-before")
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", checkout], cwd=ROOT, check=True)


def build_untouched(folder):
    """The site of the sample book of Jupyter Book."""
    book = folder / "untouched"
    for command in ("create", "build"):
        program = Path(sys.executable).with_name("jupyter-book")
        subprocess.run([program, command, book], check=True, capture_output=True)
    return book / "_build/html"


def work(trace):
    """The ms of each task of the page's main thread, and those up to which a press has to wait."""
    events = json.loads(trace)["traceEvents"]
    script = next(
        e for e in events if e["name"] == "EvaluateScript" and "127.0.0.1" in e["args"]["data"]["url"]
    )
    main = [e for e in events if (e["pid"], e["tid"]) == (script["pid"], script["tid"])]
    tasks = [e for e in main if e["name"] == "ThreadControllerImpl::RunTask"]
    times = {e["ts"]: SLOWER * e.get("tdur", 0) / 1000 for e in sorted(tasks, key=lambda e: e["ts"])}
    slider = [e["ts"] for e in main if e["name"] == "slider"]
    reacts = max(slider + [start for start, time in times.items() if time > PATIENCE], default=0)
    return max(times.values()), sum(time for start, time in times.items() if start <= reacts)


def load(browser, address):
    """A first visit: kB gzipped, requests, layout shift, the longest task, and the work until a press is answered."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page, answers = context.new_page(), []
        page.add_init_script(WATCH)
        page.on("response", lambda answer: answers.append(answer))
        browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline", "blink.user_timing"])
        page.goto(address, wait_until="load", timeout=0)
        page.wait_for_timeout(SETTLED)
        longest, until = work(browser.stop_tracing())
        kilobytes = sum(len(gzip.compress(answer.body())) for answer in answers if answer.ok) / 1000
        return kilobytes, len(answers), page.evaluate("shift"), longest, until / 1000


MEASURES = ["kB, gzipped", "requests", "layout shift", "longest task, ms", "work until it reacts, s"]
GOALS = [300, 36, 0.02, 250, None]


def measure(browser, addresses):
    """Median of each measure for each address, which are visited in turns."""
    visits = [[load(browser, address) for address in addresses] for _ in range(REPEATS)]
    return [
        [statistics.median(values) for values in zip(*of_one, strict=True)]
        for of_one in zip(*visits, strict=True)
    ]


def print_rows(page, latest, before, now, untouched):
    for name, goal, a, b, c in zip(MEASURES, GOALS, before, now, untouched, strict=True):
        over = [f"{b / other:.2f}" if other else "" for other in (a, c)]
        limit = latest * a if goal is None else goal
        wanted = f"<= {latest:.2g} of before" if goal is None else f"<= {goal:g}"
        verdict = "met" if b <= limit else "MISSED"
        print(f"| {page}: {name} | {a:.3g} | {c:.3g} | {b:.3g} | {' | '.join(over)} | {wanted} | {verdict} |")


def main():
    print("| page | before | untouched | now | over before | over untouched | goal | |")
    print("|---|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as name,
        sync_playwright() as playwright,
        contextlib.ExitStack() as stack,
    ):
        sites = [build_before(Path(name)), ROOT / "_build/html", build_untouched(Path(name))]
        before, now, untouched = (stack.enter_context(served(site)) for site in sites)
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        for page, latest in PAGES.items():
            addresses = [f"{before}/{page}", f"{now}/{page}", f"{untouched}/{UNTOUCHED}"]
            print_rows(page, latest, *measure(browser, addresses))
        browser.close()


if __name__ == "__main__":
    main()

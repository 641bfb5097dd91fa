"""How fast the explorers are in headless Chromium: each number beside its goal, or beside an idle page in the same run.

Needs the built site (`make site`).
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from nin_lib.widgets import LinearExplorer

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]
from conftest import served  # noqa: E402
from pictures import CHROMIUM_ARGS  # noqa: E402

SITE = ROOT / "_build" / "html"
PAGE = "book/index.html"
MAP_PAGE = "book/four-phases.html"
TRAINING_PAGE = "book/noise-injection.html"

# Notes how long each frame's callback takes, with the microtasks in which uPlot draws.
WATCH_FRAMES = """
window.frameWork = [];
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = paint => ask(time => {
  const start = performance.now();
  paint(time);
  Promise.resolve().then(() => Promise.resolve()).then(() => 0).then(() => frameWork.push(performance.now() - start));
});
"""
# From a random moment to the next painted frame, in turns without and with a move of the slider.
DRAG = """async ([name, busy]) => {
  const painted = () => new Promise(done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  }));
  const slider = document.querySelector(`.nin-explorer input[name=${name}]`);
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const [idle, drag, handler, work] = [[], [], [], []];
  for (let k = -20; k < 300; k++) {
    for (const move of [false, true]) {
      if (busy && move && k % 4 === 0) document.querySelector(".nin-explorer .nin-button").click();
      await new Promise(done => setTimeout(done, 20 + 17 * Math.random()));
      frameWork.length = 0;
      const start = performance.now();
      if (move) {
        slider.value = low + (high - low) * (0.5 + 0.45 * Math.sin(k / 20));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        handler.push(performance.now() - start);
      }
      await painted();
      (move ? drag : idle).push(performance.now() - start);
      if (move) work.push(handler.at(-1) + frameWork.reduce((a, b) => a + b, 0));
    }
  }
  return [idle, drag, work].map(times => times.slice(20));
}"""
# From another seed to the map's first and last picture, ten times; then the point's frames while maps are in the making.
MAP = """async () => {
  const root = document.querySelector(".nin-explorer[data-explorer=phase-diagram]");
  const newNoise = root.querySelector("button");
  let answer = null;
  let seen = () => {};
  Object.defineProperty(root.nin, "map", { get: () => answer, set(map) { answer = map; seen(map); } });
  const [first, last] = [[], []];
  for (let k = 0; k < 10; k++) {
    const start = performance.now();
    let pictures = 0;
    await new Promise(done => {
      seen = map => {
        if (pictures++ === 0) first.push(performance.now() - start);
        if (map.fine) done(last.push(performance.now() - start));
      };
      newNoise.click();
    });
  }
  seen = () => {};
  return [first, last];
}"""
# A drag of 2 s through trainings that do not diverge: from each move to the next picture with a curve as new as the move,
# and the main thread's work in each frame meanwhile. Then five trainings from start to end: their epochs per second.
TRAIN = """async () => {
  const root = document.querySelector(".nin-explorer[data-explorer=training]");
  const slider = root.querySelector("input[name=sigma_eps]");
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const [moves, latency, rates] = [[], [], []];
  let finish = () => {};
  let run = root.nin.training;
  const painted = () => new Promise(done => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  });
  Object.defineProperty(root.nin, "training", { get: () => run, async set(newest) {
    run = newest;
    await painted();
    const now = performance.now();
    const last = moves.findLastIndex(move => move.sigma === newest.p.sigma_eps);
    for (const move of moves.splice(0, last + 1)) latency.push(now - move.at);
    if (newest.done) finish(now);
  } });
  frameWork.length = 0;
  const start = performance.now();
  for (let passed = 0; passed < 2000; passed = performance.now() - start) {
    await new Promise(done => setTimeout(done, 5 + 10 * Math.random()));
    const at = performance.now();
    slider.value = low + (high - low) * (0.05 + 0.7 * passed / 2000);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    moves.push({ at, sigma: Number(slider.getAttribute("aria-valuetext")) });
  }
  await new Promise(done => { finish = done; });
  const work = [...frameWork];
  for (let k = 0; k < 5; k++) {
    const from = performance.now();
    const done = new Promise(end => { finish = end; });
    root.querySelector(".nin-button").click();
    rates.push(20 / (await done - from) * 1000);
  }
  return [latency, work, rates];
}"""
STEPS = """n => {
  const p = { eta: 0.01, M: 1, sigma_x: 1, sigma_eps: 1, batch_size: 1000, w0: 0.1, w1: 1.5, w_ni: 0.1, steps: n };
  const noise = explorer.noiseStream(0, n);
  return Array.from({ length: 100 }, () => {
    const start = performance.now();
    explorer.simulate(p, noise);
    return performance.now() - start;
  });
}"""
# The moment at which an explorer has drawn itself and listens.
WATCH_USABLE = """
new MutationObserver((changes, observer) => {
  if (!document.querySelector(".nin-explorer[data-phase]")) return;
  observer.disconnect();
  requestAnimationFrame(() => { window.usable = performance.now(); });
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-phase"] });
"""


def p95(times):
    return statistics.quantiles(times, n=20)[-1]


def row(name, value, unit, goal, against=""):
    verdict = "met" if value <= goal else "MISSED"
    print(
        f"| {name} | {against} | {value:.2f} {unit} | <= {goal:g} {unit} | {value / goal:.0%} | {verdict} |"
    )


def watched(browser, address):
    """A page of the site on which the work in each frame is noted."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH_FRAMES)
    page.goto(address)
    return page


def drag_row(name, idle, drag):
    beside = f"idle {p95(idle):.1f} ms, drag {p95(drag):.1f} ms"
    row(f"{name}: p95 of drag to paint over idle frame wait", p95(drag) / p95(idle), "x", 1.25, beside)


def measure_sliders(browser, base):
    page = watched(browser, f"{base}/{PAGE}#linear?steps=2000")
    page.wait_for_selector(".nin-explorer[data-phase]")
    page.wait_for_timeout(1500)
    for slider in ("sigma_eps", "eta"):
        idle, drag, work = page.evaluate(DRAG, [slider, False])
        drag_row(slider, idle, drag)
        name = f"{slider}: median of handler and frame, 5 curves of 2,000 points"
        row(name, statistics.median(work), "ms", 3)
    page.close()


def measure_map(browser, base):
    page = watched(browser, f"{base}/{MAP_PAGE}")
    page.wait_for_function("document.querySelector('.nin-explorer')?.nin?.map?.fine")
    first, last = page.evaluate(MAP)
    row("phase diagram, first coarse picture, median of 10", statistics.median(first), "ms", 200)
    row("phase diagram, 200 x 150 cells x 600 steps, median of 10", statistics.median(last), "ms", 1000)
    idle, drag, _ = page.evaluate(DRAG, ["sigma_eps", True])
    drag_row("the point moved while maps refine", idle, drag)
    page.close()


def measure_training(browser, base):
    page = watched(browser, f"{base}/{TRAINING_PAGE}")
    page.wait_for_function("document.querySelector('.nin-explorer')?.nin?.training?.done")
    latency, work, rates = page.evaluate(TRAIN)
    rate, typical = statistics.median(rates), statistics.median(work)
    name = "training: time of an epoch on digits, median of 5 trainings"
    row(name, 1000 / rate, "ms", 20, f"{rate:.0f} epochs/s")
    name = "training: from a move to its curve, median of a drag of 2 s"
    row(name, statistics.median(latency), "ms", 60)
    row("training: longest work in a frame of this drag", max(work), "ms", 16, f"median {typical:.1f} ms")
    page.close()


def measure_recurrence(browser):
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(content=LinearExplorer.script())
    times = page.evaluate(STEPS, 10_000)
    row("10,000 steps of the recurrence, median", statistics.median(times), "ms", 2)
    page.close()


def measure_first_use(browser, base):
    speed = 10e6 / 8
    network = {"offline": False, "latency": 40, "downloadThroughput": speed, "uploadThroughput": speed}
    times = []
    for _ in range(3):
        with browser.new_context() as context:
            page = context.new_page()
            page.add_init_script(WATCH_USABLE)
            cdp = context.new_cdp_session(page)
            cdp.send("Network.enable")
            cdp.send("Network.emulateNetworkConditions", network)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
            page.goto(f"{base}/{PAGE}", wait_until="commit")
            times.append(page.wait_for_function("window.usable", timeout=60_000).json_value() / 1000)
    name = "slider usable at 10 Mbit/s, 40 ms, 4x slower processor, median of 3"
    row(name, statistics.median(times), "s", 2.5)


def main():
    print("| benchmark | beside it | measured | goal | of the goal | |")
    print("|---|---|---|---|---|---|")
    with sync_playwright() as playwright, served(SITE) as base:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGS)
        measure_sliders(browser, base)
        measure_map(browser, base)
        measure_training(browser, base)
        measure_recurrence(browser)
        measure_first_use(browser, base)
        browser.close()


if __name__ == "__main__":
    main()

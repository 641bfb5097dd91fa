"""Drags through each explorer in headless Chromium: which share of the moves is painted in the next frame.

A move is a pointer event at a random moment, as a mouse sends it. It counts where the charts (of the training, which takes its
time, the mark on the band) are drawn anew by the end of the next frame. Beside it stands how long a frame is waited for without
a move, measured in turns with the moves, and with one: on a busy machine both are long.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]
from explorer_pages import write_page  # noqa: E402
from pictures import CHROMIUM_ARGS  # noqa: E402

from nin_lib import widgets  # noqa: E402

# What is dragged in each explorer, by a selector.
DRAGS = [
    (widgets.LinearExplorer(), ".nin-track"),
    (widgets.LinearExplorer(), ".nin-band"),
    (widgets.PhaseDiagramExplorer(), ".nin-map"),
    (widgets.PhaseDiagramExplorer(), ".nin-track"),
    (widgets.TimescalesExplorer(), ".nin-track"),
    (widgets.ExpansionExplorer(), ".nin-track"),
    (widgets.BatchAverageExplorer(), ".nin-controls > :last-child .nin-track"),
    (widgets.TrainingExplorer(), ".nin-track"),
    (widgets.RunExplorer("fig1-right"), ".nin-track"),
]
# Counts what is drawn: canvases that are cleared, and, on the training's band, the mark that moves.
COUNT_PAINTS = """
window.paints = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) { paints++; clear.apply(this, box); };
"""
DRAG = """async ([selector, moves]) => {
  const part = document.querySelector(`.nin-explorer ${selector}`);
  const mark = document.querySelector(".nin-explorer[data-explorer=training] .nin-here");
  const seen = () => mark ? mark.style.transform : paints;
  const values = () => [...document.querySelectorAll(".nin-value")].map(field => field.value).join();
  const framed = () => new Promise(done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  }));
  const { left, top, width, height } = part.getBoundingClientRect();
  part.setPointerCapture = () => {};
  part.hasPointerCapture = () => true;
  const move = (type, place) => part.dispatchEvent(new PointerEvent(type, {
    bubbles: true, pointerType: "mouse", button: 0, pointerId: 1,
    clientX: left + width * place, clientY: top + height * (0.2 + 0.6 * place),
  }));
  const [idle, drag] = [[], []];
  move("pointerdown", 0.5);
  for (let k = -20; k < moves; k++) {
    for (const moving of [false, true]) {
      await new Promise(done => setTimeout(done, 30 + 17 * Math.random()));
      const [start, before, old] = [performance.now(), seen(), values()];
      if (moving) move("pointermove", 0.5 + 0.45 * Math.sin(k / 3));
      await framed();
      const wait = performance.now() - start;
      if (k < 0 || (moving && values() === old)) continue; // no other value, nothing to draw
      moving ? drag.push([wait, seen() !== before]) : idle.push(wait);
    }
  }
  return [idle, drag];
}"""


def main(moves=200):
    print("| drag | moves | painted in the next frame | goal | p95 of the wait, idle and moved | |")
    print("|---|---|---|---|---|---|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGS)
        for explorer, selector in DRAGS:
            write_page(Path(folder), explorer)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(COUNT_PAINTS)
            page.goto(f"file://{folder}/{explorer.name}.html")
            page.wait_for_selector(".nin-explorer .nin-plot canvas")
            page.wait_for_timeout(3000)
            idle, drag = page.evaluate(DRAG, [selector, moves])
            page.close()
            share = statistics.mean(painted for _, painted in drag)
            waits = [statistics.quantiles(times, n=20)[-1] for times in (idle, [wait for wait, _ in drag])]
            verdict = "met" if share >= 0.95 else "MISSED"
            beside = "{:.1f} ms, {:.1f} ms".format(*waits)
            print(
                f"| {explorer.name} {selector} | {len(drag)} | {share:.1%} | >= 95 % | {beside} | {verdict} |"
            )
        browser.close()


if __name__ == "__main__":
    main()

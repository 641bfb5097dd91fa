"""What the built pages show at every width: nothing is cut without a hint, and narrow pages do not scroll sideways."""

import pytest
from conftest import ROOT

SITE = ROOT / "_build" / "html"
PAGES = sorted(str(p.relative_to(SITE)) for p in SITE.rglob("*.html") if "_static" not in p.parts)
pytestmark = pytest.mark.browser

# What the reader cannot see all of: a box that cuts, or that scrolls without a shadow at its edge (site.css) or a tab stop.
CUT = """() => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth} px wide`);
  for (const box of document.querySelectorAll("body *")) {
    if (!box.clientWidth || box.closest("svg, dialog, .katex-mathml, .visually-hidden, .nin-said, .label")) continue;
    const style = getComputedStyle(box);
    const wide = box.scrollWidth > box.clientWidth + 1 && style.overflowX !== "visible";
    const high = box.scrollHeight > box.clientHeight + 1 && ["hidden", "clip"].includes(style.overflowY);
    const said = `${box.tagName}.${box.className}: ${box.textContent.trim().slice(0, 60)}`;
    if (high || (wide && style.overflowX !== "auto")) found.push(`cut: ${said}`);
    else if (wide && !style.backgroundAttachment.includes("local")) found.push(`no hint: ${said}`);
    else if (wide && [...box.querySelectorAll("tr, th, td")].some(
      (part) => getComputedStyle(part).backgroundColor !== "rgba(0, 0, 0, 0)")) found.push(`covered: ${said}`);
  }
  return found;
}"""
SCROLLS = """() => [...document.querySelectorAll(".bd-article *")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto")
  .map((box) => [box.tabIndex, box.matches(".math"), box.className])"""
# A displayed formula whose parts do not follow each other.
TORN = """() => [...document.querySelectorAll("div.math .katex-html > .base")].filter((base) => {
  const range = document.createRange();
  range.selectNodeContents(base);
  return base.getBoundingClientRect().width > range.getBoundingClientRect().width + 20; // the space around a sign is its margin
}).map((base) => base.parentElement.textContent)"""
# A comma or a bracket after a formula that begins a line.
STRAY = """() => [...document.querySelectorAll(".bd-article span.math")].filter((formula) => {
  const next = formula.nextSibling;
  if (next?.nodeType !== Node.TEXT_NODE || !/^[^\\s\\w]/.test(next.data)) return false;
  const range = document.createRange();
  range.setStart(next, 0);
  range.setEnd(next, 1);
  const sign = range.getBoundingClientRect();
  return sign.height && sign.right < Math.max(...[...formula.querySelectorAll(".base:last-child")].map(
    (base) => [...base.getClientRects()].pop().left));
}).map((formula) => formula.textContent)"""
# What a reader may set (WCAG 1.4.12).
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""


def cut(tab):
    """What is cut, once the charts have been fitted to the page, which is in the frames after it has come."""
    for _ in range(50):
        found = tab.evaluate(CUT)
        if not found:
            break
        tab.wait_for_timeout(100)
    return found


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in ("index.html", "404.html")]
)  # which only lead on
def test_nothing_is_cut_without_a_hint_and_formulas_do_not_scroll(page, browser, base):
    with browser.new_context() as context:
        tab = context.new_page()
        for width in (1280, 375):
            tab.set_viewport_size({"width": width, "height": 740})
            tab.goto(f"{base}/{page}", wait_until="load")
            assert cut(tab) == [], width
            assert tab.evaluate(TORN) == [], width
            assert tab.evaluate(STRAY) == [], width
            assert [box for box in tab.evaluate(SCROLLS) if box[0] < 0 or box[1]] == [], width
        tab.set_viewport_size({"width": 320, "height": 740})
        tab.add_style_tag(content=SPACING)
        assert cut(tab) == []

"""Pictures of the book's Plotly figures, as SVG, drawn once by the installed plotly.js in headless Chromium.

An output that holds a figure gets the picture for a wide page as `image/svg+xml`, which GitHub and nbviewer show, and the
one for a narrow page in its metadata. The page shows both as they are stored, and no browser is needed to build it.
"""

import contextlib
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import plotly

FIGURE, PICTURE = "application/vnd.plotly.v1+json", "image/svg+xml"
WIDTHS = {
    "wide": 700,
    "narrow": 343,
}  # px: a column of the page on a desk, and on a phone
# Without a screen and a network, as root in a container: no sandbox, and none of Chromium's own errands.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAW = """async ([figure, width]) => {
  const div = document.body.appendChild(document.createElement("div"));
  await drawFigure(div, figure, width, 0, { staticPlot: true });
  const options = { format: "svg", imageDataOnly: true, width, height: div._fullLayout.height };
  const picture = await Plotly.toImage(div, options);
  div.remove();
  return picture;
}"""
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
# What a picture keeps of the attributes and the style of Plotly's elements, and the values that need no saying.
KEPT = dict.fromkeys(
    "x y dx dy d width height clip-path id preserveAspectRatio href font-size stroke-miterlimit "
    "x1 y1 x2 y2 offset stop-color".split()
)
KEPT |= {
    "transform": "",
    "fill": None,
    "fill-opacity": "1",
    "opacity": "1",
    "stroke": "none",
    "stroke-opacity": "1",
}
KEPT |= {
    "stroke-width": "0",
    "stroke-dasharray": "none",
    "text-anchor": "start",
    "image-rendering": "auto",
}


def chromium():
    """The path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def drawing():
    """Yields a function that draws a figure, in Plotly's JSON, for a width in px."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_ARGS
        )
        page = browser.new_page()
        page.set_content("<!doctype html><body style='margin: 0'>")
        package = Path(plotly.__file__).parent / "package_data"
        page.add_script_tag(path=package / "plotly.min.js")
        page.add_script_tag(
            path=Path(__file__).parent / "_ext/draw-figure.js"
        )
        yield lambda figure, width: page.evaluate(DRAW, [figure, width])
        browser.close()


def hexadecimal(value):
    """A colour as #rrggbb, so that a style sheet can find it; what is no rgb(...) stays as it is."""
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", value)
    return (
        "#{:02x}{:02x}{:02x}".format(*map(int, found.groups()))
        if found
        else value
    )


def rounded(text):
    """Numbers to a tenth of a pixel, as short as they can be written."""
    return re.sub(
        r"-?\d+\.\d+", lambda match: f"{round(float(match[0]), 1):g}", text
    )


def attributes(element):
    """What a picture needs of one of Plotly's elements: the attributes, and the style as attributes."""
    style = re.findall(r"([\w-]+):\s*([^;]+)", element.get("style", ""))
    found = {
        key: value for key, value in element.attrib.items() if key in KEPT
    }
    found |= {
        key: hexadecimal(value).replace("px", "")
        for key, value in style
        if key in KEPT
    }
    if HREF in element.attrib:
        return found | {"href": element.get(HREF)}
    found = {
        key: value if "opacity" in key else rounded(value)
        for key, value in found.items()
        if value != KEPT[key]
    }
    if "stroke-width" not in found or found.get("stroke-opacity") == "0":
        found.pop("stroke", None)
        found = {
            key: value
            for key, value in found.items()
            if not key.startswith("stroke-")
        }
    return found


def tidy(element):
    """The children of `element` as a picture needs them: nothing unseen, no group that says nothing, no empty link."""
    children = []
    for child in element:
        if any("NaN" in value for value in child.attrib.values()):
            continue  # Plotly gives an axis without values no place, and no browser shows it
        kept = ET.Element(child.tag, attributes(child))
        kept.text, kept.tail = child.text, child.tail
        kept.extend(tidy(child))
        look = {"stroke": "none", "fill": "#000000", **kept.attrib}
        unseen = look["stroke"] == "none" and (
            look["fill"] == "none" or look.get("fill-opacity") == "0"
        )
        if (
            child.tag == f"{SVG}g"
            and not kept.attrib
            or child.tag == f"{SVG}defs"
        ):
            children.extend(kept)
        elif (
            len(kept)
            or kept.text
            or not (
                unseen
                or not kept.attrib
                or child.tag in {f"{SVG}g", f"{SVG}a"}
            )
        ):
            children.append(kept)
    return children


def picture_of(drawn, label, prefix):
    """Plotly's SVG as a small one of its own, whose ids begin with `prefix`: a page holds many."""
    root = ET.fromstring(drawn)
    picture = ET.Element(f"{SVG}svg")
    picture.attrib |= {
        key: rounded(root.get(key))
        for key in ("width", "height", "viewBox")
    }
    picture.attrib |= {"role": "img", "aria-label": label}
    picture.attrib |= {
        "font-family": "system-ui, sans-serif",
        "font-size": "14",
    }
    picture.extend(tidy(root))
    if picture.find(f".//{SVG}a") is not None:
        picture.set("role", "group")  # an image has no links
    named = {}
    for element in picture.iter():
        for key in {"clip-path", "fill"} & element.attrib.keys():
            if found := re.fullmatch(
                r"""url\(['"]?#(.+?)['"]?\)""", element.get(key)
            ):
                element.set(
                    key,
                    f"url(#{named.setdefault(found[1], f'{prefix}-{len(named)}')})",
                )
    for element in [child for child in picture if "id" in child.attrib]:
        if element.get("id") in named:
            element.set("id", named[element.get("id")])
        else:
            picture.remove(element)
    ET.register_namespace("", SVG[1:-1])
    return ET.tostring(picture, encoding="unicode")


def plain(text):
    """A label of a figure without its tags, as a screen reader should say it."""
    return (
        re.sub("<su[bp]>", " ", re.sub("<br>", ", ", text))
        .replace("</sub>", "")
        .replace("</sup>", "")
    )


def label_of(figure):
    """What a figure shows, in a sentence without its shapes: the paragraph below it says what to notice."""
    layout = figure["layout"]

    def several(texts):
        return ", ".join(
            dict.fromkeys(plain(text) for text in texts if text)
        )

    def titles(kind):
        axes = (
            value for key, value in layout.items() if key.startswith(kind)
        )
        return several(axis.get("title", {}).get("text") for axis in axes)

    panels = several(
        note["text"]
        for note in layout.get("annotations", [])
        if note.get("yref") == "paper"
    )
    curves = several(trace.get("name") for trace in figure["data"])
    what = titles("yaxis") or panels or curves or "phases"
    parts = [
        f"Figure: {what} against {titles('xaxis')}"
        if titles("xaxis")
        else f"Figure: {what}"
    ]
    parts += [f"panels: {panels}"] if panels and panels != what else []
    parts += [f"legend: {curves}"] if curves and curves != what else []
    return "; ".join(parts)


def add_pictures(notebook):
    """Draw the figures of an executed notebook and store the pictures with them."""
    found = [
        (output, f"{cell.id}-{i}")
        for cell in notebook.cells
        for i, output in enumerate(cell.get("outputs", []))
        if FIGURE in output.get("data", {})
    ]
    if not found:
        return
    if chromium() is None:
        print(
            "  its figures have no pictures, and the page will draw them by plotly.js: install Chromium"
        )
        return
    with drawing() as draw:
        for output, prefix in found:
            figure = output["data"][FIGURE]
            wide, narrow = (
                picture_of(
                    draw(figure, width),
                    label_of(figure),
                    f"{prefix}-{name}",
                )
                for name, width in WIDTHS.items()
            )
            output["data"][PICTURE] = wide
            output["metadata"]["narrow"] = narrow

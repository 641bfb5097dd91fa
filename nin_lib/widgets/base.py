"""What the explorers have in common: one anywidget class for a live kernel and for the built book.

In a live kernel an explorer is a widget. Its output carries the same explorer as HTML without a script too: a div with
its state and a fallback to read. In the built book a script (`static_script`) brings that div to life, with no kernel.
Both hosts run the same bundle, which `npm run build` makes from `js/` and which hatch runs when the package is installed.
Python puts before it what has one source in Python: the mathematics printed from SymPy, and the book's colours.
"""

import functools
import html
import json
from pathlib import Path

import numpy as np

from nin_lib.extras import needed
from nin_lib.figures import PHASE_COLORS, WEIGHT_COLORS, WEIGHT_DASHES

with needed("explorers"):
    import anywidget
    import traitlets

STATIC = Path(__file__).parent / "static"


class Number(traitlets.TraitType):
    """A setting of an explorer: a finite float >= `low`, or > `low` with `strictly`; `remedy` ends its error message."""

    def __init__(self, default, low=-np.inf, strictly=False, remedy=""):
        super().__init__(float(default))
        self.low, self.strictly, self.remedy = low, strictly, remedy
        self.tag(sync=True)

    def validate(self, obj, value):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = np.nan
        if np.isfinite(number) and (number > self.low if self.strictly else number >= self.low):
            return number
        bound = "" if self.low == -np.inf else f" {'>' if self.strictly else '>='} {self.low:g}"
        raise ValueError(f"{self.name} must be a finite number{bound}, got {value!r}: {self.remedy}")


class Whole(traitlets.TraitType):
    """A setting of an explorer: a whole number from `low` to `high`; `remedy` ends its error message."""

    def __init__(self, default, low, high, remedy):
        super().__init__(default)
        self.low, self.high, self.remedy = low, high, remedy
        self.tag(sync=True)

    def validate(self, obj, value):
        try:
            if int(value) == value and self.low <= value <= self.high:
                return int(value)
        except (TypeError, ValueError, OverflowError):
            pass  # not a number, or not a finite one
        raise ValueError(
            f"{self.name} must be a whole number from {self.low} to {self.high}, got {value!r}: {self.remedy}"
        )


class Explorer(anywidget.AnyWidget):
    """Base of the explorers. A subclass names its bundle, declares its settings, and writes its fallback.

    A setting is a trait of the class `Number` or `Whole` (or any other with ``sync=True``): its name is the same in
    Python, in the page's data-state and in the bundle.

    Prose sets an explorer on the same page by a link, ``[σ = 16](#linear?sigma_eps=16&eta=0.01)``: the explorer's name,
    and values of its settings. An address that ends like this opens the page so.
    """

    name: str  # of the bundle, js/src/explorers/NAME.js; also the page's data-explorer, and what links name

    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, **settings):
        for name in settings:  # traitlets would only warn, and the default be shown
            if not self.has_trait(name):
                known = ", ".join(self.settings())
                raise TypeError(f"{type(self).__name__} has no setting {name!r}: its settings are {known}")
        super().__init__(**settings)

    @traitlets.default("_esm")
    def _live_script(self):
        return f"{type(self).script()}\nexport default {{ render: explorer.render }};\n"

    @classmethod
    def static_script(cls):
        """The explorer as a classic script for a page of the book, where module scripts do not load under file://.

        Load it with ``async``: deferred scripts would have to wait for each other, and a theme's can be large. It
        starts as soon as the page is parsed, which comes before DOMContentLoaded.
        """
        start = (
            'if (document.readyState !== "loading") explorer.mountAll();\n'
            'else document.addEventListener("readystatechange", explorer.mountAll, { once: true });'
        )
        return f"(() => {{\n{cls.script()}\n{start}\n}})();\n"

    @classmethod
    @functools.cache
    def script(cls):
        """The bundle, which defines `explorer`, after what Python puts before it."""
        bundle = STATIC / f"{cls.name}.js"
        if not bundle.exists():
            raise FileNotFoundError(
                f"the explorers are not built, {bundle} is missing: run `npm ci && npm run build` in "
                f"{STATIC.with_name('js')}, or install the package again (`pip install -e .`), which does so"
            )
        palette = {
            "phases": {str(phase): color for phase, color in PHASE_COLORS.items()},
            "weights": WEIGHT_COLORS,
            "dashes": WEIGHT_DASHES,
        }
        source = bundle.read_text(encoding="utf-8")
        return f"{cls.javascript()}\nconst palette = {json.dumps(palette)};\n{source}"

    @classmethod
    def javascript(cls):
        """The generated mathematics that the bundle calls."""
        return ""

    def settings(self):
        """Name and value of each setting, in the order of declaration."""
        return {
            name: getattr(self, name)
            for cls in reversed(type(self).__mro__)
            if issubclass(cls, Explorer)
            for name, trait in vars(cls).items()
            if isinstance(trait, traitlets.TraitType) and not name.startswith("_")
        }

    @property
    def address(self):
        """What links on the page name."""
        return self.name

    def state(self):
        """What the page's script knows of the explorer, a dictionary of JSON values: its settings."""
        return self.settings()

    def fallback(self):
        """HTML to read where there is no JavaScript."""
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.settings().items())})"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        state = html.escape(json.dumps(self.state()))
        own = "" if self.address == self.name else f' id="{self.address}"'
        data["text/plain"] = repr(self)  # whole: some versions of anywidget cut it
        data["text/html"] = (
            f'<div{own} class="nin-explorer" data-explorer="{self.name}" data-state="{state}">{self.fallback()}</div>'
        )
        return data, metadata


def noise_stream(seed, steps):
    """The noise Phi of the explorers, to the last bit what js/src/models/noise.js makes.

    Parameters
    ----------
    seed : int
    steps : int

    Returns
    -------
    numpy.ndarray of shape (steps,)
        Numbers of mean 0 and variance 1: each the sum of 12 uniform ones less 6, normal but for its tails beyond 6.
        Made of integer operations, additions and multiplications, which every processor and language rounds alike.
    """
    # summed from left to right, as JavaScript does: np.sum adds in another order
    return np.add.accumulate(uniforms(seed, 12 * steps).reshape(steps, 12), axis=1)[:, -1] - 6


def uniforms(seed, n, after=0):
    """Uniform numbers in (0, 1) that `noise_stream` and the explorers' samples are made of, as in js/src/models/noise.js.

    Parameters
    ----------
    seed : int
        From 0 to 2^32 - 1.
    n : int
    after : int
        How many numbers of the stream to leave out.

    Returns
    -------
    numpy.ndarray of shape (n,)
        A hash of the seed and of the number's place, so that each can be computed without the others.
    """
    start = _hash(np.array([seed], dtype=np.uint32))
    counter = np.arange(after + 1, after + n + 1, dtype=np.uint32)
    return (_hash(start + counter * np.uint32(0x9E3779B9)) + 0.5) / 4294967296


def _hash(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))

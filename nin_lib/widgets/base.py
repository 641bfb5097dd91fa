"""What the explorers have in common: one anywidget class for a live kernel and for the built book.

In a live kernel an explorer is a widget. Its output carries the same explorer as HTML without a script too: a div with
its state and a fallback to read. In the built book a script (`static_script`) brings that div to life, with no kernel.
Both hosts run the same bundle, which `npm run build` makes from `js/` and which hatch runs when the package is installed.
Python puts before it what has one source in Python: the mathematics printed from SymPy, the book's colours, and what each
setting accepts.
"""

import functools
import html
import json
import re
from pathlib import Path
from typing import Any, cast

from nin_lib.extras import needed
from nin_lib.figures import PHASE_COLORS, WEIGHT_COLORS, WEIGHT_DASHES
from nin_lib.widgets.settings import Choice, Number, Whole

with needed("explorers"):
    import anywidget
    import traitlets

STATIC = Path(__file__).parent / "static"


class Explorer(anywidget.AnyWidget):
    """Base of the explorers. A subclass names its bundle, declares its settings, and writes its fallback.

    A setting is a trait of the class `Number`, `Whole` or `Choice` (or any other with ``sync=True``): its name is the same
    in Python, in the page's data-state and in the bundle, and so is what it accepts.

    Prose sets an explorer on the same page by a link, ``[σ = 16](#linear?sigma_eps=16&eta=0.01)``: the explorer's name,
    and values of its settings. An address that ends like this opens the page so.
    """

    lines: str
    """Python that makes the curves on the screen: `curves`, by the names of their legends. Names in braces are those of
    settings and stand for their values; ``{settings}`` stands for all of them, as arguments."""

    name: str  # of the bundle, js/src/explorers/NAME.js; also the page's data-explorer, and what links name

    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        for name in settings:  # traitlets would only warn, and the default be shown
            if not self.has_trait(name):
                known = ", ".join(self.settings())
                raise TypeError(f"{type(self).__name__} has no setting {name!r}: its settings are {known}")
        super().__init__(**settings)

    @traitlets.default("_esm")
    def _live_script(self) -> str:
        return f"{type(self).script()}\nexport default {{ render: explorer.render }};\n"

    @classmethod
    def static_script(cls) -> str:
        """The explorer as a classic script for a page of the book, where module scripts do not load under file://.

        Load it with ``async``: deferred scripts would have to wait for each other, and a theme's can be large. It
        starts as soon as the page is parsed, which comes before DOMContentLoaded.

        Returns
        -------
        str
            JavaScript that brings each explorer of this class on the page to life.
        """
        # In a task of its own: the browser may paint and answer between the others and this one.
        start = (
            "const start = () => setTimeout(explorer.mountAll);\n"
            'if (document.readyState !== "loading") start();\n'
            'else document.addEventListener("readystatechange", start, { once: true });'
        )
        return f"(() => {{\n{cls.script()}\n{start}\n}})();\n"

    @classmethod
    @functools.cache
    def script(cls, name: str | None = None) -> str:
        """A bundle, unless named its own one, which defines `explorer`, after what Python puts before it.

        Returns
        -------
        str
            JavaScript.

        Raises
        ------
        FileNotFoundError
            If the bundle is not built; it says how to build it.
        """
        bundle = STATIC / f"{name or cls.name}.js"
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
        constants = {"palette": palette, "limits": cls.limits(), "pythonLines": cls.lines}
        before = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items())
        return f"{cls.javascript()}\n{before}\n{source}"

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        return ""

    @classmethod
    def _traits_of_settings(cls) -> dict[str, traitlets.TraitType[Any, Any]]:
        return {
            name: trait
            for base in reversed(cls.__mro__)
            if issubclass(base, Explorer)
            for name, trait in vars(base).items()
            if isinstance(trait, traitlets.TraitType) and not name.startswith("_")
        }

    @classmethod
    def limits(cls) -> dict[str, dict[str, Any]]:
        """What each setting accepts that a link may name, a dictionary of JSON values."""
        traits = cls._traits_of_settings()
        return {name: t.limits() for name, t in traits.items() if isinstance(t, Number | Whole | Choice)}

    def settings(self) -> dict[str, Any]:
        """Name and value of each setting, in the order of declaration."""
        return {name: getattr(self, name) for name in self._traits_of_settings()}

    @property
    def address(self) -> str:
        """What links on the page name."""
        return self.name

    def state(self) -> dict[str, Any]:
        """What the page's script knows of the explorer, a dictionary of JSON values: its settings."""
        return self.settings()

    def python(self) -> str:
        """The lines of Python that make the curves on the screen, which *Copy as Python* gives."""
        written = {name: json.dumps(value) for name, value in self.settings().items()}
        settings = ", ".join(f"{name}={written[name]}" for name in self.settings() if name in self.limits())
        return re.sub(r"\{(\w+)\}", lambda match: (written | {"settings": settings})[match[1]], self.lines)

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.settings().items())})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = cast("tuple[dict[str, Any], dict[str, Any]]", super()._repr_mimebundle_(**kwargs))
        state = html.escape(json.dumps(self.state()))
        own = "" if self.address == self.name else f' id="{self.address}"'
        data["text/plain"] = repr(self)  # whole: some versions of anywidget cut it
        data["text/html"] = (
            f'<div{own} class="nin-explorer" data-explorer="{self.name}" data-state="{state}">{self.fallback()}</div>'
        )
        return data, metadata

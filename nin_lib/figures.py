"""The look of the book: one Plotly template, one set of colours, and the figures that more than one chapter draws.

Importing this module makes the template "nin" Plotly's default.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib.checks import FloatArray, choice, numbers, reals, whole
from nin_lib.extras import needed
from nin_lib.phases import Phase

if TYPE_CHECKING:
    from nin_lib.history import History

with needed("explorers"):
    import plotly.graph_objects as go
    import plotly.io as pio
    from plotly.subplots import make_subplots

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), which survives the common kinds of colour-blindness, with its
# pale colours darkened: each has a contrast of 3:1 on a white page and on a dark one.
PHASE_COLORS = {
    Phase.DECOUPLED: "#4488E0",
    Phase.DECAY: "#009E73",
    Phase.CATAPULT: "#C58500",
    Phase.DIVERGENT: "#D04830",
}
WEIGHT_COLORS = {
    "w0": "#7F7F7F",
    "w1": "#D55E00",
    "w_ni": "#0072B2",
    "loss": "#CC79A7",
    "clean_loss": "#009E73",
}
# No curve is told from another by colour alone.
WEIGHT_DASHES = {"w0": "dot", "w1": "dash", "w_ni": "solid", "loss": "solid", "clean_loss": "dash"}

INK = "#7B7B7B"
"""Of text and axes: a grey that reads on white and on black. The site puts the reader's theme in its place."""
_AXIS = {
    "showline": True,
    "linecolor": INK,
    "gridcolor": "rgba(127,127,127,0.25)",
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": INK,
    "exponentformat": "power",
    "automargin": True,
    "title": {"font": {"size": 14}, "standoff": 6},
}

pio.templates["nin"] = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#C58500", "#4488E0", "#7F7F7F"],
        "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
        "height": 380,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
    }
)
pio.templates.default = "nin"
if pio.renderers.default == "plotly_mimetype+notebook":
    # In Jupyter the MIME type is enough: the second renderer would store a plotly.js in every notebook. The site
    # draws the MIME type with the plotly.js of the installed package. Colab and others keep what they need.
    pio.renderers.default = "plotly_mimetype"


def _row(name: str, value: Any, length: int | None = None, **bounds: Any) -> FloatArray:
    """`value` as a row of numbers, so many if `length` is given."""
    row = numbers(name, value, **bounds)
    if row.ndim != 1 or length not in (None, len(row)):
        count = "" if length is None else f" of {length}"
        raise ValueError(f"{name} must be a row{count} numbers, got shape {row.shape}: give a list of them")
    return row


def _checked_bar(boundaries: Any, sigma_eps_range: Any) -> list[float]:
    """The edges of the four phases on the bar."""
    inner = _row("boundaries", boundaries, 3, remedy="give decay, catapult and divergent").tolist()
    first, last = _row("sigma_eps_range", sigma_eps_range, 2, remedy="give the ends of the bar").tolist()
    edges = [first, *inner, last]
    if not (first > 0 and sorted(edges) == edges and first < last):
        raise ValueError(
            f"boundaries must increase inside sigma_eps_range, with all values > 0, got {inner} in "
            f"{[first, last]}: give decay, catapult and divergent in this order, or widen the range"
        )
    return edges


def _place(figure: Any, row: int | None, col: int | None) -> dict[str, int]:
    """Where to draw, as plotly's methods take it."""
    if figure is not None and not isinstance(figure, go.Figure):
        raise TypeError(f"figure must be a plotly figure, got {figure!r}: leave it out for a new one")
    if row is None and col is None:
        return {}
    if figure is None:
        raise ValueError(
            f"row and col must belong to a figure, got {row} and {col}: give one of make_subplots"
        )
    return {name: whole(name, value, 1, "a cell has both") for name, value in (("row", row), ("col", col))}


def phase_bar(
    boundaries: Sequence[float],
    sigma_eps_range: Sequence[float],
    marks: Sequence[float] = (),
    symbol: str = "star",
    figure: go.Figure | None = None,
    row: int | None = None,
    col: int | None = None,
) -> go.Figure:
    """Bar of the four phases along sigma_eps, as above the paper's Fig. 2, with the runs that are shown marked on it.

    Parameters
    ----------
    boundaries : sequence of 3 floats
        Increasing values of sigma_eps at which decay, catapult and divergence begin.
    sigma_eps_range : (float, float)
        First and last sigma_eps of the (logarithmic) bar; both > 0.
    marks : sequence of float
        Values of sigma_eps to mark, with the plotly marker `symbol` ("star" or "diamond", as in the paper).
    figure, row, col : optional
        Draw into this cell of a figure made by `plotly.subplots.make_subplots`; without `figure`, a new one.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure drawn into.

    Raises
    ------
    TypeError
        If `figure` is none.
    ValueError
        If another argument is not as described.
    """
    edges = _checked_bar(boundaries, sigma_eps_range)
    shown = _row("marks", marks, low=0, strictly=True, remedy="the axis is logarithmic").tolist()
    choice("symbol", symbol, ("star", "diamond"))
    place = _place(figure, row, col)
    if figure is None:
        figure = go.Figure(layout={"height": 150, "margin": {"t": 10}})
    bar = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    traces = [
        go.Scatter(x=[a, a, b, b], y=[0, 1, 1, 0], fill="toself", fillcolor=PHASE_COLORS[phase], **bar)
        for phase, a, b in zip(Phase, edges[:-1], edges[1:], strict=True)
    ]
    # Decay and catapult can be narrow, so neighbours have their labels at different heights.
    label = {
        "mode": "text",
        "textfont": {"color": "black", "size": 13},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    label_at = [(a * b) ** 0.5 for a, b in zip(edges[:3], edges[1:4], strict=True)] + edges[4:]
    heights, sides = [0.86, 0.56, 0.86, 0.56], ["middle center"] * 3 + ["middle left"]
    names = [phase.value for phase in Phase]
    traces.append(go.Scatter(x=label_at, y=heights, text=names, textposition=sides, **label))
    star = {"symbol": symbol, "size": 12, "color": "black", "line": {"color": "white", "width": 1}}
    hover = {"hovertemplate": "σ<sub>ε</sub> = %{x:.3g}<extra></extra>", "showlegend": False}
    traces.append(go.Scatter(x=shown, y=[0.22] * len(shown), mode="markers", marker=star, **hover))
    for trace in traces:
        figure.add_trace(trace, **place)
    span = np.log10(sigma_eps_range).tolist()
    steps = (1, 2, 5) if span[1] - span[0] > 1 else range(1, 10)
    ticks = [step * 10.0**decade for decade in range(floor(span[0]), ceil(span[1])) for step in steps]
    ticks = [value for value in ticks if edges[0] <= value <= edges[-1]]
    labels = {"tickvals": ticks, "ticktext": [f"{value:g}" for value in ticks]}
    figure.update_xaxes(type="log", range=span, title="σ<sub>ε</sub>", showgrid=False, **labels, **place)
    figure.update_yaxes(visible=False, range=[0, 1], fixedrange=True, **place)
    return figure


def median_band(
    x: ArrayLike, curves: ArrayLike, name: str, color: str, dash: str = "solid", showlegend: bool = True
) -> list[go.Scatter]:
    """Traces of the median of many runs, and of the band from their 10 % to their 90 % quantile.

    Parameters
    ----------
    x : array_like, shape (n,)
    curves : array_like, shape (n, runs)
        Finite, or inf (drawn as 1e30, outside any axis, as is all beyond it); at least one run. A place at which one
        of them is nan is left out.
    name, color, dash : str
        Of the median's line; the band is the same colour, paler, and follows the line in the legend.
    showlegend : bool
        Whether the legend shows the line.

    Returns
    -------
    list of plotly.graph_objects.Scatter
        Band, then median, for `figure.add_traces`.

    Raises
    ------
    ValueError
        If `x` or `curves` is not as described, or plotly does not know the colour or dash.
    """
    at, runs = _row("x", x), reals("curves", curves)
    if runs.ndim != 2 or len(runs) != len(at) or not runs.shape[1]:
        raise ValueError(
            f"curves must have the shape ({len(at)}, runs), got {runs.shape}: a row for each of x, a column a run"
        )
    drawn = ~np.isnan(runs).any(
        axis=1
    )  # a gap would cut the band's outline into pieces, each filled by itself
    x, curves = np.asarray(x)[drawn], np.asarray(curves)[drawn]
    low, middle, high = np.quantile(np.clip(curves, -1e30, 1e30), [0.1, 0.5, 0.9], axis=1).astype(np.float32)
    common = {"legendgroup": name, "line": {"color": color, "dash": dash, "width": 2}, "name": name}
    band = go.Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        mode="none",
        fillcolor=color,
        opacity=0.25,
        hoverinfo="skip",
        showlegend=False,
        legendgroup=name,
    )
    return [band, go.Scatter(x=x, y=middle, mode="lines", showlegend=showlegend, **common)]


def _checked_runs(runs: Any, next_layer: str) -> None:
    if not (isinstance(runs, Mapping) and runs and all(runs.values())):
        raise ValueError(f"runs must hold at least one run for each sigma_eps, got {runs!r}: record one")
    _row("runs", list(runs), low=0, remedy="sigma_eps is a standard deviation")
    for sigma, several in runs.items():
        lengths = {(len(h.batch_loss), len(h.val_loss)) for h in several}
        if len(lengths) > 1 or min(min(lengths)) < 2:
            raise ValueError(
                f"runs must be of one length and an epoch or more, got {sorted(lengths)} steps and epochs + 1 at "
                f"sigma_eps = {sigma:g}: draw the others apart"
            )
        for history in several:
            choice("next_layer", next_layer, history.norms)


def _relative(norm: FloatArray, epoch: Any) -> FloatArray:
    """A norm over its start; nan or inf where it starts at 0, as |W_NI| without a NIN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(norm[epoch] / norm[0])


def training_panels(runs: "Mapping[float, list[History]]", next_layer: str = "2.weight") -> go.Figure:
    """Panels of training as in the paper's Fig. 2 (bottom) and Fig. 3, one column for each sigma_eps.

    Parameters
    ----------
    runs : dict of float to list of nin_lib.history.History
        For each sigma_eps its runs, which differ in the seed only, of an epoch or more: drawn as their median and a
        band.
    next_layer : str
        Name of the weights whose norm is drawn beside that of the noise weights, a key of `History.norms`.

    Returns
    -------
    plotly.graph_objects.Figure
        Rows: losses, accuracy on the validation set, and norms relative to their start. The abscissa is logarithmic,
        so that a catapult, which takes one epoch, is seen beside the hundred that follow; the start stands at the
        first step. A norm that starts at 0 lies outside the axes.

    Raises
    ------
    ValueError
        If `runs` or `next_layer` is not as described.
    """
    _checked_runs(runs, next_layer)
    titles = [f"σ<sub>ε</sub> = {sigma:.3g}<br>{several[0].phase}" for sigma, several in runs.items()]
    layout = {"vertical_spacing": 0.05, "horizontal_spacing": 0.02, "row_heights": [0.4, 0.2, 0.4]}
    figure = make_subplots(
        3, len(runs), shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, **layout
    )
    for column, several in enumerate(runs.values(), start=1):
        per_epoch, epochs = several[0].steps_per_epoch, len(several[0].val_loss) - 1
        step = np.unique(np.geomspace(1, epochs * per_epoch, 120).round().astype(int)) - 1
        epoch = np.unique(np.geomspace(1, epochs, 30).round().astype(int))
        epoch, at = np.append(0, epoch), np.append(1 / per_epoch, epoch)
        niw = [_relative(h.niw_norm, epoch) for h in several]
        weights = [_relative(h.norms[next_layer], epoch) for h in several]
        for row, name, x, values, color, dash in [
            (1, "batch loss", (step + 1) / per_epoch, [h.batch_loss[step] for h in several], "loss", "solid"),
            (1, "validation loss", at, [h.val_loss[epoch] for h in several], "clean_loss", "solid"),
            (2, "accuracy", at, [h.val_accuracy[epoch] for h in several], "clean_loss", "dash"),
            (3, "|W<sub>NI</sub>|", at, niw, "w_ni", "solid"),
            (3, "next layer", at, weights, "w1", "dash"),
        ]:
            # What a divergent run did not reach lies outside the axes.
            curves = np.nan_to_num(np.transpose(values), nan=-1)
            for trace in median_band(x, curves, name, WEIGHT_COLORS[color], dash, showlegend=column == 1):
                figure.add_trace(trace, row=row, col=column)
    figure.update_xaxes(type="log", tickvals=[0.1, 1, 10])
    figure.update_xaxes(title="epoch", row=3)
    figure.update_yaxes(type="log", dtick=1)
    figure.update_yaxes(type="linear", range=[0, 1], dtick=0.5, row=2)
    figure.update_yaxes(title="loss", row=1, col=1)
    figure.update_yaxes(title="norm / start", row=3, col=1)
    figure.update_layout(height=620, legend_y=1.1, margin_t=60)
    return figure


def _checked_row(name: str, sigmas: Any, phases: Any) -> np.ndarray:
    """The phases of one row of the map, (seeds, n)."""
    row = _row(f"rows[{name!r}][0]", sigmas, low=0, strictly=True, remedy="the axis is logarithmic")
    array = np.asarray(phases)
    if array.ndim != 2 or array.shape[1] != len(row):
        raise ValueError(
            f"rows[{name!r}][1] must have the shape (seeds, {len(row)}), got {array.shape}: a line for each seed"
        )
    for phase in array.flat:
        choice(f"rows[{name!r}][1]", phase, list(Phase))
    return array


def phase_map(rows: Mapping[str, tuple[Any, Any]]) -> go.Figure:
    """Phases of many trainings: a row for each kind of training, sigma_eps to the right, a line of markers per seed.

    Parameters
    ----------
    rows : dict of str to (sequence of n floats, array_like of shape (seeds, n))
        For each name the values of sigma_eps > 0, and the `Phase` at each seed and sigma_eps.

    Returns
    -------
    plotly.graph_objects.Figure
        The shape of a marker says the phase, too, so that no information is in the colour alone.

    Raises
    ------
    ValueError
        If `rows` is no such dict, or empty.
    """
    if not (isinstance(rows, Mapping) and rows):
        raise ValueError(f"rows must be a dict of one row or more, got {rows!r}: name the trainings")
    checked = [(sigmas, _checked_row(name, sigmas, phases)) for name, (sigmas, phases) in rows.items()]
    symbols = dict(zip(Phase, ("circle-open", "square", "triangle-up", "x"), strict=True))
    figure = go.Figure(layout={"height": 130 + 55 * len(rows)})
    for phase in Phase:
        x: list[float] = []
        y: list[float] = []
        for row, (sigmas, phases) in enumerate(checked):
            seeds, at = np.nonzero(phases == phase)
            x += np.asarray(sigmas)[at].tolist()
            y += (row + 0.22 * (seeds - (len(phases) - 1) / 2)).tolist()
        marker = {"symbol": symbols[phase], "color": PHASE_COLORS[phase], "size": 8}
        figure.add_scatter(x=x, y=y, mode="markers", marker=marker, name=phase.value)
    figure.update_xaxes(type="log", title="σ<sub>ε</sub>")
    names = {"tickvals": list(range(len(rows))), "ticktext": list(rows)}
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5], showgrid=False, **names)
    return figure

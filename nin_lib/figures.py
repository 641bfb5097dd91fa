"""The look of the book: one Plotly template, one set of colours, and the figures that more than one chapter draws.

Importing this module makes the template "nin" Plotly's default.
"""

import plotly.graph_objects as go
import plotly.io as pio

from nin_lib.linear import Phase

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), which survives the common kinds of colour-blindness.
PHASE_COLORS = {
    Phase.DECOUPLED: "#56B4E9",
    Phase.DECAY: "#009E73",
    Phase.CATAPULT: "#E69F00",
    Phase.DIVERGENT: "#D55E00",
}
WEIGHT_COLORS = {"w0": "#7F7F7F", "w1": "#D55E00", "w_ni": "#0072B2", "loss": "#CC79A7", "clean_loss": "#009E73"}
# No curve is told from another by colour alone.
WEIGHT_DASHES = {"w0": "dot", "w1": "dash", "w_ni": "solid", "loss": "solid", "clean_loss": "dash"}

_INK = "#7F7F7F"  # one grey that reads on white and on black: the site follows the reader's theme, a figure cannot
_AXIS = {
    "showline": True,
    "linecolor": _INK,
    "gridcolor": "rgba(127,127,127,0.25)",
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": _INK,
    "exponentformat": "power",
    "automargin": True,
}

pio.templates["nin"] = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": _INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"],
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

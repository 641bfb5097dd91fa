"""The drawing of a network with a noise injection node, as SVG: on the first page, and in the chapter on the node."""

from nin_lib.figures import INK, WEIGHT_COLORS

_Centres = list[tuple[float, float]]
_WORDS = (
    "A network with four inputs x, five hidden units z and three outputs, each layer joined to the next by grey lines. "
    "Below the inputs lies one more node, epsilon, joined to the hidden units by dashed blue lines."
)
_NOISE = WEIGHT_COLORS["w_ni"]


def _layer(x: float, units: int) -> _Centres:
    return [(x, 125 + 45 * (i - units / 2 + 0.5)) for i in range(units)]


def _edges(starts: _Centres, ends: _Centres, style: str) -> str:
    lines = (f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}"/>' for a, b in starts for c, d in ends)
    return f"<g {style}>{''.join(lines)}</g>"


def _nodes(centres: _Centres, style: str) -> str:
    circles = (f'<circle cx="{x}" cy="{y}" r="14"/>' for x, y in centres)
    return f"<g {style}>{''.join(circles)}</g>"


def _drawing() -> str:
    inputs, hidden, outputs, node = _layer(70, 4), _layer(230, 5), _layer(390, 3), [(70.0, 270.0)]
    grey = 'stroke="#7F7F7F" stroke-width="0.8"'
    blue = f'stroke="{_NOISE}" stroke-width="2" stroke-dasharray="6 3"'
    low = '<tspan dy="4" font-size="14">NI</tspan><tspan dy="-4"> ε</tspan>'
    return (
        _edges(inputs, hidden, grey)
        + _edges(hidden, outputs, grey)
        + _edges(node, hidden, blue)
        + _nodes(inputs + hidden + outputs, f'fill="#FFFFFF" {grey}')
        + _nodes(node, f'fill="{_NOISE}"')
        + f'<text x="22" y="131" fill="{INK}">x</text><text x="412" y="131" fill="{INK}">output</text>'
        + '<text x="65" y="276" fill="white">ε</text>'
        + f'<text x="92" y="291" fill="{_NOISE}">noise injection node</text>'
        + f'<text x="196" y="262" fill="{INK}">z + W{low}</text>'
    )


SCHEMATIC = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 300" width="480" font-family="sans-serif" '
    f'font-size="19" role="img" aria-label="{_WORDS}">{_drawing()}</svg>'
)
"""The inputs, a hidden layer with the node, and the outputs; what is blue belongs to the noise."""

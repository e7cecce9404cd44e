"""Line charts as SVG, readable on a light and on a dark page."""

import math
from collections.abc import Sequence
from html import escape

from bench.workloads import Plot

_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 40, 52
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, which colour-blind people can tell apart."""
_STYLE = "text{font:13px sans-serif;fill:#444}.axis{stroke:#888}.grid{stroke:#8884}@media(prefers-color-scheme:dark){text{fill:#ccc}}"
_STEPS_ON_AN_AXIS = 5


def drawn(plot: Plot) -> str:
    """The chart as an SVG document."""
    marks = sorted({x for points in plot.lines.values() for x, _y in points})
    top = _round_up(max(y for points in plot.lines.values() for _x, y in points))
    across = _Scale([math.log10(x) if plot.logarithmic else x for x in marks], _LEFT, _WIDTH - _RIGHT)
    up = _Scale([0, top], _HEIGHT - _BOTTOM, _TOP)

    def place(x: float, y: float) -> tuple[float, float]:
        return across.at(math.log10(x) if plot.logarithmic else x), up.at(y)

    parts = [_text(_LEFT, 22, plot.title, weight="bold"), *_grid(top, up)]
    parts += [_text(place(x, 0)[0], _HEIGHT - _BOTTOM + 20, f"{x:,.0f}", anchor="middle") for x in marks]
    parts += [
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, plot.across, anchor="middle"),
        f'<text transform="translate(16 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(plot.up)}</text>',
    ]
    for number, (name, points) in enumerate(plot.lines.items()):
        parts += _line(name, [place(x, y) for x, y in points], number)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<title>{escape(plot.title)}</title>\n<style>{_STYLE}</style>'
    return "\n".join([head, *parts, "</svg>", ""])


class _Scale:
    """From values to places."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._first, self._span = values[0], (values[-1] - values[0]) or 1.0
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        return self._start + (value - self._first) / self._span * (self._end - self._start)


def _grid(top: float, up: _Scale) -> list[str]:
    parts = []
    for step in range(_STEPS_ON_AN_AXIS + 1):
        value = top * step / _STEPS_ON_AN_AXIS
        y = up.at(value)
        kind = "grid" if step else "axis"
        parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{value:,.10g}", anchor="end"))
    return parts


def _line(name: str, places: Sequence[tuple[float, float]], number: int) -> list[str]:
    colour, dashes = _COLOURS[number % len(_COLOURS)], "" if number % 2 else ' stroke-dasharray="7 3"'
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    at, key = _TOP + 8 + 22 * number, _WIDTH - _RIGHT + 16
    legend = f'<line x1="{key}" x2="{key + 24}" y1="{at}" y2="{at}" stroke="{colour}" stroke-width="2.5"{dashes}/>'
    drawn_line = f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"{dashes}/>'
    return [drawn_line, *dots, legend, _text(key + 32, at + 4, name)]


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'


def _round_up(value: float) -> float:
    """The next number that an axis may end at: 1, 2 or 5 with zeros."""
    size = 10.0 ** math.floor(math.log10(value or 1))
    return next(size * step for step in (1, 2, 5, 10) if size * step >= value)

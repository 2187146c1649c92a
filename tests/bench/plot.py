"""Small charts as one SVG, both axes logarithmic, each with the line of linear growth to its last point."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _MARGIN = 300, 240, 46
_GAP = 24


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        label: Of the x axis.
        points: Sizes and seconds; a size of 0 is drawn at 1.
    """

    label: str
    points: Sequence[tuple[float, float]]


def draw(charts: Sequence[Chart]) -> str:
    """Return the charts beside one another."""
    width = len(charts) * (_WIDTH + _GAP)
    body = "\n".join(
        f'<g transform="translate({number * (_WIDTH + _GAP)},0)">{_chart(chart)}</g>'
        for number, chart in enumerate(charts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11" role="img">\n<title>Seconds by size, measured, beside linear growth</title>\n'
        f'<rect width="{width}" height="{_HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


def _chart(chart: Chart) -> str:
    points = [(max(size, 1), seconds) for size, seconds in chart.points]
    last_size, last_s = points[-1]
    linear = [(size, last_s * size / last_size) for size, _ in points]
    shown = [math.log10(seconds) for _, seconds in points]
    low, high = math.floor(min(shown)), math.ceil(max(shown))
    right = math.log10(last_size)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        across = math.log10(point[0]) / right * (_WIDTH - 2 * _MARGIN)
        up = (max(math.log10(point[1]), low) - low) / (high - low) * (_HEIGHT - 2 * _MARGIN)
        return _MARGIN + across, _HEIGHT - _MARGIN - up

    measured = [place(point) for point in points]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#1f5fa8"/>' for x, y in measured)
    return _frame(chart.label, low, high) + "".join(
        [
            _line([place(point) for point in linear], 'stroke="#999" stroke-dasharray="4 3"'),
            _line(measured, 'stroke="#1f5fa8" stroke-width="1.6"'),
            dots,
            *(
                _text(x, _HEIGHT - _MARGIN + 16, f"{size:g}")
                for (size, _), (x, _) in zip(chart.points, measured, strict=True)
            ),
        ]
    )


def _frame(label: str, low: int, high: int) -> str:
    step = (_HEIGHT - 2 * _MARGIN) / (high - low)
    ticks = (
        _text(_MARGIN - 6, _HEIGHT - _MARGIN - (power - low) * step + 4, f"{10.0**power:g} s", "end")
        for power in range(low, high + 1)
    )
    corners = [(_MARGIN, _MARGIN), (_MARGIN, _HEIGHT - _MARGIN), (_WIDTH - _MARGIN, _HEIGHT - _MARGIN)]
    return _line(corners, 'stroke="#333"') + "".join(ticks) + _text(_WIDTH / 2, _HEIGHT - 10, label)


def _line(points: Sequence[tuple[float, float]], style: str) -> str:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{told}" fill="none" {style}/>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'

"""Small charts as SVG that carries marks only.

Geometry stands in attributes and colours in classes, because the Content-Security-Policy allows
no inline style. A chart fills the box that the style sheet gives it; labels are HTML beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.web.html import Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP = 10  # the width of a day
_BAR = 8
_HEIGHT = 60
_SPARK_HEIGHT = 28
_SPARK_DEPTH = 10  # of the bars below the line
_GRID_DAYS = 7


def spark(values: Sequence[float], shares: Sequence[float], label: str) -> Html:
    """Draw bars upwards on a scale of their own, and shares of 1 as bars below the line."""
    width = len(values) * _STEP
    top = max(values, default=0) or 1
    up = [value / top * _SPARK_HEIGHT for value in values]
    down = [-share * _SPARK_DEPTH for share in shares]
    return _svg(
        label,
        width,
        _SPARK_HEIGHT + _SPARK_DEPTH,
        _path("base", f"M0 {_SPARK_HEIGHT}H{width}"),
        _path("bars", _bars(up, _SPARK_HEIGHT)),
        _path("bad", _bars(down, _SPARK_HEIGHT)),
    )


def bar_chart(values: Sequence[float], top: float, label: str, *, is_bad: bool = False) -> Html:
    """Draw a bar for each value; `top` is the value at the upper edge."""
    heights = [value / top * _HEIGHT for value in values]
    bars = _path("bad" if is_bad else "bars", _bars(heights, _HEIGHT))
    return _svg(label, len(values) * _STEP, _HEIGHT, _grid(len(values)), bars)


def line_chart(values: Sequence[float | None], top: float, label: str) -> Html:
    """Draw a line through the values; it is broken where there is none."""
    commands = []
    pen = "M"
    for number, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        commands.append(f"{pen}{_point(number * _STEP + _BAR / 2, _HEIGHT * (1 - value / top))}")
        pen = "L"
    line = _path("line", "".join(commands))
    return _svg(label, len(values) * _STEP, _HEIGHT, _grid(len(values)), line)


def time_line(positions: Sequence[float], label: str) -> Html:
    """Draw a tick at each position from 0 to 1; the first one is taller."""
    ticks = []
    for number, position in enumerate(positions):
        height = 20 if number == 0 else 12
        ticks.append(f"M{_point(position * 296, 20)}v-{height}h3v{height}z")
    return _svg(label, 300, 20, _path("base", "M0 20H300"), _path("bars", "".join(ticks)))


def round_top(highest: float) -> int:
    """Return a number for the upper edge of a scale whose half is a whole number too.

    >>> round_top(13), round_top(1), round_top(4100)
    (16, 2, 6000)
    """
    unit = 1
    while True:
        for factor in (2, 4, 6, 8, 10, 12, 16, 24, 30):
            if factor * unit >= highest:
                return factor * unit
        unit *= 10


def _svg(label: str, width: int, height: int, *marks: Html) -> Html:
    return element(
        "svg",
        *marks,
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def _path(class_: str, commands: str) -> Html:
    return element("path", class_=class_, d=commands)


def _bars(heights: Sequence[float], base: int) -> str:
    """Return the outlines of bars that stand on a line, those with negative heights hang from it."""
    bars = []
    for number, height in enumerate(heights):
        if height:
            bars.append(f"M{number * _STEP} {base}v{-height:.3g}h{_BAR}v{height:.3g}z")
    return "".join(bars)


def _grid(days: int) -> Html:
    """Draw three lines across, and one down for each week."""
    width = days * _STEP
    lines = [f"M0 {y}H{width}" for y in (0, _HEIGHT // 2, _HEIGHT)]
    weeks = [f"M{day * _STEP} 0V{_HEIGHT}" for day in range(_GRID_DAYS, days, _GRID_DAYS)]
    return _path("grid", "".join([*lines, *weeks]))


def _point(x: float, y: float) -> str:
    return f"{x:.4g} {y:.4g}"

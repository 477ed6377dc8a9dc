"""The charts of sources: their last 30 days, in a row of the list and as panels on their pages."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from aggregator.web.charts import bar_chart, line_chart, round_top, spark
from aggregator.web.html import Html, element, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.store.daily_figures import DailyFigures, Month
    from aggregator.web.layout import Frame

_LABELLED_DAYS = (0, 7, 14, 21, 28)
_UNITS = ((1_000_000, "M"), (1_000, "k"))


def render_spark(frame: Frame, days: Sequence[DailyFigures | None]) -> Html:
    """Write new entries and failures of 30 days as a small plot with its sum."""
    new = _new(days)
    shares = [day.failed / day.runs if day else 0.0 for day in days]
    failed, runs = _count_runs(days)
    label = frame.text(
        "spark_label", new=f"{sum(new):,}", most=f"{max(new):,}", failed=failed, runs=runs
    )
    most = None
    total = frame.text("nothing_new")
    if any(new):
        total = f"{sum(new):,}"
        most = element("small", frame.text("at_most", number=f"{max(new):,}"))
    figures = element("span", total, most)
    return element("div", spark(new, shares, label), figures, class_="spark")


def render_legend(frame: Frame) -> Html:
    """Write what the marks of the small plots mean."""
    return element(
        "p",
        element("span", frame.text("legend_new"), class_="key-bars"),
        element("span", frame.text("legend_failed"), class_="key-bad"),
        class_="legend",
    )


def render_month(frame: Frame, month: Month, source_id: str) -> Html | None:
    """Write the charts of a source; None where it had no run in the 30 days."""
    days = month.of_source(source_id)
    present = [day for day in days if day is not None]
    if not present:
        return None
    panels = [
        _new_panel(frame, days),
        _failed_panel(frame, days),
        _time_panel(frame, days),
        _bytes_panel(frame, days),
    ]
    labels = []
    for number in _LABELLED_DAYS:
        day = month.days()[number]
        labels.append(element("span", frame.language.short_date(day.month, day.day)))
    axis = element("div", *labels, class_="axis", aria_hidden="true")
    heading = element("h2", frame.text("thirty_days"))
    return element("section", heading, *panels, axis, class_="ruled charts")


def _new_panel(frame: Frame, days: Sequence[DailyFigures | None]) -> Html:
    new = _new(days)
    usual = median([day.new for day in days if day is not None])
    title = frame.text("chart_new")
    note = frame.text("usual_new", number=f"{usual:g}")
    top = round_top(max(new))
    return _panel(title, note, bar_chart(new, top, f"{title}: {note}"), _scale(top))


def _failed_panel(frame: Frame, days: Sequence[DailyFigures | None]) -> Html:
    shares = [day.failed / day.runs if day else 0.0 for day in days]
    failed, runs = _count_runs(days)
    title = frame.text("chart_failed")
    note = frame.text("usual_failed", number=f"{failed:,}", runs=f"{runs:,}")
    chart = bar_chart(shares, 1, f"{title}: {note}", is_bad=True)
    return _panel(title, note, chart, ("100 %", "50", "0"))


def _time_panel(frame: Frame, days: Sequence[DailyFigures | None]) -> Html | None:
    times = [day.mean_ms if day else None for day in days]
    known = [value for value in times if value is not None]
    if not known:
        return None
    title = frame.text("chart_ms")
    note = frame.text("usual_ms", number=f"{median(known):,.0f}")
    top = round_top(max(known))
    return _panel(title, note, line_chart(times, top, f"{title}: {note}"), _scale(top, " ms"))


def _bytes_panel(frame: Frame, days: Sequence[DailyFigures | None]) -> Html:
    sizes = [day.size_bytes if day else 0 for day in days]
    _, runs = _count_runs(days)
    unchanged = sum(day.unchanged for day in days if day)
    title = frame.text("chart_bytes")
    note = frame.text("usual_bytes", share=round(100 * unchanged / runs))
    top = round_top(max(sizes))
    return _panel(title, note, bar_chart(sizes, top, f"{title}: {note}"), _scale(top, "B"))


def _panel(title: str, note: str, chart: Html, scale: Sequence[str]) -> Html:
    caption = element("figcaption", element("b", title), element("span", note))
    steps = [element("span", step) for step in scale]
    labels = element("div", *steps, class_="scale", aria_hidden="true")
    return element("figure", caption, join((labels, chart)))


def _scale(top: int, unit: str = "") -> tuple[str, str, str]:
    """Return the labels of a scale, from the top; the unit stands at the first.

    >>> _scale(16_000, "B")
    ('16 kB', '8', '0')
    """
    size, prefix = 1, ""
    if unit == "B":
        prefix = " "
        for unit_size, unit_prefix in _UNITS:
            if top >= 2 * unit_size:
                size, prefix = unit_size, f" {unit_prefix}"
                break
    return f"{top / size:,g}{prefix}{unit}", f"{top / 2 / size:,g}", "0"


def _new(days: Sequence[DailyFigures | None]) -> list[int]:
    return [day.new if day else 0 for day in days]


def _count_runs(days: Sequence[DailyFigures | None]) -> tuple[int, int]:
    """Return how many runs failed, and how many there were."""
    present = [day for day in days if day is not None]
    return sum(day.failed for day in present), sum(day.runs for day in present)

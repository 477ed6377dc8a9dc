"""The marks of the charts: their geometry is in attributes, the scale is the values' own."""

from __future__ import annotations

from lxml import html

from aggregator.web.charts import bar_chart, line_chart, spark, time_line


def paths(drawn: str) -> dict[str, str]:
    return {path.get("class"): path.get("d") for path in html.fromstring(drawn).xpath("//path")}


def test_bars_stand_on_a_line_and_shares_hang_from_it() -> None:
    assert paths(spark([4, 0, 2], [0, 1, 0.5], "label")) == {
        "base": "M0 28H30",
        "bars": "M0 28v-28h8v28zM20 28v-14h8v14z",
        "bad": "M10 28v10h8v-10zM20 28v5h8v-5z",
    }


def test_nothing_new_is_a_line_alone() -> None:
    assert paths(spark([0, 0], [0, 0], "label")) == {"base": "M0 28H20", "bars": "", "bad": ""}


def test_bars_are_drawn_to_the_scale_that_is_labelled() -> None:
    assert (
        paths(bar_chart([10, 5], 20, "label", is_bad=True))["bad"]
        == "M0 60v-30h8v30zM10 60v-15h8v15z"
    )


def test_a_line_is_broken_where_there_is_no_value() -> None:
    assert paths(line_chart([0, 10, None, 5], 10, "label"))["line"] == "M4 60L14 0M34 30"


def test_the_first_tick_is_the_tallest() -> None:
    assert paths(time_line([0, 0.5], "label"))["bars"] == "M0 20v-20h3v20zM148 20v-12h3v12z"


def test_a_label_stays_words() -> None:
    assert html.fromstring(spark([1], [0], 'a "<b>')).get("aria-label") == 'a "<b>'

"""The pages of the sources: the health of all, and the runs of one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.health.verdict import CALM
from aggregator.publish.json_record import rfc3339
from aggregator.source_status import describe_adapter
from aggregator.web.html import Html, element, join, name, outside_link
from aggregator.web.layout import render_page
from aggregator.web.source_charts import render_legend, render_month, render_spark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Outcome
    from aggregator.source_status import SourceStatus, StateName
    from aggregator.store.daily_figures import Month
    from aggregator.web.layout import Frame
    from aggregator.web.site import SourceDetails

_CALM = CALM | {None}
# Those in trouble stand first.
_ORDER: dict[StateName, int] = {"failing": 0, "ok": 1, "new": 2, "gone": 3, "disabled": 4}
_MARKS: dict[StateName, str] = {
    "failing": "▲",
    "ok": "●",
    "new": "○",
    "gone": "✕",
    "disabled": "–",
}


def render_sources(frame: Frame, sources: Sequence[SourceStatus], month: Month) -> bytes:
    """Render the health of all sources."""
    verdict = _verdict(frame, sources)
    address = frame.page_address("sources")
    opml = element("a", "OPML", href=frame.opml_address)
    links = element("p", opml, " ", _link_to_changes(frame), class_="links")
    heading = element("div", element("h1", verdict, class_="verdict"), links, class_="masthead")
    columns = ("state", "source", "last_poll", "next_poll", "month_of_entries", "entries")
    cells = [element("th", frame.text(column), scope="col") for column in columns]
    ordered = sorted(sources, key=_order)
    rows = [_source_row(frame, status, month) for status in ordered]
    table = legend = None
    if rows:
        head = element("thead", element("tr", *cells))
        table = element("table", head, element("tbody", *rows), class_="sources")
        legend = render_legend(frame)
    main = join((heading, table, legend))
    return render_page(frame, frame.text("sources"), main, current=address)


def _order(status: SourceStatus) -> tuple[int, bool]:
    """Return the place of a source in the list: those in trouble stand first."""
    return _ORDER[status.state_name], status.verdict in _CALM


def _link_to_changes(frame: Frame) -> Html | None:
    """Write the link to the feed of changed verdicts, which only the server makes."""
    if frame.is_static:
        return None
    return element("a", frame.text("status_feed"), href=frame.address("status.atom"))


def _verdict(frame: Frame, sources: Sequence[SourceStatus]) -> str:
    """Say in one sentence or two how the sources are."""
    if not sources:
        return frame.text("verdict_none")
    states = [status.state_name for status in sources]
    failing = states.count("failing")
    calm = [status for status in sources if status.verdict in _CALM]
    well = sum(status.state_name in ("ok", "new") for status in calm)
    sentences = []
    if failing:
        sentences.append(frame.language.count("verdict_failing", failing))
    sentences.append(frame.language.count("verdict_well", well))
    return " ".join(sentences)


def _source_row(frame: Frame, status: SourceStatus, month: Month) -> Html:
    source = status.source
    link = element(
        "a", name(source.name or source.id), href=frame.page_address("sources", source.id)
    )
    judged = _small(_verdict_word(frame, status))
    state = element("td", _state(frame, status.state_name), judged, class_="state")
    title = element("th", link, _small(describe_adapter(status)), scope="row")
    last = element("td", _last_poll(frame, status), _small(_result(frame, status.outcome)))
    due = element("td", _next_poll(frame, status), _small(_reason(status)))
    plot = element("td", render_spark(frame, month.of_source(source.id)))
    return element("tr", state, title, last, due, plot, _number(status.items))


def _small(text: str | None) -> Html | None:
    """Write a second line; messages of servers and reasons are in English."""
    return element("small", text, dir="auto") if text else None


def _number(value: int | None) -> Html:
    return element("td", "" if value is None else f"{value:,}", class_="number")


def _state(frame: Frame, state: StateName) -> Html:
    mark = element("span", _MARKS[state], aria_hidden="true")
    return element("span", mark, " ", frame.text(f"state.{state}"), class_=f"state-{state}")


def _verdict_word(frame: Frame, status: SourceStatus) -> str | None:
    """Write the verdict on a source that is not well."""
    if status.verdict in (None, "ok"):
        return None
    return frame.text(f"verdict.{status.verdict}")


def _judgement(frame: Frame, status: SourceStatus) -> Html | None:
    """Write the verdict on a source that is not well, since when, and why (in English)."""
    word = _verdict_word(frame, status)
    if word is None or status.state is None:
        return None
    since = _time(frame, status.state.health.since, "not_yet")
    sentences = [element("li", sentence, dir="auto") for sentence in status.evidence]
    heading = element("p", f"{word}, ", frame.text("since"), " ", since, class_="failing")
    return join((heading, element("ul", *sentences)))


def _time(frame: Frame, moment: datetime | None, absent: str) -> Html:
    if moment is None:
        return Html(frame.text(absent))
    return element("time", frame.language.date_time(moment), datetime=rfc3339(moment))


def _last_poll(frame: Frame, status: SourceStatus) -> Html:
    last = status.state.last_run if status.state else None
    return _time(frame, last, "not_yet")


def _next_poll(frame: Frame, status: SourceStatus) -> Html:
    absent = "never" if status.state_name in {"gone", "disabled"} else "not_yet"
    return _time(frame, status.next_due(), absent)


def _reason(status: SourceStatus) -> str | None:
    if status.state_name in {"gone", "disabled"} or status.state is None:
        return None
    return status.state.reason


def _result(frame: Frame, outcome: Outcome | None) -> str | None:
    """Describe what a run brought, or why it failed."""
    if outcome is None:
        return None
    if outcome.status == "failed":
        return f"{outcome.error}: {outcome.message}"
    counts = {
        "new": outcome.new,
        "changed": outcome.changed,
        "rejected": len(outcome.rejected),
    }
    words = [
        frame.language.count(f"result.{kind}", number) for kind, number in counts.items() if number
    ]
    return ", ".join(words) or frame.text("result.unchanged")


def render_source(frame: Frame, details: SourceDetails, month: Month) -> bytes:
    """Render one source with its month and its runs."""
    status = details.status
    source = status.source
    title = source.name or source.id
    link = None
    if not frame.is_static:
        href = f"{frame.root}?source={quote(source.id, safe='')}"
        link = element("a", frame.text("its_entries"), href=href)
    heading = join(
        (
            element("p", _state(frame, status.state_name), class_="kicker"),
            element("h1", name(title), class_="verdict"),
            _location(status),
            _judgement(frame, status),
            element("p", _summary(frame, status), " ", link, class_="soft"),
        )
    )
    runs = _runs(frame, details.outcomes)
    main = element(
        "div",
        element("div", heading, class_="article"),
        element("aside", _polling(frame, status), class_="rail"),
        element("div", render_month(frame, month, source.id), runs, class_="below"),
        class_="entry-page",
    )
    return render_page(frame, title, main, current=frame.page_address("sources"))


def _location(status: SourceStatus) -> Html | None:
    """Write where a source is, a secret in it as `${NAME}`; a folder of this machine is left out."""
    if status.source.url is None:
        return None
    location = status.source.display_location
    has_secret = location != status.source.url
    return element("p", location if has_secret else outside_link(location, location))


def _summary(frame: Frame, status: SourceStatus) -> Html:
    parts = [f"{frame.text('entries')}: {status.items:,}."]
    if status.state is not None and status.state.failures:
        words = frame.language.count("in_a_row", status.state.failures)
        parts.append(f"{words}: {_result(frame, status.outcome)}.")
    return join(parts, " ")


def _polling(frame: Frame, status: SourceStatus) -> Html:
    """Write when a source is polled, and why then."""
    success = status.state.last_success if status.state else None
    facts = {
        "last_poll": _last_poll(frame, status),
        "last_success": _time(frame, success, "not_yet"),
        "next_poll": _next_poll(frame, status),
        "reason": _reason(status),
    }
    rows = []
    for key, value in facts.items():
        if value is not None:
            rows.append(join((element("dt", frame.text(key)), element("dd", value))))
    command = f"aggregator fetch {status.source.id} --force"
    ask = element("p", frame.text("ask_now"), element("code", command))
    return element("section", element("h2", frame.text("polling")), element("dl", *rows), ask)


def _runs(frame: Frame, outcomes: Sequence[Outcome]) -> Html:
    heading = element("h2", frame.text("last_runs"))
    if not outcomes:
        return element("section", heading, element("p", frame.text("no_runs")), class_="ruled")
    columns = ("started", "result", "http", "found", "new", "changed", "ms", "bytes")
    cells = [element("th", frame.text(column), scope="col") for column in columns]
    rows = [_run_row(frame, outcome) for outcome in outcomes]
    table = element(
        "table", element("thead", element("tr", *cells)), element("tbody", *rows), class_="runs"
    )
    scroll = element("div", table, class_="scroll", tabindex=0, role="region")
    return element("section", heading, scroll, class_="ruled")


def _run_row(frame: Frame, outcome: Outcome) -> Html:
    result = _result(frame, outcome)
    class_ = "failing" if outcome.status == "failed" else None
    return element(
        "tr",
        element("td", _time(frame, outcome.started, "not_yet")),
        element("td", element("span", result, dir="auto", class_=class_)),
        _number(outcome.http_status),
        _number(outcome.found),
        _number(outcome.new),
        _number(outcome.changed),
        _number(outcome.ms),
        _number(outcome.size_bytes),
    )

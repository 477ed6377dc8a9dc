"""The page of an entry: the article, who tells it, what changed, and where each value was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.publish.json_record import rfc3339
from aggregator.source_status import rough_duration
from aggregator.web.charts import time_line
from aggregator.web.entry_item import entry_path, render_picture
from aggregator.web.html import Html, direction, element, join, name, outside_link, web_url
from aggregator.web.layout import render_page
from aggregator.web.revision_section import render_revisions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Enclosure, Entry
    from aggregator.web.layout import Frame
    from aggregator.web.site import EntryDetails

_TAGS_SHOWN = 8
# A start tag as the sanitizer writes it: values stand in double quotes, and texts have no "<".
# The quoted values are part of the match, so that what looks like a tag in a value is left alone.
_TAG = re.compile(r'<(?P<name>[a-z0-9]+)(?P<attributes>(?:[^<>"]|"[^"]*")*)>')
_SCROLLING = frozenset({"pre", "table"})


def render_entry(frame: Frame, details: EntryDetails) -> bytes:
    """Render the page of an entry."""
    entry = details.entry
    article = element(
        "article",
        _heading(frame, entry),
        _byline(frame, entry),
        _figure(entry),
        *[_player(frame, enclosure) for enclosure in entry.enclosures],
        _body(entry),
        class_="article",
        lang=entry.language,
        dir=direction(entry.language),
    )
    rail = join((_told_by(frame, details), _copies(frame, details)))
    parts = [article]
    if rail:
        parts.append(element("aside", rail, class_="rail"))
    parts.append(
        element("div", render_revisions(frame, details), _provenance(frame, entry), class_="below")
    )
    main = element("div", *parts, class_="entry-page")
    return render_page(frame, entry.title, main, head=_canonical(entry))


def _canonical(entry: Entry) -> Html:
    url = web_url(entry.url)
    return Html("") if url is None else element("link", rel="canonical", href=url)


def _source_name(frame: Frame, source: str) -> str:
    for view in frame.views:
        if source in view.sources:
            return view.sources[source].title
    return source


def _heading(frame: Frame, entry: Entry) -> Html:
    source = entry.lead_source
    title = entry.publisher or _source_name(frame, source)
    kicker = [element("b", element("a", name(title), href=frame.page_address("sources", source)))]
    for tag in entry.tags[:_TAGS_SHOWN]:
        kicker.append(element("span", name(tag)))
    summary = None
    if entry.summary and entry.summary != entry.content_text:
        summary = element("p", entry.summary, class_="intro")
    return element(
        "div",
        element("p", join(kicker, " · "), class_="kicker"),
        element("h1", entry.title),
        summary,
    )


def _byline(frame: Frame, entry: Entry) -> Html:
    """Write authors, dates and the links that lead away, in the language of the page."""
    published = frame.language.date_time(entry.published)
    parts = []
    if entry.authors:
        parts.append(element("b", join([name(author) for author in entry.authors], ", ")))
    parts.append(element("time", published, datetime=rfc3339(entry.published)))
    if entry.credits:
        names = ", ".join(entry.credits)
        parts.append(element("span", frame.text("credits", names=names)))
    if entry.revision > 1:
        changed = frame.text("updated_at", time=frame.language.date_time(entry.updated))
        parts.append(element("a", changed, href="#changes"))
    if web_url(entry.comments):
        parts.append(outside_link(entry.comments, frame.text("comments")))
    if web_url(entry.url):
        parts.append(outside_link(entry.url, f"{frame.text('original')} ↗", class_="original"))
    language = frame.language.tag
    return element("p", *parts, class_="byline", lang=language, dir=direction(language))


def _figure(entry: Entry) -> Html | None:
    """Write the lead picture, unless the text has it."""
    picture = render_picture(entry.image, is_lazy=False)
    if picture is None or entry.image is None:
        return None
    if entry.image.url in (entry.content_html or ""):
        return None
    caption = entry.image.caption
    written = element("figcaption", caption) if caption else None
    return element("figure", picture, written, class_="lead-picture")


def _player(frame: Frame, enclosure: Enclosure) -> Html | None:
    """Write a native player of a recording, or a link to another file."""
    url = web_url(enclosure.url)
    if url is None or enclosure.kind is not None:
        return None
    medium = (enclosure.type or "").partition("/")[0]
    if medium == "image":
        return None
    label, player = frame.text("file"), None
    if medium == "audio":
        label = frame.text("listen")
        player = element("audio", src=url, controls=True, preload="none")
    elif medium == "video":
        label = frame.text("watch")
        player = element("video", src=url, controls=True, preload="none")
    facts = _facts(frame, enclosure)
    link = outside_link(url, frame.text("download"))
    heading = element("p", element("b", enclosure.title or label), element("span", facts, link))
    return element("div", heading, player, class_="player")


def _facts(frame: Frame, enclosure: Enclosure) -> Html:
    facts = []
    if enclosure.duration:
        number = max(1, round(enclosure.duration / 60))
        facts.append(frame.text("minutes", number=number))
    if enclosure.type:
        facts.append(enclosure.type.rpartition("/")[2].upper())
    if enclosure.length:
        facts.append(f"{enclosure.length / 1_000_000:.1f} MB")
    return join([join((fact, " · ")) for fact in facts])


def _body(entry: Entry) -> Html | None:
    """Write the content, which was sanitized before it was stored."""
    if entry.content_html is None:
        return None
    content = _TAG.sub(_complete_tag, entry.content_html)
    return element("div", Html(content), class_="content")


def _complete_tag(found: re.Match[str]) -> str:
    """Add what accessibility asks for: tables and code scroll by the keyboard, every picture has an `alt`."""
    tag = found.group()
    name = found["name"]
    if name in _SCROLLING:
        return f'<{name} tabindex="0"{found["attributes"]}>'
    if name == "img" and " alt=" not in tag:
        return f'<img alt=""{found["attributes"]}>'
    return tag


def _told_by(frame: Frame, details: EntryDetails) -> Html | None:
    """Write what each source says, the first one first."""
    statements = sorted(details.statements, key=lambda statement: statement.published)
    if len(statements) < 2:
        return None
    shown = details.entry.lead_source
    items = [
        _statement(frame, statement, statements[0], is_shown=statement.source == shown)
        for statement in statements
    ]
    words = frame.language.count("told_by", len(statements))
    line = _time_line([statement.published for statement in statements], words)
    told = element("ol", *items, class_="told")
    return element("section", element("h2", words), line, told, id="told")


def _time_line(times: Sequence[datetime], label: str) -> Html | None:
    """Draw when each source told it, the first one taller; None where all told it at the same time."""
    first, last = times[0], times[-1]
    if first == last:
        return None
    positions = [(moment - first) / (last - first) for moment in times]
    form = "%H:%M" if first.date() == last.date() else "%Y-%m-%d"
    ends = element(
        "p",
        element("span", f"{first:{form}}"),
        element("span", f"{last:{form}}"),
        aria_hidden="true",
    )
    return element("div", time_line(positions, label), ends, class_="when-told")


def _statement(frame: Frame, statement: Entry, first: Entry, *, is_shown: bool) -> Html:
    distance = ""
    if statement is first:
        distance = frame.text("first")
    elif statement.published > first.published:
        distance = f"+{rough_duration(statement.published - first.published)}"
    shown = frame.language.date_time(statement.published)
    if statement is not first and statement.published.date() == first.published.date():
        shown = f"{statement.published:%H:%M}"
    time = element(
        "time",
        f"{shown} {distance}".strip(),
        datetime=rfc3339(statement.published),
    )
    source = element("b", name(_source_name(frame, statement.source)))
    text = element(
        "p",
        outside_link(statement.url, statement.title),
        lang=statement.language,
        dir=direction(statement.language),
    )
    note = element("p", frame.text("this_text")) if is_shown else None
    return element("li", element("p", source, time, class_="who"), text, note)


def _copies(frame: Frame, details: EntryDetails) -> Html | None:
    if not details.copies:
        return None
    items = []
    for copy in details.copies:
        time = element(
            "time", frame.language.date_time(copy.published), datetime=rfc3339(copy.published)
        )
        source = element("b", name(_source_name(frame, copy.source)))
        address = frame.page_address("entries", entry_path(copy.id))
        text = element(
            "p",
            element("a", copy.title, href=address),
            lang=copy.language,
            dir=direction(copy.language),
        )
        items.append(element("li", element("p", source, time, class_="who"), text))
    heading = element("h2", frame.text("copies"))
    return element("section", heading, element("ol", *items, class_="told"), id="copies")


def _provenance(frame: Frame, entry: Entry) -> Html:
    """Write on demand where each value was found, and the dates and the id of the entry."""
    rows = []
    for field, where in entry.provenance.items():
        rows.append(_row((field, element("code", where))))
    head = _row((frame.text("field"), frame.text("found_in")), cell="th")
    table = element("table", element("thead", head), element("tbody", *rows))
    summary = element(
        "summary",
        element("b", frame.text("where_found")),
        element("small", frame.language.count("fields", len(rows))),
    )
    dates = {
        "published": f"{rfc3339(entry.published)} ({entry.published_from})",
        "updated": rfc3339(entry.updated),
        "first_seen": rfc3339(entry.first_seen),
        "entry_id": entry.id,
    }
    facts = [_row((frame.text(key), element("code", value))) for key, value in dates.items()]
    record = element(
        "details",
        element("summary", element("b", frame.text("dates"))),
        element("table", element("tbody", *facts)),
    )
    return element(
        "section",
        element("h2", frame.text("how_we_know")),
        element("details", summary, table),
        record,
        class_="ruled",
    )


def _row(values: Sequence[str], *, cell: str = "td") -> Html:
    return element("tr", *[element(cell, value) for value in values])

"""One entry in a list: its time, headline, summary, picture, and who else tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.publish.json_record import rfc3339
from aggregator.web.html import Html, direction, element, join, name, web_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Entry, Image
    from aggregator.web.layout import Frame
    from aggregator.web.list_query import ListQuery
    from aggregator.web.site import EntryList

_SUMMARY_CHARACTERS = 320
_MIN_PICTURE_PIXELS = 60  # smaller ones are icons and counters
_NAMES_SHOWN = 3
_TAGS_SHOWN = 3
_DEFAULT_SIZE = (600, 400)
_SOUGHT = re.compile(r'"([^"]+)"|([^\s"]+)')


def entry_path(entry_id: str) -> str:
    """Return the part of an entry's id that stands in its address."""
    return entry_id.removeprefix("urn:uuid:")


def source_title(found: EntryList, source: str) -> str:
    """Return the name of a source, its id where it is not configured any more."""
    info = found.view.sources.get(source)
    return source if info is None else info.title


def render_item(
    frame: Frame, found: EntryList, entry: Entry, query: ListQuery, *, is_lead: bool = False
) -> Html:
    """Write an entry as an item of a list; the lead says why it stands first."""
    reason = None
    if is_lead:
        number = len(other_tellers(found, entry)) + 1
        reason = element("p", frame.language.count("told_by", number), class_="reason")
    address = frame.page_address("entries", entry_path(entry.id))
    search = query.wanted.search
    headline = element("h3", element("a", mark_hits(entry.title, search), href=address))
    text = element(
        "div",
        reason,
        headline,
        _summary(entry, search),
        _meta(frame, found, entry, query),
        class_="text",
        lang=entry.language,
        dir=direction(entry.language),
    )
    picture = render_picture(entry.image, is_lazy=not is_lead)
    classes = "entry lead" if is_lead else "entry"
    return element("li", time_of_day(entry.published), text, picture, class_=classes)


def time_of_day(moment: datetime) -> Html:
    """Write the time of a day; midnight is a date without a time."""
    shown = f"{moment:%H:%M}" if _has_time(moment) else ""
    return element("time", shown, datetime=rfc3339(moment))


def _has_time(moment: datetime) -> bool:
    return bool(moment.hour or moment.minute or moment.second)


def mark_hits(text: str, search: str | None) -> Html:
    """Write a text with the words and quoted phrases of a search marked.

    >>> mark_hits("Fog & sea", "SEA")
    'Fog &amp; <mark>sea</mark>'
    """
    sought = [quoted or word for quoted, word in _SOUGHT.findall(search or "")]
    if not sought:
        return join([text])
    pattern = "|".join(re.escape(words) for words in sought)
    pieces = re.split(f"({pattern})", text, flags=re.IGNORECASE)
    written = []
    for number, piece in enumerate(pieces):
        is_hit = number % 2 == 1
        written.append(element("mark", piece) if is_hit else piece)
    return join(written)


def render_picture(image: Image | None, *, is_lazy: bool = True) -> Html | None:
    """Write the picture of an entry with its dimensions; None for none, or for an icon."""
    url = None if image is None else web_url(image.url)
    if image is None or url is None:
        return None
    width, height = _DEFAULT_SIZE
    if image.width and image.height:
        width, height = image.width, image.height
    if min(width, height) < _MIN_PICTURE_PIXELS:
        return None
    return element(
        "img",
        src=url,
        alt=image.alt or "",
        width=width,
        height=height,
        loading="lazy" if is_lazy else None,
        referrerpolicy="no-referrer",
    )


def _summary(entry: Entry, search: str | None) -> Html | None:
    text = entry.summary or entry.content_text
    if not text:
        return None
    return element("p", mark_hits(_excerpt(text), search), class_="summary")


def _excerpt(text: str) -> str:
    """Return the beginning of a text on one line, cut between words where there are spaces."""
    beginning = " ".join(text[: 2 * _SUMMARY_CHARACTERS].split())
    if len(beginning) <= _SUMMARY_CHARACTERS:
        return beginning
    cut = beginning[:_SUMMARY_CHARACTERS]
    before_word = cut.rpartition(" ")[0]
    if len(before_word) > _SUMMARY_CHARACTERS - 40:
        cut = before_word
    return f"{cut}…"


def _meta(frame: Frame, found: EntryList, entry: Entry, query: ListQuery) -> Html:
    source = entry.lead_source
    title = entry.publisher or source_title(found, source)
    address = query.narrow(source=source).href()
    if frame.is_static:
        address = frame.page_address("sources", source)
    link = element("a", name(title), href=address)
    parts = [element("b", link)]
    if entry.revision > 1:
        words = frame.language.count("changed", entry.revision - 1)
        address = frame.page_address("entries", entry_path(entry.id))
        parts.append(element("a", words, href=f"{address}#changes"))
    for enclosure in entry.enclosures:
        if enclosure.duration and enclosure.kind is None:
            minutes = max(1, round(enclosure.duration / 60))
            parts.append(Html(f"▶ {frame.text('minutes', number=minutes)}"))
            break
    for tag in entry.tags[:_TAGS_SHOWN]:
        href = None if frame.is_static else query.narrow(tag=tag).href()
        parts.append(element("a", name(tag), href=href))

    items = [element("li", part) for part in parts]
    if _has_time(entry.published):
        # The style sheet shows this one or the time before the headline.
        items.insert(0, element("li", time_of_day(entry.published), class_="clock"))
    others = other_tellers(found, entry)
    if others:
        items.append(element("li", _also_in(frame, others), class_="also"))
    return element("ul", *items, class_="meta")


def other_tellers(found: EntryList, entry: Entry) -> list[tuple[str, str | None]]:
    """Return the names of the other sources that tell an entry, each with the id of its copy, None for none."""
    others: dict[str, str | None] = {}
    for teller in entry.tellers[1:]:
        others[source_title(found, teller.source)] = None
    for duplicate in entry.duplicates:
        copy = (found.copies or {}).get(duplicate)
        if copy is not None:
            others.setdefault(source_title(found, copy.source), copy.id)
    return list(others.items())


def _also_in(frame: Frame, others: Sequence[tuple[str, str | None]]) -> Html:
    """Write the names of other sources; names of copies lead to them."""
    names = []
    for title, copy_id in others[:_NAMES_SHOWN]:
        written = name(title)
        if copy_id is not None:
            address = frame.page_address("entries", entry_path(copy_id))
            written = element("a", written, href=address)
        names.append(written)
    separator = "、" if frame.language.tag.startswith("zh") else ", "
    words = [Html(frame.text("also_in")), join(names, separator)]
    rest = len(others) - _NAMES_SHOWN
    if rest > 0:
        words.append(Html(frame.language.count("and_more", rest)))
    return join(words, " ")

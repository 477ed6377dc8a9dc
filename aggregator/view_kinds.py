"""The kinds of view whose entries are made from those of the store: edits and digests.

They are entries like others, so that every output can write them. Their ids, dates and
order depend only on what is stored, so that publishing again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid5

from aggregator.model import Entry
from aggregator.publish.diff import shorten_unchanged
from aggregator.publish.entry_parts import source_info
from aggregator.publish.view import view_urn
from aggregator.revisions import compare_revisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from aggregator.publish import ViewInfo
    from aggregator.publish.diff import Piece
    from aggregator.revisions import RevisionDiff
    from aggregator.store import Store
    from aggregator.store.view import Selection

PeriodName = Literal["day", "week"]

# How many digests a view shows.
PERIODS: Mapping[PeriodName, int] = {"day": 14, "week": 8}
# What was published earlier than this before it arrived is the past of a new source, no news.
MAX_AGE = timedelta(days=7)
_SHOWN_FIELDS = ("title", "summary", "content_text", "authors", "tags", "url", "image")
_ELEMENTS = {"same": "{}", "gone": "<del>{}</del>", "come": "<ins>{}</ins>"}
_SUMMARY_CHARACTERS = 200


def edit_entries(store: Store, selection: Selection, limit: int) -> list[Entry]:
    """Return the newest `limit` changes of entries that a selection admits, newest first."""
    edits: list[Entry] = []
    for entry in store.edited_entries(limit, selection=selection):
        for version in compare_revisions(store.history(entry.id))[1:]:
            edits.append(_edit_entry(entry, version))
    edits.sort(key=lambda edit: (edit.updated, edit.id), reverse=True)
    return edits[:limit]


def _edit_entry(entry: Entry, version: RevisionDiff) -> Entry:
    """Return an entry whose content is what one revision changed."""
    revision = version.revision
    identity = uuid5(UUID(entry.id), f"revision:{revision.number}").urn
    fields = [name for name in _SHOWN_FIELDS if name in version.changes]
    if "content_text" in fields and "summary" in fields:
        fields.remove("summary")  # most are the beginning of the content
    names = ", ".join(name.removesuffix("_text") for name in fields) or "markup"
    return replace(
        revision.entry,
        id=identity,
        summary=f"Changed: {names}",
        content_html=_diff_html(version, fields),
        content_text=None,
        published=revision.at,
        updated=revision.at,
        image=None,
        enclosures=(),
        duplicates=(),
        guid=None,
    )


def _diff_html(version: RevisionDiff, fields: Sequence[str]) -> str:
    diffs = version.word_diffs()
    parts = []
    for name in fields:
        label = escape(name.removesuffix("_text"))
        parts.append(f"<h4>{label}</h4><p>{_marked(shorten_unchanged(diffs[name]))}</p>")
    return "".join(parts)


def _marked(pieces: Iterable[Piece]) -> str:
    written = []
    for piece in pieces:
        text = escape(piece.text, quote=False).replace("\n", "<br>")
        written.append(_ELEMENTS[piece.kind].format(text))
    return "".join(written)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week that has ended; `begin` and `end` are in UTC, `end` is exclusive."""

    name: str
    begin: datetime
    end: datetime


def ended_periods(kind: PeriodName, now: datetime, zone: ZoneInfo) -> Iterator[Period]:
    """Yield the periods that have ended, the newest first; a week begins on Monday (ISO 8601)."""
    length = timedelta(days=1 if kind == "day" else 7)
    first_day = now.astimezone(zone).date()
    if kind == "week":
        first_day -= timedelta(days=first_day.weekday())
    while True:
        last_day, first_day = first_day, first_day - length
        name = first_day.isoformat()
        if kind == "week":
            name = "{}-W{:02}".format(*first_day.isocalendar()[:2])
        begin = datetime.combine(first_day, time(), zone)
        end = datetime.combine(last_day, time(), zone)
        yield Period(name, begin.astimezone(UTC), end.astimezone(UTC))


def digest_entries(
    store: Store,
    selection: Selection,
    info: ViewInfo,
    *,
    period: PeriodName,
    zone: ZoneInfo,
    limit: int,
    now: datetime,
) -> list[Entry]:
    """Return a digest of each ended period in which something came, the newest first.

    An entry is in the digest of the period in which it arrived, so it is in one, and a digest gets
    no more entries once it is out. At most `limit` entries are in one.
    """
    digests = []
    for ended in islice(ended_periods(period, now, zone), PERIODS[period]):
        arrived = replace(
            selection,
            group_copies=False,  # which copy stands for all may change later
            stored=(ended.begin, ended.end),
            published_since=ended.begin - MAX_AGE,
        )
        entries = _without_copies(store.browse(limit, selection=arrived))
        if entries:
            digests.append(_digest_entry(info, ended, entries))
    return digests


def _without_copies(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out the copies of entries that are there; the earliest one stays."""
    kept: list[Entry] = []
    copies: set[str] = set()
    for entry in reversed(entries):
        if entry.id not in copies:
            kept.append(entry)
            copies.update(entry.duplicates)
    kept.reverse()
    return kept


def _digest_entry(info: ViewInfo, period: Period, entries: Sequence[Entry]) -> Entry:
    by_source: dict[str, list[Entry]] = {}
    for entry in entries:
        by_source.setdefault(entry.lead_source, []).append(entry)
    parts = []
    for source_id in sorted(by_source, key=lambda name: source_info(info, name).title.casefold()):
        items = "".join(map(_item_html, by_source[source_id]))
        title = escape(source_info(info, source_id).title, quote=False)
        parts.append(f"<h3>{title}</h3><ul>{items}</ul>")

    languages = {entry.language for entry in entries}
    return Entry(
        id=uuid5(UUID(view_urn(info.id)), f"digest:{period.name}").urn,
        source=info.id,
        url=None,
        url_original=None,
        title=f"{info.title}, {period.name}",
        summary=None,
        content_html="".join(parts),
        content_text=None,
        published=period.end,
        published_from="digest",
        updated=period.end,
        first_seen=period.end,
        authors=(info.title,),
        credits=(),
        tags=(),
        language=languages.pop() if len(languages) == 1 else None,
        publisher=None,
        image=None,
        enclosures=(),
        guid=None,
        revision=1,
        duplicates=(),
        provenance={},
    )


def _item_html(entry: Entry) -> str:
    title = escape(entry.title, quote=False)
    if entry.url:
        title = f'<a href="{escape(entry.url)}">{title}</a>'
    summary = (entry.summary or "").strip()
    if len(summary) > _SUMMARY_CHARACTERS:
        summary = summary[:_SUMMARY_CHARACTERS].rstrip() + "…"
    if not summary:
        return f"<li>{title}</li>"
    return f"<li>{title}<br>{escape(summary, quote=False)}</li>"

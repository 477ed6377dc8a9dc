"""Counts what is known of the items of one document."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, timedelta
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aggregator.normalize import dates
from aggregator.normalize.observer import IN_FUTURE
from aggregator.source_health import RunFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Evidence, Revision

# The fields whose loss is noticed.
FIELDS = ("title", "url", "published", "summary", "content_html", "authors", "image")
LINK_FOLDER = "link folder"
GUESSED_DATES = frozenset({"first_seen", "archive"})
_FOLDERS = 3
_DIGITS = re.compile(r"\d+")
# UTF-8 that was read as Latin-1 or Windows-1252, and letters that could not be read at all.
_AFTER_A = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_GARBLED = re.compile(
    "\N{REPLACEMENT CHARACTER}"
    f"|[ÂÃ][{_AFTER_A}]|Ã[a-z]|â[\x80€]|[äåæçèé][{_AFTER_A}]{{2}}"  # controls may be gone: `Ã[a-z]`
)


def measure(
    listed: Sequence[Revision],
    *,
    found: int,
    adapter: str,
    rules: int,
    complete: Sequence[Revision] = (),
) -> RunFigures:
    """Count what is known of the items as the document lists them.

    `found` counts all items, also of those that were rejected. `complete` are the revisions with
    the text of the articles' own pages. `rules` is a checksum of the source's own rules.
    """
    filled = Counter[str]()
    places: dict[str, Counter[str]] = {}
    for revision in listed:
        for name, place in _filled_fields(revision).items():
            filled[name] += 1
            places.setdefault(name, Counter())[place] += 1

    ahead = [_minutes_ahead(revision) for revision in listed]
    dates_ahead = [minutes for minutes in ahead if minutes]
    return RunFigures(
        found,
        len(listed),
        adapter,
        rules,
        filled=dict(filled),
        winners={name: counts.most_common(1)[0] for name, counts in places.items()},
        future=len(dates_ahead),
        ahead_minutes=max(dates_ahead, default=0),
        repeated_titles=_count_repeated_titles(listed),
        garbled=sum(is_garbled(revision.title) for revision in listed),
        beyond_ascii=sum(not revision.title.isascii() for revision in listed),
        body_letters=_median_letters(complete or listed),
    )


def is_garbled(text: str) -> bool:
    """Tell whether a text was read in a wrong encoding.

    >>> is_garbled("Les Ã©lections"), is_garbled("Les élections")
    (True, False)
    """
    return _GARBLED.search(text) is not None


def link_folder(url: str) -> str:
    """Return the host of a URL with the first three folders of its path; digits are written as `#`.

    >>> link_folder("https://example.org/2026/03/storm.html"), link_folder("https://example.org/storm")
    ('example.org/#/#/', 'example.org/')
    """
    parts = urlsplit(url)
    folders = parts.path.strip("/").split("/")[:-1]
    named = [_DIGITS.sub("#", folder) for folder in folders[:_FOLDERS]]
    return "/".join((parts.netloc, *named, ""))


def _filled_fields(revision: Revision) -> dict[str, str]:
    """Return the fields of an item that are known, each with the place that gave it."""
    provenance = revision.provenance
    known = {}
    for name in FIELDS:
        if getattr(revision, name):
            known[name] = provenance.get(name, "")
    if revision.published_from in GUESSED_DATES:
        known.pop("published", None)
    if provenance.get("title") == "url":
        known.pop("title", None)  # made of the link, because there is no headline
    if revision.url:
        known[LINK_FOLDER] = link_folder(revision.url)
    return known


def _minutes_ahead(revision: Revision) -> int:
    """Return how far after the capture a date of publication lies that was refused for that."""
    for evidence in revision.evidence:
        if evidence.field == "published" and evidence.refused == IN_FUTURE:
            return _read_ahead(evidence, revision)
    return 0


def _read_ahead(evidence: Evidence, revision: Revision) -> int:
    zone = ZoneInfo(evidence.zone or "UTC")
    date = dates.read(evidence.raw, zone=zone, taken=revision.captured)
    if date is None:
        return 1  # in a form that only the source's rules read
    ahead = date.value.astimezone(UTC) - revision.captured
    return max(1, ahead // timedelta(minutes=1))


def _count_repeated_titles(revisions: Sequence[Revision]) -> int:
    """Count the items whose title another item with another link has as well."""
    links: dict[str, set[str | None]] = {}
    for revision in revisions:
        links.setdefault(revision.title, set()).add(revision.url)
    return sum(len(links[revision.title]) > 1 for revision in revisions)


def _median_letters(revisions: Sequence[Revision]) -> int | None:
    letters = []
    for revision in revisions:
        if revision.content_html and revision.text_size is not None:
            letters.append(revision.text_size.letters)
    if not letters:
        return None
    return round(median(letters))

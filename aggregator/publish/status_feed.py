"""Renders the changes of verdicts on the sources as an Atom document (RFC 4287) with feedgen.

There is one entry for each change, with an id that stays; the bytes depend only on the changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from aggregator.publish.json_record import rfc3339
from aggregator.publish.xml_element import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.source_health import VerdictChange

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_FEED_ID = uuid5(NAMESPACE_URL, "aggregator:status").urn
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render_status(changes: Sequence[VerdictChange], *, public_url: str | None) -> bytes:
    """Render changes, the newest first, as UTF-8; links need the `public_url`."""
    from feedgen.feed import FeedGenerator  # takes 75 ms, which `aggregator --help` avoids

    base = (public_url or "").rstrip("/")
    feed = FeedGenerator()
    feed.id(_FEED_ID)
    feed.title("aggregator: the state of its sources")
    feed.author({"name": "aggregator"})
    feed.generator("aggregator")
    feed.updated(changes[0].at if changes else _EPOCH)
    if base:
        feed.link(href=f"{base}/status.atom", rel="self", type="application/atom+xml")
        feed.link(href=f"{base}/sources", rel="alternate", type="text/html")
    for change in changes:
        entry = feed.add_entry(order="append")
        entry.id(_entry_id(change))
        entry.title(clean_text(f"{change.source}: {change.verdict} (was {change.before})"))
        entry.updated(change.at)
        entry.published(change.at)
        entry.content(clean_text(describe_change(change)), type="text")
        if base:
            entry.link(href=f"{base}/sources/{quote(change.source, safe='')}")
    document: bytes = feed.atom_str(pretty=True)
    return document


def describe_change(change: VerdictChange) -> str:
    """Say in a line what changed, and why.

    >>> from datetime import datetime
    >>> from aggregator.source_health import VerdictChange
    >>> describe_change(VerdictChange("news", datetime(2026, 3, 1), "ok", "broken", ("no items",)))
    'news was ok and is broken: no items'
    """
    told = f"{change.source} was {change.before} and is {change.verdict}"
    if change.evidence:
        return f"{told}: {'; '.join(change.evidence)}"
    return told


def _entry_id(change: VerdictChange) -> str:
    name = f"aggregator:status:{change.source}:{rfc3339(change.at)}:{change.verdict}"
    return uuid5(NAMESPACE_URL, name).urn

"""Leaves out the items of a document that are known, and says which ones can be known next time.

What an item is may depend on the others of its document. Wherever it does, or may, the whole
document is read, so that nothing is other than without known items.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.known_items import (
    READING_VERSION,
    KnownItems,
    ReadMarkup,
    from_micros,
    short_hash,
    to_micros,
)
from aggregator.model import Image, Revision
from aggregator.normalize.dates import FUTURE_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.known_items import ItemMarkup
    from aggregator.model import Capture, RawEntry
    from aggregator.parse.task import ParseTask
    from aggregator.rules.compiled import Sites

# Dates that say the same at any time and in any zone, and prove no order of day and month.
_RFC_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? "
    r"(?:GMT|UTC|UT|Z|[+-]\d{4})",
    re.ASCII,
)
_ISO_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
)


class WholeDocumentNeededError(Exception):
    """Known items cannot be left out of this document."""


def with_salt(task: ParseTask, capture: Capture, sites: Sites) -> KnownItems | None:
    """Return what is known, as it holds for this document; None if nobody asks for it.

    A document that is older than the one that listed the items repeats nothing.
    """
    known = task.known
    if known is None:
        return None
    settings = replace(task, known=None)
    said = (READING_VERSION, __version__, sites.digest, settings, capture.url)
    items = known.items
    if to_micros(capture.taken) < known.taken:
        items = {}
    return KnownItems(known.taken, items, short_hash(repr(said)))


def has_guid_twice(entries: Iterable[RawEntry], known: Iterable[Revision]) -> bool:
    """Tell whether two items have one guid, versions of one item included."""
    guids = [raw.guid.value for raw in entries if raw.guid is not None]
    for revision in known:
        if revision.read is not None and revision.read.guid is not None:
            guids.append(revision.read.guid)
    return len(set(guids)) < len(guids)


def unread_revision(
    markup: ItemMarkup, known: KnownItems, task: ParseTask, capture: Capture
) -> Revision:
    """Return the revision of a known item: what the others and the store need to know of it."""
    item = known.find(markup.hash)
    taken = capture.taken
    return Revision(
        source=task.source,
        keys=tuple(item.keys),
        guarded=item.guarded,
        at=taken if item.at is None else from_micros(item.at),
        captured=taken,
        hash="",
        url=item.url,
        url_original=None,
        title=item.title,
        published=taken if item.published is None else from_micros(item.published),
        published_from=item.published_from,
        image=Image(item.image) if item.image else None,
        read=ReadMarkup(markup, item.guid, item.item_hash),
    )


def has_lasting_dates(raw: RawEntry, taken: datetime) -> bool:
    """Tell whether the dates of an item say the same whenever it is read after `taken`."""
    if raw.captured is not None or raw.position:
        return False
    latest = taken + FUTURE_TOLERANCE
    for found in (*raw.published, *raw.updated):
        date = _plain_date(found.value.strip())
        if date is None or date > latest:
            return False
    return True


def _plain_date(text: str) -> datetime | None:
    try:
        if _RFC_DATE.fullmatch(text):
            return _aware(parsedate_to_datetime(text))
        if _ISO_DATE.fullmatch(text):
            return _aware(datetime.fromisoformat(text))
    except ValueError:
        return None
    return None


def _aware(date: datetime) -> datetime | None:
    return date if date.tzinfo is not None else None

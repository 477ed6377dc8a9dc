"""What a person puts right in every entry of a source.

Rule: corrections are evidence like any other and come before judging, so that what is not believed falls through to the
next candidate; only a date in the future is put right afterwards, for judging alone tells that it lies there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from aggregator.errors import ItemError
from aggregator.model import Found
from aggregator.normalize import dates, text
from aggregator.normalize.dates import evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.config import Corrections, Forced
    from aggregator.model import RawEntry, Revision
    from aggregator.normalize.entry import Context

WHERE = "corrections"
_CALLED = {"image": "images"}
_EVIDENCE = {"ld": "page", "meta": "page", "url": "page"}


def corrected(raw: RawEntry, corrections: Corrections) -> RawEntry:
    """Take from an item what is not to be believed, and put in what always stands."""
    ignored: dict[str, Any] = {_CALLED.get(name, name): () for name in corrections.ignore}
    if "guid" in ignored:
        ignored["guid"] = None
    raw = replace(raw, **ignored)
    if corrections.cut_title:
        raw = replace(raw, title=tuple(_cut(found, corrections.cut_title) for found in raw.title))
    return replace(raw, **_forced(corrections.force))


def settled(
    revision: Revision, raw: RawEntry, *, corrections: Corrections, context: Context
) -> Revision:
    """Put right what judging made of a corrected item: its picture, and its date where it lies in the future.

    Raises:
        ItemError: for a date in the future, where such entries are not wanted.
    """
    if "image" in corrections.ignore and revision.image is not None:
        stated = {name: where for name, where in revision.provenance.items() if name != "image"}
        revision = replace(revision, image=None, provenance=stated)
    if corrections.future == "first_seen" or revision.published_from not in (
        "first_seen",
        "archive",
    ):
        return revision
    return _in_future(revision, raw, reject=corrections.future == "reject", context=context)


def _in_future(revision: Revision, raw: RawEntry, *, reject: bool, context: Context) -> Revision:
    read = ((found, _date(found, revision, context)) for found in raw.published)
    found, date = next(((found, date) for found, date in read if date is not None), (None, None))
    if found is None or date is None:
        return revision
    if reject:
        raise ItemError(f"{raw.item}: dated {date.value:%Y-%m-%d %H:%M}Z, which lies in the future")
    kind = found.where.partition(":")[0]
    believed = evidence.stated("published", found, date, zone=context.timezone, refused=None)
    return replace(
        revision,
        evidence=(believed, *(one for one in revision.evidence if one.field != "published")),
        published=date.value,
        published_from=_EVIDENCE.get(kind, kind),
        provenance={**revision.provenance, "published": found.where},
    )


def _date(found: Found, revision: Revision, context: Context) -> dates.Date | None:
    return dates.read(
        found.value,
        zone=context.timezone,
        taken=revision.captured,
        formats=context.formats,
        strip=context.strip,
        order=context.order,
        languages=(context.language,) if context.language else (),
        calendar=context.calendar,
    )


def _forced(force: Forced) -> dict[str, Any]:
    one = {name: getattr(force, name) for name in ("title", "language", "publisher")}
    several = {name: getattr(force, name) for name in ("authors", "tags")}
    return {name: (_stated(value),) for name, value in one.items() if value} | {
        name: tuple(map(_stated, values)) for name, values in several.items() if values
    }


def _stated(value: str) -> Found:
    return Found(escape(value, quote=False), WHERE)


def _cut(found: Found, patterns: Iterable[str]) -> Found:
    """Cut from a title as people read it; one that would be nothing then stays as it is."""
    title = left = text.plain(found.value)
    for pattern in patterns:
        left = _compiled(pattern).sub("", left).strip()
    return found if left in (title, "") else Found(escape(left, quote=False), found.where)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)

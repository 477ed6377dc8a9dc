"""Applies what a person corrects in every entry of a source.

Corrections are evidence like any other and are applied to the raw item, so that the next candidate
takes the place of one that is ignored. Two are applied to the revision: only normalizing tells that a
date lies in the future, and only it takes a picture from the body.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aggregator.config.words import entry_field
from aggregator.errors import ItemError
from aggregator.model import Candidate
from aggregator.normalize import dates, text
from aggregator.normalize.dates import evidence
from aggregator.normalize.decisions import STATED_IN_CONFIGURATION, evidence_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.config import Corrections, ForcedValues
    from aggregator.model import RawEntry, Revision
    from aggregator.normalize.entry import NormalizeContext

WHERE = STATED_IN_CONFIGURATION
_GUESSED_DATES = ("first_seen", "archive")


def correct_raw_entry(raw: RawEntry, corrections: Corrections) -> RawEntry:
    """Remove the fields of an item that are to be ignored, and set those that are forced."""
    ignored: dict[str, Any] = {}
    for name in corrections.ignore:
        ignored[entry_field(name)] = ()
    if "guid" in ignored:
        ignored["guid"] = None
    raw = replace(raw, **ignored)

    if corrections.cut_title:
        titles = [_cut_title(title, corrections.cut_title) for title in raw.title]
        raw = replace(raw, title=tuple(titles))
    return replace(raw, **_forced_fields(corrections.force))


def correct_revision(
    revision: Revision, raw: RawEntry, *, corrections: Corrections, context: NormalizeContext
) -> Revision:
    """Correct what normalizing made of a corrected item: its picture, and a date in the future.

    Raises:
        ItemError: for a date in the future, if such entries are to be rejected.
    """
    if "image" in corrections.ignore and revision.image is not None:
        revision = _without_image(revision)

    # A date in the future was not believed: the revision has a guessed one.
    if corrections.future == "first_seen" or revision.published_from not in _GUESSED_DATES:
        return revision
    stated = _first_stated_date(revision, raw, context)
    if stated is None:
        return revision
    found, date = stated
    if corrections.future == "reject":
        raise ItemError(raw.label, f"dated {date.value:%Y-%m-%d %H:%M}Z, which lies in the future")
    return _with_published(revision, found, date, context)


def _without_image(revision: Revision) -> Revision:
    provenance = dict(revision.provenance)
    provenance.pop("image", None)
    return replace(revision, image=None, provenance=provenance)


def _first_stated_date(
    revision: Revision, raw: RawEntry, context: NormalizeContext
) -> tuple[Candidate, dates.Date] | None:
    languages = (context.language,) if context.language else ()
    for found in raw.published:
        date = dates.read(
            found.value,
            zone=context.timezone,
            taken=revision.captured,
            formats=context.formats,
            strip=context.strip,
            order=context.order,
            languages=languages,
            calendar=context.calendar,
        )
        if date is not None:
            return found, date
    return None


def _with_published(
    revision: Revision, found: Candidate, date: dates.Date, context: NormalizeContext
) -> Revision:
    believed = evidence.describe("published", found, date, zone=context.timezone, refused=None)
    others = [one for one in revision.evidence if one.field != "published"]
    return replace(
        revision,
        evidence=(believed, *others),
        published=date.value,
        published_from=evidence_kind(found.where),
        provenance={**revision.provenance, "published": found.where},
    )


def _forced_fields(force: ForcedValues) -> dict[str, Any]:
    """Return the candidates that take the place of all others, by the name of their field."""
    fields: dict[str, Any] = {}
    for name in ("title", "language", "publisher"):
        value = getattr(force, name)
        if value:
            fields[name] = (_candidate(value),)
    for name in ("authors", "tags"):
        values = getattr(force, name)
        if values:
            fields[name] = tuple(_candidate(value) for value in values)
    return fields


def _candidate(value: str) -> Candidate:
    return Candidate(value, WHERE, "text")


def _cut_title(title: Candidate, patterns: Iterable[str]) -> Candidate:
    """Cut the patterns from a title's plain text; a title of which nothing would remain stays."""
    whole = text.plain_text(title.value, title.form)
    rest = whole
    for pattern in patterns:
        rest = _compile(pattern).sub("", rest).strip()

    if rest in (whole, ""):
        return title
    return Candidate(rest, title.where, "text")


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)

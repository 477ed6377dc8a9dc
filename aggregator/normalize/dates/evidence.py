"""What was stated of an item's dates, kept beside what was made of them.

Rule: the text to the letter, as far as it may be a date at all. Where none is believed, those that are not stay, each
with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Evidence
from aggregator.normalize import dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from aggregator.model import Found

FIELDS = ("published", "updated")
REFUSED = 3  # of a field: an attack may state thousands

_LONGEST = 100  # characters: nobody writes a longer date


def stated(
    field: str, found: Found, date: dates.Date | None, *, zone: ZoneInfo, refused: str | None
) -> Evidence:
    """Return what `found` says; `date` is what was read from it, None where nothing was."""
    if date is None:
        return Evidence(field, _cut(found.value), found.where, refused=refused)
    return Evidence(
        field,
        _cut(found.value),
        found.where,
        precision=dates.exactness(date, zone),
        offset=date.offset,
        zone=zone.key if date.offset is None else None,
        form=date.how,
        refused=refused,
    )


def kept(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Keep for each field what is believed, else the first that are not."""
    return tuple(
        one for field in FIELDS for one in _kept([one for one in evidence if one.field == field])
    )


def _kept(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    believed = [one for one in evidence if one.refused is None]
    yield from believed[:1] or evidence[:REFUSED]


def _cut(text: str) -> str:
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

"""Records what a publisher stated about an item's dates, beside what was made of it.

The text is kept to the letter, but for its length and its blanks. If no date of a field is
believed, the refused ones stay, each with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Evidence
from aggregator.normalize import dates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from aggregator.model import Candidate

FIELDS = ("published", "updated")
MAX_REFUSED = 3  # of a field: an attack may state thousands

_LONGEST = 100  # characters: nobody writes a longer date


def describe(
    field: str, found: Candidate, date: dates.Date | None, *, zone: ZoneInfo, refused: str | None
) -> Evidence:
    """Return the evidence that `found` gives.

    `date` is what was read from it, None if nothing was. `refused` is the reason why it is not
    believed, None if it is.
    """
    text = _shorten(found.value)
    if date is None:
        return Evidence(field, text, found.where, refused=refused)
    used_zone = zone.key if date.offset is None else None
    return Evidence(
        field,
        text,
        found.where,
        precision=dates.effective_precision(date, zone),
        offset=date.offset,
        zone=used_zone,
        form=date.form,
        refused=refused,
    )


def select(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return for each field the evidence that is believed, else the first that is refused."""
    selected: list[Evidence] = []
    for field in FIELDS:
        of_field = [one for one in evidence if one.field == field]
        selected.extend(_select_of_field(of_field))
    return tuple(selected)


def _select_of_field(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    for one in evidence:
        if one.refused is None:
            return [one]
    return evidence[:MAX_REFUSED]


def _shorten(text: str) -> str:
    """Return the text in one line, without halves of surrogate pairs, 100 characters at most."""
    text = text.encode("utf-8", "replace").decode()
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return text

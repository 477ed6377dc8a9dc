"""Slows down statements that change at every poll: pages that print the time of day, or a counter.

No edit is refused for ever. A title that was not seen before (digits aside) or a tenth of new text
always comes through; the rest comes once an hour, later once a day.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.store.merge.statement import fold_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store.merge.statement import Sighting, Statement

# Edits in a row without a modified date of the publisher's, and how far apart further ones are.
FREE_EDITS = 24
HOURLY_EDITS = 24
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
NEW_TEXT_SHARE = 0.1

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+")


def is_too_restless(
    statement: Statement, after: Statement, text_of: Callable[[Sighting], str]
) -> bool:
    """Tell whether the edit that makes `after` of a statement has to wait.

    `text_of` gives the plain text of a sighting.
    """
    row = after.edits_in_a_row
    if len(after.spans) <= len(statement.spans) or row <= FREE_EDITS:
        return False
    pause = _HOUR if row <= FREE_EDITS + HOURLY_EDITS else _DAY
    if after.spans[-1].at - statement.spans[-1].at >= pause:
        return False
    new = after.current
    titles = {_mask(span.first_sighting.title) for span in statement.spans}
    if _mask(new.title) not in titles:
        return False
    return _share_of_new_words(text_of(statement.current), text_of(new)) <= NEW_TEXT_SHARE


def _share_of_new_words(before: str, after: str) -> float:
    """Return the share of the words of `after` that are not in `before`, digits aside."""
    words = Counter(_WORD.findall(_mask(after)))
    if not words:
        return 0.0
    new = words - Counter(_WORD.findall(_mask(before)))
    return new.total() / words.total()


def _mask(text: str) -> str:
    return _DIGITS.sub("0", fold_title(text))

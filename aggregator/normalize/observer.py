"""Who wants to know why a value won: what it is told, and the reasons why a candidate does not count.

Rule: a witness hears of what is decided and decides nothing; without one, nothing more is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.model import Enclosure, Found, RawEntry, RawImage, Revision
    from aggregator.normalize.dates import Date

EMPTY = "empty"
REPEATED = "said already"
NO_LINK = "no link to open"
NO_DATE = "does not parse as a date"
IN_FUTURE = "in the future"
LESS_EXACT = "another date is more exact, or in the timezone's own offset"
NO_LANGUAGE = "no language tag"
NO_PICTURE = "no address of a picture"
PLACEHOLDER = "placeholder image"
SITE_NAME = "equals the site's name"


class Witness(Protocol):
    """Told each item as it comes, then of every candidate that is looked at, in order, then what the item became.

    An item that became nothing was rejected. `candidate` is one of the item, or a `Found` of its own for what stands in
    for a missing one. `reason` says why it does not count, None where it does; `date` is what was read from a date,
    None where nothing was.
    """

    def given(self, raw: RawEntry) -> None: ...

    def judged(
        self,
        field: str,
        candidate: Found | RawImage | Enclosure,
        reason: str | None,
        date: Date | None,
    ) -> None: ...

    def became(self, revision: Revision) -> None: ...

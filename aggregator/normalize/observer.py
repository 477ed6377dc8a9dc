"""The observer of the decisions about an item, and the reasons why a candidate does not count.

An observer hears of decisions and makes none; without one, nothing more is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.model import Candidate, Enclosure, RawEntry, RawImage, Revision
    from aggregator.normalize.dates import Date

EMPTY = "empty"
REPEATED = "said already"
NO_LINK = "no link to open"
TOO_LONG = "longer than a link may be"
NO_DATE = "does not parse as a date"
IN_FUTURE = "in the future"
LESS_EXACT = "another date is more exact, or in the timezone's own offset"
NO_LANGUAGE = "no language tag"
OTHER_SCRIPT = "the text is in another script"
NO_PICTURE = "no address of a picture"
PLACEHOLDER = "placeholder image"
IS_PICTURE = "the picture of the entry"
SITE_NAME = "equals the site's name"


class Observer(Protocol):
    """Hears of each item: its start, each candidate in order, and its end.

    `item_finished` is not called for an item that is rejected.
    """

    def item_started(self, raw: RawEntry) -> None: ...

    def candidate_judged(
        self,
        field: str,
        candidate: Candidate | RawImage | Enclosure,
        reason: str | None,
        date: Date | None,
    ) -> None:
        """Hear of one candidate that was looked at.

        `candidate` is one of the item's, or a new `Candidate` for a field that has none. `reason` says why
        it does not count, None if it does; `date` is what was read from a date, None if nothing was.
        """

    def item_finished(self, revision: Revision) -> None: ...

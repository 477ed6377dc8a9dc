"""An article as it is known while documents are resolved, and which sightings are versions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.store.merge.statement import NOW_TOLERANCE, Sighting, fold_title
from aggregator.store.schema import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

# Another title and a date that is further away than this: the id was used again.
REUSED_ID_GAP = timedelta(days=1)


@dataclass(slots=True)
class ArticleRecord:
    """An article as it is known so far; `number` is its row, `name` the key that its id is made of."""

    number: int
    name: str
    sightings: list[Sighting] = field(default_factory=list)
    is_new: bool = False

    def has_teller(self, source: str) -> bool:
        return any(sighting.source == source for sighting in self.sightings)

    def of_source(self, source: str) -> list[Sighting]:
        return [sighting for sighting in self.sightings if sighting.source == source]

    @property
    def tellers(self) -> set[str]:
        return {sighting.source for sighting in self.sightings}


def same_title_or_day(articles: Sequence[ArticleRecord], sighting: Sighting) -> list[ArticleRecord]:
    """Return the article that a number which the publisher uses again stands for, if it is known."""
    for article in articles:
        if has_title(article, sighting):
            return [article]
    for article in articles:
        first_published = min(one.published for one in article.sightings)
        if abs(sighting.published - first_published) <= REUSED_ID_GAP:
            return [article]
    return []


def has_title(article: ArticleRecord, sighting: Sighting) -> bool:
    title = fold_title(sighting.title)
    return any(fold_title(one.title) == title for one in article.sightings)


def own_guids(article: ArticleRecord, source: str) -> set[str]:
    guids = set()
    for sighting in article.of_source(source):
        if sighting.guid is not None:
            guids.add(sighting.guid)
    return guids


def same_title_or_time(article: ArticleRecord, sighting: Sighting) -> bool:
    if has_title(article, sighting):
        return True
    own = article.of_source(sighting.source)
    return has_usable_time(sighting) and any(one.published == sighting.published for one in own)


def is_same_thing(article: ArticleRecord, sighting: Sighting, *, most_renewed: bool) -> bool:
    """Tell whether an item with another id is a version of an article at the same address.

    With `most_renewed` most ids of the document are new, so that a title or a time is enough.
    """
    known = article.of_source(sighting.source)
    return any(_is_version(one, sighting, most_renewed=most_renewed) for one in known)


def _is_version(known: Sighting, sighting: Sighting, *, most_renewed: bool) -> bool:
    same_title = fold_title(known.title) == fold_title(sighting.title)
    if has_usable_time(known) and has_usable_time(sighting):
        if known.published != sighting.published:
            return False
        return same_title or most_renewed

    if known.hash == sighting.hash:
        return True
    return most_renewed and same_title


def has_usable_time(sighting: Sighting) -> bool:
    """Tell whether a publisher stated a time that is neither a bare day nor "now"."""
    if not sighting.has_stated_date:
        return False
    is_day = (sighting.published - EPOCH) % timedelta(days=1) == timedelta()
    is_now = abs(sighting.captured - sighting.published) <= NOW_TOLERANCE
    return not is_day and not is_now

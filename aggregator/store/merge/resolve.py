"""Decides which article each item of a document is.

Documents are taken in the order of their capture, and what is decided once stays: an article keeps
its id. Within a source the publisher's own id counts before the address, because a bulletin or a
list of comments may give one address to many items. Between sources an address joins, unless one of
them gives it to several of its articles. The rules and their reasons are in docs/identity.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from aggregator.store.merge.article_record import (
    ArticleRecord,
    has_title,
    has_usable_time,
    is_same_thing,
    own_guids,
    same_title_or_day,
    same_title_or_time,
)
from aggregator.store.merge.keys import id_or_link, keys_of_global_id
from aggregator.store.merge.statement import fold_title

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from aggregator.store.merge.statement import Sighting


# Fewer renewed ids in one document do not tell a habit from a correction.
MIN_RENEWED = 3

_ITEM_PREFIX = "item:"
_WEAK_PREFIXES = ("url:", "guid:", _ITEM_PREFIX)


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """One item of a document.

    `index` is its number in the batch. `is_pending` is False for an item that only repeats what its
    source said before: it is there because its document is judged as a whole. `recognised` is the
    row of the article that it was found to be by title and date, None if it was not looked for.
    """

    index: int
    sighting: Sighting
    is_pending: bool = True
    recognised: int | None = None


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """The items of one capture of one source."""

    source: str
    items: Sequence[DocumentItem]
    guids: Collection[str]
    shared_links: Collection[str]  # addresses of several different items

    @classmethod
    def of(cls, source: str, items: Sequence[DocumentItem]) -> ListedDocument:
        guids = {item.sighting.guid for item in items}
        return cls(source, items, guids - {None}, _shared_links(items))  # type: ignore[arg-type]


class Resolver:
    """Finds the articles of items among those that are stored, and those that came with the batch."""

    def __init__(
        self, articles: Iterable[ArticleRecord], *, is_name_taken: Callable[[str], bool]
    ) -> None:
        self.articles: dict[int, ArticleRecord] = {}
        self.united: dict[int, int] = {}  # rows of articles that turned out to be another one
        self._holders: dict[str, list[int]] = {}
        self._names: set[str] = set()
        self._is_name_taken = is_name_taken
        self._new_numbers = count(-1, -1)
        for article in articles:
            self._add(article)

    def resolve(
        self, document: ListedDocument, deleted: Collection[int] = ()
    ) -> tuple[dict[int, ArticleRecord], int]:
        """Return the article of each pending item by the item's number, and how many ids were renewed.

        Items whose numbers are among `deleted` become no new articles.

        Ids count as renewed if more than half of the document's ids, and three at least, are other
        ids of articles that are the same in everything else.
        """
        most_renewed = self._are_most_renewed(document)
        resolved: dict[int, ArticleRecord] = {}
        renewed = 0
        for item in sorted(document.items, key=_by_version):
            if not item.is_pending:
                continue
            article, is_renewed = self._find(item, document, most_renewed=most_renewed)
            if article is None:
                if item.index in deleted:
                    continue
                article = self._make_new(item.sighting)
            renewed += is_renewed
            self._tell(article, item.sighting)
            resolved[item.index] = article
        with_guids = sum(item.sighting.guid is not None for item in document.items)
        if renewed < MIN_RENEWED or 2 * renewed <= with_guids:
            renewed = 0
        return resolved, renewed

    def final(self, article: ArticleRecord) -> ArticleRecord:
        """Return the article that `article` has become, where two turned out to be one."""
        number = article.number
        while number in self.united:
            number = self.united[number]
        return self.articles[number]

    # --- one item -----------------------------------------------------------------------------------------------

    def _find(
        self, item: DocumentItem, document: ListedDocument, *, most_renewed: bool
    ) -> tuple[ArticleRecord | None, bool]:
        """Return the article of an item, None for a new one, and whether its id was renewed."""
        sighting = item.sighting
        own_at_link = self._own_at(sighting.link, sighting.source)
        is_renewed = False
        found = (
            self._by_strong_key(sighting)
            or self._by_own_id(sighting)
            or self._by_id_that_is_link(sighting)
        )
        if found is None and sighting.guid is None:
            found = _by_address(sighting, document, own_at_link)
        elif found is None:
            free = [one for one in own_at_link if self._is_not_listed(one, document)]
            found = _by_first_id(sighting, free)
            if found is None:
                found = _by_renewed_id(sighting, free, document, most_renewed=most_renewed)
                is_renewed = found is not None
        if found is None and item.recognised is not None:
            found = self.articles.get(item.recognised)
        # An address at which the source has told another article joins nothing.
        joins_by_link = all(article is found for article in own_at_link)
        joined = self._join_elsewhere(found, sighting, document, joins_by_link=joins_by_link)
        return joined, is_renewed

    def _by_strong_key(self, sighting: Sighting) -> ArticleRecord | None:
        """Find the article by the site's own number or short link, which hold in all sources."""
        found: ArticleRecord | None = None
        for key in sighting.keys:
            if key.startswith(_WEAK_PREFIXES):
                continue
            holders = list(self._holders_of(key))
            if sighting.guarded and key == sighting.keys[0]:
                holders = same_title_or_day(holders, sighting)
            for holder in holders:
                found = holder if found is None else self._unite(found, holder)
        return found

    def _by_own_id(self, sighting: Sighting) -> ArticleRecord | None:
        """Find the article that the same source has told under the same id."""
        guid = sighting.guid
        if guid is None:
            return self._by_other_own_key(sighting)
        for article in self._holders_of(guid):
            if any(guid in one.keys for one in article.of_source(sighting.source)):
                return article
        return None

    def _by_id_that_is_link(self, sighting: Sighting) -> ArticleRecord | None:
        """Find the article whose link was this URL id, or whose id was this link.

        An id that repeats the link adds no key, so that a link without an id looks the same: title
        or time has to agree as well.
        """
        own_id = id_or_link(sighting)
        if own_id is None:
            return None
        for article in self._holders_of_url(own_id):
            ids = {id_or_link(one) for one in article.of_source(sighting.source)}
            if own_id in ids and same_title_or_time(article, sighting):
                return article
        return None

    def _by_other_own_key(self, sighting: Sighting) -> ArticleRecord | None:
        """Find what has neither link nor id by source, title and date."""
        first = sighting.keys[0]
        if not first.startswith(_ITEM_PREFIX):
            return None
        return next(self._holders_of(first), None)

    def _join_elsewhere(
        self,
        found: ArticleRecord | None,
        sighting: Sighting,
        document: ListedDocument,
        *,
        joins_by_link: bool,
    ) -> ArticleRecord | None:
        """Find the article in what other sources told, by a global id or the address."""
        keys = list(keys_of_global_id(sighting.guid))
        link = sighting.link
        if link is not None and joins_by_link and link not in document.shared_links:
            keys += (link, f"guid:{link}")
        for key in keys:
            for candidate in list(self._holders_of(key)):
                if self._can_join(candidate, key, sighting.source):
                    found = candidate if found is None else self._unite_strangers(found, candidate)
        return found

    def _can_join(self, article: ArticleRecord, key: str, source: str) -> bool:
        """Tell whether a source may tell an article that others know by a key."""
        return not article.has_teller(source) and not self._is_shared(key, article)

    # --- what is known ------------------------------------------------------------------------------------------

    def _add(self, article: ArticleRecord) -> None:
        self.articles[article.number] = article
        self._names.add(article.name)
        for sighting in article.sightings:
            self._hold(sighting.keys, article.number)

    def _tell(self, article: ArticleRecord, sighting: Sighting) -> None:
        article.sightings.append(sighting)
        self._hold(sighting.keys, article.number)

    def _hold(self, keys: Iterable[str], number: int) -> None:
        for key in keys:
            holders = self._holders.setdefault(key, [])
            if number not in holders:
                holders.append(number)

    def _holders_of(self, key: str) -> Iterator[ArticleRecord]:
        """Yield the articles that hold a key, the one that was stored first before others."""
        numbers = self._holders.get(key, ())
        for number in sorted(numbers, key=lambda number: (number < 0, abs(number))):
            if number in self.articles:
                yield self.articles[number]

    def _holders_of_url(self, guid: str) -> Iterator[ArticleRecord]:
        """Yield the articles that hold a URL as an id, then those that hold it as an address."""
        yield from self._holders_of(guid)
        yield from self._holders_of(guid.removeprefix("guid:"))

    def _own_at(self, link: str | None, source: str) -> list[ArticleRecord]:
        """Return the articles that a source has told at an address."""
        own: list[ArticleRecord] = []
        if link is None:
            return own
        for article in self._holders_of(link):
            if any(link in one.keys for one in article.of_source(source)):
                own.append(article)
        return own

    def _is_shared(self, link: str, article: ArticleRecord) -> bool:
        """Tell whether a source that told `article` gives its address to several articles."""
        if not link.startswith("url:"):
            return False
        return any(len(self._own_at(link, source)) > 1 for source in article.tellers)

    def _is_not_listed(self, article: ArticleRecord, document: ListedDocument) -> bool:
        """Tell whether a document does not list the article under its own id as well."""
        return own_guids(article, document.source).isdisjoint(document.guids)

    def _are_most_renewed(self, document: ListedDocument) -> bool:
        """Tell whether most items of a document are known articles under other ids."""
        with_guids = 0
        renewed = 0
        for item in document.items:
            sighting = item.sighting
            if sighting.guid is None:
                continue
            with_guids += 1
            if item.is_pending and self._is_renewed(sighting, document):
                renewed += 1
        return renewed >= MIN_RENEWED and 2 * renewed > with_guids

    def _is_renewed(self, sighting: Sighting, document: ListedDocument) -> bool:
        """Tell whether an item is a known article at its link under another id."""
        if sighting.link is None or self._by_own_id(sighting):
            return False
        for article in self._own_at(sighting.link, sighting.source):
            if not self._is_not_listed(article, document):
                continue
            if is_same_thing(article, sighting, most_renewed=False):
                return True
        return False

    # --- new articles, and two that are one -----------------------------------------------------------------------

    def _make_new(self, sighting: Sighting) -> ArticleRecord:
        name = self._free_name(sighting)
        article = ArticleRecord(next(self._new_numbers), name, is_new=True)
        self._add(article)
        return article

    def _free_name(self, sighting: Sighting) -> str:
        """Return the first key of a new article that names no other.

        A number that the publisher uses again gets the date of the article.
        """
        first = sighting.keys[0]
        names = [first]
        if not sighting.guarded:
            names += [key for key in sighting.keys[1:] if key.startswith(_WEAK_PREFIXES)]
        dated = f"{first}@{sighting.published.date().isoformat()}"
        names.append(dated)
        for name in names:
            if self._is_free(name):
                return name

        number = 2
        while not self._is_free(f"{dated}#{number}"):
            number += 1
        return f"{dated}#{number}"

    def _is_free(self, name: str) -> bool:
        return name not in self._names and not self._is_name_taken(name)

    def _unite_strangers(self, one: ArticleRecord, other: ArticleRecord) -> ArticleRecord:
        """Make one article of two, unless a source tells both: then it tells them apart."""
        return self._unite(one, other) if one.tellers.isdisjoint(other.tellers) else one

    def _unite(self, one: ArticleRecord, other: ArticleRecord) -> ArticleRecord:
        """Make one article of two: the one that was stored first stays."""
        if one is other:
            return one
        kept, lost = sorted((one, other), key=_by_storing)
        kept.sightings.extend(lost.sightings)
        for sighting in lost.sightings:
            self._hold(sighting.keys, kept.number)
        del self.articles[lost.number]
        self.united[lost.number] = kept.number
        return kept


def _by_address(
    sighting: Sighting, document: ListedDocument, own: Sequence[ArticleRecord]
) -> ArticleRecord | None:
    """Find an item without an id among the articles that its source has told at its address."""
    is_shared = sighting.link in document.shared_links or len(own) > 1
    for article in own:
        if not is_shared or has_title(article, sighting):
            return article
    return None


def _by_first_id(sighting: Sighting, free: Sequence[ArticleRecord]) -> ArticleRecord | None:
    """Find an article that its source told without an id and gives one now."""
    without_id = [one for one in free if not own_guids(one, sighting.source)]
    if len(without_id) != 1:
        return None
    article = without_id[0]
    if same_title_or_time(article, sighting):
        return article
    return None


def _by_renewed_id(
    sighting: Sighting,
    free: Sequence[ArticleRecord],
    document: ListedDocument,
    *,
    most_renewed: bool,
) -> ArticleRecord | None:
    """Find an article that its source told under another id."""
    for article in free:
        if is_same_thing(article, sighting, most_renewed=most_renewed):
            return article
    if not most_renewed or has_usable_time(sighting):
        return None

    # The title was edited meanwhile, and no time tells: the address decides if it is of one item.
    is_single = len(free) == 1 and sighting.link not in document.shared_links
    if is_single:
        return free[0]
    return None


def _shared_links(items: Iterable[DocumentItem]) -> set[str]:
    """Return the addresses that a document gives to several different items."""
    at_link: dict[str, set[str]] = {}
    for item in items:
        sighting = item.sighting
        if sighting.link is not None:
            identity = sighting.guid or fold_title(sighting.title)
            at_link.setdefault(sighting.link, set()).add(identity)
    return {link for link, identities in at_link.items() if len(identities) > 1}


def _by_version(item: DocumentItem) -> tuple[object, ...]:
    return item.sighting.at, item.sighting.captured, item.index


def _by_storing(article: ArticleRecord) -> tuple[bool, int]:
    return article.is_new, abs(article.number)

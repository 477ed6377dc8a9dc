"""Recognises articles whose source gave them other URLs and ids, by what has not changed.

An item that no key leads to is an article of the same source that the document lists no more, if both have the
same title and the same stated time, and no other article has. Where no time is stated, it takes a whole document of
unknown items, most of which are recognised.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.listing import entry_ids_of_names
from aggregator.store.merge.keys import asked_keys
from aggregator.store.merge.statement import GUESSED_ORIGINS, fold_title, link_key
from aggregator.store.schema import entry, entry_key, micros

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Revision

MIN_ITEMS = 3  # items: a feed of one or two that are called alike every day is no feed that changed all its ids

_TitleAndDate: TypeAlias = "tuple[str, datetime | None]"  # title, and date where one was stated


@dataclass(frozen=True, slots=True)
class _MissingArticle:
    """An article that the source had, and that its document does not lead to any more."""

    key: str
    title_and_date: _TitleAndDate


def match_renamed(
    connection: sa.Connection,
    revisions: Sequence[Revision],
    listed: Collection[str],
    *,
    repeated: Sequence[str | None],
    source_id: int,
) -> dict[int, int]:
    """Find the articles of items that have another link and guid than before.

    `listed` are the names of the articles in the source's last document, `repeated` those of the
    items that are in it unchanged. Returns the rows of entries by the numbers of the revisions.
    """
    if None not in repeated:  # by far the most
        return {}
    keys: set[str] = set()
    for revision in revisions:
        keys |= asked_keys(revision.keys)
    known = _entry_ids_by_key(connection, keys)
    strangers = _find_strangers(revisions, repeated, known)
    if not strangers:
        return {}

    timed = set()
    moments = set()
    for index, revision in strangers.items():
        if _has_time_of_day(revision):
            timed.add(index)
            moments.add(revision.published)
    missing = _missing_published_at(connection, moments, source_id)
    all_at_once = len(strangers) == len(revisions) >= MIN_ITEMS
    if all_at_once:
        missing |= _missing_with_names(connection, listed)
    # An article that any item of the document leads to is not missing.
    found_ids = set(known.values())
    gone = {number: article for number, article in missing.items() if number not in found_ids}
    matches = _match_by_title_and_date(strangers, gone)
    if all_at_once and 2 * len(matches) > len(revisions):
        return matches
    # Without a whole document that changed, a title alone is too little.
    return {index: number for index, number in matches.items() if index in timed}


def _find_strangers(
    revisions: Sequence[Revision], repeated: Sequence[str | None], known: Mapping[str, int]
) -> dict[int, Revision]:
    """Return the items of which no key is known."""
    strangers = {}
    for index, revision in enumerate(revisions):
        is_known = repeated[index] is not None or _is_any_known(revision, known)
        if not is_known:
            strangers[index] = revision
    return strangers


def _is_any_known(revision: Revision, known: Mapping[str, int]) -> bool:
    return not known.keys().isdisjoint(asked_keys(revision.keys))


def _has_time_of_day(revision: Revision) -> bool:
    """Tell whether the publisher stated more than a day."""
    if revision.published_from in GUESSED_ORIGINS:
        return False
    for evidence in revision.evidence:
        if evidence.field == "published":
            return evidence.precision != "day"
    return True


def _missing_published_at(
    connection: sa.Connection, moments: Collection[datetime], source_id: int
) -> dict[int, _MissingArticle]:
    """Return, by row number, the articles of the source that appeared at these very times."""
    if not moments:
        return {}
    at = sa.type_coerce(entry.c.published, sa.BigInteger)
    return _load_missing(
        connection,
        sa.and_(
            entry.c.source_id == source_id, in_values(at, set(map(micros, moments)), connection)
        ),
    )


def _missing_with_names(
    connection: sa.Connection, names: Collection[str]
) -> dict[int, _MissingArticle]:
    """Return, by row number, the articles that the last document listed."""
    numbers = entry_ids_of_names(connection, names)
    if not numbers:
        return {}
    return _load_missing(connection, in_values(entry.c.id, numbers, connection))


def _load_missing(
    connection: sa.Connection, where: sa.ColumnElement[bool]
) -> dict[int, _MissingArticle]:
    columns = (entry.c.id, entry.c.key, entry.c.title, entry.c.published, entry.c.published_from)
    missing = {}
    for row in connection.execute(sa.select(*columns).where(where)):
        name = _title_and_date(row.title, row.published, row.published_from)
        missing[row.id] = _MissingArticle(row.key, name)
    return missing


def _entry_ids_by_key(connection: sa.Connection, keys: Collection[str]) -> dict[str, int]:
    query = sa.select(entry_key.c.key, entry_key.c.entry_id).where(
        in_values(entry_key.c.key, keys, connection)
    )
    return dict(connection.execute(query).all())


def _match_by_title_and_date(
    strangers: Mapping[int, Revision], gone: Mapping[int, _MissingArticle]
) -> dict[int, int]:
    """Return the numbers of strangers, each with the row of the only article of that name."""
    new = {
        index: _title_and_date(one.title, one.published, one.published_from)
        for index, one in strangers.items()
    }
    old = {number: article.title_and_date for number, article in gone.items()}
    number_by_name = _unique_only(old)
    matches = {}
    for name, index in _unique_only(new).items():
        number = number_by_name.get(name)
        if number is not None and not _is_place_on(strangers[index], gone[number]):
            matches[index] = number
    return matches


def _is_place_on(revision: Revision, article: _MissingArticle) -> bool:
    """Tell whether two links differ in the place on one page only: two comments of one minute."""
    link = link_key(revision.keys)
    return link is not None and _page_of(link) == _page_of(article.key)


def _page_of(key: str) -> str:
    return key.partition("#")[0]


def _unique_only(names: Mapping[int, _TitleAndDate]) -> dict[_TitleAndDate, int]:
    """Return the names that occur once, with their numbers."""
    counts = Counter(names.values())
    return {name: number for number, name in names.items() if counts[name] == 1}


def _title_and_date(title: str, published: datetime, published_from: str) -> _TitleAndDate:
    return fold_title(title), None if published_from in GUESSED_ORIGINS else published

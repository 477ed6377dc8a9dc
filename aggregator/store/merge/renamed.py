"""Articles that their source gives other addresses and ids, recognised by what has not changed.

Rule: an item that no key leads to is an article of the same source which the document lists no more, where both have
the same title and the same stated time, and nothing else has. Where no time is stated it takes a whole document of
unknown items, most of which are recognised. Who is recognised bears a key of the article from then on, so that the
store stays a function of what was merged into it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.article import GUESSED_ORIGINS, fold_title
from aggregator.store.schema import entry, entry_key, micros

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
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
    source_id: int,
) -> tuple[Sequence[Revision], int]:
    """Give what is recognised in a polled document the key that it was known by; return also how many that are.

    `listed` are the first keys of the source's last document.
    """
    strangers = [revision for revision in revisions if revision.keys[0] not in listed]
    if not strangers:  # by far the most
        return revisions, 0
    timed = {revision.keys[0] for revision in strangers if _has_time_of_day(revision)}
    all_at_once = len(strangers) == len(revisions) >= MIN_ITEMS
    lost = _missing_published_at(
        connection, {one.published for one in strangers if one.keys[0] in timed}, source_id
    )
    if all_at_once:
        lost |= _missing_with_keys(connection, listed)
    if not lost:
        return revisions, 0
    known = _entry_ids_by_key(connection, {key for revision in revisions for key in revision.keys})
    gone = [one for number, one in lost.items() if number not in known.values()]
    pairs = _match_by_title_and_date(
        [one for one in strangers if known.keys().isdisjoint(one.keys)], gone
    )
    if not (all_at_once and 2 * len(pairs) > len(revisions)):
        pairs = {new: old for new, old in pairs.items() if new in timed}
    return [_add_key(revision, pairs.get(revision.keys[0])) for revision in revisions], len(pairs)


def _has_time_of_day(revision: Revision) -> bool:
    """Tell whether the publisher stated more than a day."""
    if revision.published_from in GUESSED_ORIGINS:
        return False
    stated = next((one.precision for one in revision.evidence if one.field == "published"), None)
    return stated != "day"


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


def _missing_with_keys(
    connection: sa.Connection, listed: Collection[str]
) -> dict[int, _MissingArticle]:
    """Return, by row number, the articles that the last document listed."""
    if not listed:
        return {}
    held = sa.select(entry_key.c.entry_id).where(in_values(entry_key.c.key, listed, connection))
    return _load_missing(connection, entry.c.id.in_(held))


def _load_missing(
    connection: sa.Connection, where: sa.ColumnElement[bool]
) -> dict[int, _MissingArticle]:
    columns = (entry.c.id, entry.c.key, entry.c.title, entry.c.published, entry.c.published_from)
    plain = sa.and_(
        entry_key.c.entry_id == entry.c.id, entry_key.c.key == entry.c.key
    )  # a re-used number names two
    return {
        row.id: _MissingArticle(
            row.key, _title_and_date(row.title, row.published, row.published_from)
        )
        for row in connection.execute(sa.select(*columns).join(entry_key, plain).where(where))
    }


def _entry_ids_by_key(connection: sa.Connection, keys: Collection[str]) -> dict[str, int]:
    query = sa.select(entry_key.c.key, entry_key.c.entry_id).where(
        in_values(entry_key.c.key, keys, connection)
    )
    return dict(connection.execute(query).all())


def _match_by_title_and_date(
    strangers: Iterable[Revision], gone: Iterable[_MissingArticle]
) -> Mapping[str, str]:
    """Return first keys of strangers, each with the key of the one article that has its name alone."""
    new = _unique_only(
        (_title_and_date(one.title, one.published, one.published_from), one.keys[0])
        for one in strangers
    )
    old = _unique_only((one.title_and_date, one.key) for one in gone)
    return {key: old[name] for name, key in new.items() if name in old}


def _unique_only(named: Iterable[tuple[_TitleAndDate, str]]) -> dict[_TitleAndDate, str]:
    pairs = list(named)
    counts = Counter(name for name, _ in pairs)
    return {name: key for name, key in pairs if counts[name] == 1}


def _title_and_date(title: str, published: datetime, published_from: str) -> _TitleAndDate:
    return fold_title(title), None if published_from in GUESSED_ORIGINS else published


def _add_key(revision: Revision, key: str | None) -> Revision:
    return revision if key is None else replace(revision, keys=(*revision.keys, key))

"""Recognises articles whose source gave them other URLs and ids, by what has not changed.

Rule: an item that no key leads to is an article of the same source that the document lists no more, if both have the
same title and the same stated time, and no other article has. Where no time is stated, it takes a whole document of
unknown items, most of which are recognised. A recognised item is given a key of the article, so that the store stays a
function of what was merged into it.
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
    """Add the known key to items of a document that have another link and guid than before.

    `listed` are the first keys of the source's last document. Returns the revisions in their
    order, and how many were matched.
    """
    strangers = [revision for revision in revisions if revision.keys[0] not in listed]
    if not strangers:  # by far the most
        return revisions, 0

    timed_strangers = [revision for revision in strangers if _has_time_of_day(revision)]
    moments = {revision.published for revision in timed_strangers}
    missing = _missing_published_at(connection, moments, source_id)
    all_at_once = len(strangers) == len(revisions) >= MIN_ITEMS
    if all_at_once:
        missing |= _missing_with_keys(connection, listed)
    if not missing:
        return revisions, 0

    matches = _match_strangers(connection, revisions, strangers, missing)
    most_matched = 2 * len(matches) > len(revisions)
    if not (all_at_once and most_matched):
        # Without a whole document that changed, a title alone is too little.
        matches = _matches_of(matches, timed_strangers)
    matched = [_add_key(revision, matches.get(revision.keys[0])) for revision in revisions]
    return matched, len(matches)


def _matches_of(matches: Mapping[str, str], revisions: Iterable[Revision]) -> dict[str, str]:
    """Return those of `matches` whose new key is the first of a revision."""
    kept = {}
    for revision in revisions:
        key = revision.keys[0]
        if key in matches:
            kept[key] = matches[key]
    return kept


def _match_strangers(
    connection: sa.Connection,
    revisions: Sequence[Revision],
    strangers: Sequence[Revision],
    missing: Mapping[int, _MissingArticle],
) -> dict[str, str]:
    """Return first keys of strangers, each with the key of the missing article that it is.

    An article that any item of the document leads to is not missing, and an item that leads to
    an article is no stranger.
    """
    all_keys: set[str] = set()
    for revision in revisions:
        all_keys.update(revision.keys)
    known = _entry_ids_by_key(connection, all_keys)
    found_ids = set(known.values())
    gone = [article for number, article in missing.items() if number not in found_ids]
    unknown = [revision for revision in strangers if known.keys().isdisjoint(revision.keys)]
    return _match_by_title_and_date(unknown, gone)


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
    # An entry whose own key is dated has a re-used number, which names two articles.
    plain = sa.and_(entry_key.c.entry_id == entry.c.id, entry_key.c.key == entry.c.key)
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
) -> dict[str, str]:
    """Return first keys of strangers, each with the key of the only article of that name."""
    new_keys = [
        (_title_and_date(one.title, one.published, one.published_from), one.keys[0])
        for one in strangers
    ]
    old_keys = [(article.title_and_date, article.key) for article in gone]
    old = _unique_only(old_keys)
    matches = {}
    for name, key in _unique_only(new_keys).items():
        if name in old:
            matches[key] = old[name]
    return matches


def _unique_only(named: Sequence[tuple[_TitleAndDate, str]]) -> dict[_TitleAndDate, str]:
    """Return the names that occur once, with their keys."""
    counts = Counter(name for name, _ in named)
    return {name: key for name, key in named if counts[name] == 1}


def _title_and_date(title: str, published: datetime, published_from: str) -> _TitleAndDate:
    return fold_title(title), None if published_from in GUESSED_ORIGINS else published


def _add_key(revision: Revision, key: str | None) -> Revision:
    return revision if key is None else replace(revision, keys=(*revision.keys, key))

"""Boilerplate: what a source repeats under its other articles, such as credits and lists of links.

Nothing of it is stored. The nearest articles of the source are read when an entry is compared,
so the answer depends on the stored entries alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aggregator.normalize.near_duplicate import (
    MAX_NEIGHBOUR_INTERVAL,
    MIN_NEIGHBOUR_INTERVAL,
    NEIGHBOURS,
    ArticleText,
    find_boilerplate,
    read_article,
    take_fingerprint,
)
from aggregator.store.content import decompress, load_content
from aggregator.store.engine import in_values
from aggregator.store.schema import MICROSECOND, content, entry
from aggregator.store.search.tokens import fold_sentences, fold_text, html_blocks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MIN_DISTANCE = MIN_NEIGHBOUR_INTERVAL // MICROSECOND
MAX_DISTANCE = MAX_NEIGHBOUR_INTERVAL // MICROSECOND

_CHUNK = 128  # rows read ahead
_MAX_LETTERS = (
    200_000  # of the texts that are kept for the next pair: some 30 MB with their shingles
)


class ComparableEntry(NamedTuple):
    """An entry as it is compared; `published` in microseconds."""

    published: int
    id: int
    source_id: int
    content_id: int
    language: str | None


class ArticleReader:
    """Reads articles and what their sources repeat, for one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._articles: dict[int, ArticleText] = {}
        self._letters = 0

    def article(self, content_id: int) -> ArticleText:
        """Return the article of a stored content."""
        if content_id in self._articles:
            return self._articles[content_id]
        [(_, article)] = self._read([content_id])
        self._keep(content_id, article)
        return article

    def load_boilerplate(self, entries: Iterable[ComparableEntry]) -> dict[int, frozenset[int]]:
        """Return by entry number the hashes of what the source of each entry repeats near it."""
        neighbours = {one: neighbour_contents(self._connection, one) for one in entries}
        own = {one.content_id for one in neighbours}
        fingerprints = {}
        for number, article in self._read(own.union(*neighbours.values())):
            fingerprints[number] = take_fingerprint(article)
            if number in own:
                self._keep(number, article)

        boilerplate = {}
        for one, content_ids in neighbours.items():
            near = [fingerprints[number] for number in content_ids]
            boilerplate[one.id] = find_boilerplate(fingerprints[one.content_id], near)
        return boilerplate

    def _keep(self, content_id: int, article: ArticleText) -> None:
        self._letters += sum(len(passage.letters) for passage in article.passages)
        if self._letters > _MAX_LETTERS:
            self._articles.clear()
            self._letters = 0
        self._articles[content_id] = article

    def _read(self, content_ids: Collection[int]) -> Iterator[tuple[int, ArticleText]]:
        if not content_ids:
            return
        query = sa.select(content.c.id, content.c.codec, content.c.body).where(
            in_values(content.c.id, content_ids, self._connection)
        )
        # A batch may need thousands: a few at a time.
        with self._connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
            for number, codec, body in rows:
                yield number, _article_of(load_content(decompress(codec, body)))


def neighbourhood(
    connection: sa.Connection, source_id: int, earliest: int, latest: int
) -> list[tuple[int, int]]:
    """Return when entries of a source were published that may have some entry as a neighbour.

    That entry was published from `earliest` to `latest`; two ranges, both ends included.
    """
    older = _times_beside(connection, source_id, earliest, is_later=False)
    newer = _times_beside(connection, source_id, latest, is_later=True)
    first = earliest - MAX_DISTANCE
    if len(older) == NEIGHBOURS:
        first = max(first, older[-1] - MIN_DISTANCE)
    last = latest + MAX_DISTANCE
    if len(newer) == NEIGHBOURS:
        last = min(last, newer[-1] + MIN_DISTANCE)
    return [(first, latest - MIN_DISTANCE), (earliest + MIN_DISTANCE, last)]


def _article_of(loaded: dict[str, Any]) -> ArticleText:
    title = fold_text(loaded["title"])
    sentences = fold_sentences(html_blocks(loaded["content_html"] or ""))
    if sentences:
        return read_article(title, sentences)
    return read_article(title, fold_sentences(loaded["summary"] or ""), is_summary=True)


_PUBLISHED = sa.type_coerce(entry.c.published, sa.BigInteger)
_SOURCE: sa.BindParameter[int] = sa.bindparam("source")
_LOW: sa.BindParameter[int] = sa.bindparam("low")
_HIGH: sa.BindParameter[int] = sa.bindparam("high")
_SELECT_BETWEEN = (
    sa.select(_PUBLISHED.label("published"), entry.c.uid, entry.c.content_id)
    .where(entry.c.source_id == _SOURCE, _PUBLISHED >= _LOW, _PUBLISHED <= _HIGH)
    .limit(NEIGHBOURS)
)
_SELECT_OLDER = _SELECT_BETWEEN.order_by(entry.c.published.desc(), entry.c.uid)
_SELECT_NEWER = _SELECT_BETWEEN.order_by(entry.c.published, entry.c.uid.desc())


def neighbour_contents(connection: sa.Connection, of: ComparableEntry) -> list[int]:
    """Return the contents of the nearest entries of the source, beyond those of the same day."""
    near = []
    for query, low, high in (
        (_SELECT_OLDER, of.published - MAX_DISTANCE, of.published - MIN_DISTANCE),
        (_SELECT_NEWER, of.published + MIN_DISTANCE, of.published + MAX_DISTANCE),
    ):
        values = {"source": of.source_id, "low": low, "high": high}
        for published, uid, content_id in connection.execute(query, values):
            near.append((abs(published - of.published), bytes(uid), content_id))
    near.sort()
    return [content_id for _, _, content_id in near[:NEIGHBOURS]]


def _times_beside(
    connection: sa.Connection, source_id: int, moment: int, *, is_later: bool
) -> list[int]:
    """Return when the nearest entries of a source were published on one side of a moment."""
    if is_later:
        query, low, high = _SELECT_NEWER, moment + 1, moment + MAX_DISTANCE
    else:
        query, low, high = _SELECT_OLDER, moment - MAX_DISTANCE, moment - 1
    values = {"source": source_id, "low": low, "high": high}
    return [row.published for row in connection.execute(query, values)]

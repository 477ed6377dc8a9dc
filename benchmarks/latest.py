"""The newest 100 of a large store, whole and by language, source and tag, beside the same of a small one; and the
search for what may be a near copy of one entry in both.

The newest entries are as dense in both stores, and what is rare is as rare in both; only what lies below differs.
Rows are written past the store, so that a million are there within minutes.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from aggregator.normalize.html import html_to_text
from aggregator.normalize.near_duplicate import SKETCH_SIZE, pack_sketch, unpack_sketch
from aggregator.store import Store
from aggregator.store.boilerplate import ComparableEntry
from aggregator.store.content import Compressor, dump_content
from aggregator.store.duplicates import candidate_pairs
from aggregator.store.engine import fetch_raw, insert_statement
from aggregator.store.merge.article import uid_of
from aggregator.store.schema import content, entry, entry_key, entry_tag, micros, revision, sketch
from benchmarks.measure import Figure, side_by_side
from benchmarks.merging import article
from benchmarks.words import CHINESE, ENGLISH, FRENCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from aggregator.model import Revision
    from benchmarks.measure import Size

SHOWN = 100
RARE = 150  # entries of the rare source, language and tag in either store
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_APART = timedelta(minutes=10)
_TIMES = 5
_SOUGHT = 200  # of the newest entries
_PART = 20_000  # entries written at once
_TONGUES = (ENGLISH, FRENCH, CHINESE)
_SOURCES = ("s0", "s1", "s2", "s3", "s4", "rare", "one", "other")
_TABLES = (content, entry, revision, entry_key, entry_tag, sketch)
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "of all": {},
    "of a language": {"language": "zh"},
    "of a source": {"source": "s1"},
    "of a tag": {"tag": "t1"},
    "of a rare language": {"language": "cy"},
    "of a rare source": {"source": "rare"},
    "of a rare tag": {"tag": "rare"},
}


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    small, large = size.entries
    with _filled(place / "small.db", small) as lesser, _filled(place / "large.db", large) as larger:
        figures = [_view(what, choice, lesser, larger, size) for what, choice in _CHOICES.items()]
        return [*figures, *_near_copies(lesser, larger, size)]


def _view(what: str, choice: Mapping[str, str], lesser: Store, larger: Store, size: Size) -> Figure:
    costs = side_by_side(
        size.times(_TIMES), lambda: _look(lesser, choice), lambda: _look(larger, choice)
    )
    return _ratio(f"newest {SHOWN} {what}, to a small store", costs, size)


def _look(store: Store, choice: Mapping[str, Any]) -> float:
    """Return the CPU seconds of one view. Raises: RuntimeError where it is not full."""
    begun = process_time()
    found = store.view(SHOWN, now=_NOW, **choice)
    spent = process_time() - begun
    if len(found) != SHOWN:
        raise RuntimeError(f"{len(found)} entries of {choice}")
    return spent


def _near_copies(lesser: Store, larger: Store, size: Size) -> list[Figure]:
    costs = side_by_side(size.rounds, lambda: _seek(lesser), lambda: _seek(larger))
    return [
        _ratio("near copies of an entry, to a small store", costs, size),
        Figure("the same", costs[1] * 1000, "ms", 1.0, f"of one entry among {size.entries[1]:,}"),
    ]


def _seek(store: Store) -> float:
    """Return the CPU seconds of looking for what may be a copy of one entry, of each of the newest."""
    query = sa.select(
        entry.c.published,
        entry.c.id,
        entry.c.source_id,
        entry.c.content_id,
        entry.c.language,
        entry.c.sketch,
    )
    with store._engines.read.connect() as connection:  # noqa: SLF001 - the part of a view that is measured, alone
        rows = fetch_raw(
            connection, query.order_by(entry.c.published.desc(), entry.c.uid).limit(_SOUGHT)
        )
        begun = process_time()
        for *columns, data in rows:
            list(candidate_pairs(connection, {ComparableEntry(*columns): unpack_sketch(data)}))
        return (process_time() - begun) / len(rows)


def _ratio(what: str, costs: list[float], size: Size) -> Figure:
    small, large = size.entries
    detail = f"{costs[0] * 1000:.2f} ms of {small:,}, {costs[1] * 1000:.2f} ms of {large:,} entries"
    return Figure(what, costs[1] / costs[0], "x", 1.3, detail)


# --- the stores ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Body:
    """One of the articles that the entries of a store say again and again: its row of `content`, but for the number."""

    said: Revision
    columns: tuple[int, bytes]


@contextmanager
def _filled(path: Path, entries: int) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{path}", text_of=html_to_text)) as store:
        store.sync_sources([(name, "", _NOW) for name in _SOURCES])
        _fill(path, entries)
        yield store


def _fill(path: Path, entries: int) -> None:
    random, bodies = Random(5), list(_bodies())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000")
        sources = dict(connection.execute("SELECT name, id FROM source").fetchall())
        for begin in range(0, entries, _PART):
            part = [
                _rows(number, entries, random, bodies, sources)
                for number in range(begin, min(begin + _PART, entries))
            ]
            for table, found in zip(_TABLES, zip(*part, strict=True), strict=True):
                rows = sorted(row for one in found for row in one)
                connection.executemany(insert_statement("sqlite", table, len(rows[0])), rows)
            connection.commit()


def _bodies() -> Iterator[_Body]:
    compressor = Compressor()
    for number in range(60):
        said = article(Random(number), _TONGUES[number % len(_TONGUES)], "pool", number)
        packed = compressor.pack(dump_content(said))
        yield _Body(said, (packed["codec"], packed["body"]))


def _rows(
    number: int, entries: int, random: Random, bodies: list[_Body], sources: Mapping[str, int]
) -> tuple[list[tuple[Any, ...]], ...]:
    """Return the rows of entry `number`, the oldest being 0, by the tables of _TABLES."""
    body, rare = random.choice(bodies), number % (entries // RARE) == 0
    said, id_ = body.said, number + 1
    key, published = (
        f"news.example.org/{random.getrandbits(48):x}/{number}",
        micros(_NOW - (entries - number) * _APART),
    )
    source = sources["rare" if rare else f"s{random.randrange(5)}"]
    language = "cy" if rare else said.language or ""
    tags = [f"t{place}" for place in sorted(random.sample(range(5), 2))] + ["rare"] * rare
    signs = _signs(random, source)
    digest = random.randbytes(16)
    return (
        [(id_, *body.columns)],
        [
            (
                id_,
                uid_of(key),
                key,
                source,
                said.url,
                said.title,
                language,
                language.partition("-")[0],
                orjson.dumps(tags).decode(),
                published,
                "feed",
                "feed:published",
                published,
                published,
                published,
                said.hash,
                1,
                published,
                id_,
                published,
                None,
                None,
                0,
                pack_sketch(signs),
                None,
                1,
                None,
                source,
            )
        ],
        [
            (
                id_,
                source,
                orjson.dumps([key]).decode(),
                0,
                published,
                published,
                said.hash,
                said.title,
                published,
                "feed",
                "feed:published",
                digest,
                id_,
                3,
                2000,
                digest[:8],
            )
        ],
        [(key, id_)],
        [(tag, published, id_) for tag in tags],
        [(sign, published, id_, source) for sign in signs],
    )


def _signs(random: Random, source: int) -> list[int]:
    """Make a sketch: the smallest hashes of some 350, one of them of words that all articles of its source have."""
    most = SKETCH_SIZE * 2**32 // 350
    return sorted({random.randrange(most) for _ in range(SKETCH_SIZE - 1)} | {source * 1000})


if __name__ == "__main__":
    from benchmarks.__main__ import main

    sys.exit(main(["latest", *sys.argv[1:]]))

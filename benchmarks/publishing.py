"""Publishing 100 entries from a large store, beside the same from a small one.

The newest entries are as dense in both, so that as many of them came lately; only what lies below differs.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from random import Random
from shutil import rmtree
from time import process_time
from typing import TYPE_CHECKING

from aggregator import config as configuration
from aggregator.app import App, open_store
from aggregator.model import Outcome, Result, Revision
from benchmarks.measure import Figure, side_by_side
from benchmarks.words import CHINESE, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.store import Store
    from benchmarks.measure import Size

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_APART = timedelta(minutes=10)
_RUN = 100  # entries that one run brings
_TIMES = 9
_LEASE = timedelta(minutes=5)


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    small, large = size.entries
    with _filled(place / "small", small) as lesser, _filled(place / "large", large) as larger:
        costs = side_by_side(
            size.times(_TIMES), lambda: _publish(*lesser), lambda: _publish(*larger)
        )
    detail = (
        f"{costs[0] * 1000:.1f} ms from {small:,}, {costs[1] * 1000:.1f} ms from {large:,} entries"
    )
    return [
        Figure(
            "publishing from a large store, to a small one", costs[1] / costs[0], "x", 1.2, detail
        )
    ]


@contextmanager
def _filled(place: Path, entries: int) -> Iterator[tuple[Config, Store]]:
    place.mkdir(parents=True)
    path = place / "aggregator.yaml"
    path.write_text(
        "{database: sqlite:///store.db, output: feeds, sources: []}\n", encoding="utf-8"
    )
    config = configuration.load_config(path, env={})
    with closing(open_store(config)) as store:
        _fill(store, entries)
        yield config, store


def _publish(config: Config, store: Store) -> float:
    """Publish into an empty folder; return the CPU seconds."""
    rmtree(config.output, ignore_errors=True)
    app = App(config, store, clock=lambda: _NOW)
    begun = process_time()
    app.publish()
    return process_time() - begun


def _fill(store: Store, entries: int) -> None:
    store.sync_sources([("bulk", "bulk", _NOW - entries * _APART)])
    revise = _revisions(entries)
    for done in range(0, entries, _RUN):
        _bring(
            store, revise, min(_RUN, entries - done), now=_NOW - (entries - done - _RUN) * _APART
        )


def _bring(store: Store, revise: Iterator[Revision], size: int, *, now: datetime) -> None:
    [state] = store.claim(now, limit=1, lease=_LEASE, force=True)
    revisions = tuple(islice(revise, size))
    store.commit(
        [Result(state, Outcome("bulk", now, 1, "ok", found=size), revisions=revisions)], now=now
    )


def _revisions(entries: int) -> Iterator[Revision]:
    random = Random(4)
    bodies = [f"<p>{paragraph(random, CHINESE, 900)}</p>" for _ in range(50)]
    for number in count():
        yield _revision(
            number,
            _NOW - (entries - number) * _APART,
            title(random, CHINESE),
            bodies[number % len(bodies)],
        )


def _revision(number: int, published: datetime, headline: str, body: str) -> Revision:
    url = f"https://news.example.org/{number}"
    return Revision(
        source="bulk",
        keys=(f"url:{url}",),
        guarded=False,
        at=published,
        captured=published,
        hash=f"1:{number}",
        url=url,
        url_original=url,
        title=headline,
        published=published,
        published_from="feed",
        content_html=body,
        language="zh-Hans",
    )

"""A clock that was ahead for some runs leaves nothing that a right one has to wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.model import Outcome, Result

if TYPE_CHECKING:
    from aggregator.store import Store

AHEAD = timedelta(days=400)
HOUR = timedelta(hours=1)


def bring(store: Store, now: datetime, *revisions: Any) -> None:
    """Run the source, whether it is due or not."""
    [state] = store.claim(now, limit=1, lease=5 * HOUR, sources=["news"], force=True)
    done = replace(state, last_run=now, next_fetch_at=now + HOUR, reason="every 1 h")
    store.commit([Result(done, Outcome("news", now, 1, "ok"), revisions=revisions)], now=now)
    while store.update_indexes():
        pass


def test_versions_of_articles_keep_their_order_and_later_ones_are_shown(
    store: Store, start: Any, revise: Any
) -> None:
    def version(text: str, captured: datetime) -> Any:
        title = f"{text} title"
        return revise("a", text=text, title=title, captured=captured, at=captured, published=start)

    store.sync_sources([("news", "news", start)])
    for hours, text in ((1, "first"), (2, "second")):
        captured = start + AHEAD + hours * HOUR
        bring(store, captured, version(text, captured))
    now = start + 3 * HOUR
    [state] = store.claim(now, limit=1, lease=5 * HOUR)
    [put_back] = store.entries()
    store.release([state])
    bring(store, now, version("third", now))
    [shown] = store.entries()

    second = timedelta(seconds=1)
    assert (put_back.title, put_back.revision, put_back.updated) == (
        "second title",
        2,
        now - second,
    )
    assert (put_back.first_seen, shown.first_seen) == (now - HOUR - second, now - HOUR - second)
    assert (shown.title, shown.revision, shown.updated) == ("third title", 3, now)


def test_an_article_without_a_date_does_not_stay_on_top(
    store: Store, start: Any, revise: Any
) -> None:
    store.sync_sources([("news", "news", start)])
    captured = start + AHEAD
    undated = revise(
        "a", captured=captured, at=captured, published=captured, published_from="first_seen"
    )
    bring(store, captured, undated)
    now = start + HOUR
    newer = revise("b", captured=now, at=now, published=now)
    bring(store, now, newer)

    view = store.view(9, now=now)
    assert [entry.title for entry in view] == ["Title of b", "Title of a"]
    assert view[1].published == now - timedelta(seconds=1)

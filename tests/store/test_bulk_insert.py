"""What comes for the first time is stored in fewer steps, and is the same as by the long way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.model import Image
from aggregator.store import Store
from aggregator.store.merge import bulk_insert
from aggregator.store.merge.lookup import StoredEntries

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = ("content", "entry", "revision", "entry_key", "entry_tag")


def rows(store: Store) -> dict[str, list[Any]]:
    with store._engines.read.connect() as connection:
        return {
            name: sorted(
                (list(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))),
                key=repr,
            )
            for name in TABLES
        }


@pytest.fixture
def strange(revise: Any, start: Any) -> list[Any]:
    """Revisions that have everything, or as little as may be, none like another."""
    return [
        revise("a"),
        revise(
            "b",
            5,
            "text",
            tags=("x", "y", "x"),
            language="zh-Hans",
            at=start,
            image=Image("https://example.org/i"),
        ),
        revise(
            "c",
            keys=("voa:7", "url:c", "guid:c", "url:c"),
            guarded=True,
            published_from="first_seen",
        ),
        revise(
            "d",
            url=None,
            url_original=None,
            content_html=None,
            provenance={},
            published=start - timedelta(days=9),
        ),
    ]


def test_newcomers_are_stored_as_any_articles_are(
    new_url: Any,
    bring: Callable[..., Any],
    dump: Any,
    strange: list[Any],
    monkeypatch: Any,
    start: Any,
) -> None:
    found = []
    for long_way in (False, True):
        with (
            new_url() as url,
            Store.open(url, text_of=str) as store,
            monkeypatch.context() as patched,
        ):
            if long_way:
                patched.setattr(bulk_insert, "find_unshared", lambda *_: set())
            counted = [
                bring(store, strange[:2]),
                bring(store, strange[2:], now=start + timedelta(hours=1)),
            ]
            found.append((rows(store), dump(store), [outcome.new for outcome in counted]))

    assert found[0] == found[1]
    assert found[0][2] == [2, 2]


def test_alone_is_who_shares_no_key_with_anybody(revise: Any) -> None:
    keys = ("a",), ("b", "x"), ("c", "x"), ("d", "known"), ("e", "e")
    found = {number: revise(keys=each) for number, each in enumerate(keys)}

    assert bulk_insert.find_unshared(found, StoredEntries([("known", 1)], [(1, 0, "feed")])) == {
        0,
        4,
    }


def test_every_column_of_an_entry_has_its_place(
    store: Store, bring: Any, strange: list[Any]
) -> None:
    bring(store, strange[1:2], complete=False)
    with store._engines.read.connect() as connection:
        row = connection.execute(
            sa.text("SELECT title, language, tongue, tags, words_crc, sketch, copies FROM entry")
        )

        assert row.all() == [("Title of b", "zh-Hans", "zh", '["x","y","x"]', None, None, None)]

"""What is asked about one article: the answers are those of the view."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.model import Capture, Outcome, Result
from aggregator.store.view import Selection

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

HOUR = timedelta(hours=1)
ALL = Selection()
LONG = " ".join(f"gate{number} closes after ship{number * 3} leaves" for number in range(60))


def ids(store: Store) -> dict[str, str]:
    return {entry.title: entry.id for entry in store.entries()}


def test_a_place_is_that_in_the_view(store: Store, bring: Any, revise: Any, start: Any) -> None:
    bring(store, [revise(name, published=start + n * HOUR) for n, name in enumerate("abcd")])

    shown = [entry.id for entry in store.view(10, now=start)]

    assert [store.rank(id_, ALL) for id_ in shown] == [1, 2, 3, 4]
    even = Selection(predicate=lambda entry: entry.title in ("Title of a", "Title of c"))
    found = ids(store)
    assert {title: store.rank(id_, even) for title, id_ in found.items()} == {
        "Title of a": 2,
        "Title of b": None,
        "Title of c": 1,
        "Title of d": None,
    }
    assert {title for title, id_ in found.items() if store.selects(id_, even)} == {
        "Title of a",
        "Title of c",
    }


def test_copies_come_as_the_view_ranks_them(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    for hours, source in ((2, "late"), (1, "early")):
        copy = revise(source, 3, LONG, source=source, published=start + hours * HOUR, language="en")
        bring(store, [copy], source=source)
    lead, other = store.view(10, group_copies=False, now=start)[::-1]

    [shown] = store.view(10, now=start)
    copies = store.selected_copies(other.id, ALL)

    assert shown.id == lead.id
    assert [(copy.entry.id, copy.priority) for copy in copies] == [(lead.id, 0), (other.id, 0)]
    assert [
        copy.entry.id for copy in store.selected_copies(other.id, Selection(source="late"))
    ] == [other.id]


def test_words_of_a_title_find_it_and_those_of_a_text_do_not(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(
        store,
        [
            revise("a", title="Été à 北京市", text="bridge"),
            revise("b", title="Bridge opens", published=start + HOUR),
            revise("c", title="The bridge"),
        ],
    )

    def titles(words: str, limit: int = 9) -> list[str]:
        return [entry.title for entry in store.find_by_title(words, limit)]

    assert titles("BRIDGE") == ["Bridge opens", "The bridge"]
    assert titles("bridge", 1) == ["Bridge opens"]
    assert titles("ete 北京") == ["Été à 北京市"]
    assert titles('"opens bridge"') == titles("bridg") == titles("?") == []


def test_arrivals_say_when_and_whether_late(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a")], now=start)
    bring(store, [revise("a"), revise("b")], now=start + HOUR)
    found = ids(store)

    told = [store.arrival(found[f"Title of {name}"]) for name in "ab"]

    assert [(one.stored, one.late) for one in told if one] == [
        (start, None),
        (start + HOUR, start + HOUR),
    ]
    assert store.arrival("urn:uuid:" + "f" * 8 + "-ffff-ffff-ffff-" + "f" * 12) is None


def test_a_deleted_article_is_known_by_its_keys_and_its_id(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a"), revise("b")], now=start)
    id_ = ids(store)["Title of a"]
    store.delete_entries([id_], now=start + HOUR)

    gone = store.find_deletion(["url:x", "url:a"])

    assert gone is not None
    assert (gone.at, gone.listed_by) == (start + HOUR, ())
    assert store.find_deletion(["url:b"]) is None
    digits = id_.removeprefix("urn:uuid:")
    assert store.deleted_keys_of_id(digits) == store.deleted_keys_of_id(digits[:10]) == ["url:a"]
    assert store.deleted_keys_of_id("0" * 32) == []


def test_the_sources_of_a_site_are_those_that_brought_entries_of_its_host(
    store: Store, bring: Any, revise: Any
) -> None:
    links = {
        "one": "https://www.example.org/1",
        "two": "http://example.org/2",
        "none": "https://example.org.evil.example/3",
        "under": "https://exampleXorg/4",
    }
    for name, url in links.items():
        bring(store, [revise(name, source=name, url=url)], source=name)

    assert store.sources_of_site("example.org") == ["one", "two"]
    assert store.sources_of_site("www.example.org") == ["one", "two"]


def test_of_each_address_the_newest_capture_comes_the_newest_first(
    store: Store, start: datetime
) -> None:
    store.sync_sources([("news", "x", start)])
    for hours, url, body in ((0, "/list", b"old"), (1, "/page", b"page"), (2, "/list", b"new")):
        taken = start + hours * HOUR
        [state] = store.claim(taken, limit=1, lease=HOUR, force=True)
        capture = Capture("news", url, taken, body)
        result = Result(state, Outcome("news", taken, 1, "ok"), captures=(capture,))
        store.commit([result], now=taken)

    assert [(one.url, one.body) for one in store.newest_captures("news")] == [
        ("/list", b"new"),
        ("/page", b"page"),
    ]

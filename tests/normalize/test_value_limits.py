"""What is over a limit in one item: texts are shortened, what has to be whole is left out."""

from __future__ import annotations

from time import process_time

from aggregator.model import Candidate, Enclosure, RawEntry, RawImage
from aggregator.normalize.entry import choose_link
from aggregator.normalize.identity import count_guids
from aggregator.normalize.value_limits import CutValues, cut_note, limit_values, shorten_names

BASE = "https://news.example.org/feed"
LONG_URL = "https://news.example.org/" + "u" * 1_000_000


def found(value: str, count: int = 1) -> tuple[Candidate, ...]:
    return (Candidate(value, "feed:x"),) * count


def test_an_item_within_all_limits_stays_the_same() -> None:
    raw = RawEntry("item 1", BASE, url=found(BASE), title=found("a"), authors=found("Ann Lee"))

    assert limit_values(raw, base_url=BASE) == (raw, frozenset())


def test_texts_are_shortened_and_what_has_to_be_whole_is_left_out() -> None:
    raw = RawEntry(
        "item 1",
        LONG_URL,
        url=(*found(LONG_URL), *found("/a")),
        guid=Candidate("字" * 700, "feed:guid"),
        title=found("t" * 1_000_000),
        published=found("1" * 1_000_000),
        tags=found("x" * 501, 2_000),
        enclosures=(Enclosure(LONG_URL), Enclosure("/a.mp3", "a" * 2_000, title="b" * 20_000)),
        image=(RawImage(LONG_URL, "feed:image"), RawImage("/a.png", "feed:image", alt="c")),
    )

    limited, fields = limit_values(raw, base_url=BASE)

    assert limited == RawEntry(
        "item 1",
        BASE,
        url=found("/a"),
        title=found("t" * 100_000),
        tags=found("x" * 500, 1_000),
        enclosures=(Enclosure("/a.mp3", title="b" * 10_000),),
        image=(RawImage("/a.png", "feed:image", alt="c"),),
    )
    assert sorted(fields) == ["enclosures", "guid", "image", "published", "tags", "title", "url"]


def test_names_are_cut_at_the_last_separator() -> None:
    assert shorten_names("Ann Lee, Bob Ray, Cy Orr", 20) == "Ann Lee, Bob Ray"
    assert shorten_names("a" * 30, 20) == "a" * 20


def test_the_note_counts_items_by_field() -> None:
    cut = CutValues()
    cut.add({"url", "tags"})
    cut.add({"url"})

    assert cut.notes() == ("cut, being over a limit: tags of 1 item, url of 2 items",)
    assert cut_note(()) == ()


def test_ten_thousand_articles_under_one_guid_are_counted_in_no_time() -> None:
    guid = Candidate("1", "feed:guid")
    items = [RawEntry("item", BASE, guid=guid, title=found(str(n))) for n in range(10_000)]
    started = process_time()

    counts = count_guids(items)

    assert str(counts) == "9999 of 10000 guids repeat"
    assert process_time() - started < 3


def test_a_link_that_an_index_cannot_hold_is_none() -> None:
    raw = RawEntry("item 1", BASE, url=found("/" + "a" * 3_000) + found("/b"))

    assert choose_link(raw) == ("https://news.example.org/b", found("/b")[0])

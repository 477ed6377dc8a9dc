"""Which items of a document are completed from their articles' own pages, and which may be excerpts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.model import Capture
from aggregator.parse.captures import ParseResult, ParseTask, parse_captures
from aggregator.rules.loader import load_sites

SITES = load_sites()
FED = ParseTask("news", "feed")
SENTENCE = "The council of the island decided on Friday to repair the old lighthouse."


def item(
    number: int, text: str = SENTENCE, *, host: str = "news.example.org", more: str = ""
) -> str:
    return (
        f"<item><title>Title {number}</title><link>https://{host}/{number}</link>"
        f"<description>{text}</description>{more}</item>"
    )


def parsed(*items: str, task: ParseTask = FED, host: str = "news.example.org") -> ParseResult:
    body = f"<rss version='2.0'><channel><title>News</title>{''.join(items)}</channel></rss>"
    capture = Capture(
        "news", f"https://{host}/rss", datetime(2026, 7, 1, tzinfo=UTC), body.encode()
    )
    return parse_captures([capture], task, SITES)


def urls(requests: Any) -> list[str]:
    return [request.url for request in requests]


def test_a_feed_whose_items_are_all_short_may_have_excerpts() -> None:
    found = parsed(item(1), item(2), item(3))

    assert urls(found.excerpts) == [f"https://news.example.org/{number}" for number in (1, 2, 3)]
    assert (found.page_requests, found.has_excerpts) == ((), None)


@pytest.mark.parametrize(
    "items",
    [
        (item(1), item(2)),
        (item(1), item(2), item(3, " ".join([SENTENCE] * 8))),
        (item(1), item(2), item(3, host="other.example")),
        (
            item(1),
            item(2),
            item(3, more="<enclosure url='https://a.example/1.mp3' type='audio/mpeg'/>"),
        ),
        (item(1), item(2), item(3).replace("<title>Title 3</title>", "")),
    ],
    ids=["two items", "a long item", "another site", "a broadcast", "no title"],
)
def test_a_feed_is_not_searched_for_excerpts_if_one_item_cannot_be_one(
    items: tuple[str, ...],
) -> None:
    assert parsed(*items).excerpts == ()


@pytest.mark.parametrize(
    "task",
    [
        replace(FED, full_text="never"),
        replace(FED, has_excerpts=False),
        replace(FED, site="rfi"),
    ],
)
def test_what_is_known_or_not_wanted_is_not_found_out(task: ParseTask) -> None:
    assert parsed(item(1), item(2), item(3), task=task).excerpts == ()


def test_an_item_that_is_cut_is_completed_while_the_others_are_found_out() -> None:
    found = parsed(item(1), item(2, "The council of the island…"), item(3))

    assert urls(found.page_requests) == ["https://news.example.org/2"]
    assert [request.revision_index for request in found.excerpts] == [0, 2]


def test_the_short_items_of_a_feed_of_excerpts_are_completed() -> None:
    long = " ".join([SENTENCE] * 8)

    found = parsed(item(1), item(2, long), task=replace(FED, has_excerpts=True))

    assert urls(found.page_requests) == ["https://news.example.org/1"]
    assert found.has_excerpts is True


@pytest.mark.parametrize("host", ["www.rfi.fr", "www.voanews.com"])
def test_the_shipped_rules_of_rfi_and_voa_say_that_their_feeds_have_excerpts(host: str) -> None:
    found = parsed(item(1, host=host), host=host)

    assert urls(found.page_requests) == [f"https://{host}/1"]

"""The articles' own pages: who is asked, how often, and what an item keeps when its page is not to be had.

The web and the parser are played: an article's page says `text`, or lists what goes wrong.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.adapters import ROUGH_TEXT
from aggregator.config import Match, Source
from aggregator.errors import SourceError, StoreError
from aggregator.fetch import Request, Response
from aggregator.fetch.preview_cache import PreviewCache
from aggregator.model import Candidate, Capture, RawEntry, Rejection, Revision
from aggregator.parse.captures import PageRequest, ParseResult, ParseTask
from aggregator.run.article_pages import ROUGH_TEXT_NOTE, complete_items
from aggregator.run.excerpts import EXCERPTS_NOTE
from aggregator.run.host_queue import HostQueue
from aggregator.run.page_fetcher import MAX_PAGE_BYTES, PageFetcher, RunContext
from aggregator.run.shared_parts import SAME_TEXT
from aggregator.store import KnownArticle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PAGED = ParseTask("news", "page")
FED = ParseTask("news", "feed")


@dataclass
class World:
    """`pages` say what is at a URL, a text or an error; `asked` are the URLs, `most` how many at once of each host."""

    pages: dict[str, Any] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    def host_group(self, url: str) -> str:
        if "://" not in url:
            raise SourceError("blocked", f"{url} is no URL")
        return url.split("/")[2]

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return url not in self.forbidden

    async def get(self, request: Request) -> Response:
        host = self.host_group(request.url)
        self.asked.append(request.url)
        self.requests.append(request)
        self.open[host] += 1
        self.most[host] = max(self.most[host], self.open[host])
        await asyncio.sleep(0)
        self.open[host] -= 1
        said = self.pages.get(request.url, f"text of {request.url}")
        if isinstance(said, Exception):
            raise said
        if said is None:
            await asyncio.Event().wait()
        return Response(status=200, url=request.url, body=said.encode(), wire_bytes=10)

    async def digest(self, captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        """Read `text`; `reject: why`, `refuse: why`, `filter`, or `next: URL text`."""
        assert task.adapter == "article"
        assert task.item is not None
        said = captures[0].body.decode()
        last = (task.next_pages[-1] if task.next_pages else captures[0]).body.decode()
        if said.startswith("refuse: "):
            raise SourceError("parse", said[8:])
        if said.startswith("reject: "):
            return ParseResult(rejected=(Rejection(task.item.label, said[8:]),))
        if said == "filter":
            return ParseResult(filtered=1)
        more = (last.split()[1],) if last.startswith("next: ") else ()
        parts = (captures[0], *task.next_pages)
        body = "".join(f"<p>{part.body.decode().rpartition(': ')[2]}</p>" for part in parts)
        number = task.item.label.split()[-1]
        read = stated(
            int(number),
            content_html=body,
            keys=(f"url:{number}", f"alias:{number}"),
            hash="of the page",
        )
        return ParseResult((replace(read, title=f"Title {number} in full"),), next_urls=more)


def stated(number: int, **fields: Any) -> Revision:
    values: dict[str, Any] = {
        "source": "news",
        "keys": (f"url:{number}",),
        "guarded": False,
        "at": NOW,
        "captured": NOW,
        "hash": f"stated {number}",
        "url": f"https://a.example/{number}",
        "url_original": None,
        "title": f"Title {number}",
        "published": NOW - timedelta(hours=number),
        "published_from": "feed",
        "provenance": {"title": "page:h2"},
    }
    return Revision(**values | fields)


NAMELESS = {"title": "url"}  # an item of which nothing is known but its address


def listing(*revisions: Revision) -> ParseResult:
    wanted = tuple(
        PageRequest(
            index,
            RawEntry(f"item {revision.keys[0][4:]}", title=(Candidate(revision.title, "page:h2"),)),
            revision.url,
        )
        for index, revision in enumerate(revisions)
        if revision.url
    )
    return ParseResult(revisions, page_requests=wanted)


def visiting(
    world: World,
    *,
    hosts: HostQueue | None = None,
    source: dict[str, Any] | None = None,
    **parts: Any,
) -> PageFetcher:
    given: dict[str, Any] = {
        "limit_bytes": 16 * 1024 * 1024,
        "time_limit": timedelta(minutes=5),
    } | parts
    hosts = hosts or HostQueue(dict, clock=lambda: NOW)
    followed = Source.model_validate({"id": "news", "url": "https://a.example/", **(source or {})})
    return PageFetcher(followed, RunContext(world, world.digest, hosts, lambda: NOW, **given), NOW)


def completed(
    world: World,
    digest: ParseResult,
    *,
    task: ParseTask = PAGED,
    known: list[KnownArticle | None] | None = None,
    visit: PageFetcher | None = None,
) -> ParseResult:
    answers = known or [None] * len(digest.revisions)
    return asyncio.run(complete_items(visit or visiting(world), task, digest, answers))


def test_an_article_is_as_its_page_has_it_under_the_keys_and_the_hash_it_is_listed_with() -> None:
    world = World()

    found = completed(world, listing(stated(1, guarded=True), stated(2)))

    one, two = found.revisions
    assert (one.title, one.content_html) == (
        "Title 1 in full",
        "<p>text of https://a.example/1</p>",
    )
    assert (one.keys, one.hash, one.guarded) == (("url:1", "alias:1"), "stated 1", True)
    assert two.title == "Title 2 in full"
    assert sorted(world.asked) == ["https://a.example/1", "https://a.example/2"]
    assert (found.notes, found.page_requests, found.rejected) == (
        ("full text of 2 items read",),
        (),
        (),
    )


def test_texts_found_without_trafilatura_are_noted_once() -> None:
    world = World()
    digest = world.digest

    async def read_roughly(captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        found = await digest(captures, task)
        [article] = found.revisions
        return replace(
            found, revisions=(replace(article, provenance={"content_html": ROUGH_TEXT}),)
        )

    world.digest = read_roughly  # type: ignore[method-assign]

    found = completed(world, listing(stated(1), stated(2)))

    assert found.notes == ("full text of 2 items read", ROUGH_TEXT_NOTE)


def test_what_is_known_and_as_it_was_is_not_asked_for_and_says_nothing_new() -> None:
    world = World()
    midnight = NOW - timedelta(hours=12)

    found = completed(
        world,
        listing(stated(1, published=midnight, at=midnight), stated(2), stated(3)),
        known=[
            KnownArticle("shown of another", "stated 1"),
            KnownArticle("stated 2"),
            KnownArticle(None),
        ],
    )

    assert (world.asked, found.notes) == ([], ())
    assert [one.hash for one in found.revisions] == ["stated 1", "stated 2", "stated 3"]
    assert {(one.published, one.published_from, one.at) for one in found.revisions} == {
        (NOW, "first_seen", NOW)
    }


def test_what_changed_is_asked_for() -> None:
    world = World()

    [revision] = completed(
        world, listing(stated(1)), known=[KnownArticle("an older hash", "an older hash")]
    ).revisions

    assert (world.asked, revision.hash) == (["https://a.example/1"], "stated 1")


@pytest.mark.parametrize(
    "error",
    [
        SourceError("http", "HTTP 503 at a.example", status=503),
        SourceError("timeout", "no answer"),
        SourceError("connect", "no connection"),
        SourceError("dns", "not looked up"),
        SourceError("http", "HTTP 429 at a.example", status=429),
        SourceError("blocked", "a wall", status=503),
    ],
)
def test_what_fails_for_now_stays_as_stated_under_a_hash_that_is_news_the_next_time(
    error: SourceError,
) -> None:
    world = World({"https://a.example/1": error})

    first, second = (completed(world, listing(stated(1))) for _ in range(2))

    [revision] = first.revisions
    assert first == second
    assert replace(revision, hash="stated 1") == stated(1)
    assert revision.hash != "stated 1"
    assert first.notes == (f"full text of 0 items read, 1 failed ({error})",)


def test_what_is_known_keeps_its_text_while_its_changed_page_fails() -> None:
    world = World(
        {
            f"https://a.example/{number}": SourceError("http", "HTTP 500", status=500)
            for number in (1, 2)
        }
    )
    known = KnownArticle("shown", "older")

    one, two = completed(
        world, listing(stated(1), stated(2, guarded=True)), known=[known, known]
    ).revisions

    assert (one.hash, one.published_from) == ("older", "first_seen")
    assert (
        two.published_from == "feed"
    )  # its key may stand for another article: nothing may be hidden


REFUSALS: dict[str, Any] = {
    "not there": SourceError("http", "HTTP 404 Not Found at a.example", status=404),
    "gone": SourceError("gone", "HTTP 410", status=410),
    "forbidden": SourceError("forbidden", "HTTP 403", status=403),
    "too large": SourceError("too-large", "more than 8 MiB"),
    "private": SourceError("blocked", "10.0.0.1 is a private address"),
    "no article": "reject: a page that says it is not there",
    "no page": "refuse: no page",
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("task", [PAGED, FED], ids=["page", "feed"])
def test_what_is_not_to_be_had_is_settled(case: str, task: ParseTask) -> None:
    world = World({f"https://a.example/{number}": REFUSALS[case] for number in (1, 2, 3)})
    nameless, named, summed = (
        stated(1, provenance=NAMELESS),
        stated(2),
        stated(3, summary="What it is about."),
    )

    found = completed(world, listing(nameless, named, summed), task=task)

    if task is FED:
        assert found.revisions == (nameless, named, summed)
        assert found.rejected == ()
    else:
        assert found.revisions == (named, summed)
        [rejection] = found.rejected
        assert (rejection.label, "item 1" in rejection.reason) == ("item 1", False)
    assert found.notes[0].startswith("full text of 0 items read, 3 failed (")


def test_a_known_item_of_a_page_is_not_rejected_when_its_page_goes() -> None:
    world = World({"https://a.example/1": REFUSALS["not there"]})

    found = completed(world, listing(stated(1)), known=[KnownArticle("shown", "older")])

    assert [one.hash for one in found.revisions] == ["older"]


def test_robots_txt_is_asked_before_a_page() -> None:
    world = World(forbidden={"https://a.example/1"})

    found = completed(
        world,
        listing(
            stated(1),
        ),
    )

    assert world.asked == []
    assert found.revisions == (stated(1),)
    assert found.notes == (
        "full text of 0 items read, 1 failed (robots.txt does not allow this page to be read by programs)",
    )


def test_what_was_read_in_vain_is_not_asked_for_again_within_a_day() -> None:
    world = World(
        {
            "https://a.example/1": "filter",
            "https://a.example/2": SourceError("http", "an error", status=404),
        }
    )
    visit = visiting(world)
    digest = listing(stated(1), stated(2, provenance=NAMELESS))

    first = completed(world, digest, visit=visit)
    second = completed(world, digest, visit=replace(visit, started=NOW + timedelta(hours=23)))
    changed = completed(world, listing(stated(1, hash="edited")), visit=visit)
    later = completed(world, digest, visit=replace(visit, started=NOW + timedelta(hours=25)))

    assert Counter(world.asked) == {"https://a.example/1": 3, "https://a.example/2": 2}
    assert {(found.filtered, found.rejected) for found in (first, second, later)} == {
        (1, (Rejection("item 2", "an error"),))
    }
    assert changed.filtered == 1


def test_a_rejection_that_is_remembered_names_its_item_as_the_list_does_now() -> None:
    world = World({"https://a.example/2": "reject: no text found"})
    visit = visiting(world)
    nameless = stated(2, provenance=NAMELESS)
    moved = listing(nameless)
    [request] = moved.page_requests
    moved = replace(
        moved, page_requests=(replace(request, raw=replace(request.raw, label="item 5")),)
    )

    first = completed(world, listing(nameless), visit=visit)
    second = completed(world, moved, visit=visit)

    assert (first.rejected, second.rejected) == (
        (Rejection("item 2", "no text found"),),
        (Rejection("item 5", "no text found"),),
    )
    assert len(world.asked) == 1


def test_an_article_that_changes_all_the_time_is_read_four_times_a_day_and_keeps_its_text() -> None:
    world = World()
    visit = visiting(world)

    def told(minutes: int) -> Revision:
        known: list[KnownArticle | None] = (
            [KnownArticle("shown", "an hour ago")] if minutes else [None]
        )
        now = replace(visit, started=NOW + timedelta(minutes=minutes))
        [revision] = completed(
            world, listing(stated(1, hash=f"{minutes} minutes ago")), known=known, visit=now
        ).revisions
        return revision

    hashes = [told(minutes).hash for minutes in range(0, 1440, 15)]
    later = told(1441)

    assert hashes[:4] == [f"{minutes} minutes ago" for minutes in (0, 15, 30, 45)]
    assert set(hashes[4:]) == {"an hour ago"}
    assert (len(world.asked), later.hash) == (5, "1441 minutes ago")


def test_what_filters_want_of_a_text_is_judged_when_there_is_one() -> None:
    world = World({f"https://a.example/{number}": REFUSALS["not there"] for number in (1, 2)})
    task = replace(FED, include=Match(content=("harbour",)))

    found = completed(
        world, listing(stated(1), stated(2, summary="The harbour."), stated(3)), task=task
    )

    assert [one.title for one in found.revisions] == ["Title 2", "Title 3 in full"]
    assert found.filtered == 1


def test_a_host_that_asks_for_time_is_not_asked_any_more() -> None:
    def busy(number: int) -> SourceError:
        return SourceError(
            "http",
            "HTTP 503 at a.example",
            status=503,
            retry_after=timedelta(hours=2),
            url=f"https://a.example/{number}",
        )

    world = World({f"https://a.example/{number}": busy(number) for number in range(9)})
    hosts = HostQueue(dict, clock=lambda: NOW, per_host=1)
    hosts.note_retry_after("a.example", "https://a.example/feed", timedelta(hours=3))
    visit = visiting(world, hosts=hosts)
    elsewhere = stated(50, url="https://b.example/50")

    found = completed(world, listing(*map(stated, range(9)), elsewhere), visit=visit)

    assert world.asked.count("https://a.example/0") == 1
    assert Counter(world.host_group(url) for url in world.asked) == {"a.example": 1, "b.example": 1}
    assert visit.waits == {"a.example": NOW + timedelta(hours=2)}
    assert found.notes == ("full text of 1 item read, 9 failed (HTTP 503 at a.example)",)


def test_a_host_that_wanted_peace_before_is_not_asked_at_all() -> None:
    world = World()
    hosts = HostQueue(lambda: {"a.example": NOW + timedelta(hours=1)}, clock=lambda: NOW)

    found = completed(world, listing(stated(1)), visit=visiting(world, hosts=hosts))

    assert world.asked == []
    assert found.notes == (
        "full text of 0 items read, 1 failed (not asked: a.example asked to wait until 2026-07-01 13:00Z)",
    )


@pytest.mark.parametrize(
    "error", [SourceError("timeout", "no answer"), SourceError("blocked", "a wall", status=403)]
)
def test_a_host_that_fails_again_and_again_is_left_alone(error: SourceError) -> None:
    world = World({f"https://a.example/{number}": error for number in range(2, 99)})

    completed(
        world,
        listing(*map(stated, range(99))),
        visit=visiting(world, hosts=HostQueue(dict, clock=lambda: NOW, per_host=1)),
    )

    assert len(world.asked) == 5


def test_single_failures_between_answers_stop_nothing() -> None:
    world = World(
        {f"https://a.example/{number}": SourceError("timeout", "no") for number in range(0, 30, 3)}
    )

    completed(world, listing(*map(stated, range(30))))

    assert len(world.asked) == 30


def test_one_host_is_asked_as_far_as_it_may_be_and_others_at_the_same_time() -> None:
    world = World()
    pages = [
        stated(number, url=f"https://{'abc'[number % 3]}.example/{number}") for number in range(30)
    ]

    completed(
        world,
        listing(*pages),
        visit=visiting(world, hosts=HostQueue(dict, clock=lambda: NOW, per_host=2)),
    )

    assert world.most == {"a.example": 2, "b.example": 2, "c.example": 2}
    assert len(world.asked) == 30


def test_five_thousand_items_are_read_a_hundred_at_a_time_and_nothing_half_is_brought() -> None:
    world = World()
    visit = visiting(world)

    found = completed(world, listing(*map(stated, range(5000))), visit=visit)

    assert sorted(world.asked) == sorted(f"https://a.example/{number}" for number in range(100))
    assert len(found.revisions) == 100
    assert visit.has_more
    assert found.notes == ("full text of 100 items read", "4900 items left for the next run")


def test_beyond_the_limit_what_has_a_text_is_brought_and_wanted_again() -> None:
    world = World()
    visit = visiting(world, max_articles=1)

    found = completed(
        world,
        listing(stated(1), stated(2, summary="About."), stated(3)),
        visit=visit,
        known=[None, None, KnownArticle("x", "y")],
    )

    _, second, third = found.revisions
    assert (second.summary, second.hash != "stated 2", third.hash) == ("About.", True, "y")
    assert found.notes == ("full text of 1 item read", "2 items left for the next run")


def test_the_run_ends_in_time_with_what_was_read() -> None:
    world = World({"https://b.example/2": None})
    visit = visiting(world, time_limit=timedelta(seconds=0.25))
    pages = (
        stated(1),
        stated(2, url="https://b.example/2", summary="About."),
        stated(3, url="https://b.example/3"),
    )

    found = completed(world, listing(*pages), visit=visit)

    assert [one.title for one in found.revisions] == [
        "Title 1 in full",
        "Title 2",
        "Title 3 in full",
    ]
    assert visit.has_more


def test_memory_is_bounded() -> None:
    world = World({f"https://a.example/{number}": "x" * (7 * 1024 * 1024) for number in range(40)})
    visit = visiting(world)

    found = completed(world, listing(*map(stated, range(40))), visit=visit)

    assert len(found.revisions) <= 12
    assert visit.has_more
    assert {request.max_body for request in world.requests} == {MAX_PAGE_BYTES}


def test_a_source_may_ask_for_less_and_its_secrets_stay_at_home() -> None:
    world = World()
    http = {
        "max_body": "1MiB",
        "headers": {"X-Key": "secret"},
        "min_interval": "2s",
        "user_agent": "us",
    }
    visit = visiting(world, source={"http": http, "allow_private": True})

    completed(world, listing(stated(1), stated(2, url="https://b.example/2")), visit=visit)

    own, other = sorted(world.requests, key=lambda request: request.url)
    assert (own.headers, other.headers) == ({"X-Key": "secret"}, {})
    assert {
        (one.max_body, one.spacing, one.user_agent, one.allow_private) for one in (own, other)
    } == {(1024 * 1024, timedelta(seconds=2), "us", True)}


def test_the_pages_of_one_article_are_read_together() -> None:
    first, second = "next: https://a.example/1?p=2 : one", "next: https://a.example/1?p=3 : two"
    world = World(
        {
            "https://a.example/1": first,
            "https://a.example/1?p=2": second,
            "https://a.example/1?p=3": "three",
        }
    )
    visit = visiting(world)

    [revision] = completed(world, listing(stated(1)), visit=visit).revisions

    assert revision.content_html == "<p>one</p><p>two</p><p>three</p>"
    assert [capture.url for capture in visit.captures] == world.asked
    assert visit.size_bytes == 30


def test_an_article_without_end_ends_at_ten_pages_and_never_leaves_its_host() -> None:
    def page(number: int) -> str:
        return f"next: https://a.example/1?p={number + 1} : {number}"

    world = World(
        {"https://a.example/1": page(1)}
        | {f"https://a.example/1?p={n}": page(n) for n in range(2, 99)}
    )
    away = World({"https://a.example/1": "next: https://b.example/2 : one"})
    circle = World({"https://a.example/1": "next: https://a.example/1 : one"})

    for one in (world, away, circle):
        completed(one, listing(stated(1)))

    assert (len(world.asked), len(away.asked), len(circle.asked)) == (10, 1, 1)


def test_what_is_remembered_is_not_asked_for(tmp_path: Path) -> None:
    world = World()
    memory = PreviewCache(tmp_path, clock=lambda: NOW)
    visit = visiting(world, preview_cache=memory)
    completed(world, listing(stated(1)), visit=visit)
    memory.store(
        world.requests[0], Response(status=200, url="https://a.example/1", body=b"remembered")
    )
    world.asked.clear()

    [revision] = completed(
        world, listing(stated(1)), visit=visiting(world, preview_cache=memory)
    ).revisions

    assert (world.asked, revision.content_html) == ([], "<p>remembered</p>")


def test_a_store_that_fails_ends_the_run() -> None:
    def broken() -> Any:
        raise StoreError("the disk is gone")

    world = World()

    with pytest.raises(StoreError, match="the disk is gone"):
        completed(
            world,
            listing(*map(stated, range(9))),
            visit=visiting(world, hosts=HostQueue(broken, clock=lambda: NOW)),
        )

    assert world.asked == []


def test_a_link_that_is_no_address_is_one_message() -> None:
    world = World()

    found = completed(world, listing(stated(1, url="nowhere", provenance=NAMELESS), stated(2)))

    assert found.rejected == (Rejection("item 1", "nowhere is no URL"),)
    assert [one.title for one in found.revisions] == ["Title 2 in full"]


# --- excerpts ---------------------------------------------------------------------------------------------------------

LONG = "word " * 200


def excerpts(count: int) -> ParseResult:
    """Return a feed whose items are all short."""
    found = listing(
        *(stated(number, summary="One sentence of it.") for number in range(1, count + 1))
    )
    return replace(found, page_requests=(), excerpts=found.page_requests)


def address(number: int) -> str:
    return f"https://a.example/{number}"


def test_a_feed_of_excerpts_is_recognised_after_three_pages_and_read_in_full() -> None:
    world = World({address(number): f"text {number} {LONG}" for number in range(1, 6)})

    found = completed(world, excerpts(5), task=FED)

    assert world.asked[:3] == [address(1), address(2), address(3)]
    assert sorted(world.asked) == [address(number) for number in range(1, 6)]
    assert (found.has_excerpts, found.notes) == (
        True,
        (EXCERPTS_NOTE, "full text of 5 items read"),
    )
    assert [len(revision.content_html or "") > 900 for revision in found.revisions] == [True] * 5


def test_a_feed_whose_pages_are_short_too_stays_as_it_is_listed() -> None:
    world, listed = World(), excerpts(5)

    found = completed(world, listed, task=FED)

    assert world.asked == [address(1), address(2), address(3)]
    assert (found.has_excerpts, found.notes, found.revisions) == (False, (), listed.revisions)


def test_it_is_found_out_another_time_if_the_host_is_busy() -> None:
    busy = SourceError("http", "HTTP 500", status=500)
    world = World({address(number): busy for number in range(1, 6)})
    listed = excerpts(5)

    found = completed(world, listed, task=FED)

    assert world.asked == [address(1), address(2), address(3)]
    assert (found.has_excerpts, found.revisions) == (None, listed.revisions)


def test_pages_that_robots_forbids_are_not_asked_for_again() -> None:
    world = World(forbidden={address(number) for number in range(1, 6)})

    found = completed(world, excerpts(5), task=FED)

    assert (world.asked, found.has_excerpts) == ([], False)


def test_a_probe_counts_among_the_pages_of_a_run() -> None:
    world = World({address(number): f"text {number} {LONG}" for number in range(1, 6)})

    found = completed(world, excerpts(5), task=FED, visit=visiting(world, max_articles=4))

    assert sorted(world.asked) == [address(number) for number in range(1, 5)]
    assert found.notes == (
        EXCERPTS_NOTE,
        "full text of 4 items read",
        "1 item left for the next run",
    )


def test_a_run_that_may_read_one_page_finds_nothing_out() -> None:
    world = World()

    found = completed(world, excerpts(5), task=FED, visit=visiting(world, max_articles=1))

    assert (world.asked, found.has_excerpts) == ([], None)


# --- what pages share -------------------------------------------------------------------------------------------------

WALL = "text Please accept all cookies to go on to the article."


def test_pages_that_all_have_the_same_text_do_not_replace_what_the_list_states() -> None:
    world = World({address(number): WALL for number in range(1, 4)})
    listed = listing(*(stated(number, summary=f"Summary {number}.") for number in range(1, 4)))

    found = completed(world, listed)

    assert found.revisions == listed.revisions
    assert found.notes == (f"full text of 0 items read, 3 failed ({SAME_TEXT})",)


def test_what_pages_share_is_remembered_for_a_run_that_reads_one() -> None:
    world = World({address(number): WALL for number in range(1, 5)})
    first = completed(world, listing(*(stated(number) for number in range(1, 4))))
    one = listing(stated(4))

    later = asyncio.run(
        complete_items(visiting(world), PAGED, one, [None], shared_parts=first.shared_parts)
    )

    assert len(first.shared_parts) == 1
    assert first.shared_parts[0].text
    assert later.revisions == one.revisions
    assert later.shared_parts == first.shared_parts


def test_a_title_that_all_pages_have_loses_to_the_titles_of_the_list() -> None:
    world = World()
    digest = world.digest

    async def same_title(captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        read = await digest(captures, task)
        return replace(read, revisions=(replace(read.revisions[0], title="Our Site"),))

    world.digest = same_title  # type: ignore[method-assign]

    found = completed(world, listing(*(stated(number) for number in range(1, 4))))

    assert [revision.title for revision in found.revisions] == ["Title 1", "Title 2", "Title 3"]
    assert {revision.provenance["title"] for revision in found.revisions} == {"page:h2"}


def test_pages_that_share_their_text_are_not_taken_for_the_articles_of_excerpts() -> None:
    world = World({address(number): f"text {LONG}" for number in range(1, 6)})
    listed = excerpts(5)

    found = completed(world, listed, task=FED)

    assert (len(world.asked), found.has_excerpts) == (3, False)
    assert found.revisions == listed.revisions

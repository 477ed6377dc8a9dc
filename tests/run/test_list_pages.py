"""The further documents of a list: how far they are followed, and what ends it.

The web and the parser are played: a document is a line of words, `a b | URL URL`: its articles, and what it leads to.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config import Source
from aggregator.errors import SourceError
from aggregator.fetch import Request, Response
from aggregator.model import Capture, RawEntry, Revision
from aggregator.parse.captures import PageRequest, ParseResult, ParseTask
from aggregator.run.host_queue import HostQueue
from aggregator.run.list_pages import ListPage, follow_pages, list_page
from aggregator.run.page_fetcher import PageFetcher, RunContext
from aggregator.store import KnownArticle

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOME = "https://a.example/"


def page(number: int) -> str:
    return f"{HOME}?p={number}"


def article(name: str) -> Revision:
    return Revision(
        source="news",
        keys=(f"url:{name}",),
        guarded=False,
        at=NOW,
        captured=NOW,
        hash=name,
        url=f"{HOME}{name}",
        url_original=None,
        title=name,
        published=NOW,
        published_from="page",
    )


def read(text: str) -> ParseResult:
    names, _, more = text.partition("|")
    revisions = tuple(map(article, names.split()))
    wanted = tuple(
        PageRequest(i, RawEntry(one.title), str(one.url)) for i, one in enumerate(revisions)
    )
    return ParseResult(revisions, next_urls=tuple(more.split()), page_requests=wanted)


class World:
    def __init__(self, documents: dict[str, Any], *, known: str = "", forbidden: str = "") -> None:
        self.documents, self.known, self.forbidden = documents, known.split(), forbidden.split()
        self.asked: list[str] = []
        self.robots: list[str] = []

    def host_group(self, url: str) -> str:
        return url.split("/")[2]

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        self.robots.append(url)
        return url not in self.forbidden

    async def get(self, request: Request) -> Response:
        self.asked.append(request.url)
        said = self.documents[request.url]
        if isinstance(said, Exception):
            raise said
        if said is None:
            await asyncio.Event().wait()
        return Response(status=200, url=request.url, body=said.encode())

    async def digest(self, captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        return read(captures[0].body.decode())

    async def news(self, revisions: Sequence[Revision]) -> list[KnownArticle | None]:
        return [KnownArticle(one.hash) if one.hash in self.known else None for one in revisions]

    def follow(
        self, first: str, *, carrier: str = "page", pages: int = 10, seconds: float = 60
    ) -> list[ListPage]:
        async def story() -> list[ListPage]:
            source = Source.model_validate({"id": "news", "url": HOME, "pages": pages})
            hosts = HostQueue(dict, clock=lambda: NOW)
            limit = timedelta(seconds=seconds)
            parts = RunContext(
                self,
                self.digest,
                hosts,
                lambda: NOW,
                limit_bytes=9999,
                time_limit=limit,
                find_known=self.news,
            )
            document = read(first)
            leaf = list_page(document, await self.news(document.revisions))
            return await follow_pages(
                PageFetcher(source, parts, NOW), ParseTask("news", carrier), leaf, url=HOME
            )

        return asyncio.run(story())


def titles(leaves: list[ListPage]) -> list[list[str]]:
    return [[revision.title for revision in leaf.result.revisions] for leaf in leaves]


def test_pages_are_read_until_one_brings_nothing_unknown() -> None:
    documents = {page(2): f"c d | {page(3)}", page(3): f"e f | {page(4)}", page(4): "g"}
    world = World(documents, known="e f g")

    leaves = world.follow(f"a b | {page(2)}")

    assert world.asked == world.robots == [page(2), page(3)]
    assert titles(leaves) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert [leaf.known for leaf in leaves] == [
        [None, None],
        [None, None],
        [KnownArticle("e"), KnownArticle("f")],
    ]


def test_a_list_whose_first_page_is_known_is_not_followed() -> None:
    world = World({}, known="a b")

    assert len(world.follow(f"a b | {page(2)}")) == 1
    assert world.asked == []


def test_one_new_article_lets_the_list_go_on() -> None:
    world = World({page(2): "c"}, known="b c")

    world.follow(f"a b | {page(2)}")

    assert world.asked == [page(2)]


def test_a_list_without_end_ends_at_its_number_of_pages() -> None:
    documents = {page(number): f"n{number} | {page(number + 1)}" for number in range(2, 99)}

    for pages in (1, 2, 10):
        world = World(documents)
        assert len(world.follow(f"a | {page(2)}", pages=pages)) == pages
        assert len(world.asked) == pages - 1


def test_no_page_is_read_twice_and_none_beyond_the_lists_domain() -> None:
    documents = {
        page(2): f"b | {HOME} {page(2)} https://b.example/ https://m.a.example/",
        "https://m.a.example/": "c",
    }
    world = World(documents)

    leaves = world.follow(f"a | {page(2)} {HOME}")

    assert world.asked == [page(2), "https://m.a.example/"]
    assert titles(leaves) == [["a"], ["b"], ["c"]]


def test_what_moved_to_the_next_page_meanwhile_is_not_counted_again() -> None:
    world = World({page(2): "b c a d"})

    leaves = world.follow(f"a b | {page(2)}")

    assert titles(leaves) == [["a", "b"], ["c", "d"]]
    assert [(one.revision_index, one.raw.label) for one in leaves[1].result.page_requests] == [
        (0, "c"),
        (1, "d"),
    ]
    assert leaves[1].known == [None, None]


def test_a_page_that_only_repeats_the_last_one_is_the_end() -> None:
    world = World({page(2): f"a b | {page(3)}"})

    assert titles(world.follow(f"a b | {page(2)}")) == [["a", "b"], []]
    assert world.asked == [page(2)]


def test_a_page_that_fails_is_a_note_and_the_end() -> None:
    world = World({page(2): SourceError("http", "HTTP 503 at a.example", status=503)})

    [first, last] = world.follow(f"a | {page(2)} {page(3)}")

    assert (titles([first]), last.result) == (
        [["a"]],
        ParseResult(notes=(f"{HOME}?… could not be read: HTTP 503 at a.example",)),
    )
    assert world.asked == [page(2)]


def test_a_page_that_robots_txt_forbids_is_not_asked_for() -> None:
    world = World({}, forbidden=page(2))

    [_, last] = world.follow(f"a | {page(2)}")

    assert world.asked == []
    assert "robots.txt does not allow" in last.result.notes[0]


def test_a_page_that_never_comes_ends_with_the_time_of_the_run() -> None:
    world = World({page(2): None})

    [_, last] = world.follow(f"a | {page(2)}", seconds=0.05)

    assert last.result.notes == (f"{HOME}?… could not be read in the time of this run",)


def test_the_newest_five_parts_of_a_sitemap_are_read_and_robots_txt_is_not_asked() -> None:
    parts = {f"{HOME}{number}.xml": f"n{number}" for number in range(9)}
    world = World(parts)

    leaves = world.follow(f"| {' '.join(parts)}", carrier="sitemap", pages=1)

    assert world.asked == list(parts)[:5]
    assert world.robots == []
    assert len(leaves) == 6


def test_parts_of_a_sitemap_are_read_as_long_as_they_bring_something() -> None:
    parts = {f"{HOME}{number}.xml": f"n{number}" for number in range(9)}
    world = World(parts, known="n1")

    world.follow(f"| {' '.join(parts)}", carrier="sitemap")

    assert world.asked == list(parts)[:2]


def test_a_list_of_lists_of_lists_is_followed() -> None:
    world = World({f"{HOME}1.xml": f"| {HOME}2.xml", f"{HOME}2.xml": "a"})

    assert titles(world.follow(f"| {HOME}1.xml", carrier="sitemap")) == [[], [], ["a"]]

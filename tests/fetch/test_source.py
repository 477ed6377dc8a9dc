"""One asking of one source: what is new is handed on, what is as it was is not."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Source
from aggregator.errors import SourceError
from aggregator.fetch.source import MAX_FILES, FetchContext, Fetched, fetch_source
from aggregator.model import Capture, SourceState, Validators

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
FEED = b"<rss version='2.0'><channel><item><title>Lamps</title></item></channel></rss>"
PAGE = b'<!doctype html><link rel="alternate" type="application/rss+xml" href="/feed.xml">'


def source(**keys: Any) -> Source:
    return Source.model_validate({"id": "news", **keys})


def state(**fields: Any) -> SourceState:
    return SourceState("news", NOW, **fields)


def context(fetcher: Any, *, limit_bytes: int) -> FetchContext:
    return FetchContext(fetcher, NOW, limit_bytes)


def digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def asked(
    net: Any, pages: dict[str, bytes], before: SourceState, path: str = "/", **keys: Any
) -> tuple[Fetched, Any]:
    async def story(site: Any, fetcher: Any) -> tuple[Fetched, Any]:
        full = keys.pop("full", False)
        one = source(url=site.url(path), **keys)
        return await fetch_source(one, before, context(fetcher, limit_bytes=10**6), full=full), site

    found: tuple[Fetched, Any] = net.visit(pages, story)
    return found


def from_folder(
    path: Path, before: SourceState, *, limit_bytes: int = 10**6, full: bool = False
) -> Fetched:
    unused: Any = None
    return asyncio.run(
        fetch_source(
            source(path=str(path)), before, context(unused, limit_bytes=limit_bytes), full=full
        )
    )


def test_a_feed_that_answers_is_one_capture(net: Any) -> None:
    found, site = asked(
        net, {"/": net.answer(200, FEED, ETag='"1"', Content_Type="text/xml")}, state()
    )

    headers = {"etag": '"1"', "content-type": "text/xml"}
    assert found.captures == (Capture("news", site.url(), NOW, FEED, headers=headers),)
    assert (found.adapter, found.http_status, found.size_bytes) == ("feed", 200, len(FEED))
    assert found.state == state(
        validators=Validators(site.url(), etag='"1"'),
        body_hash=digest(FEED),
        detected_adapter="feed",
    )


def test_an_unchanged_feed_hands_nothing_on(net: Any) -> None:
    before = state(body_hash=digest(FEED))

    found, _ = asked(net, {"/": net.answer(200, FEED)}, before)

    assert (found.captures, found.state.body_hash) == ((), digest(FEED))


def test_the_same_bytes_are_taken_again_where_all_was_asked_for(net: Any) -> None:
    found, site = asked(net, {"/": net.answer(200, FEED)}, state(body_hash=digest(FEED)), full=True)

    assert [capture.body for capture in found.captures] == [FEED]
    assert "if-none-match" not in site.asked[0].headers


@pytest.mark.parametrize(
    ("body_hash", "path", "is_kept"),
    [(digest(FEED), "", True), ("other bytes", "", False), (digest(FEED), "elsewhere", False)],
)
def test_validators_are_kept_if_their_url_sends_the_same_bytes_without_any(
    net: Any, body_hash: str, path: str, is_kept: bool
) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[Fetched, Validators]:
        known = Validators(site.url() + path, etag='"1"')
        before = state(validators=known, body_hash=body_hash)
        one = source(url=site.url())
        return await fetch_source(one, before, context(fetcher, limit_bytes=10**6)), known

    found, known = net.visit({"/": net.answer(200, FEED)}, story)

    assert found.state.validators == (known if is_kept else None)


def test_a_304_keeps_what_is_known_of_the_body(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> Fetched:
        known = state(validators=Validators(site.url(), etag='"1"'), body_hash="known")
        return await fetch_source(
            source(url=site.url()), known, context(fetcher, limit_bytes=1), full=False
        )

    found = net.visit({"/": net.answer(304)}, story)

    assert (found.captures, found.http_status, found.state.body_hash) == ((), 304, "known")
    assert found.state.validators.etag == '"1"'


def test_a_remembered_feed_is_asked_at_once(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> list[str]:
        known = state(discovered_feed=site.url("/feed.xml"), detected_adapter="feed")
        await fetch_source(
            source(url=site.url()), known, context(fetcher, limit_bytes=1), full=False
        )
        return [one.target for one in site.asked]

    assert net.visit({"/feed.xml": net.answer(200, FEED)}, story) == ["/feed.xml"]


LIST = b"<html><title>x</title><p>news"
CARRIED = {
    "a feed": (FEED, "feed"),
    "a page": (LIST, "page"),
    "a sitemap": (b"<?xml version='1.0'?>\n<urlset xmlns='x'><url/></urlset>", "sitemap"),
    "an index of sitemaps": (
        b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><sitemapindex/>",
        "sitemap",
    ),
    "a packed sitemap": (gzip.compress(b"<urlset/>"), "sitemap"),
    "json of its own kind": (b' [{"title": "Lamps"}]', "json"),
    "a JSON Feed": (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "feed"),
}


@pytest.mark.parametrize("case", CARRIED)
def test_what_carries_the_items_is_told_by_the_bytes(net: Any, case: str) -> None:
    body, carrier = CARRIED[case]

    found, _ = asked(net, {"/": net.answer(200, body)}, state(), items="$.x")

    assert found.adapter == carrier


@pytest.mark.parametrize(
    ("body", "adapter"),
    [
        (b'[{"title": "Lamps"}]', "json"),
        (b'{"a": 1}\n{"a": 2}\n', "json"),
        (b'/**/ window.show_1({"a": 1});', "json"),
        (b"typeof cb === 'function' && cb([1])", "json"),
        (b'{"items": [], "version": "https://jsonfeed.org/version/1"}', "feed"),
        (b"Lamps (3) are lit", "feed"),
    ],
)
def test_json_needs_no_rules_to_be_read(net: Any, body: bytes, adapter: str) -> None:
    found, _ = asked(net, {"/": net.answer(200, body)}, state())

    assert found.adapter == adapter


def test_json_from_a_known_feed_is_an_error_message(net: Any) -> None:
    before = state(detected_adapter="feed")

    found, _ = asked(net, {"/": net.answer(200, b'{"error": "busy"}')}, before)

    assert found.adapter == "feed"


def test_a_page_without_rules_is_to_be_searched(net: Any) -> None:
    found, site = asked(net, {"/": net.answer(200, LIST)}, state())

    assert [one.target for one in site.asked] == ["/"]
    assert (found.adapter, found.is_guessed_page) == ("page", True)
    assert (found.state.detected_adapter, found.state.body_hash) == ("page", digest(LIST))


def test_a_known_page_stays_a_page_and_is_compared_as_one(net: Any) -> None:
    before = state(body_hash=digest(LIST), detected_adapter="page")

    same, site = asked(net, {"/": net.answer(200, LIST)}, before)
    changed, _ = asked(net, {"/": net.answer(200, PAGE)}, before)
    feed, _ = asked(net, {"/": net.answer(200, FEED)}, before)

    assert ([one.target for one in site.asked], same.captures) == (["/robots.txt", "/"], ())
    assert (
        changed.adapter,
        changed.is_guessed_page,
        len(changed.captures),
        changed.state.discovered_feed,
    ) == (
        "page",
        False,
        1,
        None,
    )
    assert (feed.adapter, feed.state.body_hash) == ("feed", digest(FEED))


def test_who_says_how_a_page_is_read_wants_the_page_and_not_the_feed_it_names(net: Any) -> None:
    pages = {"/": net.answer(200, PAGE), "/feed.xml": net.answer(200, FEED)}

    for keys in ({"items": ".card"}, {"adapter": "rfi"}):
        found, site = asked(net, pages, state(), **keys)
        assert [one.target for one in site.asked] == ["/", "/robots.txt"]
        assert (found.adapter, found.is_guessed_page) == ("page", False)


def test_what_was_not_read_to_its_end_is_read_again_though_it_did_not_change(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[Fetched, Fetched, list[bool]]:
        async def ask(before: SourceState) -> Fetched:
            return await fetch_source(
                source(url=site.url()), before, context(fetcher, limit_bytes=10**6), full=False
            )

        found = await ask(state())
        again = await ask(replace(found.state, read_again=True))
        await ask(again.state)
        return found, again, ["if-none-match" in request.headers for request in site.asked]

    found, again, conditional = net.visit({"/": net.answer(200, FEED, ETag='"1"')}, story)
    listed, _ = asked(net, {"/": net.answer(200, LIST)}, state())

    assert (conditional, len(again.captures)) == ([False, False, True], 1)
    assert (
        replace(found.state, read_again=True).validators == found.state.validators
    )  # the server still gives them
    assert again.state == found.state
    assert listed.state.detected_adapter == "page"


def test_bytes_that_are_read_again_are_no_change(net: Any) -> None:
    pages = {"/": net.answer(200, FEED)}
    seen = {
        "first": state(),
        "same": state(body_hash=digest(FEED)),
        "same, again": state(body_hash=digest(FEED), read_again=True),
        "other": state(body_hash="other"),
        "other, again": state(body_hash="other", read_again=True),
        "of an older version": state(body_hash=""),
    }

    changed = {name: asked(net, pages, before)[0].changed for name, before in seen.items()}
    full, _ = asked(net, pages, seen["same"], full=True)

    assert [name for name, found in changed.items() if found] == [
        "first",
        "other",
        "other, again",
        "of an older version",
    ]
    assert (len(full.captures), full.changed) == (1, False)


def test_a_source_that_names_its_adapter_is_not_second_guessed(net: Any) -> None:
    found, _ = asked(net, {"/": net.answer(200, PAGE)}, state(), adapter="feed")

    assert (found.adapter, len(found.captures)) == ("feed", 1)


def test_the_charset_of_the_source_replaces_the_servers(net: Any) -> None:
    pages = {"/": net.answer(200, FEED, Content_Type="text/xml; charset=utf-8")}

    found, _ = asked(net, pages, state(), http={"charset": "gb18030"})

    assert found.captures[0].headers["content-type"] == "text/xml; charset=gb18030"


def test_a_permanent_redirect_is_counted_before_it_is_believed(net: Any) -> None:
    pages = {"/": net.answer(301, Location="/new"), "/new": net.answer(200, FEED)}

    first, site = asked(net, pages, state())
    assert (first.state.moved_to, first.state.moved_seen) == (site.url("/new"), 1)

    async def story(site: Any, fetcher: Any) -> Fetched:
        before = state(moved_to=site.url("/new"), moved_seen=4)
        return await fetch_source(
            source(url=site.url()), before, context(fetcher, limit_bytes=1), full=False
        )

    assert net.visit(pages, story).state.moved_seen == 5


def test_a_folder_hands_on_its_new_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(name)

    first = from_folder(tmp_path, state())
    (tmp_path / "c.txt").write_text("new")
    second = from_folder(tmp_path, first.state)

    assert [capture.body for capture in first.captures] == [b"a.txt", b"b.txt"]
    assert [capture.body for capture in second.captures] == [b"new"]
    assert (first.adapter, first.size_bytes, first.has_more) == ("archive", 10, False)
    assert from_folder(tmp_path, second.state).captures == ()
    assert len(from_folder(tmp_path, second.state, full=True).captures) == 3


def test_a_file_that_cannot_be_read_is_one_message_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "large.txt").write_text("large" * 10)

    first = from_folder(tmp_path, state(), limit_bytes=20)

    assert [capture.body for capture in first.captures] == [b"a"]
    assert first.rejected == ("large.txt: 50 bytes, more than the limit of 20 (network.max_body)",)
    assert from_folder(tmp_path, first.state, limit_bytes=20).rejected == ()


def test_a_large_folder_is_read_in_several_runs(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number:05}.txt").touch()

    first = from_folder(tmp_path, state())
    second = from_folder(tmp_path, first.state)

    assert (len(first.captures), first.has_more) == (MAX_FILES, True)
    assert ([capture.url.rpartition("/")[2] for capture in second.captures], second.has_more) == (
        [f"{MAX_FILES:05}.txt"],
        False,
    )


def test_a_folder_that_is_gone_is_the_sources_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        from_folder(tmp_path / "gone", state())


def test_c7_a_page_source_that_robots_txt_forbids_is_not_asked(net: Any) -> None:
    rules = net.answer(200, b"User-agent: *\nDisallow: /news", Content_Type="text/plain")

    async def story(site: Any, fetcher: Any) -> tuple[SourceError, list[str]]:
        one = source(url=site.url("/news"), adapter="page")
        with pytest.raises(SourceError) as caught:
            await fetch_source(one, state(), context(fetcher, limit_bytes=1))
        return caught.value, [one.target for one in site.asked]

    error, targets = net.visit({"/robots.txt": rules, "/news": net.answer(200, PAGE)}, story)
    assert (error.kind, targets) == ("forbidden", ["/robots.txt"])


def test_c7_feeds_are_fetched_without_asking_robots_txt(net: Any) -> None:
    _, site = asked(net, {"/": net.answer(200, FEED)}, state())

    assert [one.target for one in site.asked] == ["/"]


def test_an_error_page_does_not_lead_a_known_feed_to_another(net: Any) -> None:
    found, site = asked(
        net, {"/": net.answer(200, PAGE)}, state(body_hash=digest(FEED), detected_adapter="feed")
    )

    assert ([one.target for one in site.asked], found.state.discovered_feed, found.adapter) == (
        ["/"],
        None,
        "feed",
    )


def test_secrets_go_to_the_sources_own_origin_alone(net: Any) -> None:
    http = {"headers": {"X-Key": "secret"}, "basic_auth": {"username": "me", "password": "word"}}

    async def story(site: Any, fetcher: Any) -> list[tuple[str | None, str | None]]:
        own = source(url=site.url("/"), http=http)
        other = source(url=site.url("/", host="localhost"), http=http)
        for one in (own, other):
            known = state(moved_to=site.url("/feed.xml"), moved_seen=10)
            await fetch_source(one, known, context(fetcher, limit_bytes=1))
        return [(one.headers.get("x-key"), one.headers.get("authorization")) for one in site.asked]

    assert net.visit({"/feed.xml": [net.answer(200, FEED)] * 2}, story) == [
        ("secret", "Basic bWU6d29yZA=="),
        (None, None),
    ]

"""`aggregator preview`: what would come out and why; each address is asked once, and nothing is stored."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.conftest import Project, Said  # for types alone

DATA = Path(__file__).parent / "data"
HTML = {"Content-Type": "text/html; charset=utf-8"}
FEED = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harbour</title><link>{origin}/</link><language>en</language>
<item><title>A bridge &#x202E;opens\N{ZERO WIDTH SPACE}</title><link>{origin}/1?utm_source=feed</link>
<guid isPermaLink="false">h-1</guid><pubDate>Thu, 04 Jul 2024 10:00:00 +0200</pubDate><dc:language>??</dc:language>
<description>&lt;p&gt;The old bridge opens again, and ships pass beneath it.&lt;/p&gt;</description>
<media:content medium="image" url="{origin}/blank.gif"/><media:content medium="image" url="{origin}/boat.jpg"/></item>
<item><title>Rowing: a sport</title><link>{origin}/2</link><pubDate>Thu, 04 Jul 2024 09:00:00 GMT</pubDate></item>
<item><title>The pilot</title><link>{origin}/3</link><pubDate>Thu, 04 Jul 2199 10:00:00 GMT</pubDate>
<description>The pilot is back on board, after a year at home.</description></item>
<item></item></channel></rss>"""
LIST = """<html lang="en"><head><title>Harbour</title></head><body><ul>
<li class="c-card"><h3><a href="/1">A bridge opens</a></h3><span class="when">4 July 2024, 10:00</span></li>
<li class="c-card"><h3><a href="/2">The pilot is back</a></h3><span class="when">3 July 2024, 9:00</span></li>
</ul></body></html>"""
ARTICLE = """<html lang="en"><head><title>{title} | Harbour</title><meta property="og:site_name" content="Harbour">
<meta property="og:type" content="article"><meta name="author" content="Ann Lee">
<meta property="article:published_time" content="soon"><meta property="og:image" content="/boat.jpg"></head>
<body><article><h1>{title}</h1><p>The old bridge opens again after two years, and ships pass beneath it.</p>
<p>More is said of it in a second paragraph, which is long as well.</p></article></body></html>"""
PAGE = (
    "- {id: list, url: '{origin}/list', adapter: page, timezone: Europe/Paris, items: li.c-card,"
    " fields: {title: h3, url: a@href, published: .when, summary: p.led}, article: {body: article}}\n"
)


@pytest.fixture
def visit(project: Project, way: Any) -> Any:
    """Call commands while an origin with these pages is up; `{origin}` stands for its address in all of it.

    Gives what was said with `{origin}` put back, and the paths that were asked.
    """
    project.write(
        "config/aggregator.yaml", "network: {allow_private: true}\nsources: sources/*.yaml\n"
    )

    def visit(
        pages: Mapping[str, Any], *calls: tuple[str, ...], sources: str = "", status: int = 200
    ) -> tuple[list[Said], list[str]]:
        async def story() -> tuple[list[Said], list[str]]:
            async with way.Origin() as origin:
                here = origin.url("")
                for path, (body, headers) in pages.items():
                    origin.pages[path] = way.Reply(body.replace("{origin}", here), status, headers)
                if sources:
                    project.write("config/sources/news.yaml", sources.replace("{origin}", here))
                words = [[word.replace("{origin}", here) for word in call] for call in calls]
                said = [await asyncio.to_thread(project.call, *call) for call in words]
                port = re.compile(re.escape(here.removeprefix("http://")).replace(":", "[:-]"))
                told = [
                    type(one)(
                        one.code,
                        port.sub("127.0.0.1:00000", one.out),
                        port.sub("127.0.0.1:00000", one.err),
                    )
                    for one in said
                ]
                return told, [path for path in origin.asked if path != "/robots.txt"]

        return asyncio.run(story())

    return visit


def feed(**keys: str) -> str:
    more = "".join(f", {name}: {value}" for name, value in keys.items())
    return f"- {{id: harbour, url: '{{origin}}/feed', adapter: feed{more}}}\n"


def test_the_comments_page_comes_out(visit: Any) -> None:
    document = FEED.replace("<item><title>R", "<item><comments>{origin}/2#c</comments><title>R")

    [said], _ = visit(
        {"/feed": (document, {})}, ("preview", "harbour", "--format", "json"), sources=feed()
    )

    assert [entry["comments"] for entry in said.json["entries"]] == [
        None,
        "http://127.0.0.1:00000/2#c",
        None,
    ]


def stored(project: Project) -> list[str]:
    return sorted(path.name for path in (project.root / "var").rglob("*") if path.is_file())


def article(title: str) -> str:
    return ARTICLE.replace("{title}", title)


def test_an_item_of_a_feed_is_shown_with_all_its_candidates(visit: Any) -> None:
    sources = feed(exclude="{title: sport}", full_text="never")

    (said,), asked = visit(
        {"/feed": (FEED, {})}, ("preview", "harbour", "--limit", "1"), sources=sources
    )

    assert (said.code, said.err, asked) == (0, "", ["/feed"])
    assert said.out == (DATA / "preview-feed.txt").read_text(encoding="utf-8")


def test_an_item_of_a_page_is_shown_with_what_its_own_page_says(visit: Any) -> None:
    pages = {
        "/list": (LIST, HTML),
        "/1": (article("A bridge opens"), HTML),
        "/2": (article("The pilot is back"), HTML),
    }

    (said,), asked = visit(pages, ("preview", "list", "--articles", "1"), sources=PAGE)

    assert (said.code, said.err, asked) == (0, "", ["/list", "/1"])
    assert said.out == (DATA / "preview-page.txt").read_text(encoding="utf-8")


def test_json_holds_the_entries_in_the_common_schema_with_their_candidates(visit: Any) -> None:
    (said, listed), _ = visit(
        {"/feed": (FEED, {})},
        ("preview", "harbour", "--entry", "2", "--format", "json"),
        ("preview", "harbour", "--entry", "all", "--limit", "1", "--format", "json"),
        sources=feed(exclude="{title: sport}", full_text="never"),
    )

    first, second = said.json["entries"]
    assert (said.json["source"], said.json["carrier"], said.json["left_out"]) == (
        "harbour",
        "feed",
        ["Rowing: a sport"],
    )
    assert said.json["fetched"][0]["url"] == "http://127.0.0.1:00000/feed"
    assert said.json["outcome"]["rejected"] == ["item 4: no link, no id, no title, no text"]
    assert (first["title"], first["published"], "candidates" in first) == (
        "A bridge opens",
        "2024-07-04T08:00:00Z",
        False,
    )
    assert second["candidates"]["published"][0] == {
        "value": "Thu, 04 Jul 2199 10:00:00 GMT",
        "where": "feed:published",
        "won": False,
        "reason": "in the future",
        "read": {"utc": "2199-07-04T10:00:00Z", "precision": "second", "offset": "+00:00"},
    }
    assert [entry["candidates"]["published"] for entry in listed.json["entries"]] == [
        [
            {
                "value": "Thu, 04 Jul 2024 10:00:00 +0200",
                "where": "feed:published",
                "won": True,
                "reason": None,
                "read": {"utc": "2024-07-04T08:00:00Z", "precision": "second", "offset": "+02:00"},
            }
        ]
    ]


def test_the_pace_is_shown_with_its_reason(visit: Any, project: Project, way: Any) -> None:
    project.write(
        "config/aggregator.yaml", "network: {allow_private: true}\ndefaults: {every: 30m}\n"
    )
    calls = (
        ("preview", "{origin}/feed"),
        ("preview", "harbour"),
        ("preview", "harbour", "--format", "json"),
    )

    said, _ = visit(
        {"/feed": (FEED, {"Cache-Control": "max-age=10800"}), "/plain": (FEED, {})},
        *calls,
        ("preview", "{origin}/plain"),
        ("preview", "{origin}/none"),
        sources=feed(every="4h", full_text="never"),
    )

    paces = [[line for line in one.lines if "  pace  " in line] for one in said]
    assert paces == [
        ["  pace      again in 3 h: max-age"],
        ["  pace      every 4 h"],
        [],
        ["  pace      every 30 min"],
        [],
    ]
    assert said[2].json["pace"] == "every 4 h"


def test_a_server_that_asks_for_time_is_shown_with_when(visit: Any) -> None:
    pages = {"/feed": ("", {"Retry-After": "7200"})}

    (said,), _ = visit(pages, ("preview", "harbour"), sources=feed(full_text="never"), status=429)

    assert said.code == 1
    assert re.fullmatch(
        r"  pace      not before (\d{4}-\d\d-\d\d )?\d\d:\d\dZ: Retry-After", said.lines[-1]
    )


def test_one_address_is_asked_once_by_previews_and_the_run_that_follows_and_ids_are_the_same(
    visit: Any,
) -> None:
    calls = (
        ("preview", "harbour", "--format", "json"),
        ("preview", "harbour", "--limit", "1"),
        ("fetch", "harbour"),
        ("entries", "--source", "harbour", "--format", "json"),
    )

    (said, short, fetched, entries), asked = visit(
        {"/feed": (FEED, {})}, *calls, sources=feed(full_text="never")
    )

    assert (fetched.code, asked) == (0, ["/feed"])
    assert fetched.lines[1].split()[:4] == [
        "harbour",
        "ok",
        "3",
        "0",
    ]  # all new: a preview stores nothing
    assert {entry["id"] for entry in said.json["entries"]} == {
        entry["id"] for entry in entries.json
    }
    assert "… and 2 more; --limit lists them" in short.lines


def test_an_address_alone_is_looked_at_as_if_it_were_a_source(visit: Any) -> None:
    home = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>hello</body></html>'

    pages = {"/": (home, HTML), "/feed": (FEED, {})}

    (said, other), asked = visit(
        pages,
        ("preview", "{origin}/", "--articles", "0"),
        ("preview", "{origin}/feed", "--adapter", "sitemap"),
    )

    assert (said.code, asked) == (0, ["/", "/feed"])
    assert (other.code, other.lines[0]) == (1, "127.0.0.1:00000-feed (sitemap): 0 entries")
    assert said.lines[0] == "127.0.0.1:00000 (feed): 3 entries, 1 rejected"
    assert [line.split()[:2] for line in said.lines if line.startswith("  fetched")] == [
        ["fetched", "http://127.0.0.1:00000/"],
        ["fetched", "http://127.0.0.1:00000/feed"],
    ]


def test_an_article_is_shown_as_one_entry_though_its_page_names_a_feed(visit: Any) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    page = article("A bridge opens").replace("<head>", f"<head>{link}")

    pages, sources = (
        {"/1": (page, HTML), "/feed": (FEED, {})},
        "- {id: one, url: '{origin}/1', full_text: never}\n",
    )

    (said, followed), _ = visit(
        pages, ("preview", "{origin}/1", "--format", "json"), ("preview", "one"), sources=sources
    )

    [entry] = said.json["entries"]
    assert (
        followed.lines[0] == "one (feed): 3 entries, 1 rejected"
    )  # a source is followed, whatever its address is
    assert (said.code, said.json["carrier"], said.json["outcome"]["status"]) == (0, "article", "ok")
    assert (entry["title"], entry["authors"], "second paragraph" in entry["content_text"]) == (
        "A bridge opens",
        ["Ann Lee"],
        True,
    )


def test_an_article_is_read_by_the_site_rules_that_are_named(visit: Any) -> None:
    text = " ".join(["Le vieux pont rouvre après deux ans."] * 8)
    page = (
        '<!doctype html><html lang="fr"><head><meta property="og:type" content="article">'
        "<title>Le pont rouvre - RFI</title></head><body>"
        '<ul data-article-list=""><li><a data-article-item-link href="/2">Un autre article</a></li></ul>'
        '<h1 class="t-content__title">Le pont rouvre</h1><div class="t-content__body">'
        f"<p>{text}</p></div></body></html>"
    )

    (shown, fetched), _ = visit(
        {"/1": (page, HTML)},
        ("preview", "{origin}/1", "--adapter", "rfi", "--format", "json"),
        ("preview", "one", "--format", "json"),
        sources="- {id: one, url: '{origin}/1', adapter: rfi}\n",
    )

    for said in (shown, fetched):
        [entry] = said.json["entries"]
        assert (entry["title"], entry["content_html"]) == (
            "Le pont rouvre",
            f"<p>{text}</p>",
        )
    assert shown.json["carrier"] == "article"
    assert fetched.json["outcome"]["notes"] == [
        "the page is an article, not a list: it is read as one"
    ]


def test_a_folder_of_saved_articles_needs_no_web(project: Project) -> None:
    said = project.call("preview", "saved", "--entry", "2")

    assert (said.code, said.err) == (0, "")
    assert said.lines[0] == "saved (archive): 3 entries"
    assert "entry 2: A bridge opens" in said.lines
    assert stored(project) == []


def test_an_item_whose_page_is_not_there_is_rejected_and_no_entry(visit: Any) -> None:
    sitemap = "<urlset><url><loc>{origin}/1</loc></url><url><loc>{origin}/gone</loc></url></urlset>"
    pages = {"/map.xml": (sitemap, {}), "/1": (article("A bridge opens"), HTML)}

    (said,), _ = visit(
        pages,
        ("preview", "map", "--format", "json"),
        sources="- {id: map, url: '{origin}/map.xml', adapter: sitemap}\n",
    )

    assert [entry["title"] for entry in said.json["entries"]] == ["A bridge opens"]
    assert said.json["outcome"]["rejected"] == [
        "url 2: HTTP 404 Not Found at http://127.0.0.1:00000/gone"
    ]


def test_a_rejected_item_is_not_said_to_be_left_out_by_filters(visit: Any) -> None:
    sources = feed(exclude="{title: sport}", full_text="never", corrections="{future: reject}")

    (said,), _ = visit(
        {"/feed": (FEED, {})}, ("preview", "harbour", "--format", "json"), sources=sources
    )

    assert said.json["left_out"] == ["Rowing: a sport"]
    assert said.json["outcome"]["rejected"] == [
        "item 4: no link, no id, no title, no text",
        "item 3: dated 2199-07-04 10:00Z, which lies in the future",
    ]


def test_what_gives_nothing_is_told_with_the_rules_that_find_nothing(visit: Any) -> None:
    (said,), _ = visit(
        {"/list": (LIST, HTML)}, ("preview", "list"), sources=PAGE.replace("li.c-card", "li.card")
    )

    assert said.code == 1
    assert said.lines[0] == "list (page): 0 entries"
    assert said.lines[-2:] == [
        "rules that find nothing",
        "  items: selector li.card matches nothing, nearest is li.c-card (2)",
    ]
    assert said.err.startswith("list: no-items: ")


def test_what_cannot_be_fetched_is_told_and_leaves_no_recording(
    visit: Any, project: Project
) -> None:
    (said, recorded), _ = visit(
        {}, ("preview", "harbour"), ("preview", "harbour", "--record"), sources=feed()
    )

    assert (said.code, said.lines) == (1, ["harbour: 0 entries"])
    assert said.err.startswith("harbour: http: HTTP 404")
    assert (recorded.code, recorded.err.splitlines()[-1]) == (
        1,
        "aggregator: nothing came out that could be recorded",
    )
    assert not (project.root / "config" / "sources" / "captures").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sved",), "there is no source `sved`, did you mean `saved`?"),
        (
            ("/nowhere/at/all",),
            "nothing is at /nowhere/at/all: name a folder, a file or a pattern of saved articles",
        ),
        (("news feed/x",), "`news feed/x` is no address: write it as https://example.org/"),
        (("saved", "--entry", "0"), "--entry takes a number from 1 on, or `all`, not `0`"),
        (("saved", "--entry", "first"), "--entry takes a number from 1 on, or `all`, not `first`"),
        (
            ("saved", "--adapter", "feed"),
            "--adapter is for addresses; source `saved` says itself how it is read",
        ),
        (("ftp://harbour.example/",), "url must be an absolute http or https URL"),
        (
            ("htp://harbour.example/",),
            "url must be an absolute http or https URL, write `http://harbour.example/`\n",
        ),
        (
            ("https://u:p@harbour.example/",),
            "url must not hold a user name or a password; write them under http.basic_auth",
        ),
        (
            ("https://harbour.example/", "--adapter", "feeed"),
            "adapter must be an adapter or the name of site rules",
        ),
        (("https://harbour.example/", "--record"), "--record needs a source of the configuration"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    project: Project, words: tuple[str, ...], message: str
) -> None:
    said = project.call("preview", *words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"aggregator: {message}")


def test_an_entry_that_did_not_come_out_is_said_not_to_be_there(visit: Any) -> None:
    (said,), _ = visit(
        {"/feed": (FEED, {})},
        ("preview", "harbour", "--entry", "9"),
        sources=feed(full_text="never"),
    )

    assert (said.code, said.err) == (0, "harbour: there is no entry 9: 3 came out\n")
    assert "entry 9" not in said.out


def test_an_address_is_taken_in_the_forms_that_people_copy(visit: Any, project: Project) -> None:
    (said,), asked = visit(
        {"/feed": (FEED, {})}, ("preview", "feed:{origin}/feed", "--articles", "0")
    )
    project.write("config/aggregator.yaml", "sources: []\n")
    bare = project.call("preview", "127.0.0.1:1/news")

    assert (said.code, said.lines[0], asked) == (
        0,
        "127.0.0.1:00000-feed (feed): 3 entries, 1 rejected",
        ["/feed"],
    )
    assert (bare.code, bare.lines) == (1, ["127.0.0.1-1-news: 0 entries"])
    assert bare.err.startswith("127.0.0.1-1-news: blocked: ")


def test_what_the_environment_filled_into_an_address_is_not_shown(
    visit: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    sources = "- {id: harbour, url: '{origin}/list?key=${TOKEN}'}\n"

    said, _ = visit(
        {"/list": ("<html><body>Nothing here</body></html>", HTML)},
        ("preview", "harbour"),
        ("preview", "harbour", "--format", "json"),
        ("fetch",),
        sources=sources,
    )

    assert [one.code for one in said] == [1, 1, 1]
    assert (
        said[0].lines[1].startswith("  fetched   http://127.0.0.1:00000/list?key=${TOKEN}  200  ")
    )
    assert "http://127.0.0.1:00000/list?… is a page that names no feed" in said[0].err
    assert not any("hunter2" in one.out + one.err for one in said)


def test_a_recording_with_the_tests_that_are_printed_passes(visit: Any, project: Project) -> None:
    pages = {"/list": (LIST, HTML), "/1": (article('A "bridge" {opens: no} ${HOME}'), HTML)}
    file = project.root / "config" / "sources" / "news.yaml"

    (said,), _ = visit(pages, ("preview", "list", "--record", "--articles", "1"), sources=PAGE)
    printed = said.out[said.out.index("tests:") :].replace("127.0.0.1:00000", "127.0.0.1:1")
    block = PAGE.replace("{origin}", "http://127.0.0.1:1").strip().removesuffix("}")
    text = block.removeprefix("- {").replace("'", '"')
    file.write_text(
        f"- <<: {{{text}}}\n  {printed.replace(chr(10), chr(10) + '  ')}\n", encoding="utf-8"
    )
    tested = project.call("test")

    captures = file.parent / "captures"
    assert sorted(path.name for path in captures.iterdir()) == [
        "list-article.html.gz",
        "list.html.gz",
    ]
    assert gzip.decompress((captures / "list.html.gz").read_bytes()).decode() == LIST
    assert (tested.code, tested.out, tested.err) == (0, "2 tests passed\n", "")


PROSE = "The council of the harbour decided on number {n} of its plans after a long debate."
SHARED = "<p>Sign up for our letter and never miss a story again.</p>"


def test_what_is_read_for_a_page_and_what_its_articles_share_is_told(visit: Any) -> None:
    feed = "".join(
        f"<item><title>Plan {n}</title><link>{{origin}}/a/{n}</link></item>" for n in range(3)
    )
    pages = {
        "/": ("<html><link rel=alternate type=application/rss+xml href=/feed><p>Hello", HTML),
        "/feed": (f"<rss version='2.0'><channel><title>H</title>{feed}</channel></rss>", {}),
    }
    for n in range(3):
        text = f"<p>{PROSE.format(n=n)}</p><p>{PROSE.format(n=n + 10)}</p>"
        head = f"<html><title>Plan {n}</title><body><article><h1>Plan {n}</h1>"
        pages[f"/a/{n}"] = (f"{head}{text}{SHARED}{text.replace('council', 'mayor')}", HTML)
    source = "- {id: harbour, url: '{origin}/'}\n"

    said, _ = visit(
        pages,
        ("preview", "harbour"),
        ("preview", "harbour", "--format", "json"),
        ("show", "harbour"),
        ("fetch",),
        ("show", "harbour"),
        ("show", "harbour", "--format", "json"),
        sources=source,
    )

    preview, as_json, before, _, shown, details = said
    reads = "http://127.0.0.1:00000/feed: a feed"
    shared = "Sign up for our letter and never miss a story again."
    assert f"  reads     {reads}" in preview.lines
    assert f"  shared    {shared}" in preview.lines
    assert (as_json.json["reads"], as_json.json["shared"]) == (reads, [shared])
    assert before.lines == [
        "harbour: new, 0 items",
        "  address   http://127.0.0.1:00000/",
        "  adapter   auto",
        "  result    -",
        "  next      now: never asked, then every 1 h",
    ]
    assert shown.lines[:5] == [
        "harbour: ok, 3 items",
        "  address   http://127.0.0.1:00000/",
        "  adapter   auto: feed",
        f"  reads     {reads}",
        "  result    3 new",
    ]
    assert shown.lines[-1] == f"  shared    {shared}"
    assert (details.json["reads"], details.json["shared"]) == (reads, [shared])

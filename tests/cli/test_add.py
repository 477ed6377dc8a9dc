"""`aggregator add`: from an address to a source that is written down and works."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cli.conftest import Project  # for types alone

HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(*head: str, body: str = "<p>hello</p>") -> str:
    return f"<!doctype html><html lang=en><head><title>Home</title>{''.join(head)}</head><body>{body}</body></html>"


def link(href: str, title: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{href}" title="{title}">'


def cards() -> str:
    items = "".join(
        f'<article class="card"><h2><a href="/2026/07/story-{n}">The harbour master reports story number {n}</a></h2>'
        f'<time datetime="2026-07-04T0{n}:00:00Z">4 July</time>'
        "<p>What is known about it so far, in a few words.</p></article>"
        for n in range(1, 9)
    )
    return f"<main>{items}</main>"


@pytest.fixture
def home(project: Project) -> Project:
    """A project that may ask this machine."""
    project.write("config/aggregator.yaml", "# mine\nnetwork: {allow_private: true}\n")
    return project


@pytest.fixture
def visit(home: Project, way: Any) -> Any:
    """Call commands, one after the other, while a site with these pages is up; `{origin}` is its address."""

    def visit(pages: Mapping[str, Any], *calls: Any) -> tuple[list[Any], str, list[str]]:
        async def story() -> tuple[list[Any], str, list[str]]:
            async with way.Origin(dict(pages)) as origin:
                here = origin.url("")
                said = [await asyncio.to_thread(done, words, here) for words in calls]
                return said, here, origin.asked

        return asyncio.run(story())

    def done(words: Any, here: str) -> Any:
        return (
            words(here)
            if callable(words)
            else home.call(*(word.replace("{origin}", here) for word in words))
        )

    return visit


def added(home: Project) -> Path:
    return home.root / "config" / "sources" / "added.yaml"


def test_the_feed_of_a_page_is_shown_and_written(visit: Any, way: Any, home: Project) -> None:
    pages = {
        "/": way.Reply(page(link("/comments", "Comments"), link("/feed", "News")), headers=HTML),
        "/feed": way.Reply(way.rss("One", "Two: the #second")),
    }

    (said,), here, asked = visit(pages, ("add", "{origin}/"))

    name = here.removeprefix("http://").replace(":", "-")
    text = f"- id: {name}\n  name: Harbour\n  url: {here}/feed\n  adapter: feed\n  # every: 1h\n"
    pace = "every 1 h, more seldom while nothing changes: the server sends no validators"
    assert (said.code, asked) == (0, ["/", "/feed"])
    assert said.out == (
        f"{text}\n"
        "title             published          url\n"
        "One               2026-07-04 00:00Z  https://harbour.example/r/0\n"
        "Two: the #second  2026-07-04 01:00Z  https://harbour.example/r/1\n"
    )
    assert said.err.splitlines() == [
        f"looked at {here}/ (the address itself): an HTML page titled “Home”",
        f"looked at {here}/feed (the page recommends it as “News”): 2 entries",
        "further feeds of that page; each can be added by its address:",
        f"  {here}/comments  (the page recommends it as “Comments”)",
        f"pace: {pace}; `every:` sets another interval",
        f"added to {added(home)}; a running daemon takes it up, `aggregator fetch {name}` asks it now",
    ]
    assert added(home).read_text(encoding="utf-8") == text


def test_what_a_preview_asked_is_not_asked_again_by_add_nor_by_the_first_run(
    visit: Any, way: Any
) -> None:
    pages = {"/feed": way.Reply(way.rss("One"), headers={"ETag": '"1"'})}

    said, _, asked = visit(
        pages, ("preview", "{origin}/feed"), ("add", "{origin}/feed", "--id", "x"), ("fetch", "x")
    )

    assert [one.code for one in said] == [0, 0, 0]
    assert asked == ["/feed"]


def test_the_first_run_of_what_was_added_asks_nobody_again(visit: Any, way: Any) -> None:
    pages = {"/feed": way.Reply(way.rss("One"), headers={"ETag": '"1"'})}

    said, _, asked = visit(
        pages, ("add", "{origin}/feed", "--id", "x"), ("fetch", "x"), ("fetch", "x", "--force")
    )

    assert [one.code for one in said] == [0, 0, 0]
    assert [line.split()[:4] for one in said[1:] for line in one.lines[1:]] == [
        ["x", "ok", "1", "0"],
        ["x", "unchanged", "0", "0"],
    ]
    assert asked == ["/feed", "/feed"]


def test_a_dry_run_shows_the_same_and_writes_nothing(visit: Any, way: Any, home: Project) -> None:
    pages = {"/feed": way.Reply(way.rss("One"))}

    (dry, real), _, _ = visit(
        pages, ("add", "{origin}/feed", "--dry-run"), ("add", "{origin}/feed")
    )

    assert (dry.code, dry.out) == (0, real.out)
    assert dry.err.endswith(f"nothing is written (--dry-run); it would be added to {added(home)}\n")
    assert added(home).read_text(encoding="utf-8").count("- id:") == 1


def test_id_name_and_file_are_taken_as_given(visit: Any, way: Any, home: Project) -> None:
    mine = home.write(
        "config/sources/mine.yaml", "# mine\n- {id: a, url: 'https://a.example/'} # first\n"
    )
    before = mine.read_text(encoding="utf-8")
    words = (
        "add",
        "{origin}/feed",
        "-q",
        "--id",
        "quay",
        "--name",
        "The Quay: news",
        "--file",
        str(mine),
    )

    (said,), here, _ = visit({"/feed": way.Reply(way.rss(*"abcdefgh"))}, words)

    text = f"- id: quay\n  name: 'The Quay: news'\n  url: {here}/feed\n  adapter: feed\n  # every: 1h\n"
    assert (said.code, mine.read_text(encoding="utf-8")) == (0, before + text)
    assert not added(home).exists()
    assert (said.out.startswith(text), len(said.lines), said.lines[-1]) == (
        True,
        5 + 1 + 1 + 5 + 1,
        "… and 3 more",
    )
    assert said.err == ""


@pytest.mark.parametrize(
    ("defaults", "ttl", "headers", "written", "pace"),
    [
        ("", 0, {"ETag": '"1"'}, "1h", "every 1 h"),
        ("", 180, {}, "3h", "again in 3 h: ttl"),
        ("", 90, {}, "90m", "again in [0-9]+ min: ttl"),
        ("", 99_999, {}, "24h", "again in (24|25|26) h: ttl"),
        ("", 0, {"Cache-Control": "max-age=10800"}, "1h", "again in 3 h: max-age"),
        ("defaults: {every: 30m}\n", 180, {}, "30m", "every 30 min"),
        ("defaults: {every: 7d}\n", 0, {}, "7d", "every 7 d"),
    ],
)
def test_the_interval_is_shown_and_left_to_the_server_and_the_person(
    visit: Any,
    way: Any,
    home: Project,
    defaults: str,
    ttl: int,
    headers: dict[str, str],
    written: str,
    pace: str,
) -> None:
    home.write("config/aggregator.yaml", f"network: {{allow_private: true}}\n{defaults}")
    body = way.rss("One").replace("<item>", f"<ttl>{ttl}</ttl><item>" if ttl else "<item>")

    (said, listed), _, _ = visit(
        {"/feed": way.Reply(body, headers=headers)},
        ("add", "{origin}/feed", "--id", "quay"),
        ("sources", "--format", "json"),
    )

    stated = load_config(home.config, env={}).sources
    [quay] = [source for source in stated if source.id == "quay"]
    assert (said.code, listed.code) == (0, 0)
    assert (
        added(home).read_text(encoding="utf-8").endswith(f"  adapter: feed\n  # every: {written}\n")
    )
    assert re.fullmatch(f"pace: {pace}; `every:` sets another interval", said.err.splitlines()[-2])
    assert (quay.is_every_explicit, "every" in quay.given_keys) == (bool(defaults), False)


def test_what_is_followed_already_is_not_written_again(visit: Any, way: Any, home: Project) -> None:
    pages = {"/": way.Reply(page(link("/feed", "News")), headers=HTML)}

    def follow(here: str) -> None:
        home.write(
            "config/sources/news.yaml", f"- {{id: x, url: '{here}/feed/', enabled: false}}\n"
        )

    (_, said), here, asked = visit(pages, follow, ("add", "{origin}/"))

    told = f"source `x`, which is disabled, follows {here}/feed already ({home.root}/config/sources/news.yaml:1)"
    assert (said.code, said.out, said.err.splitlines()[-1]) == (
        0,
        "",
        f"{told}; nothing is written",
    )
    assert (asked, added(home).exists()) == (["/"], False)


def test_a_feed_that_a_page_led_a_source_to_is_followed_already(
    visit: Any, way: Any, home: Project
) -> None:
    pages = {
        "/": way.Reply(page(link("/feed", "News")), headers=HTML),
        "/feed": way.Reply(way.rss("One")),
    }

    def follow(here: str) -> None:
        home.write("config/sources/blog.yaml", f"- {{id: blog, url: '{here}/'}}\n")

    (_, fetched, said), _, asked = visit(pages, follow, ("fetch", "blog"), ("add", "{origin}/feed"))

    assert (fetched.code, said.code, said.out) == (0, 0, "")
    assert said.err.startswith("source `blog` follows ")
    assert asked == ["/", "/feed"]


def test_inferred_rules_are_written_with_their_evidence_and_a_test(
    visit: Any, way: Any, home: Project
) -> None:
    pages = {"/": way.Reply(page(body=cards()), headers=HTML)}

    (said, checked), here, asked = visit(
        pages, ("add", "{origin}/", "--id", "quay"), ("test", "quay")
    )

    text = added(home).read_text(encoding="utf-8")
    assert (said.code, asked.count("/")) == (0, 1)
    assert said.out.startswith(text)
    assert text.startswith(
        "# These rules were inferred from the page; look whether they are right.\n- id: quay\n"
    )
    assert f"  url: {here}/\n  adapter: page\n" in text
    assert "# 8 items" in text
    assert "    title: " in text
    assert "of 8" in text
    assert "    - capture: captures/quay.html.gz\n" in text
    assert "      min_items: 8\n" in text
    assert (
        f"        url: {here}/2026/07/story-1\n        published: '2026-07-04T01:00:00Z'\n" in text
    )
    capture = home.root / "config" / "sources" / "captures" / "quay.html.gz"
    assert gzip.decompress(capture.read_bytes()).decode() == page(body=cards())
    assert checked.code == 0, checked.out + checked.err


def test_what_yields_nothing_is_never_written(visit: Any, way: Any, home: Project) -> None:
    (said,), here, asked = visit({"/": way.Reply(page(), headers=HTML)}, ("add", "{origin}/"))

    assert (said.code, said.out) == (1, "")
    assert len(asked) <= 12
    assert f"looked at {here}/feed (a usual address): HTTP 404 Not Found" in said.err.splitlines()
    assert said.err.splitlines()[-3] == (
        f"aggregator: nothing was found at {here}/ that brings entries; nothing is written"
    )
    assert not added(home).exists()


def test_a_loop_of_redirects_ends(visit: Any, way: Any) -> None:
    around = {"/": "/b", "/b": "/"}
    pages = {path: way.Reply(status=302, headers={"Location": to}) for path, to in around.items()}

    (said,), _, _ = visit(pages, ("add", "{origin}/"))

    assert said.code == 1
    assert "redirect loop" in said.err.splitlines()[0]


def test_a_private_address_is_refused_with_the_way_to_allow_it(home: Project) -> None:
    home.write("config/aggregator.yaml", "")

    said = home.call("add", "http://127.0.0.1:9/feed")

    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == (
        f"  it is in a private network; if you trust it, write `network: {{allow_private: true}}` in {home.config}"
    )


def test_a_folder_of_saved_articles_is_a_source(home: Project) -> None:
    home.write("config/sources/news.yaml", "[]\n")

    said = home.call("add", str(home.root / "saved"))

    assert said.code == 0, said.err
    assert (
        added(home).read_text(encoding="utf-8")
        == "- id: saved\n  path: ../../saved\n  adapter: archive\n"
    )
    assert said.lines[5].startswith("日股收涨")


def test_a_folder_that_is_followed_already_is_told(home: Project) -> None:
    said = home.call("add", str(home.root / "saved" / "*.txt"))

    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("source `saved` follows ")


@pytest.mark.parametrize(
    "path", ["saved", "saved/*.txt", "saved/**/*.txt", "saved/1.txt", "saved/[12].txt", "link"]
)
def test_articles_that_a_source_reads_already_are_not_added_under_another_path(
    home: Project, path: str
) -> None:
    (home.root / "link").symlink_to(home.root / "saved")
    home.write("saved/1.expected.json", "{}")  # no article, and not in the source's pattern

    said = home.call("add", str(home.root / path))

    assert (said.code, said.out) == (0, "")
    news = home.root / "config" / "sources" / "news.yaml"
    assert (
        said.err
        == f"source `saved` follows {home.root / path} already ({news}:1); nothing is written\n"
    )
    assert not added(home).exists()


def test_articles_that_several_sources_read_together_are_not_added(home: Project) -> None:
    lines = "- {id: one, path: ../../saved/1.txt}\n- {id: more, path: '../../saved/[2-9].txt', enabled: false}\n"
    news = home.write("config/sources/news.yaml", lines)
    folder = home.root / "saved"

    said = home.call("add", str(folder))

    assert (said.code, said.out) == (0, "")
    assert (
        said.err
        == f"sources `one`, `more` follow {folder} already ({news}:1, {news}:2); nothing is written\n"
    )


def test_a_folder_with_an_article_that_no_source_reads_is_added(home: Project) -> None:
    home.save("below/4", 4, "A fourth", "<p>Text.</p>")

    said = home.call("add", str(home.root / "saved"))

    assert said.code == 0, said.err
    assert added(home).read_text(encoding="utf-8").startswith("- id: saved-")


def test_a_folder_without_articles_is_no_source(home: Project) -> None:
    home.write("notes/1.txt", "nothing of the kind")

    said = home.call("add", str(home.root / "notes"))

    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == (
        "  saved articles begin with `<!--epoch-->` and a line `[title](URL)`; see docs/howto.md"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add", "https://a.example/", "--id", "saved"), "--id `saved` is taken, at "),
        (
            ("add", "https://a.example/", "--id", "A b"),
            "--id must be lower-case letters, digits, `.`, `_` and `-`",
        ),
        (
            ("add", "https://a.example/", "--file", "/x.yaml"),
            "/x.yaml would not be loaded: `sources` of ",
        ),
        (("add", "ftp://a.example/"), "`ftp://a.example/` is no address"),
    ],
)
def test_what_cannot_be_is_refused_before_anyone_is_asked(
    words: tuple[str, ...], message: str, home: Project
) -> None:
    said = home.call(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"aggregator: {message}")


def test_without_a_configuration_it_says_what_to_do(
    tmp_path: Path, home: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home.config.unlink()

    said = home.call("add", "https://a.example/")

    assert said.code == 2
    assert said.err.startswith(f"{home.config.relative_to(tmp_path)}:1: no such file")

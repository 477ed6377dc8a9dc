"""Titles and other texts of whole feeds: what is text stays, what is markup goes.

tests/normalize/data/feed_titles.json holds titles: the kind of feed, the title as it is written there
(an element, or the value in JSON), and the text that is shown.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.report.preview import entry_from_revision
from aggregator.model import Capture
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.publish import ViewInfo, atom
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from aggregator.model import Revision

DATA = Path(__file__).parents[1] / "normalize" / "data"
TITLES: list[tuple[str, str, str]] = json.loads((DATA / "feed_titles.json").read_text("utf-8"))
SITES = load_sites()
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:feed</id><title>Harbour</title>'
    "<entry><id>urn:x:1</id>{}</entry></feed>"
)
RSS = (
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Harbour</title>'
    "<item><guid>g1</guid>{}</item></channel></rss>"
)


def document(kind: str, markup: str) -> bytes:
    """Return a feed of one item with these elements; in JSON with this title."""
    if kind == "json":
        items = [{"id": "g1", "title": markup}]
        version = "https://jsonfeed.org/version/1.1"
        return json.dumps({"version": version, "title": "Harbour", "items": items}).encode()
    return {"atom": ATOM, "rss": RSS}[kind].format(markup).encode()


def read(body: bytes) -> Revision:
    capture = Capture("news", "https://harbour.example/feed", TAKEN, body)
    (revision,) = parse_captures([capture], ParseTask("news", "feed"), SITES).revisions
    return revision


@pytest.mark.parametrize(("kind", "markup", "shown"), TITLES)
def test_a_title_is_shown_as_its_feed_means_it(kind: str, markup: str, shown: str) -> None:
    assert read(document(kind, markup)).title == shown


@pytest.mark.parametrize("shown", sorted({shown for _, _, shown in TITLES}))
def test_a_title_is_the_same_after_three_hops_over_our_own_feed(shown: str) -> None:
    revision = read(document("json", shown))
    publisher = revision.publisher
    for _ in range(3):
        revision = read(atom.render(ViewInfo("all", shown), [entry_from_revision(revision)]))

    assert (revision.title, revision.publisher) == (shown, publisher)


@pytest.mark.parametrize(
    ("kind", "markup", "summary"),
    [
        ("atom", "<summary>The &lt;video&gt; element</summary>", "The <video> element"),
        ("atom", "<summary>&amp;nbsp; &lt;b&gt;x&lt;/b&gt;</summary>", "&nbsp; <b>x</b>"),
        ("atom", '<summary type="html">&lt;b&gt;x&lt;/b&gt; &amp;lt;T&amp;gt;</summary>', "x <T>"),
        ("rss", "<description>The &lt;select&gt; element</description>", "The <select> element"),
        ("rss", "<description>&lt;p&gt;One&lt;hr&gt;Two</description>", "One Two"),
        ("rss", "<description>AT&amp;amp;T &lt;b&gt;x&lt;/b&gt;</description>", "AT&T x"),
    ],
)
def test_a_summary_keeps_what_only_looks_like_a_tag(kind: str, markup: str, summary: str) -> None:
    assert read(document(kind, markup)).summary == summary


def test_names_and_categories_of_atom_are_text() -> None:
    markup = (
        "<title>T</title><author><name>Ann &lt;b&gt; Lee &amp;amp;</name></author>"
        '<category term="Vec&lt;T&gt; &amp;amp; more"/><category term="x" label="&lt;select&gt;"/>'
    )

    revision = read(document("atom", markup))

    assert (revision.authors, revision.tags) == (
        ("Ann <b> Lee &amp;",),
        ("Vec<T> &amp; more", "<select>"),
    )


def test_names_and_categories_of_rss_lose_only_sure_markup() -> None:
    markup = (
        "<title>T</title><author>&lt;b&gt;Ann Lee&lt;/b&gt;</author>"
        "<category>R&amp;amp;D</category><category>&lt;select&gt;</category>"
    )

    revision = read(document("rss", markup))

    assert (revision.authors, revision.tags) == (("Ann Lee",), ("R&D", "<select>"))


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (ATOM.replace("Harbour", "On &lt;video&gt;").format("<title>T</title>"), "On <video>"),
        (RSS.replace("Harbour", "On &lt;video&gt;").format("<title>T</title>"), "On <video>"),
        (
            RSS.replace("Harbour", escape("<b>Old</b> R&amp;D")).format("<title>T</title>"),
            "Old R&D",
        ),
        (
            ATOM.replace("<title>", '<title type="html">', 1)
            .replace("Harbour", escape("<b>Vec</b>&lt;T&gt;"))
            .format("<title>T</title>"),
            "Vec<T>",
        ),
    ],
)
def test_the_title_of_a_feed_is_read_like_those_of_its_items(body: str, title: str) -> None:
    capture = Capture("news", "https://harbour.example/feed", TAKEN, body.encode())

    found = parse_captures([capture], ParseTask("news", "feed"), SITES)

    assert (found.title, found.revisions[0].publisher) == (title, title)


def test_the_caption_of_a_picture_keeps_what_only_looks_like_a_tag() -> None:
    markup = (
        '<title>T</title><media:content url="https://a.example/p.jpg" medium="image">'
        "<media:description>The &lt;select&gt; element</media:description></media:content>"
    )

    image = read(document("rss", markup)).image

    assert image is not None
    assert image.caption == "The <select> element"


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        (["ann@news.engineering (Ann Lee)"], ("Ann Lee",)),
        (["Ann Lee <ann@x.example>"], ("Ann Lee",)),
        (["Ann Lee (ann@x.example)"], ("Ann Lee",)),
        (["noreply@blogger.com (Ann)"], ("Ann",)),
        (["ann@x.info (ann lee)"], ("ann lee",)),
        (["bo@news.engineering"], ("bo@news.engineering",)),
        (["ann@x.example (Ann Lee)", "Bob Ray <bob@x.example>"], ("Ann Lee", "Bob Ray")),
        (["By ANN LEE", "Ann Lee", "Bob Ray and Ann LEE"], ("ANN LEE", "Bob Ray")),
    ],
)
def test_authors_of_rss_are_names(authors: list[str], names: tuple[str, ...]) -> None:
    elements = "".join(f"<author>{escape(author)}</author>" for author in authors)

    assert read(document("rss", f"<title>T</title>{elements}")).authors == names

"""An article's own page becomes an entry: a new case is a page and what it must give, or why it is refused."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections import Counter
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapter_table import ARTICLE
from aggregator.adapters import article
from aggregator.config.page_rules import ArticleRules, PageRules
from aggregator.errors import ItemError
from aggregator.model import Candidate, Capture, RawEntry, RawImage
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import ParseResult, ParseTask, parse_captures
from aggregator.rules.compiled import SiteRules, add_source_rules
from aggregator.rules.loader import load_sites

DATA = Path(__file__).parent / "data" / "articles"
CASES = sorted(path for path in DATA.glob("*.html") if ".page" not in path.name)
TAKEN = datetime(2026, 7, 10, 12, tzinfo=UTC)
URL = "https://news.example.org/world/lamps"
SITES = load_sites()
KEYS = (
    "url",
    "title",
    "summary",
    "content_html",
    "published",
    "published_from",
    "at",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
    "guid",
    "keys",
    "provenance",
)


def expectation(path: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(
        path.with_suffix(".expected.json").read_text(encoding="utf-8")
    )
    return expected


def became(path: Path) -> dict[str, Any]:
    """What a case gives: `entry`, or the `error` that it is refused with."""
    found = whole(path, expectation(path).get("page", {}))
    if found.rejected:
        return {"error": str(found.rejected[0])}
    (revision,) = found.revisions
    values = {key: _plain(getattr(revision, key)) for key in KEYS}
    if revision.content_html:
        values["content_html"] = re.split(
            r"(?<=</p>)(?=<)|(?<=</figure>)(?=<)|(?<=</h2>)(?=<)", revision.content_html
        )
    return {"entry": {key: value for key, value in values.items() if value not in (None, [])}}


def whole(path: Path, page: dict[str, Any]) -> ParseResult:
    """Read a case as the program does; `page` says where it was and what was known of it."""
    task = ParseTask(
        "lamps",
        ARTICLE,
        site=page.get("site"),
        timezone=page.get("timezone", "UTC"),
        page_rules=PageRules(article=ArticleRules.model_validate(page["rules"]))
        if "rules" in page
        else None,
        item=_item(page["item"]) if "item" in page else None,
        list_adapter=page.get("carrier", "page"),
        next_pages=tuple(
            _capture(DATA / name, url, page) for url, name in page.get("further", {}).items()
        ),
    )
    return parse_captures([_capture(path, page.get("url", URL), page)], task, SITES)


def _capture(path: Path, url: str, page: dict[str, Any]) -> Capture:
    return Capture("lamps", url, TAKEN, path.read_bytes(), headers=page.get("headers", {}))


def _item(said: dict[str, Any]) -> RawEntry:
    """What a feed or a list said of the article; a text stands for the only value of a field."""
    fields: dict[str, Any] = {name: said[name] for name in ("label", "base_url") if name in said}
    for name in ("url", "title", "published", "summary", "authors", "tags"):
        values = said.get(name, [])
        fields[name] = tuple(
            Candidate(value, f"list:{name}")
            for value in ([values] if isinstance(values, str) else values)
        )
    return RawEntry(**fields, guid=Candidate(said["guid"], "feed:guid") if "guid" in said else None)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {key: one for key, one in asdict(value).items() if one is not None}
    return value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_articles_page_gives_exactly_what_is_expected(path: Path) -> None:
    expected = {key: value for key, value in expectation(path).items() if key != "page"}

    assert became(path) == expected


def test_every_page_has_its_expectation_and_the_reverse() -> None:
    expectations = {
        path.name.removesuffix(".expected.json") for path in DATA.glob("*.expected.json")
    }

    assert {path.stem for path in CASES} == expectations
    assert len(CASES) >= 50


def page(body: str, *, head: str = "", url: str = URL) -> Capture:
    return Capture(
        "lamps", url, TAKEN, f"<html lang=en><head>{head}</head><body>{body}</body></html>".encode()
    )


def rules(**article_rules: Any) -> SiteRules:
    return add_source_rules(
        PageRules(article=ArticleRules.model_validate(article_rules)), SITES.get("saved")
    )


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("<a class=n href=?page=2>2</a>", (f"{URL}?page=2",)),
        (
            "<a class=n href=?page=2>2</a><a class=n href=?page=3>3</a>",
            (f"{URL}?page=2", f"{URL}?page=3"),
        ),
        ("<a class=n href=/world/lamps>1</a>", ()),
        ("<a class=n href='https://other.example.com/2'>2</a>", ()),
        ("<a class=n href='javascript:next()'>2</a>", ()),
        ("<a href=?page=2>2</a>", ()),
    ],
)
def test_further_pages_are_those_that_the_rules_find_on_the_same_site(
    links: str, expected: tuple[str, ...]
) -> None:
    assert article.find_next_pages(page(links), rules(next=["a.n@href*"])) == expected


def test_without_rules_there_are_no_further_pages_and_none_of_what_is_no_page() -> None:
    assert article.find_next_pages(page("<a rel=next href=/2>2</a>"), SITES.get("saved")) == ()
    assert article.find_next_pages(replace(page(""), body=b"%PDF-"), rules(next=["a@href"])) == ()


def test_a_further_page_that_cannot_be_read_ends_the_article() -> None:
    pages = [page(f"<div class=s><p>{word} of the harbour</p></div>") for word in ("one", "two")]

    raw = article.read_pages(
        (pages[0], replace(pages[1], body=b"%PDF-"), pages[1]), rules(body=[".s"])
    )

    assert [found.value for found in raw.content_html] == [
        '<div class="s"><p>one of the harbour</p></div>'
    ]


@pytest.mark.parametrize(
    ("selector", "content"),
    [
        (".a", '<div class="a"><p>one</p></div>'),
        (".a*", '<div class="a"><p>one</p></div><div class="a"><p>two</p></div>'),
        (
            "xpath://div[@class='a']",
            '<div class="a"><p>one</p></div><div class="a"><p>two</p></div>',
        ),
        (".a, .a p*", '<div class="a"><p>one</p></div><div class="a"><p>two</p></div>'),
        ("td", "<div>three <b>cells</b></div>"),
    ],
)
def test_a_body_is_the_first_match_or_every_one_as_its_selector_says(
    selector: str, content: str
) -> None:
    body = "<div class=a> </div><div class=a><p>one</p></div><div class=a><p>two</p></div><table><td>three <b>cells</b>"

    (found,) = article.read(page(body), rules(body=[selector])).content_html

    assert found == Candidate(content, f"page:{selector}")


def test_what_is_removed_may_be_named_by_what_is_around_the_body_but_never_is_the_body() -> None:
    body = "<main class=m dir=rtl><div class=b><p>one</p><p class=ad>ad</p><i id=x>x</i>tail</div></main>"

    (found,) = article.read(
        page(body), rules(body=[".b"], remove=[".m p.ad", "#x", "html main", ".b"])
    ).content_html

    assert found.value == '<div class="b" dir="rtl"><p>one</p>tail</div>'


def test_a_feeds_words_come_first_and_the_pages_fill_what_is_absent() -> None:
    head = (
        "<meta property=og:title content='Of the page'><meta name=author content='Page Author'>"
        "<link rel=canonical href=/c>"
    )
    item = RawEntry(
        label="item 7",
        base_url="https://feeds.example.org/x/",
        url=(Candidate("a", "feed:link"),),
        title=(Candidate("Of the feed", "feed:title"),),
        image=(RawImage("i.jpg", "feed:media:content"),),
        content_html=(Candidate("<p>cut …</p>", "feed:description"),),
        aliases=("site:1",),
    )

    raw = article.read(
        page("<div class=b><p>All of it.</p></div>", head=head),
        rules(body=[".b"]),
        item=item,
        adapter="feed",
    )

    assert (raw.label, raw.base_url, raw.aliases) == ("item 7", URL, ("site:1",))
    assert [found.value for found in raw.url] == [
        "https://feeds.example.org/x/a",
        "https://news.example.org/c",
        URL,
    ]
    assert [found.value for found in raw.title] == ["Of the feed", "Of the page"]
    assert [found.value for found in raw.content_html] == [
        '<div class="b"><p>All of it.</p></div>',
        "<p>cut …</p>",
    ]
    assert [found.value for found in raw.authors] == ["Page Author"]
    assert [image.url for image in raw.image] == ["https://feeds.example.org/x/i.jpg"]


def test_the_title_of_a_window_gives_way_to_that_of_the_list() -> None:
    item = RawEntry(label="item 7", title=(Candidate("Ferry line to reopen", "list:title"),))
    window, heading = "<title>Harbour Official Site</title>", "<h1>Ferry line opens</h1>"
    text = "<div class=b><p>All of it.</p></div>"

    titles = []
    for body in (text, heading + text):
        raw = article.read(page(body, head=window), rules(body=[".b"]), item=item)
        titles.append([found.value for found in raw.title])

    assert titles == [
        ["Ferry line to reopen", "Harbour Official Site"],
        ["Ferry line opens", "Ferry line to reopen", "Harbour Official Site"],
    ]


def test_a_body_without_visible_text_gives_way_to_the_next() -> None:
    hidden = "<div class=a><noscript>Please enable scripts.</noscript></div>"
    body = f"{hidden}<div class=b><p>All of it.</p></div>"

    raw = article.read(page(body), rules(body=[".a", ".b"]))

    assert raw.content_html[0].where == "page:.b"


def test_a_page_that_cannot_be_an_article_names_its_item() -> None:
    with pytest.raises(ItemError) as caught:
        article.read(
            replace(page(""), headers={"cf-mitigated": "challenge"}),
            rules(),
            item=RawEntry("item 7"),
        )

    assert str(caught.value) == "item 7: a Cloudflare challenge"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "body",
    [
        "<p>" * 200_000 + "x",
        "<div>" * 1_500_000,
        "<div><p>word word word word word</p>" * 5_000,
        "<a href=x>word</a> " * 10_000,
        "word " * 100_000,
        "<div itemscope itemtype=Article><b itemprop=name>x" * 20_000,
        "<h1>x</h1>" * 5_000,
        "<time datetime=2026-07-03>" * 100_000,
        "<script type='application/ld+json'>" + "[" * 500_000 + "</script>",
        "<p>Published: 1 of the words" + "<b>" * 20_000,
    ],
    ids=[
        "paragraphs",
        "deep",
        "blocks",
        "links",
        "words",
        "items",
        "headings",
        "times",
        "linked-data",
        "labels",
    ],
)
def test_a_page_built_to_hold_the_reader_is_read_or_refused_in_a_moment(body: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ItemError):
        article.read(page(body), rules(body=[".b"], remove=[".x", "div p.y"]))

    assert time.process_time() - start < 40  # each takes up to 6 s


PIECES = (
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<ul><li>",
    "</ul>",
    "<table><td>",
    "<figure><img src=a.jpg>",
    "</figure>",
    "<h1>",
    "<a href=/x>",
    "</a>",
    "<br>",
    "&#1;",
    "<noscript>",
    "The lamplighter of the old harbour begins his round in the evening. ",
    "灯塔与渔船在傍晚的港口里等待着点灯人的到来。",
    "<b itemprop=articleBody>",
    "<span class=b>",
    "<body dir=rtl>",
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(PIECES), max_size=30),
    st.sampled_from([(), (".b",), ("auto",)]),
)
def test_any_page_is_an_entry_or_a_refusal(pieces: list[str], body: tuple[str, ...]) -> None:
    try:
        raw = article.read(
            page("".join(pieces)), rules(body=list(body), remove=["br", ".b i", "ul"])
        )
    except ItemError:
        return

    assert raw.content_html[0].value.strip()


SAMPLE = (
    Path(__file__).parents[3]
    / "shared"
    / "samples"
    / "pages"
    / "voa_polygraph_info_article_2019.html"
)


@pytest.mark.skipif(
    not SAMPLE.exists(), reason="no samples beside the repository (../shared/samples)"
)
@pytest.mark.parametrize(
    ("site", "where"), [("voa", "page:#article-content .wsw"), ("saved", "trafilatura")]
)
def test_a_real_page_gives_its_true_text_with_rules_and_without(site: str, where: str) -> None:
    truth = json.loads(
        SAMPLE.with_suffix("").with_suffix(".groundtruth.json").read_text(encoding="utf-8")
    )
    capture = Capture("voa", truth["url"], TAKEN, SAMPLE.read_bytes())

    (revision,) = parse_captures(
        [capture], ParseTask("voa", ARTICLE, site=site, list_adapter="page"), SITES
    ).revisions

    texts = (truth["articleBody"], html_to_text(revision.content_html or ""))
    true, ours = (Counter(re.findall(r"\w+", text.lower())) for text in texts)
    right = (true & ours).total()
    assert right / ours.total() > 0.99
    assert right / true.total() > 0.99
    assert revision.provenance["content_html"] == where
    assert revision.published == datetime(2019, 11, 18, 20, 28, 55, tzinfo=UTC)

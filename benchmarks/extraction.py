"""One article's page of 150 KB, read by rules, beside one BeautifulSoup parse of it.

Both sides in one process, in turns; what is measured is what a page costs once the program runs, so both are
warm. Ours is everything from the bytes: decoding, parsing, each field with the page's own metadata, the body without
furniture.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, side_by_side
from benchmarks.words import ENGLISH, paragraph, sentence, title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from aggregator.model import Revision
    from benchmarks.measure import Size

URL = "https://www.voanews.com/a/invented-story/7000001.html"
_TAKEN = datetime(2026, 1, 2, tzinfo=UTC)
_PAGE_BYTES = 150_000
_REPEATS = 15  # pages in one measurement: a page takes milliseconds, the clock ticks in them
_SCRIPT = "window.__settings=window.__settings||{{}};window.__settings.part{number}={{name:'{name}',on:true}};"
_PICTURE = "https://gdb.voanews.com/00000000-0000-4000-8000-000000000001"
_ARTICLE = """
<div class="hdr"><nav><ul class="nav">{menu}</ul></nav></div><div class="container"><h1 class="pg-title">{headline}</h1>
<div class="publishing-details"><div class="published"><time datetime="2026-01-01T09:40:00+00:00">today</time></div>
<ul class="links__list"><li><a href="/author/1">A Writer</a></li></ul></div>
<div class="cover-media"><figure class="media-image"><img src="{picture}_w650_r1.jpg" alt="">
<figcaption><span class="caption">{caption}</span></figcaption></figure></div>
<div id="article-content"><div class="wsw">{paragraphs}<div class="media-block-wrap"><a href="/a/1.html">x</a></div>
<p><em>Some information for this report came from The Associated Press.</em></p></div></div></div>
"""
_TEASER = """
<div class="media-block media-block--wide"><a class="img-wrap" href="/a/{number}.html"><div class="thumb">
<img data-src="{picture}" src="" alt="{alt}"></div></a><div class="media-block__content"><a href="/a/{number}.html">
<h4 class="media-block__title">{headline}</h4><p>{lead}</p></a><span class="date">January 1, 2026</span></div></div>
"""


def run(size: Size, _place: Path) -> list[Figure]:
    """Measure pages of the shape that the rules for VOA are about."""
    from bs4 import BeautifulSoup

    from aggregator.adapter_table import ARTICLE
    from aggregator.adapters import article
    from aggregator.model import Capture
    from aggregator.parse.captures import ParseTask, parse_captures
    from aggregator.rules.loader import load_sites

    text, sites = page(), load_sites()
    capture = Capture(
        "bench", URL, _TAKEN, text.encode(), headers={"content-type": "text/html; charset=utf-8"}
    )
    rules, job = sites.get("voa"), ParseTask("bench", ARTICLE, list_adapter="page")
    _verify(parse_captures([capture], job, sites).revisions)
    repeats = _REPEATS if size.rounds > 1 else 1

    read, entry, soup = side_by_side(
        size.rounds,
        lambda: _cost(lambda: article.read(capture, rules), repeats),
        lambda: _cost(lambda: parse_captures([capture], job, sites), repeats),
        lambda: _cost(lambda: BeautifulSoup(text, "lxml"), repeats),
    )
    detail = f"{read * 1000:.1f} ms, BeautifulSoup {soup * 1000:.1f} ms, {len(capture.body) / 1000:.0f} KB"
    whole = f"{entry * 1000:.1f} ms: the same, then cleaned, sanitized and judged"
    return [
        Figure(
            "fields and body by rules, to one BeautifulSoup parse", read / soup, "x", 0.3, detail
        ),
        Figure("page to entry, to one BeautifulSoup parse", entry / soup, "x", 0.5, whole),
    ]


def page(*, seed: int = 1) -> str:
    """Write a page as a news site does: menus, scripts, an article of 8 KB, teasers, until it has 150 KB."""
    random = Random(seed)
    headline = title(random, ENGLISH)
    head, middle = _head(random, headline), _article(random, headline)
    teasers: list[str] = []
    length = len((head + middle).encode())
    while length < _PAGE_BYTES:
        teasers.append(_teaser(random, len(teasers)))
        length += len(teasers[-1].encode())
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{middle}{''.join(teasers)}</body></html>"


def _cost(work: Callable[[], object], repeats: int) -> float:
    """Return the CPU seconds of one of several turns."""
    start = process_time()
    for _ in range(repeats):
        work()
    return (process_time() - start) / repeats


def _head(random: Random, headline: str) -> str:
    scripts = "".join(
        f"<script>{_SCRIPT.format(number=number, name=title(random, ENGLISH)) * 12}</script>"
        for number in range(12)
    )
    metas = "".join(
        f'<meta name="x-{number}" content="{title(random, ENGLISH)}">' for number in range(30)
    )
    return (
        f'<meta charset="utf-8"><title>{headline}</title><link rel="canonical" href="{URL}">{metas}{scripts}'
        f'<meta property="og:title" content="{headline}"><meta property="og:description" content="{headline}.">'
        f'<meta property="og:image" content="{_PICTURE}_w1200_r1.jpg">'
        f'<meta name="news_keywords" content="harbour, lamps"><script type="application/ld+json">'
        f'{{"@type":"NewsArticle","url":"{URL}","headline":"{headline}","datePublished":"2026-01-01",'
        '"dateModified":"2026-01-01 10:42:55Z","author":{"@type":"Person","name":"A Writer"}}</script>'
    )


def _article(random: Random, headline: str) -> str:
    menu = "".join(
        f'<li class="nav__item"><a href="/z/{n}">{title(random, ENGLISH)}</a></li>'
        for n in range(60)
    )
    paragraphs = "".join(f"<p>{paragraph(random, ENGLISH, 400)}</p>" for _ in range(20))
    return _ARTICLE.format(
        menu=menu,
        headline=headline,
        paragraphs=paragraphs,
        picture=_PICTURE,
        caption=sentence(random, ENGLISH),
    )


def _teaser(random: Random, number: int) -> str:
    return _TEASER.format(
        number=number,
        picture=f"https://gdb.voanews.com/{number:08}_w33_r1.jpg",
        alt=title(random, ENGLISH),
        headline=title(random, ENGLISH),
        lead=sentence(random, ENGLISH),
    )


def _verify(revisions: Sequence[Revision]) -> None:
    """Raises: RuntimeError where the pages that are measured are not read."""
    found = [(one.title, one.credits, (one.content_html or "").count("<p>")) for one in revisions]
    if len(found) != 1 or found[0][1:] != (("AP",), 21):
        raise RuntimeError(f"the page was read as {found}")

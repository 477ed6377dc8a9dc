"""Simple HTML is read without a tree, and comes out byte for byte as from the tree."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from aggregator.normalize import html
from aggregator.normalize.html.simple_blocks import NotSimpleError, write_blocks

DATA = Path(__file__).parent / "data"
CASES = Path(__file__).parents[3] / "shared" / "cases"
BASE = "https://news.example.org/2026/lamps.html"
BASES = (BASE, "https://b.example/x/y", None)

TEXTS = (
    *("x", "word  two", "\n", " ", "\n  \n", "\t", "“q”", "中\n文", "a & b", "é", "e\u0301", "\u200b", "1 > 2", "stop."),
    *("&nbsp;", "&amp;", "&#8217;", "&#233;", "&lt;b&gt;", "<", "&foo;", "&#146;", "\r\n", "&amp", "&copy=1"),
)  # fmt: skip
LINKS = (
    *("https://b.example/1", "/rel", "https://b.example/?utm_source=x&amp;a=1", "#top", "mailto:x@y.example", ""),
    *("javascript:alert(1)", "https://b.example/a b", "https://twitter.com/intent/x", "https://b.example/é"),
    *("https://b.example/#frag", "http://b.example/?a=1&b=2", "https://b.example/x/y#n", "https://b.example/[1]"),
)  # fmt: skip
IMAGES = (
    *("https://b.example/p.jpg", "/i.png", "data:image/gif;base64,R0", "https://b.example/pixel.gif"),
    *("https://i0.wp.com/b.example/x.jpg?w=3", "https://b.example/blank.gif", "https://b.example/ü.jpg"),
)  # fmt: skip
LINK_ATTRIBUTES = (
    *("", ' target="_blank"', ' title="t &amp; u"', ' title="a\nb"', ' id="n"', ' name="frag"', ' dir="rtl"'),
    *(' rel="nofollow" class="z"', ' hreflang="en"', " href='x'"),
)  # fmt: skip
IMAGE_ATTRIBUTES = (
    *("", ' alt="x &quot; é"', ' width="1" height="1"', ' width="10" height="5%"', ' data-src="/lazy.jpg" alt=""'),
    *(' srcset="/a.jpg 100w, /b.jpg 200w" sizes="x"', ' class="c"', ' style="display: none"', ' alt=""'),
)  # fmt: skip
ATTRIBUTES = (
    *(' class="c"', ' style="text-align:center"', ' dir="rtl"', ' id="frag"', ' lang="en"', ' title="x"'),
    *(' style="display:none"', ' hidden="hidden"', ' STYLE="x"', ' data-x="1 > 2"', " hidden", ' start="3"'),
)  # fmt: skip
INLINE = (
    *("a", "a", "b", "strong", "em", "span", "code", "i", "sub", "mark", "s", "u", "cite", "abbr", "kbd", "var"),
    *("small", "del", "font", "q"),
)  # fmt: skip


class Writer:
    """Writes random HTML, most of it simple."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def body(self) -> str:
        parts = []
        for _ in range(self._random.randint(1, 4)):
            parts.append(self._block(0) if self._random.random() < 0.8 else self._inline(0))
        return "".join(parts)

    def mutated(self, source: str) -> str:
        """Return HTML with a tag or a text left out, doubled, or broken by one character."""
        choose = self._random
        pieces = re.split(r"(<[^>]*>)", source)
        index = choose.randrange(len(pieces))
        change = choose.randrange(3)
        if change == 0:
            del pieces[index]
        elif change == 1:
            pieces.insert(index, choose.choice(pieces))
        else:
            piece = pieces[index]
            place = choose.randrange(len(piece) + 1)
            pieces[index] = piece[:place] + choose.choice("<>&\"'/ =x\n;é") + piece[place:]
        return "".join(pieces)

    def _attributes(self, name: str) -> str:
        choose = self._random.choice
        if name == "a":
            return f' href="{choose(LINKS)}"{choose(LINK_ATTRIBUTES)}'
        if name == "img":
            return f' src="{choose(IMAGES)}"{choose(IMAGE_ATTRIBUTES)}{choose(("", " /", "/"))}'
        return choose(ATTRIBUTES) if self._random.random() < 0.1 else ""

    def _image(self) -> str:
        return f"<img{self._attributes('img')}>"

    def _inline(self, depth: int) -> str:
        parts = []
        for _ in range(self._random.randint(0, 4)):
            kind = self._random.random()
            if kind < 0.5 or depth > 3:
                parts.append(self._random.choice((*TEXTS, *TEXTS[:14])))
            elif kind < 0.6:
                parts.append(self._random.choice(("<br>", "<br/>", "<br />\n")))
            elif kind < 0.72:
                parts.append(self._image() + self._random.choice(("", "", "</img>")))
            else:
                name = self._random.choice(INLINE)
                parts.append(f"<{name}{self._attributes(name)}>{self._inline(depth + 1)}</{name}>")
        return "".join(parts)

    def _block(self, depth: int) -> str:
        blank = self._random.choice(("", "\n", " ", "\n\n"))
        names = (
            "p",
            "p",
            "p",
            "h2",
            "ul",
            "ol",
            "blockquote",
            "figure",
            "div",
            "hr",
            "table",
            "pre",
        )
        name = self._random.choice(names)
        if name == "hr":
            return f"<hr>{blank}"
        content = self._inline(0)
        if name in ("ul", "ol"):
            items = [f"<li>{self._inline(1)}</li>" for _ in range(self._random.randint(0, 3))]
            content = blank + blank.join(items) + blank
        elif name in ("blockquote", "div"):
            content = blank + "".join(self._block(depth + 1) for _ in range(2)) if depth < 3 else ""
        elif name == "figure":
            content = blank + self._figure(blank) + blank
        return f"<{name}{self._attributes(name)}>{content}</{name}>{blank}"

    def _figure(self, blank: str) -> str:
        link = f"<a{self._attributes('a')}>{blank}{self._image()}{blank}</a>"
        picture = self._random.choice((self._image(), link, self._inline(2)))
        caption = self._random.choice(("", f"<figcaption>{self._inline(1)}</figcaption>"))
        return picture + blank + caption + self._random.choice(("", "", blank + self._image()))


def images_of_tree(root: Any) -> list[tuple[dict[str, str], str | None]]:
    images = []
    for element in root.iter("img"):
        figure = next(element.iterancestors("figure"), None)
        caption = None if figure is None else figure.find(".//figcaption")
        words = None if caption is None else "".join(caption.itertext())
        images.append((dict(element.attrib), words))
    return images


def is_read_alike(source: str, base: str | None) -> bool:
    """Compare both ways to read HTML; tell whether it is simple."""
    body = html.read_simple(source)
    if body is None:
        return False
    root = html.parse(source)
    images = [(image.attributes, image.caption) for image in body.images()]
    assert images == images_of_tree(root), source

    expected = html.clean(root, base=base)
    assert html.clean(body, base=base) == expected, source
    try:
        write_blocks(body, base=base, placeholders=())
    except NotSimpleError:
        return False
    return True


def test_generated_html_comes_out_as_from_the_tree() -> None:
    writer = Writer(seed=1)
    simple = 0
    for number in range(3_000):
        source = writer.body()
        simple += is_read_alike(source, BASES[number % 3])
        is_read_alike(writer.mutated(source), BASES[number % 3])

    assert simple > 400


@pytest.mark.parametrize("name", ["html_clean.json", "html_hostile.json"])
def test_fixtures_come_out_as_from_the_tree(name: str) -> None:
    for case in json.loads((DATA / name).read_text(encoding="utf-8")):
        source = case if isinstance(case, str) else case["from"]
        for base in BASES:
            is_read_alike(source, base)


@pytest.mark.skipif(not CASES.is_dir(), reason="no cases beside the repository (../shared/cases)")
def test_shared_cases_come_out_as_from_the_tree() -> None:
    for path in sorted(CASES.rglob("*.*")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        is_read_alike(text, BASE)
        for part in re.findall(r"<p>.*?</p>|<!\[CDATA\[.*?\]\]>", text, re.DOTALL):
            is_read_alike(part.removeprefix("<![CDATA[").removesuffix("]]>"), BASE)


def test_what_wordpress_writes_is_simple() -> None:
    source = (
        '\n<p class="x">One <a href="/a?utm_source=rss" target="_blank" rel="noopener">two</a>&nbsp;&#8230;</p>\n'
        '<figure class="wp-block-image"><img decoding="async" width="10" src="/p-10x9.jpg" srcset="/p.jpg 20w" />'
        "<figcaption>A <em>lamp</em></figcaption></figure>\n"
        '<ul class="wp-block-list">\n<li>one</li>\n<li>two</li>\n</ul>\n<div><img src="/t.gif" width="1" height="1"/></div>'
    )
    body = html.read_simple(source)

    assert body is not None
    assert write_blocks(body, base=BASE, placeholders=()) == (
        '<p>One <a href="https://news.example.org/a">two</a>\xa0…</p>'
        '<figure><img width="10" src="https://news.example.org/p-10x9.jpg"><figcaption>A <em>lamp</em></figcaption></figure>'
        "<ul><li>one</li><li>two</li></ul>"
    )


@pytest.mark.parametrize(
    "source",
    [
        *("", " \n", "<p>one", "one</p>", "<p>one<p>two", "<P>one</P>", "<p class=x>one</p>", "<p>1 < 2</p>"),
        *("<p>one<!-- two --></p>", "<table><tr><td>one</td></tr></table>", "<pre>one</pre>", "<p hidden>one</p>"),
        *('<p dir="rtl">one</p>', '<p style="display:none">one</p>', "<a>one<a>two</a></a>", "<b><i>one</b></i>"),
        *("<p>&#146;</p>", "<p>&nbsp one</p>", "<p>&unknown;</p>", '<a href="/" href="/b">one</a>', "<script></script>"),
        *("<ul>one</ul>", "<figure>one</figure>", "<blockquote>one</blockquote>", "<p/>one</p>", "<p>one\r\n</p>"),
    ],
)  # fmt: skip
def test_what_parsers_may_read_in_another_way_is_left_to_the_tree(source: str) -> None:
    assert html.read_simple(source) is None


@pytest.mark.parametrize(
    "source",
    [
        '<p id="a">one</p><p><a href="#a">two</a></p>',
        '<p id="a">one</p><p><a href="https://b.example/#a">two</a></p>',
        '<p><a href="javascript:x">one</a></p>',
        '<p><a href="https://b.example/é">one</a></p>',
        '<p><a href="https://b.example/" title="a\nb">one</a></p>',
        "<p><b> </b>one</p>",
        "<p>one<b> </b></p>",
        '<figure><img src="/a.png"> <figcaption>one</figcaption> <img src="/b.png"></figure>',
    ],
)
def test_what_needs_the_walk_is_left_to_the_tree(source: str) -> None:
    body = html.read_simple(source)
    assert body is not None

    with pytest.raises(NotSimpleError):
        write_blocks(body, base=BASE, placeholders=())
    assert html.clean(body, base=BASE) == html.clean(html.parse(source), base=BASE)


def test_blocks_are_compared_with_junk_in_the_tree() -> None:
    body = html.read_simple("<p>one</p><p>Advertisement</p>")

    assert html.clean(body, base=BASE, junk=[re.compile("^Advert")]) == "<p>one</p>"

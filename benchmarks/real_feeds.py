"""Invented feeds of the size of real ones, and an origin on loopback that serves them in five states.

The states are those of a feed in a reader's life: `first` (never seen), `unchanged` (the
validators match: 304), `same` (the same bytes, without validators), `touched` (only
`lastBuildDate` differs), `few_new` (one feed in eighteen has a new entry, the rest answer 304).
The origin is a process of its own; it prints its port, serves until SIGTERM, and changes its state
when it is asked for `/state/NAME`.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING
from urllib.request import urlopen

from aiohttp import web

from benchmarks.measure import running
from benchmarks.origin import HOSTS, free_port
from benchmarks.words import ENGLISH, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = ("first", "unchanged", "same", "touched", "few_new")
ITEMS = 35
ONE_NEW_IN = 18  # feeds: 5.6 %
_PARAGRAPHS = 4
_CHARACTERS = 420  # of a paragraph


@contextmanager
def serving() -> Iterator[int]:
    """Run the origin, in the state `first`; give its port, the same on all HOSTS."""
    with running(sys.executable, "-m", __name__) as origin:
        yield int(origin.stdout.readline() if origin.stdout else 0)


def change_state(port: int, state: str) -> None:
    """Put the origin into another state."""
    with urlopen(f"http://{HOSTS[0]}:{port}/state/{state}") as answer:
        answer.read()


def addresses(port: int, count: int) -> list[str]:
    """List that many URLs, spread over the hosts."""
    return [f"http://{HOSTS[number % len(HOSTS)]}:{port}/{number}.xml" for number in range(count)]


def has_new_entry(number: int) -> bool:
    """Tell whether a feed has a new entry in the state `few_new`."""
    return number % ONE_NEW_IN == 0


def feed(number: int, *, built: str = "06 Jul 2026 10:00:00", new: int = 0) -> bytes:
    """Write the feed of that number, about 110 kB: RSS, every third one Atom; `new` items more."""
    write_item, head, foot = (_rss_item, _RSS_HEAD, "</channel></rss>")
    if number % 3 == 2:
        write_item, head, foot = (_atom_item, _ATOM_HEAD, "</feed>")
    items = [write_item(number, item) for item in range(new, -ITEMS, -1)]
    return (head.format(number=number, built=built) + "".join(items) + foot).encode()


_RSS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
    "<channel><title>Gazette {number}</title><link>https://gazette{number}.example.org/</link>"
    '<atom:link href="https://gazette{number}.example.org/feed" rel="self" '
    'type="application/rss+xml"/><description>Invented news</description>'
    "<language>en</language><lastBuildDate>Mon, {built} +0000</lastBuildDate>"
)
_ATOM_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
    'xml:lang="en"><title>Gazette {number}</title>'
    '<link rel="alternate" href="https://gazette{number}.example.org/"/>'
    "<id>tag:gazette{number}.example.org,2026:feed</id><!-- {built} -->"
    "<updated>2026-07-06T10:00:00Z</updated>"
)


def _rss_item(number: int, item: int) -> str:
    random = Random(f"{number} {item}")
    address = f"https://gazette{number}.example.org/{5000 + item}"
    summary = paragraph(random, ENGLISH, 200)
    return (
        f"<item><title>{title(random, ENGLISH)}</title><link>{address}</link>"
        f"<dc:creator><![CDATA[{title(random, ENGLISH)[:18]}]]></dc:creator>"
        f"<pubDate>Mon, 06 Jul 2026 {item % 24:02}:{-item % 60:02}:00 +0000</pubDate>"
        f"<category><![CDATA[News]]></category>"
        f'<guid isPermaLink="false">{address}?p=1</guid>'
        f"<description><![CDATA[<p>{summary}</p>]]></description>"
        f"<content:encoded><![CDATA[{_body(random, address)}]]></content:encoded></item>"
    )


def _atom_item(number: int, item: int) -> str:
    random = Random(f"{number} {item}")
    address = f"https://gazette{number}.example.org/{5000 + item}"
    body = _body(random, address).replace("&", "&amp;").replace("<", "&lt;")
    moment = f"2026-07-06T{item % 24:02}:{-item % 60:02}:00Z"
    return (
        f"<entry><title>{title(random, ENGLISH)}</title>"
        f'<link rel="alternate" type="text/html" href="{address}"/><id>{address}</id>'
        f"<published>{moment}</published><updated>{moment}</updated>"
        f"<author><name>{title(random, ENGLISH)[:18]}</name></author>"
        f'<content type="html">{body}</content></entry>'
    )


def _body(random: Random, address: str) -> str:
    """Write an article as blogs and papers do: a picture, links, an emphasis, a list."""
    picture = f'<img src="{address}/lead.jpg" width="1024" height="683" alt="" />'
    caption = f"<figcaption>{paragraph(random, ENGLISH, 60)}</figcaption>"
    blocks = [f"<figure>{picture}{caption}</figure>"]
    for _ in range(_PARAGRAPHS):
        text = paragraph(random, ENGLISH, _CHARACTERS)
        word = text.partition(" ")[0]
        blocks.append(
            f'<p>{text} <a href="{address}#more">{word}</a>, <em>{word}</em> &#8220;{word}&#8221;.</p>'
        )
    blocks.append(f"<ul><li>{paragraph(random, ENGLISH, 40)}</li><li>{word} &amp; more</li></ul>")
    return "\n".join(blocks)


class _Origin:
    """The feeds as they are in the present state."""

    def __init__(self) -> None:
        self._state = "first"

    async def change_state(self, request: web.Request) -> web.Response:
        self._state = request.match_info["state"]
        return web.Response(text=self._state)

    async def answer(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        held = request.headers.get("If-None-Match")
        body, tag = self._document(number)
        headers = {} if tag is None else {"ETag": tag}
        has_nothing_new = self._state == "few_new" and not has_new_entry(number)
        if held is not None and (held == tag or has_nothing_new):
            return web.Response(status=304, headers={"ETag": held})
        return web.Response(body=body, content_type="application/rss+xml", headers=headers)

    def _document(self, number: int) -> tuple[bytes, str | None]:
        """Return the bytes of a feed and its entity tag, None for none."""
        if self._state == "same":
            return feed(number), None
        if self._state == "touched":
            return feed(number, built="06 Jul 2026 11:00:00"), f'"{number} touched"'
        if self._state == "few_new" and has_new_entry(number):
            return feed(number, new=1), f'"{number} new"'
        return feed(number), f'"{number}"'


async def _serve() -> None:
    origin = _Origin()
    app = web.Application()
    app.router.add_get("/state/{state}", origin.change_state)
    app.router.add_get("/{number:[0-9]+}.xml", origin.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    for host in HOSTS:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())

"""Sitemaps: the addresses of a site's pages, with titles and dates where they are news (Google's `news:` extension).

Rule: `lastmod` says when a page was changed, never when it appeared. Only the newest hundred of a sitemap are items:
the others are old, and each may cost the reading of a page. An index gives its sitemaps to be read, the newest first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aggregator.adapters.sitemap import xml
from aggregator.model import Enclosure, Found, Parsed, RawEntry, RawImage
from aggregator.normalize import dates
from aggregator.normalize.url import absolute, key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

    Url = Mapping[str, tuple[str, ...]]

MAX_ITEMS = 100
MAX_CHILDREN = 100
_CLOSE = 400  # URLs whose dates are read exactly; the others are older by their first characters
_UTC = ZoneInfo("UTC")
_DATES = ("news:publication_date", "lastmod", "video:publication_date")
_SEPARATOR = re.compile(r"[,，;；、]\s*")
_SECONDS = re.compile(r"\d{1,6}")


def parse(capture: Capture, _: SiteRules | None = None) -> Parsed:
    """Read a sitemap, a sitemap index or a list of addresses, packed or not.

    Raises: SourceError("parse") for what is none of them.
    """
    sitemap = xml.read(capture.body, capture.headers.get("content-type", ""))
    urls = [(number, url) for number, url in enumerate(sitemap.urls, 1) if "loc" in url]
    missing = tuple(
        f"url {number}: no address"
        for number, url in enumerate(sitemap.urls, 1)
        if "loc" not in url
    )[:10]
    newest = _newest(urls, capture.taken)
    if sitemap.index:
        addresses = (absolute(url["loc"][0], base=capture.url) for _, url in newest[:MAX_CHILDREN])
        more = tuple(
            dict.fromkeys(address for address in addresses if address and address != capture.url)
        )
        return Parsed(rejected=missing, repaired=sitemap.repaired, more=more, quiet=not more)
    entries: dict[str, RawEntry] = {}
    for number, url in newest:
        entries.setdefault(key(url["loc"][0]), _entry(f"url {number}", url, capture.url))
    left = f"the newest {MAX_ITEMS} of {len(urls)} URLs" if len(urls) > MAX_ITEMS else None
    return Parsed(
        tuple(entries.values())[:MAX_ITEMS],
        missing,
        repaired=sitemap.repaired,
        quiet=not urls,
        notes=(left,) if left else (),
    )


def _newest(urls: Sequence[tuple[int, Url]], taken: datetime) -> list[tuple[int, Url]]:
    """The newest first, those without a date last, in the document's order where equal; a few hundred at most."""
    roughly = sorted(urls, key=lambda one: _stated(one[1])[:16], reverse=True)[:_CLOSE]
    exactly = {number: _moment(_stated(url), taken) for number, url in roughly}
    return sorted(roughly, key=lambda one: (-exactly[one[0]], one[0]))[
        : max(MAX_ITEMS, MAX_CHILDREN)
    ]


def _stated(url: Url) -> str:
    return next((url[name][0] for name in _DATES if name in url), "")


def _moment(stated: str, taken: datetime) -> float:
    date = dates.read(stated, zone=_UTC, taken=taken) if stated else None
    return date.value.timestamp() if date else 0.0


def _entry(item: str, url: Url, base: str) -> RawEntry:
    return RawEntry(
        item=item,
        base=base,
        url=_found(url, "loc"),
        title=(*_found(url, "news:title"), *_found(url, "video:title")[:1]),
        published=_found(url, "news:publication_date"),
        updated=_found(url, "lastmod"),
        tags=tuple(_tags(url)),
        language=_found(url, "news:language"),
        publisher=_found(url, "news:name"),
        images=tuple(_images(url)),
        enclosures=tuple(_enclosures(url)),
    )


def _found(url: Url, name: str) -> tuple[Found, ...]:
    return tuple(Found(value, f"sitemap:{name}") for value in url.get(name, ()))


def _tags(url: Url) -> Iterator[Found]:
    for found in _found(url, "news:keywords"):
        yield from (Found(part, found.where) for part in _SEPARATOR.split(found.value) if part)


def _images(url: Url) -> Iterator[RawImage]:
    captions = (*url.get("image:caption", ()), *url.get("image:title", ()))
    places = url.get("image:loc", ())
    caption = captions[0] if len(places) == 1 and captions else None
    yield from (RawImage(place, "sitemap:image:loc", caption=caption) for place in places)
    yield from (
        RawImage(place, "sitemap:video:thumbnail_loc")
        for place in url.get("video:thumbnail_loc", ())
    )


def _enclosures(url: Url) -> Iterator[Enclosure]:
    """Yield the video; where there are several nobody says whose the length is."""
    places, lengths = url.get("video:content_loc", ()), url.get("video:duration", ())
    known = len(places) == 1 and len(lengths) == 1 and _SECONDS.fullmatch(lengths[0])
    yield from (Enclosure(place, duration=int(lengths[0]) if known else None) for place in places)

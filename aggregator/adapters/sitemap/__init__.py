"""Reads sitemaps: the URLs of a site's pages, with titles and dates in Google's `news:` extension.

`lastmod` is the time of a change, never of publication. Only the newest hundred URLs of a
sitemap become items, because the others are old and each may cost the fetching of a page.
A sitemap index returns its sitemaps as further documents, the newest first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aggregator.adapters.sitemap import xml
from aggregator.model import Candidate, Enclosure, ParsedDocument, RawEntry, RawImage, Rejection
from aggregator.normalize import dates
from aggregator.normalize.url import absolute_url, page_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

    Url = Mapping[str, tuple[str, ...]]
    NumberedUrl = tuple[int, Url]

MAX_ITEMS = 100
MAX_CHILDREN = 100
_MAX_REJECTED = 10  # messages of one sitemap
_PRESELECTED = 400  # URLs whose dates are parsed; the others are older by their first characters
_DATE_PREFIX = len("2026-07-03T12:00")
_UTC = ZoneInfo("UTC")
_DATES = ("news:publication_date", "lastmod", "video:publication_date")
_SEPARATOR = re.compile(r"[,，;；、]\s*")
_SECONDS = re.compile(r"\d{1,6}")


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Read a sitemap, a sitemap index or a list of URLs, packed or not.

    Raises:
        SourceError: "parse" for what is none of them.
    """
    sitemap = xml.read(capture.body, capture.headers.get("content-type", ""))
    urls: list[NumberedUrl] = []
    rejected: list[Rejection] = []
    for number, url in enumerate(sitemap.urls, 1):
        if "loc" in url:
            urls.append((number, url))
        elif len(rejected) < _MAX_REJECTED:
            rejected.append(Rejection(f"url {number}", "no address"))

    newest = _sort_newest(urls, capture.taken)
    if sitemap.is_index:
        children = _children(newest[:MAX_CHILDREN], capture.url)
        return ParsedDocument(
            rejected=tuple(rejected),
            is_repaired=sitemap.is_repaired,
            next_urls=children,
            is_empty_list=not children,
            notes=sitemap.notes,
        )

    notes = sitemap.notes
    if len(urls) > MAX_ITEMS:
        notes = (
            *notes,
            f"the newest {MAX_ITEMS} of {len(urls)} URLs",
        )
    return ParsedDocument(
        _entries(newest, capture.url),
        tuple(rejected),
        is_repaired=sitemap.is_repaired,
        is_empty_list=not urls,
        notes=notes,
    )


def _sort_newest(urls: Sequence[NumberedUrl], taken: datetime) -> list[NumberedUrl]:
    """Return as many URLs as are used at most, the newest first.

    URLs without a date come last. Equal dates keep the document's order.
    """
    # Most dates compare as text; parsing 50,000 of them would take long.
    by_text = sorted(urls, key=lambda one: _date(one[1])[:_DATE_PREFIX], reverse=True)
    dated = []
    for number, url in by_text[:_PRESELECTED]:
        dated.append((-_timestamp(_date(url), taken), number, url))
    dated.sort(key=lambda one: one[:2])

    count = max(MAX_ITEMS, MAX_CHILDREN)
    return [(number, url) for _, number, url in dated[:count]]


def _date(url: Url) -> str:
    """Return the best of a URL's dates as it is written, "" where it has none."""
    for name in _DATES:
        if name in url:
            return url[name][0]
    return ""


def _timestamp(text: str, taken: datetime) -> float:
    """Return a date in seconds since the epoch, 0 for what is no date."""
    if not text:
        return 0.0
    date = dates.read(text, zone=_UTC, taken=taken)
    if date is None:
        return 0.0
    return date.value.timestamp()


def _children(urls: Iterable[NumberedUrl], index_url: str) -> tuple[str, ...]:
    """Return the absolute URLs of an index's sitemaps, each once, without its own."""
    children = dict[str, None]()
    for _, url in urls:
        child = absolute_url(url["loc"][0], base=index_url)
        if child and child != index_url:
            children[child] = None
    return tuple(children)


def _entries(newest: Iterable[NumberedUrl], base: str) -> tuple[RawEntry, ...]:
    """Return one item for each different URL, MAX_ITEMS at most."""
    entries: dict[str, RawEntry] = {}
    for number, url in newest:
        entries.setdefault(page_key(url["loc"][0]), _entry(f"url {number}", url, base))
    return tuple(entries.values())[:MAX_ITEMS]


def _entry(label: str, url: Url, base: str) -> RawEntry:
    return RawEntry(
        label=label,
        base_url=base,
        url=_candidates(url, "loc"),
        title=(*_candidates(url, "news:title"), *_candidates(url, "video:title")[:1]),
        published=_candidates(url, "news:publication_date"),
        updated=_candidates(url, "lastmod"),
        tags=tuple(_tags(url)),
        language=_candidates(url, "news:language"),
        publisher=_candidates(url, "news:name"),
        image=tuple(_images(url)),
        enclosures=tuple(_enclosures(url)),
    )


def _candidates(url: Url, name: str) -> tuple[Candidate, ...]:
    where = f"sitemap:{name}"
    return tuple(Candidate(value, where) for value in url.get(name, ()))


def _tags(url: Url) -> Iterator[Candidate]:
    for keywords in _candidates(url, "news:keywords"):
        for keyword in _SEPARATOR.split(keywords.value):
            if keyword:
                yield Candidate(keyword, keywords.where)


def _images(url: Url) -> Iterator[RawImage]:
    pictures = url.get("image:loc", ())
    captions = (*url.get("image:caption", ()), *url.get("image:title", ()))
    caption = None
    if len(pictures) == 1 and captions:  # of several it is not known whose caption it is
        caption = captions[0]
    for picture in pictures:
        yield RawImage(picture, "sitemap:image:loc", caption=caption)

    for thumbnail in url.get("video:thumbnail_loc", ()):
        yield RawImage(thumbnail, "sitemap:video:thumbnail_loc")


def _enclosures(url: Url) -> Iterator[Enclosure]:
    videos = url.get("video:content_loc", ())
    durations = url.get("video:duration", ())
    duration = None
    if len(videos) == 1 and len(durations) == 1:  # of several it is not known whose it is
        if _SECONDS.fullmatch(durations[0]):
            duration = int(durations[0])
    for video in videos:
        yield Enclosure(video, duration=duration)

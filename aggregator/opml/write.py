"""Writes the configured feeds as an OPML 2.0 document (opml.org/spec2.opml) for other readers.

The sources alone decide every byte, and none of their secrets is written. Only feeds are
listed: another reader could not subscribe to a page, a folder or an archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS
from aggregator.normalize.url.valid import valid_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.config import Source

_NOT_XML = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_SEPARATOR_IN_CATEGORY = re.compile(r"[,/]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed as a list shows it; the first of `tags` is its folder."""

    url: str
    name: str
    tags: tuple[str, ...] = ()


def select_outlines(sources: Iterable[Source]) -> tuple[list[Outline], dict[str, str]]:
    """Return the enabled sources that are feeds, in order.

    The second value says, by id, why each of the other enabled sources is left out.
    """
    feeds = []
    left_out = {}
    for source in sources:
        if not source.enabled:
            continue
        if source.url is None:
            left_out[source.id] = "no feed (files of this machine)"
        elif not _is_feed(source.adapter):
            left_out[source.id] = f"no feed ({source.adapter})"
        elif source.display_location != source.url:
            left_out[source.id] = "a secret stands in its address"
        else:
            feeds.append(Outline(source.url, source.name or source.id, source.tags))
    return feeds, left_out


def _is_feed(adapter: str) -> bool:
    """Tell whether the adapter reads feeds; site rules and `auto` count as feeds here."""
    known = ADAPTERS.get(adapter)
    return known is None or known.is_feed


def render(title: str, feeds: Sequence[Outline]) -> bytes:
    """Render the list as UTF-8.

    Feeds without a tag come first, then folder by folder, in the order of their first feed.
    """
    folders: dict[str, list[Outline]] = {}
    for feed in feeds:
        folder = feed.tags[0] if feed.tags else ""
        folders.setdefault(folder, []).append(feed)
    return "\n".join(_document_lines(title, folders)).encode()


def _document_lines(title: str, folders: dict[str, list[Outline]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<opml version="2.0">'
    yield f"  <head>\n    <title>{_value(title)}</title>\n  </head>"
    yield "  <body>"
    for feed in folders.pop("", ()):
        yield _outline(feed, indent=4)
    for folder, feeds in folders.items():
        yield f'    <outline text="{_value(folder)}">'
        for feed in feeds:
            yield _outline(feed, indent=6)
        yield "    </outline>"
    yield "  </body>\n</opml>\n"


def _outline(feed: Outline, *, indent: int) -> str:
    name = _value(feed.name)
    attributes = f'type="rss" text="{name}" title="{name}" xmlUrl="{_value(valid_url(feed.url))}"'
    if len(feed.tags) > 1:
        attributes += f' category="{_value(_categories(feed.tags))}"'
    return f"{' ' * indent}<outline {attributes}/>"


def _categories(tags: Iterable[str]) -> str:
    """Write every tag as a category; commas and slashes in it become references."""
    categories = [_SEPARATOR_IN_CATEGORY.sub(_as_reference, tag) for tag in tags]
    return ",".join(categories)


def _as_reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _value(text: str) -> str:
    """Write a text on one line, without what XML 1.0 §2.2 forbids."""
    return escape(" ".join(_NOT_XML.sub(" ", text).split()))

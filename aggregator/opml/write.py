"""The feeds that are followed -> one OPML 2.0 document (opml.org/spec2.opml) for any other reader.

The rule: nothing but the sources decides a byte, and no secret of theirs is among them. Only what is a feed is there: a
page, a folder or an archive is nothing that another reader could ask.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.config import Source

_NOT_XML = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_PARTS_A_CATEGORY = re.compile(r"[,/]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed as a list shows it; the first of `tags` is its folder."""

    url: str
    name: str
    tags: tuple[str, ...] = ()


def _is_feed(adapter: str) -> bool:
    """Tell whether an address is a feed's. Site rules and `auto` stand for feeds here."""
    known = ADAPTERS.get(adapter)
    return known is None or known.is_feed


def outlines(sources: Iterable[Source]) -> tuple[list[Outline], dict[str, str]]:
    """Give the enabled sources that are feeds, in order; and why each other one is left out, by its id."""
    feeds, left_out = [], {}
    for source in sources:
        if not source.enabled:
            continue
        if source.url is None or not _is_feed(source.adapter):
            left_out[source.id] = (
                f"no feed ({source.adapter if source.url else 'files of this machine'})"
            )
        elif source.shown != source.url:
            left_out[source.id] = "a secret stands in its address"
        else:
            feeds.append(Outline(source.url, source.name or source.id, source.tags))
    return feeds, left_out


def render(title: str, feeds: Sequence[Outline]) -> bytes:
    """Render the list as UTF-8: feeds without a tag first, then folder by folder, in the order of their first feed."""
    folders: dict[str, list[Outline]] = {}
    for feed in feeds:
        folders.setdefault(feed.tags[0] if feed.tags else "", []).append(feed)
    return "\n".join(_document(title, folders)).encode()


def _document(title: str, folders: dict[str, list[Outline]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<opml version="2.0">'
    yield f"  <head>\n    <title>{_value(title)}</title>\n  </head>"
    yield "  <body>"
    yield from (_outline(feed, indent=4) for feed in folders.pop("", ()))
    for folder, feeds in folders.items():
        yield f'    <outline text="{_value(folder)}">'
        yield from (_outline(feed, indent=6) for feed in feeds)
        yield "    </outline>"
    yield "  </body>\n</opml>\n"


def _outline(feed: Outline, *, indent: int) -> str:
    name, url = _value(feed.name), _value(feed.url)
    more = f' category="{_value(_categories(feed.tags))}"' if len(feed.tags) > 1 else ""
    return f'{" " * indent}<outline type="rss" text="{name}" title="{name}" xmlUrl="{url}"{more}/>'


def _categories(tags: Iterable[str]) -> str:
    """Write every tag as a category; a comma or slash would part it, and is written as a reference."""
    return ",".join(_PARTS_A_CATEGORY.sub(lambda found: f"&#{ord(found[0])};", tag) for tag in tags)


def _value(text: str) -> str:
    """Write a text on one line, without what XML 1.0 §2.2 forbids."""
    return escape(" ".join(_NOT_XML.sub(" ", text).split()))

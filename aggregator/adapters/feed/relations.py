"""What a feed item refers to besides its own page: comments, their feed, where it is from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.media import keep_dicts, text_or_none
from aggregator.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_HOST = re.compile(r"https?://(?:www\.)?([^/:?#]+)")
HTML_TYPES = ("text/html", "application/xhtml+xml", "html")


def candidate(value: object, where: str) -> tuple[Candidate, ...]:
    """Return the value with its place; nothing for an empty one or one that is no text."""
    string = text_or_none(value)
    if string is None:
        return ()
    return (Candidate(string, where),)


def comments(item: Mapping[str, Any]) -> Iterator[Candidate]:
    """Yield the URLs of the item's comments: of RSS, then of Atom (RFC 4685, `rel="replies"`)."""
    yield from candidate(item.get("comments"), "feed:comments")
    for link in _links_with_relation(item, "replies"):
        if link.get("type") in HTML_TYPES:
            yield from candidate(link.get("href"), "feed:link[rel=replies]")


def comment_feeds(item: Mapping[str, Any]) -> Iterator[Candidate]:
    """Yield the URLs of the feed of the item's comments: of RSS (wfw), then of Atom (RFC 4685)."""
    yield from candidate(item.get("wfw_commentrss"), "feed:wfw:commentRss")
    for link in _links_with_relation(item, "replies"):
        if link.get("type") not in HTML_TYPES:
            yield from candidate(link.get("href"), "feed:link[rel=replies]")


def via(item: Mapping[str, Any]) -> Iterator[Candidate]:
    """Yield the URLs where the author found what the item is about (RFC 4287 §4.2.7.2)."""
    for link in _links_with_relation(item, "via"):
        yield from candidate(link.get("href"), "feed:link[rel=via]")


def _links_with_relation(item: Mapping[str, Any], relation: str) -> Iterator[Mapping[str, Any]]:
    for link in keep_dicts(item.get("links")):
        if str(link.get("rel")).rsplit("/", 1)[-1] == relation:  # may be a full URI in Atom
            yield link


def source_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the item says of the feed that it was taken from: atom:source, RSS `source`."""
    sources = keep_dicts([item.get("source")])
    if not sources:
        return {}
    return sources[0]


def taken_from(source: Mapping[str, Any]) -> Iterator[str]:
    """Yield the URLs of the feed and the site that an item was taken from.

    The `source` of RSS has no links.
    """
    links = keep_dicts(source.get("links"))
    yield from filter(None, (text_or_none(link.get("href")) for link in links))


def without_stand_in(
    authors: tuple[Candidate, ...], publisher: Sequence[Candidate], item: Mapping[str, Any]
) -> tuple[Candidate, ...]:
    """Take away the author that our own feed states in the place of an absent one.

    It is the publisher, the source, the host of the link or the view: see publish/atom.py.
    """
    if len(authors) != 1:
        return authors
    stand_ins = {name.value for name in publisher}
    host = _HOST.match(str(item.get("link")))
    if host:
        stand_ins.add(host[1])
    if authors[0].value in stand_ins:
        return ()
    return authors

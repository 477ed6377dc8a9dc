"""What a feed and its items refer to besides their own pages: icon, rights, comments, where it is from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.media import keep_dicts, text_or_none
from aggregator.model import Candidate
from aggregator.normalize.lead_picture import remove_lead_picture, summary_as_content
from aggregator.normalize.text import plain_text
from aggregator.normalize.url.parts import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.model import TextForm

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


def feed_icon(feed: Mapping[str, Any], base_url: str) -> str | None:
    """Return the absolute URL of the feed's icon, else of its logo (in RSS: `image`)."""
    [image] = keep_dicts([feed.get("image")]) or [{}]
    for value in (feed.get("icon"), feed.get("logo"), image.get("href")):
        url = text_or_none(value)
        if url is not None:
            return absolute_url(url, base=base_url)
    return None


def feed_rights(feed: Mapping[str, Any], text_form: TextForm) -> str | None:
    """Return the rights that the feed states, as one line of text."""
    rights = text_or_none(feed.get("rights"))
    if rights is None:
        return None
    return plain_text(rights, text_form) or None


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


def without_lead_picture(
    content: tuple[Candidate, ...], summary: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Take away the picture that our own feed puts on top of a content.

    What is left is nothing where the content was made of the picture and the summary.
    """
    made_up = {summary_as_content(text.value) for text in summary}
    kept = []
    for text in content:
        stored = remove_lead_picture(text.value)
        if stored == text.value:
            kept.append(text)
        elif stored and stored not in made_up:
            kept.append(replace(text, value=stored))
    return tuple(kept)

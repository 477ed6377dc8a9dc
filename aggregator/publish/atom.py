"""Entries -> one merged Atom document (RFC 4287), by way of feedgen.

The rule: nothing but the view and its entries decides a byte. feedgen stamps the wall clock on what has no date and its
own version into the document, so every date and the generator are given; ours goes without a version, or an upgrade
would change every document.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aggregator.publish.view import SourceHead, source_urn, view_urn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model import Enclosure, Entry, Image
    from aggregator.publish.view import ViewHead

_MEDIA = "http://search.yahoo.com/mrss/"
_CONTENT, _DESCRIPTION, _THUMBNAIL = (
    f"{{{_MEDIA}}}{name}" for name in ("content", "description", "thumbnail")
)
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# XML 1.0 §2.2: everything but these characters makes the whole document unreadable; lxml raises on them.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# RFC 4287 Appendix B, atomLanguageTag and atomMediaType.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r".+/.+")


def render(view: ViewHead, entries: Sequence[Entry]) -> bytes:
    """Render the entries in their order, as UTF-8; the feed is as new as its newest entry, of the epoch without any."""
    from feedgen.feed import FeedGenerator  # 75 ms that `aggregator --help` need not wait for

    feed = FeedGenerator()
    feed.register_extension("beyond", _FeedExtension, _EntryExtension, rss=False)
    feed.id(view_urn(view.id))
    feed.title(_text(view.title) or _text(view.id))
    feed.updated(max((entry.updated for entry in entries), default=_EPOCH))
    feed.generator("aggregator")
    feed.link(_feed_links(view))
    for entry in entries:
        _fill(feed.add_entry(order="append"), entry, view)
    document: bytes = feed.atom_str(pretty=True)
    return document


def _feed_links(view: ViewHead) -> list[dict[str, str]]:
    links = []
    if view.self_url:
        links.append({"href": _text(view.self_url), "rel": "self", "type": "application/atom+xml"})
    if view.home_url:
        links.append({"href": _text(view.home_url), "rel": "alternate", "type": "text/html"})
    return links


def _fill(element: Any, entry: Entry, view: ViewHead) -> None:
    source = view.sources.get(entry.source) or SourceHead(entry.source)
    element.id(entry.id)
    element.title(_text(entry.title) or _text(entry.url) or entry.id)
    element.updated(entry.updated)
    element.published(entry.published)
    element.author([{"name": name} for name in _authors(entry, source)])
    element.contributor([{"name": name} for name in _texts(entry.credits)])
    element.category([{"term": term} for term in _texts(entry.tags)])
    if entry.url:
        element.link(href=_text(entry.url), rel="alternate")
    _fill_text(element, entry)
    element.beyond.carry(entry, source, view.links)


def _fill_text(element: Any, entry: Entry) -> None:
    summary = _text(entry.summary)
    if summary:
        element.summary(summary, type="text")

    content = _legal(entry.content_html or "")
    if content:
        element.content(content, type="html")
    elif not entry.url:
        # RFC 4287 §4.1.2: an entry without an alternate link must have content.
        element.content(summary or _text(entry.title), type="text")


def _authors(entry: Entry, source: SourceHead) -> list[str]:
    """Name somebody: RFC 4287 §4.1.2 wants an author for every entry, and the merged feed has none of its own."""
    return _texts(entry.authors) or _texts((entry.publisher or "", source.title, entry.source))[:1]


def _text(value: str | None) -> str:
    return _legal(value or "").strip()


def _texts(values: Iterable[str]) -> list[str]:
    return [text for text in map(_text, values) if text]


def _legal(value: str) -> str:
    return _NOT_XML.sub("", value)


class _FeedExtension:
    """feedgen's extension interface for the feed; duck-typed, its base class is untyped and does nothing."""

    def extend_ns(self) -> dict[str, str]:
        return {"media": _MEDIA}

    def extend_atom(self, feed: Any) -> Any:
        return feed


class _EntryExtension:
    """What feedgen cannot say of an entry.

    These are its language, a whole atom:source, a picture with a caption, and every link but the alternate one: feedgen
    1.0 drops `rel`, `type` and `length` of an entry's links, so that an enclosure reads as a second alternate.
    """

    _values: tuple[Entry, SourceHead, Mapping[str, str]]

    def carry(self, entry: Entry, source: SourceHead, links: Mapping[str, str]) -> None:
        self._values = entry, source, links

    def extend_atom(self, element: Any) -> Any:
        entry, source, links = self._values
        if entry.language and _LANGUAGE.fullmatch(entry.language):
            element.set(_XML_LANG, entry.language)
        for duplicate in entry.duplicates:
            _add(element, "link", rel="related", href=links.get(duplicate, duplicate))
        _add_source(element, entry, source)
        if entry.image:
            _add_image(element, entry.image)
        for enclosure in entry.enclosures:
            _add_enclosure(element, enclosure)
        return element


def _add(parent: Any, name: str, text: str | None = None, **attributes: Any) -> Any:
    from feedgen.util import xml_elem

    stated = {key: _text(str(value)) for key, value in attributes.items() if value is not None}
    element = xml_elem(name, parent, **stated)
    if text is not None:
        element.text = _text(text)
    return element


def _add_source(parent: Any, entry: Entry, source: SourceHead) -> None:
    """Name the feed that the entry came from (RFC 4287 §4.2.11).

    Its `updated` is the entry's: of the source's own time we know only that it was then or later, and a truer one would
    change this document whenever the source is read.
    """
    element = _add(parent, "source")
    _add(element, "id", source_urn(entry.source))
    _add(element, "title", _text(source.title) or entry.source)
    _add(element, "updated", entry.updated.isoformat())
    if source.url and source.url.startswith(("http://", "https://")):
        _add(element, "link", rel="alternate", href=source.url)


def _add_image(parent: Any, image: Image) -> None:
    """Add the picture in Media RSS, which has the place for a caption that Atom lacks."""
    width, height = image.width, image.height
    content = _add(parent, _CONTENT, url=image.url, medium="image", width=width, height=height)
    if described := _text(image.caption) or _text(image.alt):
        _add(content, _DESCRIPTION, described, type="plain")
    _add(parent, _THUMBNAIL, url=image.url, width=width, height=height)


def _add_enclosure(parent: Any, enclosure: Enclosure) -> None:
    """Add the link, and the same in Media RSS where the duration is known: an Atom link cannot carry that."""
    url, length = enclosure.url, enclosure.length
    stated = _text(enclosure.type)
    media_type = stated if _MEDIA_TYPE.fullmatch(stated) else None
    _add(parent, "link", rel="enclosure", href=url, type=media_type, length=length)
    if enclosure.duration is not None:
        _add(
            parent, _CONTENT, url=url, type=media_type, fileSize=length, duration=enclosure.duration
        )

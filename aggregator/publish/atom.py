"""Renders entries as one Atom document (RFC 4287) with feedgen.

The bytes depend only on the view and its entries. By default feedgen writes the current
time where a date is missing, and its own version; so all dates and the generator are
set. The generator has no version, because an upgrade would change every document.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.normalize.url.valid import valid_url
from aggregator.publish.links import with_valid_links
from aggregator.publish.view import SourceInfo, source_urn, view_urn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aggregator.model import Enclosure, EnclosureKind, Entry, Image
    from aggregator.publish.view import ViewInfo

_MEDIA = "http://search.yahoo.com/mrss/"
_CONTENT, _DESCRIPTION, _THUMBNAIL, _TITLE, _CREDIT = (
    f"{{{_MEDIA}}}{name}" for name in ("content", "description", "thumbnail", "title", "credit")
)
_PODCAST = "https://podcastindex.org/namespace/1.0"
_WFW = "http://wellformedweb.org/CommentAPI/"
_DC = "http://purl.org/dc/elements/1.1/"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Characters that XML 1.0 §2.2 forbids; one of them makes the whole document unreadable, and lxml raises.
_ILLEGAL_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# RFC 4287 Appendix B, atomLanguageTag and atomMediaType.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r".+/.+")


def render(view: ViewInfo, entries: Sequence[Entry]) -> bytes:
    """Render the entries in their order, as UTF-8.

    The feed's `updated` is that of its newest entry, or the epoch without entries.
    """
    from feedgen.feed import FeedGenerator  # takes 75 ms, which `aggregator --help` avoids

    feed = FeedGenerator()
    feed.register_extension("beyond", _FeedExtension, _EntryExtension, rss=False)
    feed.id(view_urn(view.id))
    feed.title(_clean_text(view.title) or _clean_text(view.id))
    feed.updated(max((entry.updated for entry in entries), default=_EPOCH))
    feed.generator("aggregator")
    feed.link(_feed_links(view))
    for entry in entries:
        _fill_entry(feed.add_entry(order="append"), entry, view)
    document: bytes = feed.atom_str(pretty=True)
    return document


def _feed_links(view: ViewInfo) -> list[dict[str, str]]:
    links = []
    if view.self_url:
        links.append(
            {"href": valid_url(view.self_url), "rel": "self", "type": "application/atom+xml"}
        )
    if view.home_url:
        links.append({"href": valid_url(view.home_url), "rel": "alternate", "type": "text/html"})
    return links


def _fill_entry(element: Any, entry: Entry, view: ViewInfo) -> None:
    source = _source_info(view, entry.lead_source)
    authors = _author_names(entry, source, view)
    entry = with_valid_links(entry)
    element.id(entry.id)
    element.title(_clean_text(entry.title) or _clean_text(entry.url) or entry.id)
    element.updated(entry.updated)
    element.published(entry.published)
    element.author([{"name": name} for name in authors])
    contributors = dict.fromkeys(_clean_texts((*entry.credits, *entry.contributors)))
    element.contributor([{"name": name} for name in contributors])
    element.category([{"term": term} for term in _clean_texts(entry.tags)])
    if entry.url:
        element.link(href=_clean_text(entry.url), rel="alternate")
    _fill_text(element, entry)
    element.beyond.set_values(entry, view)


def _fill_text(element: Any, entry: Entry) -> None:
    summary = _clean_text(entry.summary)
    if summary:
        element.summary(summary, type="text")

    content = _drop_illegal(entry.content_html or "")
    if content:
        element.content(content, type="html")
    elif not entry.url:
        # RFC 4287 §4.1.2: an entry without an alternate link must have content.
        element.content(summary or _clean_text(entry.title), type="text")


def _source_info(view: ViewInfo, source_id: str) -> SourceInfo:
    return view.sources.get(source_id) or SourceInfo(source_id)


def _author_names(entry: Entry, source: SourceInfo, view: ViewInfo) -> list[str]:
    """Return the authors, or a substitute: RFC 4287 §4.1.2 requires one, and the feed has none.

    The substitute is the publisher's name, else the name that the configuration gives to the
    source, else the host. The id of a source says nothing to readers.
    """
    authors = _clean_texts(entry.authors)
    if authors:
        return authors

    source_name = source.title
    if source_name == entry.lead_source:
        source_name = ""
    names = (entry.publisher, source_name, _host(entry.url), _host(source.url), view.title, view.id)
    return _clean_texts(name or "" for name in names)[:1]


def _host(url: str | None) -> str:
    """Return the host of an http(s) URL without `www.`, "" if it has none."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    return host.removeprefix("www.")


def _clean_text(value: str | None) -> str:
    return _drop_illegal(value or "").strip()


def _clean_texts(values: Iterable[str]) -> list[str]:
    return [text for text in map(_clean_text, values) if text]


def _drop_illegal(value: str) -> str:
    return _ILLEGAL_XML.sub("", value)


class _FeedExtension:
    """feedgen's extension of the feed; without its base class, which is untyped and does nothing."""

    def extend_ns(self) -> dict[str, str]:
        return {"media": _MEDIA, "podcast": _PODCAST, "wfw": _WFW, "dc": _DC}

    def extend_atom(self, feed: Any) -> Any:
        return feed


class _EntryExtension:
    """feedgen's extension of an entry, for what feedgen itself cannot write.

    These are the language, atom:source, the picture with its caption, and all links but
    the alternate one: feedgen 1.0 drops `rel`, `type` and `length` of an entry's links.
    """

    _values: tuple[Entry, ViewInfo]

    def set_values(self, entry: Entry, view: ViewInfo) -> None:
        self._values = entry, view

    def extend_atom(self, element: Any) -> Any:
        entry, view = self._values
        source = _source_info(view, entry.lead_source)
        if entry.language and _LANGUAGE.fullmatch(entry.language):
            element.set(_XML_LANG, entry.language)
        if publisher := _clean_text(entry.publisher):
            _add_element(element, f"{{{_DC}}}publisher", publisher)
        _add_links(element, entry, view)
        _add_source(element, entry, source)
        _add_media(element, entry)
        return element


def _add_links(element: Any, entry: Entry, view: ViewInfo) -> None:
    """Add the links to what belongs to the entry but is not attached to it."""
    for duplicate in entry.duplicates:
        _add_element(
            element, "link", rel="related", href=valid_url(view.links.get(duplicate, duplicate))
        )
    for url, source_id in _other_urls(entry).items():
        title = None
        if source_id is not None:
            title = _clean_text(_source_info(view, source_id).title) or source_id
        _add_element(element, "link", rel="via", href=url, title=title)
    for url in _comment_urls(entry):
        _add_element(element, "link", rel="replies", type="text/html", href=url)
    if entry.comments_feed:
        _add_element(element, f"{{{_WFW}}}commentRss", entry.comments_feed)


def _add_media(element: Any, entry: Entry) -> None:
    for agency in _clean_texts(entry.credits):
        _add_element(element, _CREDIT, agency)
    if entry.image:
        _add_image(element, entry.image)
    for enclosure in entry.enclosures:
        _ADDERS[enclosure.kind](element, enclosure)


def _other_urls(entry: Entry) -> dict[str, str | None]:
    """Return the URLs where the article was found, each with its source if that is one of ours.

    They are those of other sources that have the article, then those that its author names.
    """
    sources: dict[str, str | None] = {}
    for teller in entry.tellers:
        url = _clean_text(teller.url)
        if url and url != _clean_text(entry.url):
            sources.setdefault(url, teller.source)
    for url in _clean_texts(entry.via):
        sources.setdefault(url, None)
    return sources


def _comment_urls(entry: Entry) -> list[str]:
    """Return the comments pages of the entry and of all its tellers, each once."""
    urls = [entry.comments, *(teller.comments for teller in entry.tellers)]
    return list(dict.fromkeys(_clean_texts(url or "" for url in urls)))


def _add_element(parent: Any, name: str, text: str | None = None, **attributes: Any) -> Any:
    from feedgen.util import xml_elem

    stated = {
        key: _clean_text(str(value)) for key, value in attributes.items() if value is not None
    }
    element = xml_elem(name, parent, **stated)
    if text is not None:
        element.text = _clean_text(text)
    return element


def _add_source(parent: Any, entry: Entry, source: SourceInfo) -> None:
    """Add the source of the entry (RFC 4287 §4.2.11).

    Its `updated` is that of the entry: the time of the last run would change this
    document with every run.
    """
    element = _add_element(parent, "source")
    _add_element(element, "id", source_urn(entry.lead_source))
    _add_element(element, "title", _clean_text(source.title) or entry.lead_source)
    _add_element(element, "updated", entry.updated.isoformat())
    if source.url and source.url.lower().startswith(("http://", "https://")):
        _add_element(element, "link", rel="alternate", href=valid_url(source.url))


def _add_image(parent: Any, image: Image) -> None:
    """Add the picture as Media RSS, because Atom has no captions.

    A reader that shows one text shows the description: the caption, else the alternative text. The
    title is the alternative text.
    """
    width, height = image.width, image.height
    content = _add_element(
        parent, _CONTENT, url=image.url, medium="image", width=width, height=height
    )
    caption, alt = _clean_text(image.caption), _clean_text(image.alt)
    if alt:
        _add_element(content, _TITLE, alt, type="plain")
    if caption or alt:
        _add_element(content, _DESCRIPTION, caption or alt, type="plain")
    _add_element(parent, _THUMBNAIL, url=image.url, width=width, height=height)


def _add_enclosure(parent: Any, enclosure: Enclosure) -> None:
    """Add the link; with a duration, add it as Media RSS too, because an Atom link has none."""
    url, length = enclosure.url, enclosure.length
    media_type = _media_type(enclosure)
    _add_element(
        parent,
        "link",
        rel="enclosure",
        href=url,
        type=media_type,
        length=length,
        title=enclosure.title,
        hreflang=enclosure.language,
    )
    if enclosure.duration is not None:
        _add_element(
            parent, _CONTENT, url=url, type=media_type, fileSize=length, duration=enclosure.duration
        )


def _media_type(enclosure: Enclosure) -> str | None:
    """Return the media type if RFC 4287 allows it."""
    stated = _clean_text(enclosure.type)
    return stated if _MEDIA_TYPE.fullmatch(stated) else None


def _add_alternate(parent: Any, enclosure: Enclosure) -> None:
    """Add another format of an enclosure, which is none of its own for a reader."""
    element = _add_element(
        parent,
        f"{{{_PODCAST}}}alternateEnclosure",
        type=_media_type(enclosure),
        length=enclosure.length,
        title=enclosure.title,
        lang=enclosure.language,
    )
    _add_element(element, f"{{{_PODCAST}}}source", uri=enclosure.url)
    if enclosure.duration is not None:
        _add_element(parent, _CONTENT, url=enclosure.url, duration=enclosure.duration)


def _add_transcript(parent: Any, enclosure: Enclosure) -> None:
    """Add the text of an enclosure; captions are a text that says when each word is said."""
    _add_element(
        parent,
        f"{{{_PODCAST}}}transcript",
        url=enclosure.url,
        type=_media_type(enclosure),
        language=enclosure.language,
        rel=_TRANSCRIPT_RELATIONS.get(enclosure.kind),
    )


def _add_chapters(parent: Any, enclosure: Enclosure) -> None:
    _add_element(parent, f"{{{_PODCAST}}}chapters", url=enclosure.url, type=_media_type(enclosure))


_TRANSCRIPT_RELATIONS: dict[EnclosureKind | None, str] = {"captions": "captions"}
_ADDERS: dict[EnclosureKind | None, Callable[[Any, Enclosure], None]] = {
    None: _add_enclosure,
    "alternate": _add_alternate,
    "transcript": _add_transcript,
    "captions": _add_transcript,
    "chapters": _add_chapters,
}

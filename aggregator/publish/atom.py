"""Renders entries as one Atom document (RFC 4287) with feedgen.

The bytes depend only on the view and its entries. By default feedgen writes the current
time where a date is missing, and its own version; so all dates and the generator are
set. The generator has no version, because an upgrade would change every document.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.normalize.url.valid import valid_url
from aggregator.publish.atom_elements import (
    add_archive_links,
    add_deleted_entries,
    add_links,
    add_source,
    archive_namespace,
    deletion_namespace,
)
from aggregator.publish.entry_parts import (
    comment_urls,
    contributor_names,
    published_entries,
    title_of,
)
from aggregator.publish.media_rss import (
    add_credits_and_picture,
    add_media_content,
    add_podcast_part,
    media_type,
)
from aggregator.publish.view import newest_update, view_urn
from aggregator.publish.xml_element import (
    DC,
    NAMESPACES,
    add_element,
    clean_text,
    clean_texts,
    drop_illegal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Enclosure, Entry
    from aggregator.publish.view import ViewInfo

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# RFC 4287 Appendix B, atomLanguageTag.
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def render(view: ViewInfo, entries: Sequence[Entry]) -> bytes:
    """Render the entries in their order, as UTF-8.

    The feed's `updated` is that of its newest entry, or the epoch without entries.
    """
    return write(view, published_entries(entries, view))


def write(view: ViewInfo, shown: Sequence[Entry]) -> bytes:
    """Write the document of entries that are as `published_entries` makes them."""
    from feedgen.feed import FeedGenerator  # takes 75 ms, which `aggregator --help` avoids

    feed = FeedGenerator()
    feed.register_extension("beyond", _FeedExtension, _EntryExtension, rss=False)
    feed.beyond.set_view(view)
    feed.id(view_urn(view.id))
    feed.title(clean_text(view.title) or clean_text(view.id))
    if view.description:
        feed.subtitle(clean_text(view.description))
    if view.icon_url:
        feed.icon(valid_url(view.icon_url))
    feed.updated(newest_update(shown))
    feed.generator("aggregator")
    feed.link(_feed_links(view))
    for entry in shown:
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
    element.id(entry.id)
    element.title(title_of(entry))
    element.updated(entry.updated)
    element.published(entry.published)
    element.author([{"name": name} for name in entry.authors])
    element.contributor([{"name": name} for name in contributor_names(entry)])
    element.category([{"term": term} for term in clean_texts(entry.tags)])
    if entry.url:
        element.link(href=clean_text(entry.url), rel="alternate")
    _fill_text(element, entry)
    element.beyond.set_values(entry, view)


def _fill_text(element: Any, entry: Entry) -> None:
    summary = clean_text(entry.summary)
    if summary:
        element.summary(summary, type="text")

    content = drop_illegal(entry.content_html or "")
    if content:
        element.content(content, type="html")
    elif not entry.url:
        # RFC 4287 §4.1.2: an entry without an alternate link must have content.
        element.content(summary or clean_text(entry.title), type="text")


class _FeedExtension:
    """feedgen's extension of the feed; without its base class, which is untyped and does nothing."""

    _view: ViewInfo

    def set_view(self, view: ViewInfo) -> None:
        self._view = view

    def extend_ns(self) -> dict[str, str]:
        return NAMESPACES | archive_namespace(self._view) | deletion_namespace(self._view)

    def extend_atom(self, feed: Any) -> Any:
        add_archive_links(feed, self._view)
        add_deleted_entries(feed, self._view)
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
        if entry.language and LANGUAGE.fullmatch(entry.language):
            element.set(_XML_LANG, entry.language)
        publisher = clean_text(entry.publisher)
        if publisher:
            add_element(element, f"{{{DC}}}publisher", publisher)
        add_links(element, entry, view, replies=comment_urls(entry))
        add_source(element, entry, view)
        add_credits_and_picture(element, entry)
        for enclosure in entry.enclosures:
            _add_enclosure(element, enclosure)
        return element


def _add_enclosure(parent: Any, enclosure: Enclosure) -> None:
    """Add the link; with a duration, add it as Media RSS too, because an Atom link has none."""
    if enclosure.kind is not None:
        add_podcast_part(parent, enclosure)
        return
    add_element(
        parent,
        "link",
        rel="enclosure",
        href=enclosure.url,
        type=media_type(enclosure),
        length=enclosure.length,
        title=enclosure.title,
        hreflang=enclosure.language,
    )
    if enclosure.duration is not None:
        add_media_content(parent, enclosure)

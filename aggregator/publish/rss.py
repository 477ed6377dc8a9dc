"""Renders entries as one RSS 2.0 document with feedgen.

What RSS has no element for is in the elements of Atom, Dublin Core, Media RSS, iTunes and
Podcasting 2.0 that readers know. The bytes depend only on the view and its entries.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from aggregator.normalize.url.valid import valid_url
from aggregator.publish.atom import LANGUAGE
from aggregator.publish.atom_elements import (
    add_archive_links,
    add_links,
    add_source,
    archive_namespace,
    web_url,
)
from aggregator.publish.entry_parts import (
    comment_urls,
    contributor_names,
    published_entries,
    source_info,
    title_of,
)
from aggregator.publish.media_rss import (
    add_credits_and_picture,
    add_media_content,
    add_podcast_part,
    media_type,
)
from aggregator.publish.podcast import add_episode, add_show
from aggregator.publish.view import newest_update, view_urn
from aggregator.publish.xml_element import (
    ATOM,
    DC,
    ITUNES,
    MEDIA,
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

_ATOM = f"{{{ATOM}}}"
_UNKNOWN_TYPE = "application/octet-stream"


def render(view: ViewInfo, entries: Sequence[Entry]) -> bytes:
    """Render the entries in their order, as UTF-8.

    `lastBuildDate` is that of the newest entry, or the epoch without entries.
    """
    return write(view, published_entries(entries, view))


def write(view: ViewInfo, shown: Sequence[Entry]) -> bytes:
    """Write the document of entries that are as `published_entries` makes them."""
    from feedgen.feed import FeedGenerator  # takes 75 ms, which `aggregator --help` avoids

    title = clean_text(view.title) or clean_text(view.id)
    feed = FeedGenerator()
    feed.register_extension("beyond", _ChannelExtension, _ItemExtension, atom=False)
    feed.beyond.set_view(view)
    feed.title(title)
    feed.description(clean_text(view.description) or title)
    feed.link(_feed_links(view))
    if view.icon_url:
        feed.image(valid_url(view.icon_url))
    feed.updated(newest_update(shown))
    feed.generator("aggregator")
    for entry in shown:
        _fill_item(feed.add_entry(order="append"), entry, view)
    document: bytes = feed.rss_str(pretty=True)
    return document


def _feed_links(view: ViewInfo) -> list[dict[str, str]]:
    """Return the links of the feed. RSS requires one to its site; without any it is the feed's URN."""
    links = []
    if view.self_url:
        url = valid_url(view.self_url)
        links.append({"href": url, "rel": "self", "type": "application/rss+xml"})
    home = valid_url(view.home_url) if view.home_url else view_urn(view.id)
    links.append({"href": home, "rel": "alternate"})
    return links


def _fill_item(element: Any, entry: Entry, view: ViewInfo) -> None:
    element.guid(entry.id, permalink=False)
    element.title(title_of(entry))
    element.published(entry.published)
    element.category([{"term": term} for term in clean_texts(entry.tags)])
    if entry.url:
        element.link(href=clean_text(entry.url))
    comments = comment_urls(entry)
    if comments:
        element.comments(comments[0])
    _fill_text(element, entry)
    _fill_enclosure(element, entry)
    _fill_source(element, entry, view)
    element.beyond.set_values(entry, view)


def _fill_text(element: Any, entry: Entry) -> None:
    # A description is HTML, a summary is plain text.
    summary = escape(clean_text(entry.summary), quote=False)
    content = drop_illegal(entry.content_html or "")
    if content:
        element.content(content)
    if summary:
        element.description(summary, isSummary=True)


def _fill_enclosure(element: Any, entry: Entry) -> None:
    """Add the first enclosure; RSS allows one, and requires its length and type."""
    enclosures = _own_enclosures(entry)
    if enclosures:
        first = enclosures[0]
        element.enclosure(
            clean_text(first.url), str(first.length or 0), media_type(first) or _UNKNOWN_TYPE
        )


def _own_enclosures(entry: Entry) -> list[Enclosure]:
    return [enclosure for enclosure in entry.enclosures if enclosure.kind is None]


def _fill_source(element: Any, entry: Entry, view: ViewInfo) -> None:
    """Add the source of RSS, which requires the URL of its feed, or of its site without a feed."""
    source = source_info(view, entry.lead_source)
    url = web_url(source.feed_url) or web_url(source.site_url)
    if url:
        element.source(url, clean_text(source.title) or entry.lead_source)


class _ChannelExtension:
    """feedgen's extension of the channel, for its permanent id."""

    _view: ViewInfo

    def set_view(self, view: ViewInfo) -> None:
        self._view = view

    def extend_ns(self) -> dict[str, str]:
        return {**NAMESPACES, "itunes": ITUNES, **archive_namespace(self._view)}

    def extend_rss(self, feed: Any) -> Any:
        channel = feed[0]
        identifier = add_element(channel, f"{{{DC}}}identifier", view_urn(self._view.id))
        channel.insert(0, identifier)  # the beginning of a file tells whose it is
        add_archive_links(channel, self._view, namespace=_ATOM)
        if self._view.kind == "podcast":
            add_show(channel, self._view)
        return feed


class _ItemExtension:
    """feedgen's extension of an item, for what RSS itself has no element for."""

    _values: tuple[Entry, ViewInfo]

    def set_values(self, entry: Entry, view: ViewInfo) -> None:
        self._values = entry, view

    def extend_rss(self, element: Any) -> Any:
        entry, view = self._values
        _add_dublin_core(element, entry)
        add_element(element, f"{_ATOM}updated", entry.updated.isoformat())
        add_links(element, entry, view, replies=comment_urls(entry)[1:], namespace=_ATOM)
        add_source(element, entry, view, namespace=_ATOM)
        add_credits_and_picture(element, entry)
        _add_enclosures(element, entry)
        if view.kind == "podcast":
            add_episode(element, entry)
        return element


def _add_dublin_core(element: Any, entry: Entry) -> None:
    """Add the names: `author` of RSS is an e-mail address."""
    for name in entry.authors:
        add_element(element, f"{{{DC}}}creator", name)
    for name in contributor_names(entry):
        add_element(element, f"{{{DC}}}contributor", name)
    publisher = clean_text(entry.publisher)
    if publisher:
        add_element(element, f"{{{DC}}}publisher", publisher)
    if entry.language and LANGUAGE.fullmatch(entry.language):
        add_element(element, f"{{{DC}}}language", entry.language)


def _add_enclosures(element: Any, entry: Entry) -> None:
    for enclosure in entry.enclosures:
        if enclosure.kind is not None:
            add_podcast_part(element, enclosure)
            continue
        content = add_media_content(element, enclosure)
        if enclosure.language:
            content.set("lang", clean_text(enclosure.language))
        if enclosure.title:
            add_element(content, f"{{{MEDIA}}}title", enclosure.title, type="plain")
    own = _own_enclosures(entry)
    if own and own[0].duration is not None:
        add_element(element, f"{{{ITUNES}}}duration", str(own[0].duration))

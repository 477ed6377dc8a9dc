"""The elements of Atom that stand in RSS items as well: `source` and links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.normalize.url.valid import valid_url
from aggregator.publish.entry_parts import copy_urls, other_places, source_info
from aggregator.publish.view import source_urn
from aggregator.publish.xml_element import AT, FH, WFW, add_element, clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Entry
    from aggregator.publish.view import SourceInfo, ViewInfo

_ABSOLUTE_URI = re.compile(r"[a-z][a-z0-9+.-]*:.", re.IGNORECASE)
_WEB = ("http://", "https://")


def add_archive_links(parent: Any, view: ViewInfo, *, namespace: str = "") -> None:
    """Add the links between a feed and the pages of its archive; mark a page as one (RFC 5005 §4)."""
    for relation, url in (
        ("current", view.current_url),
        ("prev-archive", view.previous_archive_url),
    ):
        if url:
            add_element(parent, f"{namespace}link", rel=relation, href=valid_url(url))
    if view.current_url:
        add_element(parent, f"{{{FH}}}archive")


def add_deleted_entries(parent: Any, view: ViewInfo) -> None:
    """Add the ids of forgotten entries, so that readers delete their copies (RFC 6721)."""
    for one in view.forgotten:
        when = one.at.isoformat(timespec="seconds")
        add_element(parent, f"{{{AT}}}deleted-entry", ref=one.id, when=when)


def deletion_namespace(view: ViewInfo) -> dict[str, str]:
    """Return the namespace of these elements, by its prefix; nothing where there are none."""
    return {"at": AT} if view.forgotten else {}


def archive_namespace(view: ViewInfo) -> dict[str, str]:
    """Return the namespace of the mark, by its prefix; nothing where there is no mark."""
    return {"fh": FH} if view.current_url else {}


def add_links(
    parent: Any, entry: Entry, view: ViewInfo, *, replies: Sequence[str], namespace: str = ""
) -> None:
    """Add the links to what belongs to the entry but is not attached to it.

    `namespace` is empty in Atom, where feedgen makes it the default one.
    """
    link = f"{namespace}link"
    for url in copy_urls(entry, view):
        add_element(parent, link, rel="related", href=url)
    for place in other_places(entry, view):
        add_element(parent, link, rel="via", href=place.url, title=place.title)
    for url in replies:
        add_element(parent, link, rel="replies", type="text/html", href=url)
    if entry.comments_feed:
        add_element(parent, f"{{{WFW}}}commentRss", entry.comments_feed)


def add_source(parent: Any, entry: Entry, view: ViewInfo, *, namespace: str = "") -> None:
    """Add the source of the entry (RFC 4287 §4.2.11) with all that its feed says of itself.

    Its `updated` is that of the entry: the time of the last run would change this
    document with every run.
    """
    source = source_info(view, entry.lead_source)
    element = add_element(parent, f"{namespace}source")
    texts = {
        "id": source_id(source, entry.lead_source),
        "title": clean_text(source.title) or entry.lead_source,
        "updated": entry.updated.isoformat(),
        "icon": web_url(source.feed.icon),
        "rights": clean_text(source.feed.rights) or None,
    }
    for name, text in texts.items():
        if text is not None:
            add_element(element, f"{namespace}{name}", text)
    for relation, url in (("self", source.feed_url), ("alternate", source.site_url)):
        if web_url(url):
            add_element(element, f"{namespace}link", rel=relation, href=web_url(url))


def source_id(source: SourceInfo, name: str) -> str:
    """Return the id that the feed gives itself, if that is a URI; else one made of our name for it."""
    own_id = clean_text(source.feed.id)
    if _ABSOLUTE_URI.match(own_id):
        return valid_url(own_id)
    return source_urn(name)


def web_url(url: str | None) -> str | None:
    """Return an http(s) URL, valid; None for another one."""
    if url is None or not url.lower().startswith(_WEB):
        return None
    return valid_url(url)

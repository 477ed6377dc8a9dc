"""Links, ids and enclosures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.fast.names import Declined
from aggregator.adapters.feed.fast.texts import (
    HTML,
    XHTML,
    attributes,
    clean,
    content_type,
    raw_text,
    url_text,
)

if TYPE_CHECKING:
    from aggregator.adapters.feed.fast.texts import Context

_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")


def read_link(element: Any, context: Context) -> None:
    """Read a link: of Atom in an attribute, of RSS in the text."""
    link = attributes(element)
    link.setdefault("rel", "alternate")
    if link["rel"] == "self":
        link.setdefault("type", "application/atom+xml")
    else:
        link.setdefault("type", HTML)
    _use_href(link)
    context.fields.setdefault("links", []).append(link)
    if "href" not in link:
        _store_link(url_text(element, context), link, context)
    elif raw_text(element):
        raise Declined("a link with two URLs")
    else:
        _follow(link, context)


def _follow(link: dict[str, str], context: Context) -> None:
    link["href"] = context.resolve(link["href"])
    if link["rel"] == "alternate" and content_type(link["type"]) in (HTML, XHTML):
        context.fields["link"] = link["href"]


def _store_link(url: str, link: dict[str, str], context: Context) -> None:
    is_item = context.depths is not None
    if is_item:
        url = url.replace("&amp;", "&")
    url = _REFERENCE.sub(r"&\1", url)
    context.fields["link"] = url
    if url or not is_item:
        link["href"] = url


def read_id(element: Any, context: Context) -> None:
    """Read a guid or an id, which is the link as well unless it denies that or there is one."""
    is_link = attributes(element).get("ispermalink", "true") == "true"
    text = raw_text(element)
    if is_link and text:
        text = context.resolve(text)
    text = clean(text)
    context.store("id", text)
    if is_link:
        context.fields.setdefault("link", text)


def read_enclosure(element: Any, context: Context) -> None:
    """Read an enclosure, whose URL stays as it is written."""
    raw_text(element)
    link = attributes(element)
    _use_href(link)
    link["rel"] = "enclosure"
    context.fields.setdefault("links", []).append(link)


def _use_href(link: dict[str, str]) -> None:
    """Put the URL of a link under one name."""
    url = link.get("url", link.get("uri", link.get("href")))
    if url:
        link.pop("url", None)
        link.pop("uri", None)
        link["href"] = url

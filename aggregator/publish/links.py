"""Makes the links of entries valid (RFC 3986) for all outputs.

Stored URLs stay as their publishers wrote them, which browsers accept. Every output passes its
entries through this module, and other URLs through `valid_url`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape
from typing import TYPE_CHECKING

from aggregator.normalize.html.elements import SANDBOX
from aggregator.normalize.url.valid import valid_url

if TYPE_CHECKING:
    from aggregator.model import Enclosure, Entry, Image, Teller

# In sanitized HTML `<` begins a tag, and values are in double quotes.
_TAG = re.compile(r'<[a-z][^<>"]*+(?:"[^"]*+"[^<>"]*+)*+>')
_LINK = re.compile(r'(?<=\s)(?P<name>href|src|poster|cite)="(?P<url>[^"]*+)"')
# What older versions stored of frames.
_STORED_SANDBOX = ' sandbox="allow-scripts allow-same-origin allow-popups"'
_SANDBOX = f' sandbox="{SANDBOX}"'


def with_valid_links(entry: Entry) -> Entry:
    """Return the entry with all its links valid; `url_original` and `guid` stay as they were found."""
    content = entry.content_html
    return replace(
        entry,
        url=_optional(entry.url),
        comments=_optional(entry.comments),
        comments_feed=_optional(entry.comments_feed),
        via=tuple(map(valid_url, entry.via)),
        image=_image(entry.image),
        enclosures=tuple(map(_enclosure, entry.enclosures)),
        tellers=tuple(map(_teller, entry.tellers)),
        content_html=valid_links_in_html(content) if content else content,
    )


def valid_links_in_html(html: str) -> str:
    """Return sanitized HTML with valid links in its attributes.

    >>> valid_links_in_html('<a href="https://a.example/ä">href="ä"</a>')
    '<a href="https://a.example/%C3%A4">href="ä"</a>'
    """
    return _TAG.sub(_valid_tag, html)


def _valid_tag(tag: re.Match[str]) -> str:
    closed = tag[0].replace(_STORED_SANDBOX, _SANDBOX)
    return _LINK.sub(_valid_attribute, closed)


def _valid_attribute(attribute: re.Match[str]) -> str:
    url = unescape(attribute["url"])
    valid = valid_url(url)
    if valid == url:
        return attribute[0]
    return f'{attribute["name"]}="{escape(valid)}"'


def _optional(url: str | None) -> str | None:
    return None if url is None else valid_url(url)


def _image(image: Image | None) -> Image | None:
    return None if image is None else replace(image, url=valid_url(image.url))


def _enclosure(enclosure: Enclosure) -> Enclosure:
    return replace(enclosure, url=valid_url(enclosure.url))


def _teller(teller: Teller) -> Teller:
    return replace(teller, url=_optional(teller.url), comments=_optional(teller.comments))

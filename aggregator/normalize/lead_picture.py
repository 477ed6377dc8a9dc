"""The picture of an entry on top of its content, for readers that show only the content.

It is added to what is published, never to what is stored. Another instance of this program
that follows the published feed takes it away again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape
from typing import TYPE_CHECKING

from aggregator.normalize.image import image_key

if TYPE_CHECKING:
    from aggregator.model import Entry, Image

_BEGIN = '<figure class="lead-picture">'
_END = "</figure>"
# In sanitized HTML values are in double quotes.
_PICTURE_URL = re.compile(r'\s(?:src|poster)="(?P<url>[^"]*+)"')


def add_lead_picture(entry: Entry) -> Entry:
    """Put the picture and its caption on top of the content, unless it shows the picture in any size.

    An entry without content gets one of the picture and the summary.
    """
    if entry.image is None:
        return entry
    content = entry.content_html
    if content is None:
        content = summary_as_content(entry.summary)
    if _shows_picture(content, entry.image.url):
        return entry
    return replace(entry, content_html=_figure(entry.image) + content)


def remove_lead_picture(content: str) -> str:
    """Return published content without the picture that `add_lead_picture` put on top."""
    if not content.startswith(_BEGIN):
        return content
    return content.partition(_END)[2]


def summary_as_content(summary: str | None) -> str:
    """Return the content of an entry that has only a summary."""
    return f"<p>{escape(summary, quote=False)}</p>" if summary else ""


def _shows_picture(content: str, url: str) -> bool:
    key = image_key(url)
    shown = (unescape(match["url"]) for match in _PICTURE_URL.finditer(content))
    return any(image_key(picture) == key for picture in shown)


def _figure(image: Image) -> str:
    attributes = f'src="{escape(image.url)}" alt="{escape(image.alt or "")}"'
    for name, size in (("width", image.width), ("height", image.height)):
        if size is not None:
            attributes += f' {name}="{size}"'
    caption = ""
    if image.caption:
        caption = f"<figcaption>{escape(image.caption, quote=False)}</figcaption>"
    return f"{_BEGIN}<img {attributes}>{caption}{_END}"

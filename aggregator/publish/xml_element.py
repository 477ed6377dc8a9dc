"""XML elements with text that XML 1.0 allows, and the namespaces of the feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ATOM = "http://www.w3.org/2005/Atom"
MEDIA = "http://search.yahoo.com/mrss/"
PODCAST = "https://podcastindex.org/namespace/1.0"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
WFW = "http://wellformedweb.org/CommentAPI/"
DC = "http://purl.org/dc/elements/1.1/"
AT = "http://purl.org/atompub/tombstones/1.0"
FH = "http://purl.org/syndication/history/1.0"
NAMESPACES = {"media": MEDIA, "podcast": PODCAST, "wfw": WFW, "dc": DC}

# Characters that XML 1.0 §2.2 forbids; one of them makes the whole document unreadable, and lxml raises.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def add_element(parent: Any, name: str, text: str | None = None, **attributes: Any) -> Any:
    """Add a child with the attributes that are not None; return it."""
    from feedgen.util import xml_elem  # loads lxml, which `aggregator --help` avoids

    stated = {key: clean_text(str(value)) for key, value in attributes.items() if value is not None}
    element = xml_elem(name, parent, **stated)
    if text is not None:
        element.text = clean_text(text)
    return element


def clean_text(value: str | None) -> str:
    """Return a text without illegal characters and without blanks at its ends."""
    return drop_illegal(value or "").strip()


def clean_texts(values: Iterable[str]) -> list[str]:
    """Return the texts that are not empty, clean."""
    return [text for text in map(clean_text, values) if text]


def drop_illegal(value: str) -> str:
    """Return a text without the characters that XML forbids."""
    return _ILLEGAL.sub("", value)

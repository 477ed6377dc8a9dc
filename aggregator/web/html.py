"""Writes HTML elements: every text and attribute value is escaped, unless it is `Html` already.

Links and pictures lead only to http and https URLs.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aggregator.normalize.url.valid import valid_url

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"img", "input", "link", "meta", "track"})
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


class Html(str):
    """A text that is markup already and is written as it is."""

    __slots__ = ()


def element(tag_name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """Write an element; None is left out, True is an attribute without a value.

    An underscore at the end of an attribute's name is dropped, others are hyphens.

    >>> element("p", "1 < 2", None, class_="note", hidden=True, id=None)
    '<p class="note" hidden>1 &lt; 2</p>'
    """
    opening = [tag_name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            opening.append(attribute)
        else:
            opening.append(f'{attribute}="{escape(str(value))}"')

    start = f"<{' '.join(opening)}>"
    if tag_name in _VOID:
        return Html(start)
    return Html(f"{start}{join(children)}</{tag_name}>")


def join(parts: Iterable[str | None], separator: str = "") -> Html:
    """Join texts, which are escaped, and markup; None is left out."""
    written = []
    for part in parts:
        if part is not None:
            written.append(part if isinstance(part, Html) else escape(part))
    return Html(separator.join(written))


def web_url(url: str | None) -> str | None:
    """Return a valid http or https URL, None for any other."""
    valid = valid_url(url or "")
    return valid if valid.startswith(("https://", "http://")) else None


def outside_link(url: str | None, *children: str | None, class_: str | None = None) -> Html:
    """Write a link to another site; what is no web address is text without a link."""
    target = web_url(url)
    if target is None:
        return element("span", *children, class_=class_)
    return element("a", *children, href=target, rel="noopener noreferrer", class_=class_)


def name(text: str) -> Html:
    """Write a name whose direction does not disturb the text around it."""
    return element("bdi", text)


def direction(language: str | None) -> str:
    """Return the direction of a language's script; `auto` where the language is not known."""
    if not language:
        return "auto"
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"

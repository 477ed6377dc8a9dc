"""The texts and attributes of elements, with what feedparser does to them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.entities import entitydefs
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from aggregator.adapters.feed.fast.names import Declined, prefix_of

if TYPE_CHECKING:
    from aggregator.adapters.feed.fast.names import Names

XHTML = "application/xhtml+xml"
PLAIN = "text/plain"
HTML = "text/html"
_TYPES = {
    "text": PLAIN,
    "plain": PLAIN,
    PLAIN: PLAIN,
    "html": HTML,
    HTML: HTML,
    "xhtml": XHTML,
    XHTML: XHTML,
}
_XHTML_TAG = re.compile(r"\{http://www\.w3\.org/1999/xhtml\}([A-Za-z][A-Za-z0-9]*)")
# feedparser does more with these than to write them down.
_XHTML_ELSEWHERE = frozenset({"body", "feed", "math", "rss", "svg"})
_SURPLUS_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
_CLOSING_OR_REFERENCE = re.compile(r"</\w+>|&#?\w+;")
_TAG_NAME = re.compile(r"</?(\w+)")
_REFERENCE_NAME = re.compile(r"&(\w+);")
# The elements of HTML that make a text HTML: those that feedparser's sanitizer keeps.
_HTML_NAMES = """
a abbr acronym address area article aside audio b big blockquote br button canvas
caption center cite code col colgroup command datagrid datalist dd del details dfn
dialog dir div dl dt em event-source fieldset figcaption figure font footer form h1 h2
h3 h4 h5 h6 header hr i img input ins kbd keygen label legend li m map menu meter
multicol nav nextid noscript ol optgroup option output p pre progress q s samp section
select small sound source spacer span strike strong sub sup table tbody td textarea
tfoot th thead time tr tt u ul var video
"""
HTML_ELEMENTS = frozenset(_HTML_NAMES.split())


def _windows_1252() -> dict[int, str]:
    table = {}
    for code in range(0x80, 0xA0):
        character = bytes([code]).decode("cp1252", "ignore")
        if character:
            table[code] = character
    return table


WINDOWS_1252 = _windows_1252()


@dataclass(slots=True)
class Context:
    """What is being read: the channel, an item, its source, or a picture of the channel.

    `fields` are feedparser's, of which an item keeps those that are nested least: `depths` are
    those of its fields, `title_depth` is that of the last title.
    """

    names: Names
    base_url: str
    is_atom: bool
    language: str | None
    fields: dict[str, Any] = field(default_factory=dict)
    depths: dict[str, int] | None = None
    title_depth: int = -1
    has_content: bool = False

    def within(self, fields: dict[str, Any], language: str | None) -> Context:
        """Return the context of what is within this one, with fields of its own."""
        return Context(self.names, self.base_url, self.is_atom, language, fields)

    def of_item(self) -> Context:
        """Return a context for one item, of which this one is the beginning."""
        item = self.within({}, self.language)
        item.depths = {}
        item.has_content = self.has_content
        return item

    def store(self, key: str, value: object, depth: int = 0) -> None:
        """Keep a value in the place of an earlier one, unless that is less deep in an item."""
        if self.depths is not None:
            if depth > self.depths.get(key, depth):
                return
            self.depths[key] = depth
        self.fields[key] = value

    def resolve(self, url: str) -> str:
        """Return a URL without surplus slashes, absolute if the document states its base."""
        return resolve(self.base_url, url)


def resolve(base_url: str, url: str) -> str:
    """Return a URL without surplus slashes, absolute if there is a base."""
    if "///" in url:
        url = _SURPLUS_SLASHES.sub(r"\1\3", url)
    if not base_url:
        return url
    try:
        return urljoin(base_url, url)
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and the detail that feedparser keeps of it."""

    value: str
    detail: dict[str, Any]


def attributes(element: Any) -> dict[str, str]:
    """Return the attributes of an element by their names in lower case."""
    stated = element.items()
    if not stated:
        return {}
    found = {}
    plain = {}
    for name, value in stated:
        if name.startswith("{"):
            found[_attribute_name(name)] = value
        else:
            plain[name.lower()] = value
    found |= plain
    for key in ("rel", "type"):
        if key in found:
            found[key] = found[key].lower()
    return found


def _attribute_name(name: str) -> str:
    uri, _, local = name[1:].rpartition("}")
    prefix = prefix_of(uri)
    return f"{prefix}:{local}".lower() if prefix else local.lower()


def language(stated: dict[str, str], outer: str | None) -> str | None:
    """Return the language of an element: its own, else that of what it is in."""
    own = stated.get("xml:lang", stated.get("lang"))
    if own is None:
        return outer
    return own.replace("_", "-") or None


def content_type(stated: str) -> str:
    """Return a media type by its name in Atom."""
    return _TYPES.get(stated, stated)


def raw_text(element: Any) -> str:
    """Return the text of an element without children, stripped."""
    if len(element):
        raise Declined(f"an element within {element.tag}")
    return (element.text or "").strip()


def clean(text: str) -> str:
    """Mend what was encoded twice, and characters of Windows-1252 that stand for themselves."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(WINDOWS_1252)


def clean_text(element: Any) -> str:
    """Return the text of an element as feedparser keeps it."""
    return clean(raw_text(element))


def own_text(element: Any) -> str:
    """Return the text between the children of an element, stripped."""
    texts = [element.text or ""]
    for child in element:
        texts.append(child.tail or "")
    return "".join(texts).strip()


def url_text(element: Any, context: Context) -> str:
    """Return the URL that is the text of an element."""
    text = raw_text(element)
    if text:
        text = context.resolve(text)
    return clean(text)


def unattributed_text(element: Any) -> str:
    """Return the text of an element of which feedparser keeps either this or attributes."""
    if element.keys():
        raise Declined(f"attributes of {element.tag}")
    return raw_text(element)


def read_text(element: Any, context: Context, default_type: str) -> Text:
    """Read an element that may have a media type."""
    stated = attributes(element)
    media_type = _TYPES.get(stated.get("type", default_type))
    if media_type is None or "mode" in stated:
        raise Declined(f"the type of {element.tag}")

    if media_type == XHTML:
        value = _xhtml(element, context)
    else:
        value = raw_text(element)
    if media_type == PLAIN and not context.is_atom and looks_like_html(value):
        media_type = HTML
    value = clean(value)
    detail = {
        "type": media_type,
        "language": language(stated, context.language),
        "base": context.base_url,
        "value": value,
    }
    return Text(value, detail)


def looks_like_html(text: str) -> bool:
    """Tell whether a text is likely to be HTML: no unknown element, no unknown entity."""
    if not _CLOSING_OR_REFERENCE.search(text):
        return False
    for name in _TAG_NAME.findall(text):
        if name.lower() not in HTML_ELEMENTS:
            return False
    return all(name in entitydefs for name in _REFERENCE_NAME.findall(text))


def _xhtml(element: Any, context: Context) -> str:
    if not context.is_atom:
        raise Declined("XHTML outside of Atom")
    pieces = [escape(element.text or "")]
    for child in element:
        _write_xhtml(child, pieces)
    return "".join(_without_enclosing_div(pieces)).strip()


def _write_xhtml(element: Any, pieces: list[str]) -> None:
    """Add the tags and texts of an element, as feedparser writes them."""
    tag = _XHTML_TAG.fullmatch(element.tag)
    if tag is None or tag[1].lower() in _XHTML_ELSEWHERE:
        raise Declined(f"{element.tag} within a text")
    name = tag[1].lower()
    pieces.append(f"<{name}{_written_attributes(element)}>")
    pieces.append(escape(element.text or ""))
    for child in element:
        _write_xhtml(child, pieces)
    pieces.append(f"</{name}>")
    pieces.append(escape(element.tail or ""))


def _written_attributes(element: Any) -> str:
    written = []
    if any(name.startswith("{") for name in element.keys()):  # noqa: SIM118 - lxml's own
        raise Declined(f"the attributes of {element.tag}")
    for name, value in attributes(element).items():
        written.append(f' {name}="{escape(value, {chr(34): "&quot;"})}"')
    return "".join(written)


def _without_enclosing_div(pieces: list[str]) -> list[str]:
    """Take away the `<div>` that holds all the text."""
    pieces = [piece for piece in pieces if piece]
    while len(pieces) > 1 and not pieces[-1].strip():
        del pieces[-1]
    while len(pieces) > 1 and not pieces[0].strip():
        del pieces[0]
    if not pieces or pieces[-1] != "</div>" or not _is_div(pieces[0]):
        return pieces

    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<"):
            depth += 1
    return pieces[1:-1]


def _is_div(piece: str) -> bool:
    return piece == "<div>" or piece.startswith("<div ")

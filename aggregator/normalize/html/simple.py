"""Reads HTML of a strict and common form from its text, without a tree: most bodies of feeds have it.

The result is byte for byte what the walk over the tree gives. Whatever is not wholly
understood (a tag that is not listed, an end tag that does not match, an attribute without quotes, a
reference that parsers read differently) is left to that walk.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from aggregator.normalize.html.tree import is_blank
from aggregator.normalize.text import clean_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 20
MAX_TAGS = 4_000
MAX_TAG_CHARACTERS = 4_000

_TAG = re.compile(
    r'<(/?)([a-z][a-z0-9]*+)((?:\s++[a-z][a-z0-9_-]*+="[^"<>]*+")*+)\s*+(/?)>', re.ASCII
)
_ATTRIBUTE = re.compile(r'([a-z][a-z0-9_-]*)="([^"]*)"')
# Of any other element these stay, move or hide it.
_MEANINGFUL_ATTRIBUTE = re.compile(
    r"\s(?:dir|lang|title|hidden|cite|datetime|start|reversed|type|value)=|\sstyle=[^=]*none",
    re.IGNORECASE,
)
_ID = re.compile(r"\s(?:id|name)=")
# References that all parsers read as the same character.
_REFERENCE = (
    r"&(?:amp|lt|gt|quot|nbsp|hellip|[mn]dash|[lr][sd]quo|[lr]aquo|[aeiou](?:acute|grave|uml)|copy|reg|trade|bull"
    r"|euro|pound|ccedil|ntilde|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}|12\d{4})"
    r"|#x(?:2[0-9a-f]|[a-f][0-9a-f]|20[0-9a-f]{2}))"
)
_SURE_REFERENCE = re.compile(f"{_REFERENCE};")
_UNSURE_REFERENCE = re.compile(f"&(?!{_REFERENCE[1:]};|[ \\t\\n]|(?:utm_[a-z]+|[a-z])=)")

VOIDS = frozenset({"br", "hr", "img"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELLS = HEADINGS | {"li", "figcaption"}  # hold inline elements alone
HOLDERS = frozenset({"blockquote", "figure", "ol", "ul"})  # hold blocks alone
FORMATTING = frozenset(
    "a abbr b cite code em i kbd mark s span strong sub sup u var".split()  # noqa: SIM905 - a list of names
)
_INLINE = FORMATTING | {"br", "img"}
_FLOW = _INLINE | HEADINGS | {"blockquote", "div", "figure", "hr", "ol", "p", "ul"}
_CHILDREN = {
    **dict.fromkeys(FORMATTING | CELLS | {"p"}, _INLINE),
    "body": _FLOW,
    "div": _FLOW,
    "blockquote": frozenset({"p", "ol", "ul"}),
    "figure": frozenset({"a", "img", "figcaption"}),
    "ol": frozenset({"li"}),
    "ul": frozenset({"li"}),
}
_NO_ATTRIBUTES: dict[str, str] = {}


class Tag(NamedTuple):
    """A tag, its attributes (decoded, of links and images alone) and the text that follows it."""

    name: str
    is_end: bool
    attributes: dict[str, str]
    text: str


class SimpleImage:
    """An `img` that is read like an element of a tree; `caption` is that of its figure."""

    tag = "img"

    def __init__(self, attributes: dict[str, str], caption: str | None = None) -> None:
        self.attributes = attributes
        self.caption = caption

    def get(self, name: str, default: str | None = None) -> str | None:
        return self.attributes.get(name, default)

    def getparent(self) -> None:
        """Return None: an image within a `picture` is not simple."""


class SimpleBody:
    """The tags of simple HTML in their order, after the text before the first."""

    def __init__(self, source: str, text: str, tags: list[Tag]) -> None:
        self.source = source
        self.text = text
        self.tags = tags

    @property
    def may_have_places(self) -> bool:
        """Whether links may lead to places within the entry."""
        return _ID.search(self.source) is not None

    def images(self) -> Iterator[SimpleImage]:
        for index, tag in enumerate(self.tags):
            if tag.name == "img" and not tag.is_end:
                yield SimpleImage(tag.attributes, self._caption(index))

    def _caption(self, index: int) -> str | None:
        """Return the caption of the figure around the tag of an image, None without one."""
        start = _last_figure(self.tags[:index])
        if start is None:
            return None
        parts: list[str] = []
        for tag in self.tags[start:]:
            if tag.is_end and tag.name in ("figcaption", "figure"):
                break
            if parts or tag.name == "figcaption":
                parts.append(tag.text)
        return "".join(parts) if parts else None


def _last_figure(tags: list[Tag]) -> int | None:
    """Return the place after the start of a figure that is still open at the end of some tags."""
    for index in range(len(tags) - 1, -1, -1):
        if tags[index].name == "figure":
            return None if tags[index].is_end else index + 1
    return None


def read_simple(html: str) -> SimpleBody | None:
    """Read HTML if it is simple, else return None; so it does for blank text."""
    source = clean_characters(html)
    if "\r" in source or _UNSURE_REFERENCE.search(source) or not source.strip():
        return None
    pieces = _TAG.split(source)
    count = len(pieces) // 5
    if count > MAX_TAGS or source.count("<") != count:
        return None
    tags = _read_tags(pieces)
    if tags is None:
        return None
    return SimpleBody(source, decode(pieces[0]), tags)


def decode(text: str) -> str:
    """Replace the references in a text that `read_simple` has let pass."""
    if "&" not in text:
        return text
    return _SURE_REFERENCE.sub(_decode_reference, text)


def _decode_reference(match: re.Match[str]) -> str:
    return unescape(match[0])


def _read_tags(pieces: list[str]) -> list[Tag] | None:
    """Return the tags of split HTML, None if they are not nested as they are to be."""
    tags: list[Tag] = []
    open_names = ["body"]
    for index in range(1, len(pieces), 5):
        slash, name, attributes, closing, text = pieces[index : index + 5]
        parsed: dict[str, str] | None = _NO_ATTRIBUTES
        if not slash:
            parsed = _read_start_tag(name, attributes, open_names)
        elif attributes or not _is_closed(name, open_names):
            return None

        text = decode(text)
        is_misplaced = open_names[-1] in HOLDERS and not is_blank(text)
        if parsed is None or is_misplaced or (closing and name not in VOIDS):
            return None
        tags.append(Tag(name, slash != "", parsed, text))
    return tags if len(open_names) == 1 else None


def _is_closed(name: str, open_names: list[str]) -> bool:
    """Tell whether an end tag ends the innermost element; parsers skip that of an image."""
    if name == "img":
        return True
    return open_names.pop() == name and open_names != []


def _read_start_tag(name: str, text: str, open_names: list[str]) -> dict[str, str] | None:
    """Open an element and return its attributes; None if it is not simple where it is."""
    if name not in _CHILDREN[open_names[-1]] or len(open_names) > MAX_DEPTH:
        return None
    if name == "a" and "a" in open_names:
        return None
    if name not in VOIDS:
        open_names.append(name)
    if not text:
        return _NO_ATTRIBUTES
    if len(text) > MAX_TAG_CHARACTERS:
        return None
    if name in ("a", "img"):
        return _read_attributes(text)
    if _MEANINGFUL_ATTRIBUTE.search(text):
        return None
    return _NO_ATTRIBUTES


def _read_attributes(text: str) -> dict[str, str] | None:
    found = _ATTRIBUTE.findall(text)
    attributes = {name: decode(value) for name, value in found}
    is_hidden = "hidden" in attributes or "none" in attributes.get("style", "")
    if len(attributes) != len(found) or is_hidden:
        return None
    return attributes

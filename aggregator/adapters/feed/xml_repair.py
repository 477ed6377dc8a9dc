"""Makes the text of an XML feed safe and cheap to parse, and repairs what is not well-formed.

No DTD, entity declaration, comment or control character reaches the parser, and
nothing that keeps it busy for long (40,000 comments would for 8.6 s; see `item_limits`).
Entities that a DTD declares as short texts are replaced first. Text is repaired only
where that needs no guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import escape
from html.entities import html5
from itertools import islice
from typing import TYPE_CHECKING
from xml.parsers import expat

from aggregator.adapters.feed.dtd import (
    CONTROL,
    ROOT,
    ROOT_WITHIN,
    XML_NAMES,
    doctype_end,
    expand_entities,
)
from aggregator.adapters.feed.item_limits import CDATA, limit_feed
from aggregator.normalize.value_limits import cut_note

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
MAX_ITEMS = 10_000

_FIRST_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_PAGE_ELEMENTS = frozenset({"html", "head", "body", "script"})
_PAGE_ELEMENT = re.compile(
    r"<(?:html|head|body|script|title|meta|link|style|main|article)\b", re.IGNORECASE
)
# Atom documents may be a single entry (RFC 4287 §2).
_ENTRY_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?entry(?=[\s>])(?P<attributes>[^<>]*)>")
_ATOM_NAMESPACES = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_ATOM_FEED = f'<feed xmlns="{_ATOM_NAMESPACES[0]}">'
_OPENING = re.compile(r"<!(?:--|\[CDATA\[)")
_ITEM_ENDS = ("</item", "</entry", ":item", ":entry")
_ITEM = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s>/])", re.IGNORECASE)
_CAPTION = re.compile(r"<(/?)media:description(?:\s[^<>]*?)?(/?)>")
_REFERENCE = re.compile(r"&(?:#(?P<number>\d{1,40}|[xX][0-9a-fA-F]{1,40});|(?P<name>\w{2,31});|)")


@dataclass(frozen=True, slots=True)
class PreparedFeed:
    """A feed ready for its parser.

    `repaired`: the document was not well-formed. `cut`: items were left out, because there
    were too many. `broken_off`: the document ended within an item, which was left out,
    because half an article is none. `rejected` are the reasons against items that were
    emptied, by their index, and `notes` say what else was cut.
    """

    xml: bytes
    repaired: bool
    cut: bool
    broken_off: bool = False
    rejected: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def prepare_xml(text: str) -> PreparedFeed | None:
    """Clean the text of a feed; return None if it has no root of a feed.

    Raises:
        SourceError: "parse" if the text is built to keep its parser busy.
    """
    printable = CONTROL.sub("", text)
    has_control = len(printable) < len(text)
    clean, has_endless_comment = _without_comments(expand_entities(printable))
    del printable, text  # a long document is here only once
    start = doctype_end(clean)
    root = _find_root(clean, start)
    if root is None:
        clean = _wrap_single_entry(clean, start)
        start = 0
        root = _find_root(clean, start)
    if root is None:
        return None

    has_junk = _FIRST_ELEMENT.search(clean, start, root.start()) is not None
    damaged = has_endless_comment or has_junk or has_control

    name = root[0][1:]
    body, cut = _first_items(clean[root.start() :].rstrip(), name)
    del clean, root
    limited = limit_feed(body)
    body = limited.text
    prepared = _make_well_formed(body, name, damaged=damaged, cut=cut)
    counts = [f"{what} ({count:,})" for what, count in sorted(limited.cut.items())]
    return replace(prepared, rejected=limited.rejected, notes=cut_note(counts))


def _without_comments(text: str) -> tuple[str, bool]:
    """Return a text without comments, and whether one of them has no end."""
    parts, has_endless_comment = split_sections(text)
    return "".join(parts), has_endless_comment


def _find_root(text: str, start: int) -> re.Match[str] | None:
    """Find the feed's root, also behind junk; a page that mentions a feed has none."""
    root = ROOT.search(text, start, start + ROOT_WITHIN)
    first = _FIRST_ELEMENT.search(text, start, start + ROOT_WITHIN)
    if root is None or first is None:
        return root
    if first.start() < root.start() and first[1].lower() in _PAGE_ELEMENTS:
        return None
    return root


def has_root_behind_junk(head: str) -> bool:
    """Tell whether the beginning of a document that is called a page leads to a feed.

    A PHP warning may precede the feed, and then PHP cannot set the media type any more.
    The markup of a page between them makes it a page that mentions a feed.
    """
    clean = "".join(split_sections(head)[0])
    start = doctype_end(clean)
    root = ROOT.search(clean, start, start + ROOT_WITHIN)
    if root is None or root[1].lower() == "channel":
        return False
    return _PAGE_ELEMENT.search(clean, 0, root.start()) is None


def _wrap_single_entry(text: str, start: int) -> str:
    """Return a feed of the Atom entry that is the document's root; "" if it is none."""
    first = _FIRST_ELEMENT.search(text, start, start + ROOT_WITHIN)
    if first is None:
        return ""
    entry = _ENTRY_ROOT.match(text, first.start())
    if entry is None or not any(name in entry["attributes"] for name in _ATOM_NAMESPACES):
        return ""
    return f"{_ATOM_FEED}{text[entry.start() :].rstrip()}</feed>"


def split_sections(text: str) -> tuple[list[str], bool]:
    """Split at comments, which are dropped, and CDATA sections, which are kept whole.

    The second value tells whether a comment has no end; its text is kept.
    """
    parts: list[str] = []
    start = 0
    while opening := _OPENING.search(text, start):
        parts.append(_rename_captions(text[start : opening.start()]))
        is_comment = opening[0] == "<!--"
        end = text.find("-->" if is_comment else "]]>", opening.end())
        if end < 0:
            rest = text[opening.start() :]
            parts.append(rest.replace("<!--", "") if is_comment else rest)
            return parts, is_comment

        if not is_comment:
            parts.append(text[opening.start() : end + 3])
        start = end + 3
    parts.append(_rename_captions(text[start:]))
    return parts, False


def _rename_captions(text: str) -> str:
    """Rename media:description, and drop its attributes.

    feedparser takes it for the item's own text.
    """
    if "media:description" not in text:
        return text
    return _CAPTION.sub(r"<\1media:caption\2>", text)


def _first_items(body: str, root: str) -> tuple[str, bool]:
    """Cut a document behind the last item that is read, and close what is open.

    The second value tells whether something was cut.
    """
    if body.count("<item") + body.count("<entry") <= MAX_ITEMS:
        return body, False
    beyond = next(islice(_ITEM.finditer(body), MAX_ITEMS, None), None)
    if beyond is None:
        return body, False

    ends = f"</{root}>"
    if root.lower() == "rss":
        ends = f"</channel>{ends}"
    return body[: beyond.start()] + ends, True


def _make_well_formed(body: str, root: str, *, damaged: bool, cut: bool) -> PreparedFeed:
    """Return the text as it is if it is well-formed, else repaired.

    A repaired text may still need feedparser's loose parser.
    """
    xml = _encode(body)
    if _is_well_formed(xml):
        return PreparedFeed(xml, damaged, cut)

    whole = _whole_items(body, root)
    repaired = _encode(_repair(whole, root))
    return PreparedFeed(repaired, True, cut, broken_off=len(whole) < len(body))


def _encode(body: str) -> bytes:
    return _DECLARATION + body.encode("utf-8", "replace")


def _is_well_formed(xml: bytes) -> bool:
    # expat costs a hundredth of what feedparser does, and has no DTD here to expand.
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(xml, True)
    except expat.ExpatError:
        return False
    return True


def _whole_items(body: str, root: str) -> str:
    """Cut a document without an end behind its last whole item, if it has one."""
    if f"</{root}" in body:
        return body
    last_end = max(body.rfind(f"{name}>") for name in _ITEM_ENDS)
    if last_end < 0:
        return body

    half_item = _ITEM.search(body, last_end)
    if half_item is None:
        return body
    return body[: half_item.start()]


def _repair(body: str, root: str) -> str:
    """Drop what follows the end of the feed, and make every `&` outside CDATA a reference."""
    closing = f"</{root}>"
    end = body.rfind(closing)
    if end >= 0:
        body = body[: end + len(closing)]

    repaired = []
    for part in split_sections(body)[0]:
        if part.startswith(CDATA):
            repaired.append(part)
        else:
            repaired.append(_REFERENCE.sub(_xml_reference, part))
    return "".join(repaired)


def _xml_reference(match: re.Match[str]) -> str:
    """Turn a reference of HTML, or a lone `&`, into what XML knows."""
    number = match["number"]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        return match[0] if _is_xml_character(code) else ""

    name = match["name"]
    if name is None:
        return "&amp;"
    if name in XML_NAMES:
        return match[0]
    character = html5.get(f"{name};")
    if character is None:
        return "&amp;" + match[0][1:]
    return escape(character)


def _is_xml_character(code: int) -> bool:
    """Tell whether XML 1.0 §2.2 allows the character."""
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    return code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF

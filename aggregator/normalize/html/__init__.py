"""Turns any HTML into clean paragraphs: repairs it first, then sanitizes it.

The sanitizer (nh3 with an allow-list of our own) comes last and alone decides what may leave;
the steps before it only repair (lazy images, fused tags, line breaks used as paragraphs, wrappers,
empty blocks). No input raises, and none costs more than its length: HTML with too many or too
deeply nested elements is read as plain text, and a tag with hundreds of attributes loses them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache, lru_cache
from html import escape
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import nh3
from lxml import etree

from aggregator.normalize.html import elements, media
from aggregator.normalize.html.blocks import join_lines, split_blocks
from aggregator.normalize.html.places import match_places
from aggregator.normalize.html.simple import SimpleBody, read_simple
from aggregator.normalize.html.simple_blocks import NotSimpleError, write_blocks
from aggregator.normalize.html.tree import BLANK, detach
from aggregator.normalize.text import clean_characters, paragraph_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "clean",
    "drop_illegal_references",
    "html_to_text",
    "limit_attributes",
    "parse",
    "read_simple",
    "sanitize",
]

MAX_DEPTH = 80  # elements; the walk needs five Python frames a level, real pages reach 30
# In a document. The longest articles have 2,000, and removing many costs their square.
MAX_ELEMENTS = 20_000
MAX_ATTRIBUTES = 300  # of a tag; 40,000 distinct ones block libxml2 for 11 s
_LONG_CHARACTERS = 4096  # a shorter tag cannot hold enough attributes to matter
# The sanitizer's parser leaves these where it splits a paragraph around a block.
_EMPTY_PARAGRAPH = re.compile(r"\s*<p></p>")
_URL_ATTRIBUTES = frozenset({"src", "href", "poster", "cite"})

_TOO_MUCH = etree.XPath(f"boolean({'/*' * MAX_DEPTH}) or count(//*) > {MAX_ELEMENTS}")
_HIDDEN = etree.XPath(".//*[@hidden or @style[contains(translate(., ' ', ''), 'display:none')]]")
# A tag to its `>`, or to the end; a quote counts only after `=`, as in the tokenizer of HTML §13.2.5.
_TAG = re.compile(
    r"""<([a-z][^\s/>]{0,40})(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+(?:>|\Z)""", re.IGNORECASE
)
_QUOTED = re.compile(r""""[^"]*+"|'[^']*+'""")
# Zero is left to the parser, which turns it into U+FFFD (HTML §13.2.5.80).
_ILLEGAL_REFERENCE = re.compile(
    r"&#(?:0*+(?:[1-8]|1[1245-9]|2\d|3[01]|6553[45])(?!\d)|x0*+(?:[1-8bcef]|1[\da-f]|fff[ef])(?![\da-f]));?",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"[\s/=]++")
# Elements that take what follows with them when they lack their end: they are dropped, or become players.
_SWALLOWING = (
    "applet|audio|button|canvas|dialog|iframe|map|nav|noembed|noframes|noscript|object|script|select"
    "|style|svg|template|textarea|title|video|xmp"
)
# What follows these without an end is text of the article, not code.
_TEXT_HOLDERS = frozenset({"noframes", "textarea", "title", "xmp"})
_PLAINTEXT_TAG = re.compile(r"</?plaintext(?=[\s/>])[^<>]*>", re.IGNORECASE)  # has no end
_SWALLOWING_TAG = re.compile(rf"<(/?)({_SWALLOWING})(?=[\s/>])[^<>]*(?<!/)>", re.IGNORECASE)
# The sanitizer copies the text before each reference: 2 MiB of `&` take it a minute. Where there are
# many, characters that Unicode keeps for such use stand in for them; afterwards they are text only.
_MANY_REFERENCES = 1_000
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u00a0": "&nbsp;"}
_STAND_INS = {
    ord("&"): "\ufdd0",
    ord("<"): "\ufdd1",
    ord(">"): "\ufdd2",
    ord("\u00a0"): "\ufdd3",
}
# What is never within a drawing or a player that lacks its end.
_CONTENT_TAG = re.compile(
    r"<(?:p|div|h[1-6]|ul|ol|dl|table|blockquote|figure|pre|hr|section|article|img|picture)(?=[\s/>])",
    re.IGNORECASE,
)


def drop_illegal_references(text: str) -> str:
    """Remove references to characters that XML 1.0 §2.2 forbids: lxml cannot change a tree with one."""
    if "&#" not in text:
        return text
    return _ILLEGAL_REFERENCE.sub("", text)


def parse(html: str) -> Any | None:
    """Parse a fragment or a page into an lxml tree with the root `html`, None if it is empty."""
    text = drop_illegal_references(clean_characters(html))
    if elements.MAYBE_FUSED_TAG.search(text):
        text = elements.FUSED_TAG.sub(r"<\1 ", text)
    if not text.strip():
        return None
    text = _close_swallowing(_PLAINTEXT_TAG.sub("", text))

    bounded = text
    if len(text) > _LONG_CHARACTERS:
        bounded = limit_attributes(text)
    root = _parse_bounded(bounded)
    if root is not None and _TOO_MUCH(root):
        return _parse_bounded(_as_plain_paragraphs(text))
    return root


def _close_swallowing(text: str) -> str:
    """Close `object`, `svg` and the like without an end before the next block or image."""
    parts: list[str] = []
    start = 0
    for name, tag_end in _unclosed_tags(text):
        end = max(tag_end, start)
        if name not in _TEXT_HOLDERS:
            content = _CONTENT_TAG.search(text, end)
            if content is None:
                continue
            end = content.start()
        parts += (text[start:end], f"</{name}>")
        start = end
    return "".join([*parts, text[start:]])


def _unclosed_tags(text: str) -> list[tuple[str, int]]:
    """Return the name and the end of each start tag without an end tag, in order."""
    open_tags: dict[str, list[int]] = {}
    for tag in _SWALLOWING_TAG.finditer(text):
        name = tag[2].lower()
        ends = open_tags.setdefault(name, [])
        if not tag[1]:
            ends.append(tag.end())
        elif ends:
            ends.pop()

    unclosed = []
    for name, ends in open_tags.items():
        unclosed += [(name, end) for end in ends]
    return sorted(unclosed, key=itemgetter(1))


def _as_plain_paragraphs(text: str) -> str:
    paragraphs = []
    for paragraph in paragraph_text(text).split("\n\n"):
        paragraphs.append(f"<p>{escape(paragraph, quote=False)}</p>")
    return "".join(paragraphs)


def _has_body(text: str) -> bool:
    # Few articles have one, and to lower them all takes longer than to look for a start.
    for start in ("<bo", "<BO", "<Bo", "<bO"):
        if start in text:
            return "<body" in text.lower()
    return False


def _parse_bounded(text: str) -> Any | None:
    """Parse HTML whose tags have few attributes, None if lxml finds nothing in it."""
    if not _has_body(text[:4096]):
        text = f"<html><body>{text}"
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _parser())
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


@cache
def _parser() -> etree.HTMLParser:
    return etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )


def limit_attributes(text: str) -> str:
    """Remove all attributes of tags with more than MAX_ATTRIBUTES, which would block the parser."""
    return _TAG.sub(_without_many_attributes, text)


def _without_many_attributes(tag: re.Match[str]) -> str:
    text: str = tag[0]
    if len(text) <= _LONG_CHARACTERS:
        return text

    attributes = _ATTRIBUTE.findall(_QUOTED.sub("", text))
    if len(attributes) <= MAX_ATTRIBUTES:
        return text
    return f"<{tag[1]}>"


def clean(
    root: Any,
    *,
    base: str | None,
    junk: Sequence[re.Pattern[str]] = (),
    placeholders: Sequence[re.Pattern[str]] = (),
) -> str | None:
    """Return the sanitized HTML of a parsed fragment, None if nothing readable is left.

    `root` is a tree, which is used up, or a simple body. `base` makes links absolute. Blocks whose
    whole text matches one of `junk` are dropped, and images whose URL matches one of `placeholders`.
    """
    if not isinstance(root, SimpleBody):
        return _clean_tree(root, base, junk, placeholders)
    if not junk:
        with suppress(NotSimpleError):
            html = write_blocks(root, base=base, placeholders=placeholders)
            if html.count("&") <= _MANY_REFERENCES:
                return _EMPTY_PARAGRAPH.sub("", sanitize(html)) or None
    return _clean_tree(parse(root.source), base, junk, placeholders)


def _clean_tree(
    root: Any,
    base: str | None,
    junk: Sequence[re.Pattern[str]],
    placeholders: Sequence[re.Pattern[str]],
) -> str | None:
    body = root.find("body") if root.tag == "html" else root
    if body is None:
        return None

    media.convert_plugins(body)
    _drop(body, {element.tag for element in body.iter()})
    has_places = media.repair_media(body, base, placeholders)
    for preformatted in body.iter("pre"):
        # Each HTML parser drops the first line break, lxml's does not.
        preformatted.text = (preformatted.text or "").lstrip("\r\n")
    blocks = split_blocks(body, junk)
    if has_places:
        match_places(blocks)
    result = _sanitize_blocks(blocks)
    return _EMPTY_PARAGRAPH.sub("", result) or None


def _sanitize_blocks(blocks: Sequence[Any]) -> str:
    html = "".join(map(_serialize, blocks))
    if html.count("&") <= _MANY_REFERENCES:
        return sanitize(html)

    for block in blocks:
        _hide_references(block)
    result = sanitize("".join(map(_serialize, blocks)))
    for character, reference in _REFERENCES.items():
        result = result.replace(_STAND_INS[ord(character)], reference)
    return result


def _hide_references(block: Any) -> None:
    """Put a stand-in for each character of a text that is written as a reference."""
    for element in block.iter():
        element.text = (element.text or "").translate(_STAND_INS)
        element.tail = (element.tail or "").translate(_STAND_INS)


def sanitize(html: str) -> str:
    """Return what the allow-list lets through."""
    return _cleaner().clean(html)


def html_to_text(html: str) -> str:
    """Return the text of sanitized HTML: a blank line between paragraphs, `<br>` as a newline."""
    root = parse(html)
    if root is None:
        return ""

    parts: list[str] = []
    _collect_text(root, parts)
    paragraphs = []
    for paragraph in "".join(parts).split("\n\n"):
        paragraph = _strip_lines(join_lines(paragraph))
        if paragraph:
            paragraphs.append(paragraph)
    return "\n\n".join(paragraphs)


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(elements.ALLOWED_TAGS),
        attributes={tag: set(names) for tag, names in elements.ALLOWED_ATTRIBUTES.items()},
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
        # Never with `allow-same-origin`: with scripts, the frame could remove its own sandbox.
        # One attribute per element: several would be written in the order of a randomly seeded
        # table, which is another one in each run.
        set_tag_attribute_values={"iframe": {"sandbox": elements.SANDBOX}},
    )


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value that an attribute keeps, None to remove it.

    URLs are http(s) or lead to a place within the entry, frames are of known players, sizes are numbers.
    """
    if name == "loading":
        return "lazy"

    is_allowed = True
    if name in _URL_ATTRIBUTES:
        is_allowed = media.is_allowed_url(tag, name, value)
    elif name == "srcset":
        lowered = value.lower()
        is_allowed = "data:" not in lowered and "javascript:" not in lowered
    elif name in ("width", "height"):
        is_allowed = value.isascii() and value.isdigit()

    if is_allowed:
        return value
    return None


def _drop(body: Any, names: set[str]) -> None:
    dropped = names.intersection(elements.DROPPED_TAGS)
    if dropped:
        etree.strip_elements(body, *dropped, with_tail=False)
    for element in _HIDDEN(body):
        detach(element)


def _serialize(element: Any) -> str:
    return cast("str", etree.tostring(element, method="html", encoding="unicode", with_tail=False))


def _collect_text(element: Any, parts: list[str]) -> None:
    if not isinstance(element.tag, str):
        return

    is_block = element.tag in elements.BLOCKS
    if is_block:
        parts.append("\n\n")
    elif element.tag == "br":
        parts.append("\n")

    if element.text:
        parts.append(element.text)
    for child in element:
        _collect_text(child, parts)
        if child.tail:
            parts.append(child.tail)
    if is_block:
        parts.append("\n\n")


def _strip_lines(paragraph: str) -> str:
    lines = [line.strip(BLANK) for line in paragraph.split("\n")]
    return "\n".join(lines).strip(BLANK)

"""HTML of the wild in, clean paragraphs out: one walk that repairs, then one sanitizer that judges.

Rule: the sanitizer (nh3, an allow-list of our own) comes last and alone decides what may leave; everything before it
only repairs (lazy images, fused tags, line breaks used as paragraphs, wrappers, empty blocks). Total: no input raises,
and none costs more than its length: what has too many elements, or too deep ones, is read as plain text; a tag with
hundreds of attributes loses them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, cast

import nh3
from lxml import etree

from aggregator.normalize.html import elements, media
from aggregator.normalize.html.blocks import blocks_of, join_lines
from aggregator.normalize.html.tree import BLANK, detach
from aggregator.normalize.text import block, clean_characters

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 80  # elements; the walk needs five Python frames a level, pages of the wild reach 30
MAX_ELEMENTS = (
    20_000  # a document; the longest articles have 2,000, and taking out many costs their square
)
MAX_ATTRIBUTES = 300  # a tag; 40,000 distinct ones hold libxml2 for 11 s
_LONG_CHARACTERS = 4096  # a shorter tag cannot hold enough attributes to matter

_TOO_MUCH = etree.XPath(f"boolean({'/*' * MAX_DEPTH}) or count(//*) > {MAX_ELEMENTS}")
_HIDDEN = etree.XPath(".//*[@hidden or @style[contains(translate(., ' ', ''), 'display:none')]]")
# A tag to its `>`, or to the end; a quote counts only after `=`, as in the tokenizer of HTML §13.2.5.
_TAG = re.compile(
    r"""<([a-z][^\s/>]{0,40})(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+(?:>|\Z)""", re.IGNORECASE
)
_QUOTED = re.compile(r""""[^"]*+"|'[^']*+'""")
# Zero is left to the parser, which makes U+FFFD of it (HTML §13.2.5.80).
_ILLEGAL_REFERENCE = re.compile(
    r"&#(?:0*+(?:[1-8]|1[1245-9]|2\d|3[01]|6553[45])(?!\d)|x0*+(?:[1-8bcef]|1[\da-f]|fff[ef])(?![\da-f]));?",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"[\s/=]++")


def without_illegal_references(text: str) -> str:
    """Leave out references to what XML 1.0 §2.2 forbids: a tree that holds one cannot be changed."""
    return _ILLEGAL_REFERENCE.sub("", text) if "&#" in text else text


def parse(html: str) -> Any | None:
    """Parse a fragment or a page into an lxml tree whose root is `html`; None where there is nothing to parse."""
    text = without_illegal_references(clean_characters(html))
    if elements.MAYBE_FUSED.search(text):
        text = elements.FUSED.sub(r"<\1 ", text)
    if not text.strip():
        return None
    root = _parsed(with_few_attributes(text) if len(text) > _LONG_CHARACTERS else text)
    if root is not None and _TOO_MUCH(root):
        paragraphs = block(text).split("\n\n")
        return _parsed(
            "".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)
        )
    return root


def _has_body(text: str) -> bool:
    # Looked for in this way first: few articles have one, and lowering them all takes longer.
    begun = "<bo" in text or "<BO" in text or "<Bo" in text or "<bO" in text
    return begun and "<body" in text.lower()


def _parsed(text: str) -> Any | None:
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


def with_few_attributes(text: str) -> str:
    """Take all attributes off a tag that has more than MAX_ATTRIBUTES, which would hold the parser for long."""
    return _TAG.sub(lambda match: f"<{match[1]}>" if _is_stuffed(match[0]) else match[0], text)


def _is_stuffed(tag: str) -> bool:
    return (
        len(tag) > _LONG_CHARACTERS
        and len(_ATTRIBUTE.findall(_QUOTED.sub("", tag))) > MAX_ATTRIBUTES
    )


def clean(
    root: Any,
    *,
    base: str | None,
    junk: Sequence[re.Pattern[str]] = (),
    placeholders: Sequence[re.Pattern[str]] = (),
) -> str | None:
    """Return the sanitized HTML of a parsed fragment, None where nothing readable is left; the tree is used up.

    `base` makes links absolute. A block whose whole text matches one of `junk` is dropped; an image whose URL matches
    one of `placeholders` is none.
    """
    body = root.find("body") if root.tag == "html" else root
    if body is None:
        return None
    _drop(body, {element.tag for element in body.iter()})
    media.repair(body, base, placeholders)
    result = sanitize("".join(_serialize(block) for block in blocks_of(body, junk)))
    return result or None


def sanitize(html: str) -> str:
    """Return what the allow-list lets through (RULES: html)."""
    return _cleaner().clean(html)


def text_of(html: str) -> str:
    """The text of sanitized HTML: paragraphs separated by a blank line, `<br>` as a newline."""
    root = parse(html)
    if root is None:
        return ""
    parts: list[str] = []
    _text(root, parts)
    paragraphs = (join_lines(paragraph) for paragraph in "".join(parts).split("\n\n"))
    return "\n\n".join(stripped for paragraph in paragraphs if (stripped := _tidy(paragraph)))


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(elements.ALLOWED_TAGS),
        attributes={tag: set(names) for tag, names in elements.ALLOWED_ATTRIBUTES.items()},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
        # One attribute an element: several would come in the order of a randomly seeded table, another one each run.
        set_tag_attribute_values={
            "iframe": {"sandbox": "allow-scripts allow-same-origin allow-popups"}
        },
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The last word on one attribute: addresses are http(s), frames come from known players, sizes are numbers."""
    if name in ("src", "href", "poster", "cite"):
        return value if media.allowed_address(tag, name, value) else None
    if name == "srcset":
        return None if "data:" in value.lower() or "javascript:" in value.lower() else value
    if name == "loading":
        return "lazy"
    if name in ("width", "height"):
        return value if value.isascii() and value.isdigit() else None
    return value


def _drop(body: Any, names: set[str]) -> None:
    dropped = names.intersection(elements.DROPPED)
    if dropped:
        etree.strip_elements(body, *dropped, with_tail=False)
    for element in _HIDDEN(body):
        detach(element)


def _serialize(element: Any) -> str:
    return cast("str", etree.tostring(element, method="html", encoding="unicode", with_tail=False))


def _text(element: Any, parts: list[str]) -> None:
    block = element.tag in elements.BLOCKS
    if block:
        parts.append("\n\n")
    if element.tag == "br":
        parts.append("\n")
    if element.text and isinstance(element.tag, str):
        parts.append(element.text)
    for child in element:
        _text(child, parts)
        if child.tail:
            parts.append(child.tail)
    if block:
        parts.append("\n\n")


def _tidy(paragraph: str) -> str:
    return "\n".join(line.strip(BLANK) for line in paragraph.split("\n")).strip(BLANK)

"""Writes the blocks of a simple body as `blocks` would: the same paragraphs, figures and lists."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from aggregator.normalize import url
from aggregator.normalize.html import elements, media, simple
from aggregator.normalize.html.blocks import collapse_text
from aggregator.normalize.html.tree import BLANK, is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.normalize.html.simple import SimpleBody, Tag

# Written as it is; the serializer of trees escapes any other character of a URL.
_PLAIN_URL = re.compile(r"[\w.!~*'()@/:=?;#%&,+-]*", re.ASCII)
_SPECIAL = re.compile("[&<>]")
_LINE_BREAK = re.compile(r"[\t\r\n]")
_LINK_ATTRIBUTES = frozenset({"href", "hreflang", "title"})
_IMAGE_ATTRIBUTES = frozenset({"alt", "height", "sizes", "src", "title", "width"})
_MOVED_ATTRIBUTES = ("dir", "lang")
_BR, _HR = "<br>", "<hr>"


class NotSimpleError(Exception):
    """What a body holds is left to the walk over its tree."""


def write_blocks(
    body: SimpleBody, *, base: str | None, placeholders: Sequence[re.Pattern[str]]
) -> str:
    """Return the HTML of the blocks, to be sanitized. Raises NotSimpleError."""
    return _BlockWriter(body, base, placeholders).write()


class _BlockWriter:
    """Writes the blocks of one body.

    `_items` are the texts and tags of the paragraph that is read, in turns: a text, a tag, a text.
    A tag that goes joins the texts around it, as in a tree.
    """

    def __init__(
        self, body: SimpleBody, base: str | None, placeholders: Sequence[re.Pattern[str]]
    ) -> None:
        self._body = body
        self._base = base
        self._placeholders = placeholders
        self._blocks: list[str] = []
        self._outer: list[list[str]] = []  # the blocks around the list, quotation or figure
        self._holders: list[str] = []
        self._caption: str | None = None
        self._items = [""]
        self._depth = 0  # of open inline elements
        self._in_cell = False
        self._link_start = 0

    def write(self) -> str:
        self._items[0] = self._body.text
        for tag in self._body.tags:
            self._write_tag(tag)
        self._close_paragraph()
        return "".join(_without_needless_rules(self._blocks))

    def _write_tag(self, tag: Tag) -> None:
        _WRITERS[tag.name](self, tag)
        if tag.text:
            self._items[-1] += tag.text

    def write_inline(self, tag: Tag) -> None:
        if tag.is_end:
            self._depth -= 1
            self._items += (f"</{tag.name}>", "")
        else:
            self._depth += 1
            self._items += (f"<{tag.name}>", "")

    def write_break(self, _: Tag) -> None:
        items = self._items
        may_end_paragraph = self._depth == 0 and not self._in_cell and len(items) > 1
        if may_end_paragraph and items[-2] == _BR and is_blank(items[-1]):
            del items[-2:]
            self._close_paragraph()
        else:
            items += (_BR, "")

    def write_image(self, tag: Tag) -> None:
        if tag.is_end:
            return
        image = simple.SimpleImage(dict(tag.attributes))
        address = media.find_image_url(image, self._base, placeholders=self._placeholders)
        if address is None:
            return
        image.attributes["src"] = address
        self._items += (_start_tag("img", image.attributes, _IMAGE_ATTRIBUTES), "")

    def write_link(self, tag: Tag) -> None:
        if not tag.is_end:
            self._depth += 1
            self._link_start = len(self._items)
            address = self._link_address(tag.attributes.get("href", "").strip())
            attributes = {**tag.attributes, "href": address}
            start_tag = _start_tag("a", attributes, _LINK_ATTRIBUTES) if address else ""
            self._items += (start_tag, "")
            return

        self._depth -= 1
        start = self._link_start
        if not self._items[start] or not _has_content(self._items[start + 1 :]):
            del self._items[start:]
        else:
            self._items += ("</a>", "")

    def _link_address(self, href: str) -> str:
        """Return the URL of a link, "" for one that goes with its words."""
        if elements.SHARE_LINK.match(href):
            return ""
        if href.startswith("#") or ("#" in href and self._body.may_have_places):
            raise NotSimpleError
        if href[:7].lower() == "mailto:":
            return href
        address = url.clean(href, base=self._base)
        if not address:
            raise NotSimpleError
        return address

    def write_cell(self, tag: Tag) -> None:
        if not tag.is_end:
            self._close_paragraph()
            self._in_cell = True
            return
        self._in_cell = False
        content = _finish(self._items)
        self._items = [""]
        cell = f"<{tag.name}>{content}</{tag.name}>" if content else ""
        if tag.name == "figcaption":
            self._keep_caption(cell)
        elif cell:
            self._blocks.append(cell)

    def _keep_caption(self, caption: str) -> None:
        """Keep the caption of a figure, "" for an empty one, until the figure ends."""
        if self._caption is not None:
            raise NotSimpleError
        self._caption = caption

    def write_holder(self, tag: Tag) -> None:
        self._close_paragraph()
        if not tag.is_end:
            self._outer.append(self._blocks)
            self._holders.append(tag.name)
            self._blocks = []
            return

        inner = self._blocks
        self._blocks = self._outer.pop()
        self._holders.pop()
        if self._caption:
            inner.append(self._caption)
        self._caption = None
        if inner:
            self._blocks.append(f"<{tag.name}>{''.join(inner)}</{tag.name}>")

    def write_rule(self, _: Tag) -> None:
        self._close_paragraph()
        self._blocks.append(_HR)

    def write_wrapper(self, _: Tag) -> None:
        """Begin or end a `p` or a `div`: a paragraph ends there."""
        self._close_paragraph()

    def _close_paragraph(self) -> None:
        items = self._items
        self._items = [""]
        if len(items) == 1 and is_blank(items[0]):
            return
        content = _finish(items)
        if content is None:
            return
        if self._caption is not None:
            raise NotSimpleError  # pictures around a caption are one block
        if len(items) == 1 or not _is_only_images(items):
            self._blocks.append(f"<p>{content}</p>")
            return
        content = "".join(item for item in items if item != _BR)
        if self._holders and self._holders[-1] == "figure":
            self._blocks.append(content)
        else:
            self._blocks.append(f"<figure>{content}</figure>")


_WRITERS: dict[str, Callable[[_BlockWriter, Tag], None]] = {
    **dict.fromkeys(simple.FORMATTING, _BlockWriter.write_inline),
    **dict.fromkeys(simple.CELLS, _BlockWriter.write_cell),
    **dict.fromkeys(simple.HOLDERS, _BlockWriter.write_holder),
    "a": _BlockWriter.write_link,
    "br": _BlockWriter.write_break,
    "div": _BlockWriter.write_wrapper,
    "hr": _BlockWriter.write_rule,
    "img": _BlockWriter.write_image,
    "p": _BlockWriter.write_wrapper,
}


def _start_tag(name: str, attributes: dict[str, str], allowed: frozenset[str]) -> str:
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if key in _MOVED_ATTRIBUTES or (key in allowed and _LINE_BREAK.search(value)):
            raise NotSimpleError
        if key in ("href", "src") and not _PLAIN_URL.fullmatch(value):
            raise NotSimpleError
        if key in allowed:
            parts.append(f' {key}="{escape(value)}"')
    parts.append(">")
    return "".join(parts)


def _finish(items: list[str]) -> str | None:
    """Collapse blanks and trim both ends; return the HTML, None if nothing is shown."""
    if len(items) == 1:
        return _escape(collapse_text(items[0]).strip(BLANK)) or None
    for index in range(0, len(items), 2):
        items[index] = collapse_text(items[index])
    _trim_start(items)
    _trim_end(items)
    if not _has_content(items):
        return None
    for index in range(0, len(items), 2):
        items[index] = _escape(items[index])
    return "".join(items)


def _escape(text: str) -> str:
    if _SPECIAL.search(text) is None:
        return text
    return escape(text, quote=False)


def _trim_start(items: list[str]) -> None:
    index = 0
    while True:
        items[index] = items[index].lstrip(BLANK)
        if items[index] or index + 1 == len(items):
            return
        tag = items[index + 1]
        if tag == _BR:
            items[index] = items[index + 2]
            del items[index + 1 : index + 3]
        elif tag.startswith("<img"):
            return
        elif tag.startswith("</"):
            raise NotSimpleError  # an element that is empty now
        else:
            index += 2


def _trim_end(items: list[str]) -> None:
    index = len(items) - 1
    while True:
        items[index] = items[index].rstrip(BLANK)
        if items[index] or index == 0:
            return
        tag = items[index - 1]
        if tag == _BR:
            del items[index - 1 : index + 1]
            index -= 2
        elif tag.startswith("<img"):
            return
        elif not tag.startswith("</"):
            raise NotSimpleError  # an element that is empty now
        else:
            index -= 2


def _has_content(items: list[str]) -> bool:
    for index, item in enumerate(items):
        if index % 2:
            if item.startswith("<img"):
                return True
        elif not is_blank(item):
            return True
    return False


def _is_only_images(items: list[str]) -> bool:
    """Tell whether a paragraph that shows something has no text."""
    return all(map(is_blank, items[::2]))


def _without_needless_rules(blocks: list[str]) -> list[str]:
    """Drop each rule at either end and after another one."""
    kept: list[str] = []
    for block in blocks:
        if block != _HR or (kept and kept[-1] != _HR):
            kept.append(block)
    if kept and kept[-1] == _HR:
        kept.pop()
    return kept

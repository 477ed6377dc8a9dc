"""Flattens a body into readable blocks.

Wrappers are replaced by their content, loose text becomes paragraphs, empty blocks are dropped: a run
of text and inline elements is a paragraph, two line breaks end one. No word is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.config.regex import is_anchored
from aggregator.normalize.html import elements
from aggregator.normalize.html.places import move_place
from aggregator.normalize.html.tree import (
    BLANK,
    add_text,
    contains,
    detach,
    has_content,
    is_blank,
    is_only_images,
    last_child,
    trim,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A paragraph that holds one of these is read like a wrapper: blocks, images, line breaks.
_SPLITTING_TAGS = elements.BLOCKS | {"br", "img", "picture"}
_STRING = etree.XPath("string()", smart_strings=False)
_RUNS = re.compile(r"[ \t\r\n\f]{2,}|[\t\r\n\f]")
_HAN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u30ff]"
_HAN_BREAK = re.compile(rf"(?<={_HAN})\n\s*(?={_HAN})")


def split_blocks(body: Any, junk: Sequence[re.Pattern[str]] = ()) -> list[Any]:
    """Return the blocks of a body, in order, without those whose whole text matches `junk`.

    The body is used up.
    """
    _collapse_blanks(body)
    return _BlockReader(junk).read(body)


def _collapse_blanks(body: Any) -> None:
    """Collapse white space outside `pre` as browsers do.

    A line break between two Han characters is removed, for a space would be wrong there.
    """
    if not _has_runs(_STRING(body)):
        return

    has_pre = next(body.iter("pre"), None) is not None
    for element in body.iter():
        text, tail = element.text, element.tail
        if text and _has_runs(text):
            element.text = _collapse_text(text, element, has_pre=has_pre)
        if tail and _has_runs(tail):
            element.tail = _collapse_text(tail, element.getparent(), has_pre=has_pre)


def _has_runs(text: str) -> bool:
    """Return whether `_RUNS` may match, in a fraction of its time."""
    for blank in ("\n", "  ", "\t", "\r", "\f"):  # noqa: SIM110 - quicker than `any`
        if blank in text:
            return True
    return False


def _collapse_text(text: str, parent: Any, *, has_pre: bool) -> str:
    """Collapse the text of an element; the text in a `pre` stays as it is."""
    if has_pre and _is_preformatted(parent):
        return text
    return _RUNS.sub(" ", join_lines(text))


def collapse_text(text: str) -> str:
    """Collapse the white space of a text outside `pre`."""
    if not _has_runs(text):
        return text
    return _RUNS.sub(" ", join_lines(text))


def join_lines(text: str) -> str:
    """Remove line breaks between two Han or Kana characters, where a space would be wrong."""
    if "\n" not in text:
        return text
    return _HAN_BREAK.sub("", text)


def _is_preformatted(element: Any) -> bool:
    if element is None:
        return False
    return element.tag == "pre" or next(element.iterancestors("pre"), None) is not None


class _BlockReader:
    """Collects the blocks of one body, in order."""

    def __init__(self, junk: Sequence[re.Pattern[str]]) -> None:
        self._junk = junk
        self._junk_searches = [_quickest_search(pattern) for pattern in junk]
        self._blocks: list[Any] = []
        # The paragraph that gathers loose text and inline elements, None between paragraphs.
        self._open_paragraph: Any | None = None

    def read(self, body: Any) -> list[Any]:
        self._read_content(body)
        self._close_paragraph()
        return self._tidy_blocks()

    def _read_content(self, element: Any) -> None:
        self._add_text(element.text)
        for child in list(element):
            tail = child.tail
            child.tail = None
            self._read_child(child)
            self._add_text(tail)

    def _read_child(self, child: Any) -> None:
        if not isinstance(child.tag, str):  # a comment
            return

        if child.tag == "p":
            self._close_paragraph()
            self._read_paragraph(child)
        elif child.tag in elements.KEPT_BLOCKS:
            self._close_paragraph()
            self._read_block(child)
        elif _is_inline(child):
            self._add_inline(child)
        else:
            self._close_paragraph()
            self._read_wrapper(child)

    def _read_wrapper(self, element: Any) -> None:
        """Read the content in place of an element; `dir="rtl"` goes to its blocks, `id` to the first."""
        start = len(self._blocks)
        self._read_content(element)
        self._close_paragraph()

        if element.get("dir", "").lower() == "rtl":
            for block in self._blocks[start:]:
                if block.get("dir") is None:
                    block.set("dir", "rtl")
        move_place(element, self._blocks[start:])

    def _read_paragraph(self, child: Any) -> None:
        """Keep a paragraph of text and inline elements alone; read any other like a wrapper."""
        if not len(child):
            self._read_plain_paragraph(child)
            return
        if contains(child, _SPLITTING_TAGS):
            self._read_wrapper(child)
            return

        trim(child)
        if has_content(child):
            self._blocks.append(child)

    def _read_plain_paragraph(self, child: Any) -> None:
        """Keep a paragraph without elements, the quick way for most paragraphs."""
        text = child.text or ""
        stripped = text.strip(BLANK)
        if not stripped:
            return
        if stripped != text:
            child.text = stripped
        self._blocks.append(child)

    def _add_text(self, text: str | None) -> None:
        if not text:
            return
        if self._open_paragraph is None and is_blank(text):
            return

        paragraph = self._paragraph()
        add_text(paragraph, text, after=last_child(paragraph))

    def _add_inline(self, child: Any) -> None:
        paragraph = self._paragraph()
        if child.tag == "br" and _ends_with_break(paragraph):
            # The second line break in a row ends the paragraph.
            paragraph.remove(paragraph[-1])
            self._close_paragraph()
        else:
            paragraph.append(child)

    def _paragraph(self) -> Any:
        if self._open_paragraph is None:
            self._open_paragraph = etree.Element("p")
        return self._open_paragraph

    def _close_paragraph(self) -> None:
        paragraph = self._open_paragraph
        self._open_paragraph = None
        if paragraph is None:
            return

        trim(paragraph)
        if has_content(paragraph):
            if is_only_images(paragraph):
                _turn_into_figure(paragraph)
            self._blocks.append(paragraph)

    def _read_block(self, element: Any) -> None:
        if element.tag in ("blockquote", "figure", "details"):
            _replace_children(element, _blocks_inside(element, self._junk))
        elif element.tag in elements.ALLOWED_CHILDREN:
            if not _is_well_formed(element):
                self._read_wrapper(element)
                return
            _tidy_cells(element, self._junk)
        elif element.tag == "pre":
            _unwrap_blocks(element)
        elif element.tag not in ("hr", "video", "audio", "iframe"):  # headings
            _unwrap_blocks(element)
            trim(element)

        if element.tag == "hr" or has_content(element):
            self._blocks.append(element)

    def _tidy_blocks(self) -> list[Any]:
        """Drop junk and needless rules; small print after a figure becomes its caption."""
        tidy: list[Any] = []
        for block in self._blocks:
            if self._is_junk(block):
                continue
            if tidy and _is_caption_of(tidy[-1], block):
                block.tag = "figcaption"
                tidy[-1].append(block)
            else:
                tidy.append(block)
        return _without_needless_rules(tidy)

    def _is_junk(self, block: Any) -> bool:
        if not self._junk:
            return False

        if len(block):
            text = "".join(block.itertext())
        else:
            text = block.text or ""
        text = text.strip(BLANK)
        for search in self._junk_searches:  # noqa: SIM110 - twice as quick as `any`, for each block
            if search(text):
                return True
        return False


@lru_cache(maxsize=256)
def _quickest_search(pattern: re.Pattern[str]) -> Callable[[str], object]:
    """Return `match` for a pattern that matches at the beginning alone, else `search`."""
    if is_anchored(pattern.pattern):
        return pattern.match
    return pattern.search


def _is_inline(child: Any) -> bool:
    if child.tag in ("a", "math"):
        return True
    if child.tag not in elements.INLINE:
        return False
    return not contains(child, elements.BLOCKS)


def _blocks_inside(element: Any, junk: Sequence[re.Pattern[str]]) -> list[Any]:
    """Return the blocks of a quotation, a figure or a disclosure.

    The caption of a figure comes last, the summary of a disclosure first.
    """
    name = {"figure": "figcaption", "details": "summary"}.get(element.tag)
    title = element.find(f".//{name}") if name else None
    if title is None:
        return _BlockReader(junk).read(element)

    detach(title)
    blocks = _BlockReader(junk).read(element)
    _unwrap_blocks(title)
    trim(title)
    if not has_content(title):
        return blocks
    if name == "summary":
        return [title, *blocks]
    return [*blocks, title]


def _ends_with_break(paragraph: Any) -> bool:
    last = last_child(paragraph)
    if last is None or last.tag != "br":
        return False
    return is_blank(last.tail)


def _replace_children(element: Any, blocks: list[Any]) -> None:
    """Replace the content of an element; a figure in a figure is replaced by its content."""
    for child in list(element):
        element.remove(child)
    element.text = None

    for block in blocks:
        if element.tag == "figure" and block.tag == "figure":
            element.extend(list(block))
        else:
            element.append(block)


def _turn_into_figure(paragraph: Any) -> None:
    paragraph.tag = "figure"
    for line_break in list(paragraph.iter("br")):
        detach(line_break)


def _without_needless_rules(blocks: list[Any]) -> list[Any]:
    """Drop each `hr` at either end and after another one."""
    kept: list[Any] = []
    for block in blocks:
        is_needless = block.tag == "hr" and (not kept or kept[-1].tag == "hr")
        if not is_needless:
            kept.append(block)

    if kept and kept[-1].tag == "hr":
        kept.pop()
    return kept


def _is_caption_of(previous: Any, block: Any) -> bool:
    """Return whether a block is small print after a figure without a caption."""
    if previous.tag != "figure":
        return False
    if previous.find("figcaption") is not None:
        return False
    return _is_small_print(block)


def _is_small_print(block: Any) -> bool:
    """Return whether a block is a paragraph that holds a `small` alone."""
    if block.tag != "p" or len(block) != 1:
        return False
    small = block[0]
    if small.tag != "small":
        return False
    return is_blank(block.text or small.tail)


def _unwrap_blocks(element: Any) -> None:
    """Turn blocks in an element into `span`; the white space of a `pre` collapses, except in `pre`."""
    if not contains(element, elements.BLOCKS):
        return
    for inner in list(element.iterdescendants(*elements.BLOCKS)):
        if inner.tag == "pre" and element.tag != "pre":
            inner.tag = "span"
            _collapse_blanks(inner)
        inner.tag = "span"


def _is_well_formed(element: Any) -> bool:
    """Return whether a list or a table holds its own parts alone.

    Browsers would move anything else out of it.
    """
    for part in element.iter(*elements.ALLOWED_CHILDREN):
        if not is_blank(part.text):
            return False
        allowed = elements.ALLOWED_CHILDREN[part.tag]
        for child in part:
            if child.tag not in allowed or not is_blank(child.tail):
                return False
    return True


def _tidy_cells(element: Any, junk: Sequence[re.Pattern[str]]) -> None:
    """Read each cell of a list or a table like a small body.

    Empty items of a list are removed, empty cells of a table stay.
    """
    element.text = None
    for part in list(element):
        part.tail = None
        if part.tag in elements.ALLOWED_CHILDREN:
            _tidy_cells(part, junk)
        elif part.tag != "col":
            _tidy_cell(part, junk)
            if part.tag in ("li", "dt", "dd") and not has_content(part):
                element.remove(part)


def _tidy_cell(cell: Any, junk: Sequence[re.Pattern[str]]) -> None:
    if cell.tag in ("dt", "caption"):
        _unwrap_blocks(cell)
    if not contains(cell, elements.BLOCKS):
        trim(cell)
        return

    blocks = _BlockReader(junk).read(cell)
    _replace_children(cell, blocks)
    if not blocks or blocks[0].tag != "p":
        return
    # A cell of one paragraph, with or without lists under it, needs no `p` around its text.
    if all(block.tag in ("ul", "ol", "dl") for block in blocks[1:]):
        move_place(blocks[0], [cell])
        blocks[0].tag = "unwrapped"
        etree.strip_tags(cell, "unwrapped")

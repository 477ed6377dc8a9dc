"""Flatten a body into readable blocks: wrappers vanish, loose text becomes paragraphs, empty blocks go.

Rule: no word is lost. A run of text and inline elements is a paragraph; two line breaks in a row end one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.config.regex import is_anchored
from aggregator.normalize.html import elements
from aggregator.normalize.html.tree import BLANK, detach, has_content, last_child, trim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What makes a paragraph more than text and inline elements: blocks, pictures of its own, line breaks.
_SPLITTING = (*sorted(elements.BLOCKS), "br", "img", "picture")
_STRING = etree.XPath("string()", smart_strings=False)
_RUNS = re.compile(r"[ \t\r\n\f]{2,}|[\t\r\n\f]")
_HAN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u30ff]"
_HAN_BREAK = re.compile(rf"(?<={_HAN})\n\s*(?={_HAN})")


def blocks_of(body: Any, junk: Sequence[re.Pattern[str]] = ()) -> list[Any]:
    """The blocks of a body, in order, without those whose whole text matches one of `junk`. The body is used up."""
    _collapse(body)
    return _Blocks(junk).read(body)


def _collapse(body: Any) -> None:
    """White space outside `pre` counts once; a line break between two Han characters counts not at all."""
    if not _has_runs(_STRING(body)):
        return
    kept = next(body.iter("pre"), None) is not None
    for element in body.iter():
        text, tail = element.text, element.tail
        if text and _has_runs(text) and not (kept and _preformatted(element)):
            element.text = _collapsed(text)
        if tail and _has_runs(tail) and not (kept and _preformatted(element.getparent())):
            element.tail = _collapsed(tail)


def _has_runs(text: str) -> bool:
    """Tell what `_RUNS` would find, in a fraction of its time."""
    return "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text


def _collapsed(text: str) -> str:
    return _RUNS.sub(" ", join_lines(text))


def join_lines(text: str) -> str:
    """Take out the line breaks between two Han or Kana characters, where a space would be wrong."""
    return _HAN_BREAK.sub("", text) if "\n" in text else text


def _preformatted(element: Any) -> bool:
    if element is None:
        return False
    return element.tag == "pre" or next(element.iterancestors("pre"), None) is not None


class _Blocks:
    """Flattens a body into its readable blocks: wrappers vanish, loose text becomes paragraphs, empty blocks go."""

    def __init__(self, junk: Sequence[re.Pattern[str]]) -> None:
        self._junk = junk
        self._is_junk_text = [_search(pattern) for pattern in junk]
        self._out: list[Any] = []
        self._run: Any | None = None  # the paragraph that loose text and inline elements gather in

    def read(self, body: Any) -> list[Any]:
        self._container(body)
        self._flush()
        return self._captioned()

    def _container(self, element: Any) -> None:
        self._text(element.text)
        for child in list(element):
            tail = child.tail
            child.tail = None
            self._child(child)
            self._text(tail)

    def _child(self, child: Any) -> None:
        if not isinstance(child.tag, str):
            return
        if child.tag == "p":
            self._flush()
            self._paragraph(child)
        elif child.tag in elements.KEPT_BLOCKS:
            self._flush()
            self._block(child)
        elif self._is_inline(child):
            self._inline(child)
        else:
            self._flush()
            self._wrapper(child)

    def _wrapper(self, element: Any) -> None:
        """Read what an element holds in its place; what it holds runs from right to left where it does."""
        start = len(self._out)
        self._container(element)
        self._flush()
        if (element.get("dir") or "").lower() == "rtl":
            for block in self._out[start:]:
                if block.get("dir") is None:
                    block.set("dir", "rtl")

    def _paragraph(self, child: Any) -> None:
        """A paragraph of text and inline elements alone stays as it is; any other is read like a wrapper."""
        if not len(child):
            text = child.text or ""
            if stripped := text.strip(BLANK):
                self._out.append(child)
                if stripped != text:
                    child.text = stripped
            return
        if next(child.iterdescendants(*_SPLITTING), None) is not None:
            self._wrapper(child)
            return
        trim(child)
        if has_content(child):
            self._out.append(child)

    @staticmethod
    def _is_inline(child: Any) -> bool:
        if child.tag in ("a", "math"):
            return True
        return child.tag in elements.INLINE and (
            not len(child) or next(child.iter(*elements.BLOCKS), None) is None
        )

    def _text(self, text: str | None) -> None:
        if not text or (self._run is None and not text.strip(BLANK)):
            return
        run = self._open()
        last = last_child(run)
        if last is not None:
            last.tail = (last.tail or "") + text
        else:
            run.text = (run.text or "") + text

    def _inline(self, child: Any) -> None:
        """Two line breaks in a row end a paragraph."""
        run = self._open()
        if child.tag == "br" and _ends_with_break(run):
            run.remove(run[-1])
            self._flush()
        else:
            run.append(child)

    def _open(self) -> Any:
        if self._run is None:
            self._run = etree.Element("p")
        return self._run

    def _flush(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        trim(run)
        if has_content(run):
            self._out.append(_figure(run))

    def _block(self, element: Any) -> None:
        if element.tag in ("blockquote", "figure", "details"):
            _refill(element, _inside(element, self._junk))
        elif element.tag in elements.PARTS:
            if not _is_well_built(element):
                self._wrapper(element)
                return
            _tidy_cells(element, self._junk)
        elif element.tag == "pre":
            _unwrap_blocks(element)
        elif element.tag not in ("hr", "video", "audio", "iframe"):  # headings
            _unwrap_blocks(element)
            trim(element)
        if element.tag == "hr" or has_content(element):
            self._out.append(element)

    def _captioned(self) -> list[Any]:
        """Drop junk, let a lone small print under a figure be its caption, and drop rules at either end."""
        kept: list[Any] = []
        for block in self._out:
            if self._is_junk(block):
                continue
            if (
                kept
                and kept[-1].tag == "figure"
                and kept[-1].find("figcaption") is None
                and _is_small(block)
            ):
                block.tag = "figcaption"
                kept[-1].append(block)
                continue
            if block.tag == "hr" and (not kept or kept[-1].tag == "hr"):
                continue
            kept.append(block)
        while kept and kept[-1].tag == "hr":
            kept.pop()
        return kept

    def _is_junk(self, block: Any) -> bool:
        if not self._junk:
            return False
        text = ("".join(block.itertext()) if len(block) else block.text or "").strip(BLANK)
        for search in self._is_junk_text:  # noqa: SIM110 - twice as quick as `any` for what is asked of each block
            if search(text):
                return True
        return False


@lru_cache(maxsize=256)
def _search(pattern: re.Pattern[str]) -> Callable[[str], object]:
    """How a pattern is searched for: one that matches at the beginning alone need not be tried at every letter."""
    return pattern.match if is_anchored(pattern.pattern) else pattern.search


def _inside(element: Any, junk: Sequence[re.Pattern[str]]) -> list[Any]:
    """The blocks of a quotation, a figure or a disclosure; a figure's caption comes last, a summary first."""
    name = {"figure": "figcaption", "details": "summary"}.get(element.tag)
    title = element.find(f".//{name}") if name else None
    if title is not None:
        detach(title)
    blocks = _Blocks(junk).read(element)
    if title is not None:
        _unwrap_blocks(title)
        trim(title)
        if has_content(title):
            blocks.insert(0 if name == "summary" else len(blocks), title)
    return blocks


def _ends_with_break(run: Any) -> bool:
    last = last_child(run)
    return last is not None and last.tag == "br" and not (last.tail or "").strip(BLANK)


def _refill(element: Any, blocks: list[Any]) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    for block in blocks:
        if element.tag == "figure" and block.tag == "figure":
            element.extend(list(block))
        else:
            element.append(block)


def _figure(run: Any) -> Any:
    """A paragraph that holds nothing but pictures is a figure."""
    if any(True for _ in run.iter("img", "picture")) and not "".join(run.itertext()).strip(BLANK):
        run.tag = "figure"
        for line_break in list(run.iter("br")):
            detach(line_break)
    return run


def _is_small(block: Any) -> bool:
    return (
        block.tag == "p"
        and len(block) == 1
        and block[0].tag == "small"
        and not (block.text or block[0].tail or "").strip(BLANK)
    )


def _unwrap_blocks(element: Any) -> None:
    for inner in list(element.iterdescendants(*elements.BLOCKS)):
        if inner.tag == "pre" and element.tag != "pre":
            inner.tag = "span"
            _collapse(inner)
        inner.tag = "span"


def _is_well_built(element: Any) -> bool:
    """Tell whether a list or a table holds its own parts alone; browsers would move anything else out of it."""
    for part in element.iter(*elements.PARTS):
        allowed = elements.PARTS[part.tag]
        if (part.text or "").strip(BLANK):
            return False
        if any(child.tag not in allowed or (child.tail or "").strip(BLANK) for child in part):
            return False
    return True


def _tidy_cells(element: Any, junk: Sequence[re.Pattern[str]]) -> None:
    """Read every cell of a list or a table like a small body; an empty item of a list goes, an empty cell stays."""
    element.text = None
    for part in list(element):
        part.tail = None
        if part.tag in elements.PARTS:
            _tidy_cells(part, junk)
        elif part.tag != "col":
            _tidy_cell(part, junk)
            if part.tag in ("li", "dt", "dd") and not has_content(part):
                element.remove(part)


def _tidy_cell(cell: Any, junk: Sequence[re.Pattern[str]]) -> None:
    if cell.tag in ("dt", "caption"):
        _unwrap_blocks(cell)
    if next(cell.iterdescendants(*elements.BLOCKS), None) is None:
        trim(cell)
        return
    blocks = _Blocks(junk).read(cell)
    _refill(cell, blocks)
    if (
        blocks
        and blocks[0].tag == "p"
        and all(block.tag in ("ul", "ol", "dl") for block in blocks[1:])
    ):
        blocks[0].tag = "unwrapped"
        etree.strip_tags(cell, "unwrapped")

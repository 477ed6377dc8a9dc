"""An article's text on a page that nobody wrote rules for: trafilatura says which words, the page says how they stand.

Rule: the only door to trafilatura. What it gives keeps neither lazy pictures nor players nor the direction of a script,
so its words are looked up in the page again: the smallest part of the page that holds nearly all of them is the
article, and what it did not want there goes. Where it finds hardly a text, the part with the most prose is the article.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import ROUGH_TEXT
from aggregator.adapters.article import visible_dates
from aggregator.adapters.html import class_names, direction_of
from aggregator.adapters.html.boilerplate import SHOWN, is_furniture
from aggregator.adapters.html.class_names import words_of
from aggregator.normalize import text
from aggregator.normalize.html.elements import BLOCKS, MEDIA
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.document import Document

MAX_BLOCKS = 5_000  # of a page that are compared
MAX_LEVELS = 200  # above a block that may be the article
LEAST_WORDS = 15  # a text of fewer is none that anybody can tell from furniture

_PIECE = 30  # characters, blanks left out, that are looked up at a time
_MOST = 0.9  # of the words: the article's part holds at least these
_FOUND = 0.5  # of the pieces of a block
_LINKS = 0.4  # of a block's letters: prose has fewer in links
_BESIDE = 2  # words of the page for one of the article more, and
_BESIDE_PROSE = (
    8  # where that is a paragraph: a lead stands apart, beside what the site offers for sharing it
)
_HEADLINE_WORDS = 5  # of a link at the end, beside others: the headline of another article
_PROSE_WORDS = 15  # a block of as many, with few links, between two of the article is no furniture

_BLANK = re.compile(r"[\s\u200b\u00ad\ufeff]+")
_WHOLE = frozenset({"table", "ul", "ol", "dl", "pre", "blockquote", "figure", "details"})
_LEAVES = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_TEXTUAL = frozenset(
    {"b", "strong", "em", "i", "u", "mark", "font", "q", "sub", "sup", "code", "bdi", "bdo", "ruby"}
)
_INNER_BLOCKS = tuple(sorted(BLOCKS))
_SILENT = frozenset({"script", "style", "template", "svg", "select", "button"})


@dataclass(frozen=True, slots=True)
class Text:
    """The part of a page that is the article, a copy of its own; `where` names who found it."""

    element: Any
    where: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of a page that stays or goes as one; `plain` is its text without blanks, `linked` tells of links alone.

    Where it is not `whole`, it is what an element writes between its blocks, which stay or go by themselves.
    """

    element: Any
    plain: str
    words: float
    linked: bool
    whole: bool = True

    @property
    def is_prose(self) -> bool:
        return self.words >= _PROSE_WORDS and not self.linked


def find(document: Document) -> Text | None:
    """Find the article's text, None where a page has none."""
    body = document.root.find("body")
    blocks = list(islice(_blocks(body), MAX_BLOCKS))
    try:
        words = _words(document)
        fallback = "densest"
    except ImportError:
        words = None
        fallback = ROUGH_TEXT
    wanted = _article([one for one in blocks if _is_wanted(one, *words)]) if words else []
    if sum(one.words for one in wanted) >= LEAST_WORDS:
        root = _around(wanted, blocks, default=body)
        return Text(_cut_out(root, blocks, wanted, heading=_heading(document)), "trafilatura")
    return _densest(blocks, fallback)


def _heading(document: Document) -> Any | None:
    titles = islice(document.root.iter("title"), 1)
    return visible_dates.heading(document, tuple(text_of(title) for title in titles))


def _article(wanted: Sequence[_Block]) -> list[_Block]:
    """Leave out what trafilatura takes for the article and is not: remarks, prose said again, links at the end."""
    told = [one for one in wanted if not _is_remark(one.element)]
    kept: list[_Block] = []
    said: set[str] = set()
    for block in told if 2 * sum(map(_words_of, told)) >= sum(map(_words_of, wanted)) else wanted:
        if block.words < _PROSE_WORDS or block.plain not in said:
            kept.append(block)
        said.add(block.plain)
    last = max((place for place, block in enumerate(kept) if block.is_prose), default=len(kept))
    tail = kept[last + 1 :]
    if sum(block.linked and block.words >= _HEADLINE_WORDS for block in tail) > 1:
        return kept[: last + 1] + [
            one for one in tail if not one.linked and not _is_heading(one.element)
        ]
    return kept


def _words_of(block: _Block) -> float:
    return block.words


def _is_heading(element: Any) -> bool:
    return element.tag in _LEAVES and element.tag != "p"


def _is_remark(element: Any) -> bool:
    around = (element, *islice(element.iterancestors(), MAX_LEVELS))
    return any(
        one.tag not in ("body", "html", "main")
        and not words_of(one).isdisjoint(class_names.REMARKS)
        for one in around
    )


def _words(document: Document) -> tuple[str, frozenset[str]] | None:
    """Return the article's words by trafilatura, without blanks: all of them, and each of its parts.

    Raises: ImportError where the optional trafilatura is not installed.
    """
    import trafilatura  # on demand: half a second that only a page without rules costs

    try:
        html = etree.tostring(document.root, method="html", encoding="unicode")
        found = trafilatura.bare_extraction(
            html, url=document.url, include_comments=False, include_tables=True
        )
    except Exception:  # noqa: BLE001 - foreign code reads foreign bytes
        return None
    body = getattr(found, "body", None)
    if body is None:
        return None
    parts = (_plain("".join(part.itertext())) for part in body.iterdescendants())
    return _plain("".join(body.itertext())), frozenset(part for part in parts if part)


def _blocks(body: Any) -> Iterator[_Block]:
    """Take a page apart: what has text of its own, and lists, tables, quotations and figures as a whole."""
    stack = [body]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _SILENT:
            continue
        if _is_block(element):
            yield _block(element)
            continue
        own = _own_text(element)
        if len(plain := _plain(own)) >= _PIECE:
            yield _Block(element, plain, text.weight(own), linked=False, whole=False)
        stack.extend(reversed(element))


def _block(element: Any) -> _Block:
    words = text_of(element)
    plain = _plain(words)
    links = (
        sum(len(_plain(text_of(link))) for link in islice(element.iter("a"), MAX_BLOCKS))
        if plain
        else 0
    )
    return _Block(element, plain, text.weight(words), linked=links > _LINKS * len(plain))


def _own_text(element: Any) -> str:
    """What an element writes between the blocks in it: whole articles stand so, parted by line breaks alone."""
    parts = [element.text or ""]
    for child in element:
        if child.tag in _TEXTUAL or child.tag == "a":
            parts.append(text_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _is_block(element: Any) -> bool:
    if element.tag in _WHOLE or element.tag in MEDIA:
        return True
    if not _has_own_text(element):
        return False
    return element.tag in _LEAVES or next(element.iterdescendants(*_INNER_BLOCKS), None) is None


def _has_own_text(element: Any) -> bool:
    """Tell whether an element writes something itself, or an inline element within it does."""
    if element.text and element.text.strip():
        return True
    return any((child.tail and child.tail.strip()) or child.tag in _TEXTUAL for child in element)


def _is_wanted(block: _Block, all_words: str, parts: frozenset[str]) -> bool:
    plain = block.plain
    if len(plain) < _PIECE // 2:
        return plain in parts
    pieces = [
        plain[start : start + _PIECE]
        for start in range(0, max(len(plain) - _PIECE // 2, 1), _PIECE)
    ]
    return sum(piece in all_words for piece in pieces) >= _FOUND * len(pieces)


def _around(wanted: Sequence[_Block], blocks: Sequence[_Block], *, default: Any) -> Any:
    """The smallest element that holds nearly all of what is wanted, and what is wanted close by."""
    held, all_held = _weights(wanted), _weights(blocks)
    prose = _weights([one for one in wanted if one.is_prose])
    least = _MOST * sum(block.words for block in wanted)
    root = max(
        (element for element, words in held.items() if words >= least), key=_depth, default=None
    )
    if root is None:  # deeper than anybody looks
        return default
    for above in islice(root.iterancestors(), MAX_LEVELS):
        gained = held.get(above, 0) - held[root]
        if above.tag in ("body", "html") and not _is_bare(root):
            break
        most = _BESIDE_PROSE if prose.get(above, 0) > prose.get(root, 0) else _BESIDE
        if gained and all_held[above] - all_held[root] <= most * gained:
            root = above
    return root


def _is_bare(element: Any) -> bool:
    """Tell a block that stands alone from one that holds others."""
    return element.tag in _LEAVES or element.tag in _WHOLE


def _weights(blocks: Sequence[_Block]) -> dict[Any, float]:
    weights: dict[Any, float] = {}
    for block in blocks:
        for element in islice((block.element, *block.element.iterancestors()), MAX_LEVELS):
            weights[element] = weights.get(element, 0) + block.words
    return weights


def _cut_out(
    root: Any, blocks: Sequence[_Block], wanted: Sequence[_Block], *, heading: Any | None = None
) -> Any:
    """Copy a part of the page without what is not the article: its title, and what nobody wants outside of prose."""
    inside = [
        block for block in blocks if block.element is root or root in block.element.iterancestors()
    ]
    kept = {block.element for block in wanted}
    places = [place for place, block in enumerate(inside) if block.element in kept]
    first, last = (
        (places[0], places[-1]) if places and inside[places[0]].whole else (0, len(inside))
    )
    goes = {
        block.element
        for place, block in enumerate(inside)
        if block.element.tag == "h1"
        or block.element is heading
        or (
            block.element not in kept
            and not _stays(block, root, lead=place < first, within=first < place < last)
        )
        if block.whole
    }
    prose = [one for one in inside if one.is_prose and one.whole and one.element not in kept | goes]
    if sum(map(_words_of, prose)) > sum(
        map(_words_of, wanted)
    ):  # other articles stand between its paragraphs
        goes.update(one.element for one in prose)
    copy = deepcopy(root)
    copy.tail = None
    if direction := direction_of(root):
        copy.set("dir", direction)
    gone = [twin for element, twin in zip(root.iter(), copy.iter(), strict=True) if element in goes]
    for twin in gone:
        if twin is not copy:
            detach(twin)
    return copy


def _stays(block: _Block, root: Any, *, lead: bool, within: bool) -> bool:
    """Tell whether a block that nobody asked for belongs to the article: a picture or player, prose in its midst."""
    shows = next(block.element.iter(*SHOWN), None) is not None
    if not (within and (shows or block.is_prose)) and not (lead and shows and not block.is_prose):
        return False
    around = (one for one in (block.element, *block.element.iterancestors()) if one is not root)
    return not any(
        is_furniture(one) for one in islice(around, _depth(block.element) - _depth(root))
    )


def _densest(blocks: Sequence[_Block], where: str) -> Text | None:
    """The element with the most prose close to it; the one above it gets half of that (readability's measure)."""
    prose = [
        block
        for block in blocks
        if block.words >= 5 and not block.linked and not _is_aside(block.element)
    ]
    weights: dict[Any, float] = {}
    for block in prose:
        holders = (
            block.element.iterancestors()
            if block.whole
            else (block.element, *block.element.iterancestors())
        )
        for share, element in zip((1.0, 0.5), holders, strict=False):
            weights[element] = weights.get(element, 0) + share * block.words
    root = max(weights, key=lambda element: weights[element], default=None)
    inside = [
        block for block in prose if block.element is root or root in block.element.iterancestors()
    ]
    if root is None or sum(block.words for block in inside) < LEAST_WORDS:
        return None
    return Text(_cut_out(root, blocks, inside), where)


def _is_aside(element: Any) -> bool:
    return any(is_furniture(one) for one in islice((element, *element.iterancestors()), MAX_LEVELS))


def _depth(element: Any) -> int:
    return sum(1 for _ in element.iterancestors())


def _plain(value: str) -> str:
    return _BLANK.sub("", value)

"""Finds the text of an article on a page without rules: trafilatura selects the words, the page gives the markup.

Only this module uses trafilatura. Its output lacks lazy pictures, players and the direction of a script, so its
words are looked up in the page again: the smallest part of the page that holds nearly all of them is the article, and
what trafilatura left out is removed there. If it finds hardly any text, the part with the most prose is the article.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import ROUGH_TEXT
from aggregator.adapters.article import lead, side_boxes, visible_dates
from aggregator.adapters.article.blocks import (
    LEAF_TAGS,
    MIN_PROSE_WORDS,
    PIECE_CHARACTERS,
    WHOLE_TAGS,
    Block,
    split_into_blocks,
    total_words,
    without_blanks,
)
from aggregator.adapters.html import class_names, text_direction
from aggregator.adapters.html.boilerplate import MEDIA_TAGS, is_boilerplate
from aggregator.adapters.html.class_names import has_any_word
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.document import Document

MAX_LEVELS = 200  # above a block that may be the article
MIN_WORDS = 15  # a shorter text cannot be told from boilerplate

_MIN_COVERAGE = 0.9  # of the article's words that the chosen element holds
_MIN_FOUND = 0.5  # of the pieces of a block
_MAX_OTHER_WORDS = 2  # of the page, for one more word of the article
# The same if that is a paragraph: a lead stands apart, beside what the site offers for sharing it.
_MAX_OTHER_WORDS_BESIDE_PROSE = 8
_MIN_HEADLINE_WORDS = 5  # of a link at the end, beside others: the headline of another article
_MIN_FIRST_WORDS = 8  # of a paragraph in front of the text; a byline has fewer
_MIN_DENSE_WORDS = 5  # of a block that counts for the densest part
_MIN_PROSE_SHARE = 0.5  # of a page's prose in the article; with less the densest part is looked at
_MIN_SHARED = 0.8  # of the article's words in the densest part that replaces it
_MUCH_MORE = 1.5  # times the article's words
_SINGLE_BLOCK_TAGS = LEAF_TAGS | WHOLE_TAGS
_CELL_TAGS = frozenset({"td", "li", "dd"})
_HEADING_TAGS = LEAF_TAGS - {"p"}
# Of a block's words for the element around it, and for the one above (readability's measure).
_SHARES = (1.0, 0.5)


@dataclass(frozen=True, slots=True)
class MainText:
    """The part of a page that is the article, as a copy; `where` names what found it."""

    element: Any
    where: str


@dataclass(frozen=True, slots=True)
class _Extract:
    """The words of an article by trafilatura, without blanks: all of them, and those of each part."""

    plain: str
    parts: frozenset[str]

    def holds(self, block: Block) -> bool:
        """Return whether a block is in the extract, at least half of its pieces."""
        plain = block.plain
        if len(plain) < PIECE_CHARACTERS // 2:
            return plain in self.parts

        # A last piece of less than half the length is not looked up.
        end = max(len(plain) - PIECE_CHARACTERS // 2, 1)
        pieces = [
            plain[start : start + PIECE_CHARACTERS] for start in range(0, end, PIECE_CHARACTERS)
        ]
        matches = sum(piece in self.plain for piece in pieces)
        return matches >= _MIN_FOUND * len(pieces)


def find(document: Document) -> MainText | None:
    """Find the article's text, None if a page has none."""
    body = document.root.find("body")
    side_boxes.remove_overlays(body)
    blocks = split_into_blocks(body)
    fallback = "densest"
    extract = None
    try:
        extract = _extract(document)
    except ImportError:
        fallback = ROUGH_TEXT

    boxes = frozenset(side_boxes.find_side_boxes(body, document.url))
    article: list[Block] = []
    if extract is not None:
        extracted = [block for block in blocks if extract.holds(block)]
        article = _select_article(extracted, boxes)
    if total_words(article) < MIN_WORDS:
        return _find_densest(blocks, fallback, boxes)

    article = _within_cell(article)
    prose = find_prose(blocks, boxes)
    article_prose = [block for block in article if block.is_prose]
    if total_words(article_prose) < _MIN_PROSE_SHARE * total_words(prose):
        article = _widen_to_densest(article, prose)
    root = _smallest_root(article, blocks, default=body)
    heading = _find_heading(document)
    copy = _copy_article(root, blocks, article, heading=heading, boxes=boxes)
    lead.put_in_front(copy, root)
    return MainText(copy, "trafilatura")


def find_prose(blocks: Sequence[Block], boxes: frozenset[Any]) -> list[Block]:
    """Return the blocks of prose that are neither in boilerplate, nor in comments, nor in side boxes."""
    prose = []
    for block in blocks:
        if not block.is_prose or _is_in_boxes(block.element, boxes):
            continue
        if not _is_in_boilerplate(block.element) and not _is_in_comments(block.element):
            prose.append(block)
    return prose


def _widen_to_densest(article: list[Block], prose: Sequence[Block]) -> list[Block]:
    """Return the prose of the densest part if that holds the article's own prose and much more."""
    root = _densest_root(prose)
    if root is None:
        return article
    inside = _blocks_inside(root, prose)
    inside_elements = {block.element for block in inside}
    shared = [block for block in article if block.element in inside_elements]
    if total_words(shared) < _MIN_SHARED * total_words(article):
        return article
    if total_words(inside) < _MUCH_MORE * total_words(article):
        return article
    others = [block for block in article if block.element not in inside_elements]
    return [*others, *inside]


def _within_cell(article: list[Block]) -> list[Block]:
    """Leave out what is beside the cell that holds the article's prose, if the page is laid out by tables or lists.

    A table of data is one block, so that a cell around a block is one of a layout.
    """
    prose = [block for block in article if block.is_prose]
    cells = {}
    for element, words in _words_by_element(prose).items():
        if element.tag in _CELL_TAGS:
            cells[element] = words
    cell = _deepest_with(cells, _MIN_COVERAGE * total_words(prose))
    if cell is None:
        return article
    return _blocks_inside(cell, article)


def _is_in_boxes(element: Any, boxes: frozenset[Any]) -> bool:
    if not boxes:
        return False
    return any(holder in boxes for holder in _with_ancestors(element))


def _extract(document: Document) -> _Extract | None:
    """Return the article's words by trafilatura, None if it finds none.

    Raises: ImportError if the optional trafilatura is not installed.
    """
    import trafilatura  # on demand: half a second that only a page without rules costs

    try:
        html = etree.tostring(document.root, method="html", encoding="unicode")
        result = trafilatura.bare_extraction(
            html, url=document.url, include_comments=False, include_tables=True
        )
    except Exception:  # noqa: BLE001 - foreign code reads foreign bytes
        return None

    body = getattr(result, "body", None)
    if body is None:
        return None
    parts = {_plain_text(part) for part in body.iterdescendants()}
    parts.discard("")
    return _Extract(_plain_text(body), frozenset(parts))


def _plain_text(element: Any) -> str:
    return without_blanks("".join(element.itertext()))


def _find_heading(document: Document) -> Any | None:
    title = next(document.root.iter("title"), None)
    if title is None:
        return visible_dates.find_heading(document)
    return visible_dates.find_heading(document, (element_text(title),))


def _select_article(extracted: Sequence[Block], boxes: frozenset[Any]) -> list[Block]:
    """Return the blocks that trafilatura takes for the article, as far as they are.

    Comments, repeated prose, links at the end and side boxes are not, unless hardly any prose is left without the boxes.
    """
    outside_boxes = [block for block in extracted if not _is_in_boxes(block.element, boxes)]
    prose = [block for block in outside_boxes if block.is_prose]
    if total_words(prose) >= MIN_WORDS:
        extracted = outside_boxes

    blocks = _without_repeats(_without_comments(extracted))
    return _without_links_at_end(blocks)


def _without_repeats(blocks: Sequence[Block]) -> list[Block]:
    """Leave out prose that is there a second time; a paragraph stays rather than the heading that repeats it."""
    kept: dict[Any, Block] = {}
    places: dict[str, Any] = {}
    for block in blocks:
        if block.words >= MIN_PROSE_WORDS:
            earlier = kept.get(places.get(block.plain))
            if earlier is not None:
                if earlier.element.tag not in _HEADING_TAGS:
                    continue
                del kept[earlier.element]
            places[block.plain] = block.element
        kept[block.element] = block
    return list(kept.values())


def _without_comments(blocks: Sequence[Block]) -> Sequence[Block]:
    """Leave out the comments, unless that leaves less than half of the words: then the names are misleading."""
    others = []
    for block in blocks:
        if not _is_in_comments(block.element):
            others.append(block)
    if 2 * total_words(others) >= total_words(blocks):
        return others
    return blocks


def _is_in_comments(element: Any) -> bool:
    for holder in _with_ancestors(element):
        if holder.tag in ("body", "html", "main"):
            continue
        if has_any_word(holder, class_names.COMMENTS):
            return True
    return False


def _without_links_at_end(blocks: list[Block]) -> list[Block]:
    """Leave out the links after the last prose, and their headings, if several lead to other articles."""
    end = len(blocks)
    for index, block in enumerate(blocks):
        if block.is_prose:
            end = index + 1

    headlines = 0
    rest = []
    for block in blocks[end:]:
        if block.is_linked:
            if block.words >= _MIN_HEADLINE_WORDS:
                headlines += 1
        elif block.element.tag not in _HEADING_TAGS:
            rest.append(block)
    if headlines < 2:
        return blocks
    return [*blocks[:end], *rest]


def _smallest_root(article: Sequence[Block], blocks: Sequence[Block], *, default: Any) -> Any:
    """Return the smallest element that holds nearly all of the article, widened to parts of it close by."""
    article_words = _words_by_element(article)
    prose_words = _words_by_element([block for block in article if block.is_prose])
    all_words = _words_by_element(blocks)

    root = _deepest_with(article_words, _MIN_COVERAGE * total_words(article))
    if root is None:  # the blocks are more than MAX_LEVELS deep
        return default

    for ancestor in islice(root.iterancestors(), MAX_LEVELS):
        is_page = ancestor.tag in ("body", "html")
        if is_page and root.tag not in _SINGLE_BLOCK_TAGS:
            break
        gained = article_words.get(ancestor, 0) - article_words[root]
        if not gained:
            continue
        limit = _MAX_OTHER_WORDS
        if prose_words.get(ancestor, 0) > prose_words.get(root, 0):
            limit = _MAX_OTHER_WORDS_BESIDE_PROSE
        if all_words[ancestor] - all_words[root] <= limit * gained:
            root = ancestor
    return root


def _deepest_with(words_by_element: dict[Any, float], min_words: float) -> Any | None:
    candidates = []
    for element, words in words_by_element.items():
        if words >= min_words:
            candidates.append(element)
    return max(candidates, key=_depth, default=None)


def _words_by_element(blocks: Sequence[Block]) -> dict[Any, float]:
    """Return how many words of these blocks each element holds."""
    words: dict[Any, float] = {}
    for block in blocks:
        for element in _with_ancestors(block.element):
            words[element] = words.get(element, 0) + block.words
    return words


def _copy_article(
    root: Any,
    blocks: Sequence[Block],
    article: Sequence[Block],
    *,
    heading: Any | None = None,
    boxes: frozenset[Any] = frozenset(),
) -> Any:
    """Copy a part of the page without what is not the article."""
    removed = _elements_to_remove(root, blocks, article, heading)
    wanted = {block.element for block in article}
    for box in boxes:
        if not any(element in wanted for element in box.iter()):
            removed.add(box)
    copy = deepcopy(root)
    copy.tail = None
    direction = text_direction(root)
    if direction:
        copy.set("dir", direction)

    # Collected first: a tree cannot be walked while it loses elements.
    copies_to_remove = []
    for original, duplicate in zip(root.iter(), copy.iter(), strict=True):
        if original in removed and duplicate is not copy:
            copies_to_remove.append(duplicate)
    for duplicate in copies_to_remove:
        detach(duplicate)
    return copy


def _elements_to_remove(
    root: Any, blocks: Sequence[Block], article: Sequence[Block], heading: Any | None
) -> set[Any]:
    """Return the elements in `root` that are not the article: its title, and blocks that nothing speaks for."""
    inside = _blocks_inside(root, blocks)
    wanted = {block.element for block in article}
    first, last = _bounds(inside, wanted)

    removed = set()
    extra_prose = []  # stays although trafilatura left it out
    for index, block in enumerate(inside):
        if not block.whole:
            continue
        is_title = block.element.tag == "h1" or block.element is heading
        if is_title:
            removed.add(block.element)
            continue
        if block.element in wanted:
            continue

        is_lead = index < first
        is_within = first < index < last
        if is_lead and _is_first_paragraph(block, inside[first]):
            continue
        if not _belongs_to_article(block, root, is_lead=is_lead, is_within=is_within):
            removed.add(block.element)
        elif block.is_prose:
            extra_prose.append(block)

    # More prose than the article itself: other articles are between its paragraphs.
    if total_words(extra_prose) > total_words(article):
        removed.update(block.element for block in extra_prose)
    return removed


def _is_first_paragraph(block: Block, first: Block) -> bool:
    """Return whether a block is a short paragraph right beside the first one of the article."""
    if block.element.tag != "p" or block.is_linked or block.words < _MIN_FIRST_WORDS:
        return False
    return block.element.getparent() is first.element.getparent()


def _blocks_inside(root: Any, blocks: Sequence[Block]) -> list[Block]:
    inside = []
    for block in blocks:
        if block.element is root or root in block.element.iterancestors():
            inside.append(block)
    return inside


def _bounds(inside: Sequence[Block], wanted: set[Any]) -> tuple[int, int]:
    """Return the indexes of the first and last wanted block, of all blocks if the first one is not whole."""
    indexes = []
    for index, block in enumerate(inside):
        if block.element in wanted:
            indexes.append(index)

    everything = (0, len(inside))
    if not indexes:
        return everything
    first, last = indexes[0], indexes[-1]
    if not inside[first].whole:
        return everything
    return first, last


def _belongs_to_article(block: Block, root: Any, *, is_lead: bool, is_within: bool) -> bool:
    """Return whether a block that trafilatura left out belongs to the article.

    Media do, in front of the article and within it, and prose within it, if no name around it says boilerplate.
    """
    has_media = next(block.element.iter(*MEDIA_TAGS), None) is not None
    if is_within:
        is_candidate = has_media or block.is_prose
    else:
        is_candidate = is_lead and has_media and not block.is_prose
    if not is_candidate:
        return False

    levels = _depth(block.element) - _depth(root)
    around = islice((block.element, *block.element.iterancestors()), levels)
    return not any(map(is_boilerplate, around))


def _find_densest(blocks: Sequence[Block], where: str, boxes: frozenset[Any]) -> MainText | None:
    """Return the element with the most prose directly in it; the one above it gets half of that."""
    prose = []
    for block in blocks:
        if block.words < _MIN_DENSE_WORDS or block.is_linked:
            continue
        if not _is_in_boilerplate(block.element) and not _is_in_boxes(block.element, boxes):
            prose.append(block)

    root = _densest_root(prose)
    if root is None:
        return None
    inside = _blocks_inside(root, prose)
    if total_words(inside) < MIN_WORDS:
        return None
    return MainText(_copy_article(root, blocks, inside), where)


def _densest_root(prose: Sequence[Block]) -> Any | None:
    density: dict[Any, float] = {}
    for block in prose:
        for share, element in zip(_SHARES, _holders(block), strict=False):
            density[element] = density.get(element, 0) + share * block.words
    return max(density, key=lambda element: density[element], default=None)


def _holders(block: Block) -> Iterator[Any]:
    """Yield the elements around a block's text, innermost first."""
    if not block.whole:
        yield block.element
    yield from block.element.iterancestors()


def _is_in_boilerplate(element: Any) -> bool:
    return any(map(is_boilerplate, _with_ancestors(element)))


def _with_ancestors(element: Any) -> Iterator[Any]:
    """Yield an element and those around it, `MAX_LEVELS` in all."""
    return islice((element, *element.iterancestors()), MAX_LEVELS)


def _depth(element: Any) -> int:
    return sum(1 for _ in element.iterancestors())

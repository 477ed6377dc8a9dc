"""Finds and removes what the pages of several articles of one source share: boxes, dialogs, the site's own title.

A block is an element with text or a picture and no other block in it; it is known by a hash of its letters and
digits, or of its picture's URL. Blocks that follow each other are removed together: a single short one, such as the
heading `Ingredients`, may belong to each of the articles.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize import text
from aggregator.normalize.html import parse, sanitize
from aggregator.normalize.html.elements import BLOCKS
from aggregator.normalize.html.tree import detach, has_content

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MIN_PAGES = 3  # that have a block
MIN_WORDS = 4  # of blocks in a row without a link or a picture
LONG_WORDS = 40  # prose of that length and without links may be the background of a running story,
MIN_SHARE = 0.5  # so it counts only if this share of the pages has it
MAX_BLOCKS = 2_000  # of a text
_PICTURES = ("img", "video", "audio", "iframe")
_HASH_BYTES = 8
SHOWN_CHARACTERS = 80  # kept of a shared text


def title_hash(title: str) -> str:
    """Return the hash of a title; never that of a block."""
    return _hash("title:" + _fold(title))


def find_shared(texts: Iterable[str], titles: Iterable[str]) -> dict[str, str]:
    """Return the blocks and titles that at least MIN_PAGES pages have: hash -> how the text begins."""
    counts: Counter[str] = Counter()
    beginnings: dict[str, str] = {}
    long_prose: set[str] = set()
    page_count = 0
    for html in texts:
        page_count += 1
        blocks = _blocks(parse(html))
        by_hash = {_block_hash(block): block for block in blocks}
        counts.update(by_hash.keys())
        for key, block in by_hash.items():
            beginnings.setdefault(key, _beginning(block))
        long_prose.update(_block_hash(block) for block in blocks if _is_long_prose(block))
    for title in titles:
        counts[title_hash(title)] += 1
        beginnings[title_hash(title)] = title[:SHOWN_CHARACTERS]

    shared = {}
    for key, count in counts.items():
        is_background = key in long_prose and count < MIN_SHARE * page_count
        if count >= MIN_PAGES and not is_background:
            shared[key] = beginnings[key]
    return shared


def remove_shared(html: str, shared: Collection[str]) -> str:
    """Return a text without the blocks whose hashes are in `shared`; "" if nothing is left of it."""
    root = parse(html)
    removed = False
    for run in list(_shared_runs(root, shared)):
        if _is_removable(run):
            removed = True
            for block in run:
                _remove_with_empty_holders(block)
    if not removed:
        return html
    if not has_content(root):
        return ""
    return sanitize(etree.tostring(root, method="html", encoding="unicode"))


def _blocks(root: Any | None) -> list[Any]:
    """Return the blocks of a text in their order; a figure with its caption is one."""
    if root is None:
        return []
    elements = list(root.iterdescendants(*BLOCKS))
    holders: set[Any] = set()
    for element in elements:
        _add_holders(element, holders)

    blocks = []
    for element in elements:
        if element not in holders and has_content(element):
            figure = next(element.iterancestors("figure"), element)
            blocks.append(figure)
    return list(dict.fromkeys(blocks))[:MAX_BLOCKS]


def _add_holders(element: Any, holders: set[Any]) -> None:
    """Add the elements around a block, up to the first that is known."""
    for ancestor in element.iterancestors():
        if ancestor in holders:
            return
        holders.add(ancestor)


def _shared_runs(root: Any | None, shared: Collection[str]) -> Iterator[list[Any]]:
    """Yield the shared blocks, those that follow each other together."""
    run: list[Any] = []
    for block in _blocks(root):
        if _block_hash(block) in shared:
            run.append(block)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _is_removable(run: Iterable[Any]) -> bool:
    words = 0.0
    for block in run:
        if next(block.iter("a", *_PICTURES), None) is not None:
            return True
        words += text.count_words(_text_of(block))
    return words >= MIN_WORDS


def _is_long_prose(block: Any) -> bool:
    if next(block.iter("a"), None) is not None:
        return False
    return text.count_words(_text_of(block)) >= LONG_WORDS


def _remove_with_empty_holders(block: Any) -> None:
    holder = block.getparent()
    detach(block)
    while holder is not None and holder.getparent() is not None and not has_content(holder):
        empty, holder = holder, holder.getparent()
        detach(empty)


def _block_hash(block: Any) -> str:
    letters = _fold(_text_of(block))
    if letters:
        return _hash(letters)
    sources = [picture.get("src") or "" for picture in block.iter(*_PICTURES)]
    return _hash("picture:" + " ".join(sources))


def _text_of(block: Any) -> str:
    return "".join(block.itertext())


def _beginning(block: Any) -> str:
    """Return the beginning of a block's text for people, or the URL of its picture."""
    words = " ".join(_text_of(block).split())
    if not words:
        words = " ".join(picture.get("src") or "" for picture in block.iter(*_PICTURES))
    return words[:SHOWN_CHARACTERS]


def _fold(words: str) -> str:
    return "".join(filter(str.isalnum, text.fold(words)))


def _hash(value: str) -> str:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()

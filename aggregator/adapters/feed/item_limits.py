"""Cuts from the XML of a feed what would keep its parser busy: each bad value or item costs itself alone.

Measured with feedparser: 40,000 attributes 31 s, 5,000 categories of one item 0.4 s, a
word of 20,000 letters as author 1.3 s, 1,500,000 nested elements 26 s, and an element
name of 9 MB 440 MiB.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.errors import SourceError
from aggregator.normalize.value_limits import MAX_AUTHOR_CHARACTERS, shorten_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ATTRIBUTES = 128  # of one element; a root with every known namespace has 40
_ATTRIBUTE_LENGTH = 5  # characters: no attribute with a name of its own is shorter
# Characters of a start tag: a shorter one cannot have too many attributes.
_SHORT_TAG = _ATTRIBUTE_LENGTH * _MAX_ATTRIBUTES
_MAX_NAME = 1_000  # characters of the name of an element
_LONG_NAME = "name-over-limit"
_MAX_CATEGORIES = 1_000  # of one item
# Of a document: 8 s of feedparser, which needs the same for each, nested or not.
_MAX_ELEMENTS = 500_000
# Within an item, whose `<p>` may all lack their ends: a second of feedparser. XHTML is
# 20 deep. An item of more elements is left out if its document has too many.
_MAX_DEPTH = 50_000

CDATA = "<![CDATA["
# A section without an end goes to the end of the document.
_CDATA = r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
_ANY_CDATA = re.compile(_CDATA, re.DOTALL)
_SECTIONS = re.compile(f"({_CDATA})", re.DOTALL)
_ITEM = re.compile(
    rf"{_CDATA}|<(?P<name>(?:[\w.-]{{1,40}}:)?(?:item|entry))(?=[\s>/])", re.DOTALL | re.IGNORECASE
)
_DOCUMENT_END = re.compile(r"</(?:channel|rss|feed|rdf:RDF)\s*>", re.IGNORECASE)
_NAME = re.compile(r"/?([^\s<>/]*+)")
_ATTRIBUTES = re.compile(r"""[\w.:-]+((?:\s+[^\s=<>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*)""")
_ATTRIBUTE = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
# An end tag, or a start tag, which a `/` closes at once.
_TAG = re.compile(r"<(?:(?P<end>/)|(?!br\b|hr\b|img\b)[^\s<>!?/][^<>]*+(?:(?<=(?P<empty>/))>)?)")
_CATEGORY = re.compile(r"<(?:\w+:)?(?:category|keywords|subject)\b", re.IGNORECASE)
# A whole category, with its text, or a section that is none.
_CATEGORY_ELEMENT = re.compile(
    rf"{_CDATA}|<(?P<name>(?:\w+:)?(?:category|keywords|subject))\b[^<>]*"
    rf"(?:(?<=/)>|(?<!/)>(?:{_CDATA}|[^<])*+</(?P=name)\s*>)",
    re.DOTALL | re.IGNORECASE,
)
_CATEGORY_WORDS = ("category", "keywords", "subject")
_AUTHOR_WORDS = ("author", "creator", "managingEditor", "webMaster", "publisher")
# The start tag, further ones within it (`<name>`), and the start of a section.
_AUTHOR = re.compile(
    r"<(?:[\w.-]{1,30}:)?"
    r"(?P<name>author|creator|managingEditor|webMaster|publisher)"
    r"(?:\s[^<>]*)?(?<!/)>"
    r"(?:\s*<[a-zA-Z][^<>]{0,100}>)?\s*(?P<section><!\[CDATA\[)?"
)
_CUT_REFERENCE = re.compile(r"&[^;]{0,40}\Z")


@dataclass(slots=True)
class LimitedFeed:
    """The text of a feed within all limits.

    `cut` counts what was cut by its name. `rejected` are the reasons against items, by
    their index; an empty item is in the place of each.
    """

    text: str
    cut: Counter[str] = field(default_factory=Counter)
    rejected: dict[int, str] = field(default_factory=dict)


def limit_feed(text: str) -> LimitedFeed:
    """Cut what is over a limit from the text of a feed without comments.

    Raises:
        SourceError: "parse" where what is over a limit belongs to no item.
    """
    cut: Counter[str] = Counter()
    limited: list[str] = []
    elements = 0
    for part in _SECTIONS.split(text):
        if not part.startswith(CDATA):
            part = _limit_tags(part, cut)
            # A quoted `<` is counted too. The limits leave room for that.
            elements += part.count("<") - part.count("</")
        limited.append(part)

    feed = LimitedFeed("".join(limited), cut)
    if _count_category_words(feed.text) > _MAX_CATEGORIES:
        _limit_categories(feed)
    _limit_authors(feed)
    if elements > _MAX_DEPTH:
        _limit_elements(feed, elements)
    return feed


def _limit_tags(markup: str, cut: Counter[str]) -> str:
    """Shorten tags that have too many attributes or too long a name."""
    if len(markup) <= _SHORT_TAG:
        return markup
    chunks = markup.split("<")
    is_changed = False
    for index, chunk in enumerate(chunks):
        if index > 0 and len(chunk) > _SHORT_TAG:
            chunks[index] = _limit_attributes(_limit_name(chunk, cut), cut)
            is_changed = is_changed or chunks[index] is not chunk
    return "<".join(chunks) if is_changed else markup


def _limit_name(chunk: str, cut: Counter[str]) -> str:
    """Give another name to a tag whose name is too long; its end tag gets the same."""
    name = _NAME.match(chunk)
    if name is None or len(name[1]) <= _MAX_NAME or chunk.startswith(("!", "?")):
        return chunk
    if not chunk.startswith("/"):
        cut["element names"] += 1
    return chunk[: name.start(1)] + _LONG_NAME + chunk[name.end(1) :]


def _limit_attributes(chunk: str, cut: Counter[str]) -> str:
    element = _ATTRIBUTES.match(chunk)
    if element is None:
        return chunk
    ends = [attribute.end() for attribute in _ATTRIBUTE.finditer(element[1])]
    if len(ends) <= _MAX_ATTRIBUTES:
        return chunk

    cut["attributes"] += len(ends) - _MAX_ATTRIBUTES
    kept = element.start(1) + ends[_MAX_ATTRIBUTES - 1]
    return chunk[:kept] + chunk[element.end(1) :]


@dataclass(frozen=True, slots=True)
class _Item:
    """The place of an item in a text; `index` is None for what comes before the first."""

    index: int | None
    name: str
    start: int
    end: int


def _items(text: str) -> Iterator[_Item]:
    """Yield what comes before the items, then each with what follows it."""
    index: int | None = None
    name = ""
    start = 0
    for match in _ITEM.finditer(text):
        if match["name"] is None:
            continue
        yield _Item(index, name, start, match.start())
        index = 0 if index is None else index + 1
        name = match["name"]
        start = match.start()
    yield _Item(index, name, start, len(text))


def _replace_items(feed: LimitedFeed, replacements: dict[int, tuple[_Item, str]]) -> None:
    if not replacements:
        return
    parts: list[str] = []
    position = 0
    for item, text in replacements.values():
        parts += (feed.text[position : item.start], text)
        position = item.end
    feed.text = "".join([*parts, feed.text[position:]])


def _empty_item(text: str, item: _Item) -> str:
    """Return an empty item, with what follows the item in its place."""
    end = text.rfind(f"</{item.name}", item.start, item.end)
    if end >= 0:
        rest = text[end : item.end]
    else:
        document_end = _DOCUMENT_END.search(text, item.start, item.end)
        start = document_end.start() if document_end else item.end
        rest = f"</{item.name}>{text[start : item.end]}"
    return f"<{item.name}>{rest}"


def _reject(feed: LimitedFeed, item: _Item, reason: str) -> str:
    """Note that an item is rejected, and return what takes its place.

    Raises: SourceError where it is none.
    """
    if item.index is None:
        raise SourceError("parse", reason)
    feed.rejected[item.index] = reason
    return _empty_item(feed.text, item)


def _limit_categories(feed: LimitedFeed) -> None:
    replacements = {}
    for place, item in enumerate(_items(feed.text)):
        text = feed.text[item.start : item.end]
        # Counting words is cheap; only what has many of them is searched for elements.
        if _count_category_words(text) > _MAX_CATEGORIES:
            limited = _without_surplus(text, feed.cut)
            if _count_categories(limited) > _MAX_CATEGORIES:
                limited = _reject(feed, item, f"more than {_MAX_CATEGORIES} categories")
            replacements[place] = (item, limited)
    _replace_items(feed, replacements)


def _without_surplus(text: str, cut: Counter[str]) -> str:
    """Remove the categories after the first thousand."""
    count = 0

    def keep_first(match: re.Match[str]) -> str:
        nonlocal count
        if match["name"] is not None:
            count += 1
            if count > _MAX_CATEGORIES:
                return ""
        return match[0]

    limited = _CATEGORY_ELEMENT.sub(keep_first, text)
    if count > _MAX_CATEGORIES:
        cut["categories"] += count - _MAX_CATEGORIES
    return limited


def _count_categories(text: str) -> int:
    return len(_CATEGORY.findall(_ANY_CDATA.sub("", text)))


def _count_category_words(text: str) -> int:
    count = 0
    for word in _CATEGORY_WORDS:
        count += text.count(word)
    return count


def _limit_authors(feed: LimitedFeed) -> None:
    """Shorten the texts of authors."""
    for word in _AUTHOR_WORDS:
        start = feed.text.find(word)
        parts: list[str] = []
        position = 0
        while start >= 0:
            long_text = _long_author(feed.text, start)
            if long_text is not None:
                feed.cut["authors"] += 1
                shortened = _shorten_author(feed.text[long_text.start : long_text.stop])
                parts += (feed.text[position : long_text.start], shortened)
                position = long_text.stop
            start = feed.text.find(word, max(start + len(word), position))
        if parts:
            feed.text = "".join([*parts, feed.text[position:]])


def _long_author(text: str, start: int) -> slice | None:
    """Return the place of an author's text that is too long; None if `start` begins none."""
    limit = start + MAX_AUTHOR_CHARACTERS
    if limit >= len(text) or text.find("</", start, limit) >= 0:
        return None
    tag = _AUTHOR.match(text, max(text.rfind("<", max(start - 32, 0), start), 0))
    if tag is None or tag.start("name") != start:
        return None

    end = text.find("]]>" if tag["section"] else "<", tag.end())
    if end < 0:
        end = len(text)
    if end - tag.end() <= MAX_AUTHOR_CHARACTERS:
        return None
    return slice(tag.end(), end)


def _shorten_author(text: str) -> str:
    return _CUT_REFERENCE.sub("", shorten_names(text, MAX_AUTHOR_CHARACTERS))


def _limit_elements(feed: LimitedFeed, total: int) -> None:
    """Empty items that are nested too deeply, and long ones of a document with too many elements."""
    has_too_many = total > _MAX_ELEMENTS
    replacements = {}
    left = total
    for place, item in enumerate(_items(feed.text)):
        markup = _ANY_CDATA.sub("", feed.text[item.start : item.end])
        elements = markup.count("<") - markup.count("</")
        if elements <= _MAX_DEPTH:
            continue
        reason = None
        if has_too_many:
            reason = f"more than {_MAX_DEPTH} elements"
        elif _depth(markup) > _MAX_DEPTH:
            reason = f"elements nested deeper than {_MAX_DEPTH}"
        if reason is not None:
            replacements[place] = (item, _reject(feed, item, reason))
            left -= elements

    if left > _MAX_ELEMENTS:
        raise SourceError("parse", f"more than {_MAX_ELEMENTS} elements")
    _replace_items(feed, replacements)


def _depth(markup: str) -> int:
    """Return how deep elements are nested."""
    depth = 0
    deepest = 0
    for tag in _TAG.finditer(markup):
        if tag["end"]:
            depth = max(depth - 1, 0)
        elif not tag["empty"]:
            depth += 1
            deepest = max(deepest, depth)
    return deepest

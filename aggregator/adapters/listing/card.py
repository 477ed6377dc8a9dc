"""Reads one item of a list without rules: its title, link, date, summary and image.

The link is the one that carries the title. Texts like "read more" are no title.
Everything is taken from within the item, together with the element that holds it.
The number of elements that are looked at is limited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, filterfalse, islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import class_words, is_read_more
from aggregator.adapters.listing.card_date import (
    MAX_ELEMENTS,
    DateReader,
    ElementValue,
    elements_of,
    is_date_element,
)
from aggregator.adapters.listing.unlinked_title import find_unlinked_title, names_only_link
from aggregator.normalize.html import media
from aggregator.normalize.text import count_words
from aggregator.normalize.url import absolute_url, document_key
from aggregator.rules.document import text_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.rules.document import Document

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LONGEST_TITLE_CHARACTERS = 300  # a link around a whole card holds its lead too
LONGEST_CHARACTERS = 2_000  # of any text of an item
_MAX_PARTS = 40  # links, headings or paragraphs of one item
_MAX_DISTANCE = 12  # elements between a heading and the link around it
_BLOCKS = ("p", "div", "section", "li", "dt", "dd", *HEADINGS)
_LEAST_WORDS = 3  # of a summary, and of a heading above one
_ELLIPSES = ("…", "...")


@dataclass(frozen=True, slots=True)
class Card:
    """What was found in an item; titles and dates have the best one first."""

    titles: tuple[ElementValue, ...] = ()
    link: ElementValue | None = None
    published: tuple[ElementValue, ...] = ()
    summary: ElementValue | None = None
    image: ElementValue | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of an item and the absolute URL that it leads to."""

    element: Any
    url: str


def read(item: Document, dates: DateReader) -> Card:
    """Read one item of a page."""
    links = list(_links(item))
    heading = _find_heading(item.root)
    link = _choose_link(links, heading)
    titles = tuple(_title_candidates(item.root, links, link, heading))
    title_element = titles[0].element if titles else None
    published = tuple(dates.find_dates(item.root, title=title_element))
    summary = _find_summary(item.root, titles, published)
    return Card(titles, _link_spot(link), published, summary, _find_image(item))


def read_known(item: Document, title: str, dates: DateReader) -> Card:
    """Read an item whose title is known; it may stand anywhere in the item."""
    found = read(item, dates)
    for inner in reversed(list(item.root.iter("*"))):
        if text_line(inner) == title:
            return replace(found, titles=(ElementValue(title, inner), *found.titles))
    return found


def text_line(element: Any) -> str:
    """Return the text of an element in one line, at most 2,000 characters of it."""
    parts: list[str] = []
    length = 0
    for piece in islice(text_pieces(element), MAX_ELEMENTS):
        part = piece[:LONGEST_CHARACTERS]
        parts.append(part)
        length += len(part)
        if length > LONGEST_CHARACTERS:
            break
    return " ".join("".join(parts).split())[:LONGEST_CHARACTERS]


def _links(item: Document) -> Iterator[_Link]:
    """Yield the links of an item that lead to another page."""
    this_page = document_key(item.url or "")
    for element in islice(item.root.iter("a"), _MAX_PARTS):
        url = absolute_url(element.get("href", ""), base=item.base_url)
        if url and document_key(url) != this_page:
            yield _Link(element, url)


def _wordiest(elements: Iterable[Any]) -> Any | None:
    """Return the element whose text has the most words, the first of equals."""
    return max(elements, key=lambda element: count_words(text_line(element)), default=None)


def _find_heading(root: Any) -> Any | None:
    """Return the wordiest heading that is or holds a link, else the wordiest heading.

    Of two within one link the higher one is taken: the lower is the lead.
    """
    linked: list[Any] = []
    others: list[Any] = []
    for heading in islice(root.iter(*HEADINGS), _MAX_PARTS):
        if not count_words(text_line(heading)):
            continue
        if _link_of_heading(heading, root) is not None:
            linked.append(heading)
        else:
            others.append(heading)

    if linked:
        return _highest_of_link(linked, root)
    return _wordiest(others)


def _highest_of_link(headings: list[Any], root: Any) -> Any:
    """Return the wordiest heading, or one of at least three words above it in its link."""
    best = max(headings, key=lambda heading: count_words(text_line(heading)))
    link = _link_of_heading(best, root)
    for heading in headings:
        if heading.tag >= best.tag or count_words(text_line(heading)) < _LEAST_WORDS:
            continue
        if _link_of_heading(heading, root) is link:
            best = heading
    return best


def _link_of_heading(heading: Any, root: Any) -> Any | None:
    """Return the link inside a heading, or around it within the item; None without one."""
    for link in islice(heading.iter("a"), _MAX_PARTS):
        if link.get("href"):
            return link
    if heading is root:
        return None

    for outer in islice(heading.iterancestors(), _MAX_DISTANCE):
        if outer.tag == "a" and outer.get("href"):
            return outer
        if outer is root:
            break
    return None


def _choose_link(links: list[_Link], heading: Any | None) -> _Link | None:
    """Return the heading's own link, else the one with the most words, else the first."""
    if heading is not None:
        inside_or_around = {
            *heading.iter("a"),
            *islice(heading.iterancestors(), _MAX_DISTANCE),
        }
        for link in links:
            if link.element in inside_or_around:
                return link
    return max(links, key=lambda link: count_words(_link_text(link.element)), default=None)


def _link_spot(link: _Link | None) -> ElementValue | None:
    if link is None:
        return None
    return ElementValue(link.element.get("href").strip(), link.element, "href")


def _link_text(link: Any) -> str:
    """Return the text of a link, "" if it only says that there is more."""
    text = text_line(link)
    return "" if is_read_more(text) else text


def _title_candidates(
    root: Any, links: list[_Link], link: _Link | None, heading: Any | None
) -> Iterator[ElementValue]:
    """Yield the texts that may be the item's title, best first."""
    title_links: list[Any] = []
    if link is not None:
        title_links = [other.element for other in links if other.url == link.url]
    visible = _visible_titles(root, title_links, heading)
    labels: list[ElementValue] = []
    for element in title_links:
        labels.extend(_attribute_texts(element, "title", "aria-label"))

    # Lists cut long titles ("The minister said…"); the attribute has them in full.
    if visible:
        for label in labels:
            if _is_full_form(label.value, visible[0].value):
                yield label

    yield from visible
    yield from labels
    for picture in islice(root.iter("img"), _MAX_PARTS):
        yield from _attribute_texts(picture, "alt")


def _visible_titles(root: Any, title_links: list[Any], heading: Any | None) -> list[ElementValue]:
    """Return the linked heading, what has a title's class, the link's text, any heading."""
    elements = []
    if heading is not None and _link_of_heading(heading, root) is not None:
        elements.append(heading)
    elements.append(_titled_element(root))
    if title_links:
        wordiest = max(title_links, key=lambda link: count_words(_link_text(link)))
        elements.append(_wordiest_part(wordiest))
    elements.append(heading)

    titles = []
    for element in dict.fromkeys(elements):  # the heading may be there twice
        if element is None:
            continue
        text = text_line(element)
        if count_words(text) and len(text) <= LONGEST_TITLE_CHARACTERS:
            titles.append(ElementValue(text, element))

    if title_links and all(names_only_link(title.value) for title in titles):
        unlinked = find_unlinked_title(root, title_links[0])
        if unlinked is not None:
            titles.insert(0, unlinked)
    return titles


def _is_full_form(whole: str, cut: str) -> bool:
    """Tell whether `cut` is the beginning of `whole` with an ellipsis."""
    if not cut.endswith(_ELLIPSES):
        return False
    stem = cut.rstrip(".…").rstrip()
    return 0 < len(stem) < len(whole) and whole.startswith(stem)


def _wordiest_part(link: Any) -> Any | None:
    """Return the wordiest part of a link that is no date, since it may hold a whole card.

    The link itself if it has no parts, None if it says nothing.
    """
    if not _link_text(link):
        return None

    blocks = list(filter(_is_innermost_block, islice(link.iter(*_BLOCKS), _MAX_PARTS)))
    if not blocks:
        blocks = _lines_of_card(link)
    parts = list(filterfalse(_is_date, blocks))
    if not parts:
        return link
    return _wordiest(parts)


def _is_innermost_block(block: Any) -> bool:
    return next(block.iterchildren(*_BLOCKS), None) is None


def _is_date(element: Any) -> bool:
    return is_date_element(element) or bool(byline_dates.find_dates(text_line(element)))


def _lines_of_card(link: Any) -> list[Any]:
    """Return the children of a link if all of its text is in two or more of them."""
    parts: list[Any] = []
    outside = link.text or ""
    for child in islice(link, _MAX_PARTS):
        outside += child.tail or ""
        if isinstance(child.tag, str) and text_line(child):
            parts.append(child)

    if len(parts) < 2 or any(map(str.isalnum, outside)):
        return []
    return parts


def _titled_element(root: Any) -> Any | None:
    """Return the wordiest of the innermost elements that have the class of a title."""
    inside = islice(elements_of(root), 1, None)  # without the item itself
    titled = list(islice(filter(_has_title_class, inside), _MAX_PARTS))
    outer: set[Any] = set()
    for element in titled:
        outer.update(islice(element.iterancestors(), _MAX_DISTANCE))
    return _wordiest(element for element in titled if element not in outer)


def _has_title_class(element: Any) -> bool:
    words = class_words(element)
    return not words.isdisjoint(class_names.TITLE) and words.isdisjoint(class_names.NO_TITLE)


def _attribute_texts(element: Any, *names: str) -> Iterator[ElementValue]:
    for name in names:
        value = " ".join(element.get(name, "")[:LONGEST_CHARACTERS].split())
        if count_words(value) and not is_read_more(value):
            yield ElementValue(value, element, name)


def _find_summary(
    root: Any, titles: tuple[ElementValue, ...], published: tuple[ElementValue, ...]
) -> ElementValue | None:
    """Return the element that has the class of a summary, else the first paragraph.

    Elements that hold the title or a date, or are held by them, do not count.
    """
    taken = (*titles[:1], *published)
    taken_texts = {spot.value for spot in taken}
    elements = list(_free_elements(root, taken))
    summaries = filter(_has_summary_class, elements)
    paragraphs = (element for element in elements if element.tag == "p")

    candidates = chain(islice(summaries, _MAX_PARTS), islice(paragraphs, _MAX_PARTS))
    for element in candidates:
        text = text_line(element)
        if count_words(text) >= _LEAST_WORDS and text not in taken_texts:
            return ElementValue(text, element)
    return None


def _has_summary_class(element: Any) -> bool:
    if element.tag == "a":
        return False
    return not class_words(element).isdisjoint(class_names.SUMMARY)


def _free_elements(root: Any, taken: Iterable[ElementValue]) -> Iterator[Any]:
    """Yield the elements that are no date and neither inside nor around what is taken."""
    related: set[Any] = set()
    for spot in taken:
        related.update(islice(spot.element.iter(), MAX_ELEMENTS))
        related.update(islice(spot.element.iterancestors(), _MAX_DISTANCE))

    for element in elements_of(root):
        if element not in related and not is_date_element(element):
            yield element


def _find_image(item: Document) -> ElementValue | None:
    """Return the first image that is no avatar or icon."""
    for element in islice(item.root.iter("img", "amp-img"), _MAX_PARTS):
        if not class_words(element).isdisjoint(class_names.NO_PICTURE):
            continue
        url = media.find_image_url(element, item.base_url)
        if url and url.startswith("http"):
            return _image_spot(element, url, item.base_url)
    return None


def _image_spot(element: Any, url: str, base: str) -> ElementValue:
    """Return an image with the attribute that holds its URL.

    Where no attribute holds it alone, it is one of the URLs of `srcset`.
    """
    for name, value in element.items():
        if media.absolute_image_url(value, base) == url:
            return ElementValue(value.strip(), element, name)
    return ElementValue(url, element, "srcset")

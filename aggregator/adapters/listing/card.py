"""Reads one item of a list without rules: its title, link, date, summary and image.

The link is the one that carries the title. Texts like "read more" are no title.
Everything is taken from within the item, together with the element that holds it.
The number of elements that are looked at is limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, filterfalse, islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import says_more, words_of
from aggregator.adapters.listing.card_date import MAX_ELEMENTS, Reader, Spot, elements_of, is_dated
from aggregator.normalize.html import media
from aggregator.normalize.text import weight
from aggregator.normalize.url import absolute, key
from aggregator.rules.document import pieces

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

    titles: tuple[Spot, ...] = ()
    link: Spot | None = None
    published: tuple[Spot, ...] = ()
    summary: Spot | None = None
    image: Spot | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of an item and the absolute URL that it leads to."""

    element: Any
    url: str


def read(item: Document, dates: Reader) -> Card:
    """Read one item of a page."""
    links = list(_links(item))
    heading = _find_heading(item.root)
    link = _choose_link(links, heading)
    titles = tuple(_title_candidates(item.root, links, link, heading))
    title_element = titles[0].element if titles else None
    published = tuple(dates.find_dates(item.root, title=title_element))
    summary = _find_summary(item.root, titles, published)
    return Card(titles, _link_spot(link), published, summary, _find_image(item))


def line(element: Any) -> str:
    """Return the text of an element in one line, at most 2,000 characters of it."""
    parts: list[str] = []
    length = 0
    for piece in islice(pieces(element), MAX_ELEMENTS):
        part = piece[:LONGEST_CHARACTERS]
        parts.append(part)
        length += len(part)
        if length > LONGEST_CHARACTERS:
            break
    return " ".join("".join(parts).split())[:LONGEST_CHARACTERS]


def _links(item: Document) -> Iterator[_Link]:
    """Yield the links of an item that lead to another page."""
    this_page = key(item.url or "")
    for element in islice(item.root.iter("a"), _MAX_PARTS):
        url = absolute(element.get("href", ""), base=item.home)
        if url and key(url) != this_page:
            yield _Link(element, url)


def _wordiest(elements: Iterable[Any]) -> Any | None:
    """Return the element whose text has the most words, the first of equals."""
    return max(elements, key=lambda element: weight(line(element)), default=None)


def _find_heading(root: Any) -> Any | None:
    """Return the wordiest heading that is or holds a link, else the wordiest heading.

    Of two within one link the higher one is taken: the lower is the lead.
    """
    linked: list[Any] = []
    others: list[Any] = []
    for heading in islice(root.iter(*HEADINGS), _MAX_PARTS):
        if not weight(line(heading)):
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
    best = max(headings, key=lambda heading: weight(line(heading)))
    link = _link_of_heading(best, root)
    for heading in headings:
        if heading.tag >= best.tag or weight(line(heading)) < _LEAST_WORDS:
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
    return max(links, key=lambda link: weight(_link_text(link.element)), default=None)


def _link_spot(link: _Link | None) -> Spot | None:
    if link is None:
        return None
    return Spot(link.element.get("href").strip(), link.element, "href")


def _link_text(link: Any) -> str:
    """Return the text of a link, "" if it only says that there is more."""
    text = line(link)
    return "" if says_more(text) else text


def _title_candidates(
    root: Any, links: list[_Link], link: _Link | None, heading: Any | None
) -> Iterator[Spot]:
    """Yield the texts that may be the item's title, best first."""
    title_links: list[Any] = []
    if link is not None:
        title_links = [other.element for other in links if other.url == link.url]
    visible = _visible_titles(root, title_links, heading)
    labels: list[Spot] = []
    for element in title_links:
        labels.extend(_attribute_texts(element, "title", "aria-label"))

    # Lists cut long titles ("The minister said…"); the attribute has them in full.
    if visible:
        for label in labels:
            if _completes(label.value, visible[0].value):
                yield label

    yield from visible
    yield from labels
    for picture in islice(root.iter("img"), _MAX_PARTS):
        yield from _attribute_texts(picture, "alt")


def _visible_titles(root: Any, title_links: list[Any], heading: Any | None) -> list[Spot]:
    """Return the linked heading, what has a title's class, the link's text, any heading."""
    elements = []
    if heading is not None and _link_of_heading(heading, root) is not None:
        elements.append(heading)
    elements.append(_titled_element(root))
    if title_links:
        wordiest = max(title_links, key=lambda link: weight(_link_text(link)))
        elements.append(_wordiest_part(wordiest))
    elements.append(heading)

    titles = []
    for element in dict.fromkeys(elements):  # the heading may be there twice
        if element is None:
            continue
        text = line(element)
        if weight(text) and len(text) <= LONGEST_TITLE_CHARACTERS:
            titles.append(Spot(text, element))
    return titles


def _completes(whole: str, cut: str) -> bool:
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
    return is_dated(element) or bool(byline_dates.dates_in(line(element)))


def _lines_of_card(link: Any) -> list[Any]:
    """Return the children of a link if all of its text is in two or more of them."""
    parts: list[Any] = []
    outside = link.text or ""
    for child in islice(link, _MAX_PARTS):
        outside += child.tail or ""
        if isinstance(child.tag, str) and line(child):
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
    words = words_of(element)
    return not words.isdisjoint(class_names.TITLE) and words.isdisjoint(class_names.NO_TITLE)


def _attribute_texts(element: Any, *names: str) -> Iterator[Spot]:
    for name in names:
        value = " ".join(element.get(name, "")[:LONGEST_CHARACTERS].split())
        if weight(value) and not says_more(value):
            yield Spot(value, element, name)


def _find_summary(root: Any, titles: tuple[Spot, ...], published: tuple[Spot, ...]) -> Spot | None:
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
        text = line(element)
        if weight(text) >= _LEAST_WORDS and text not in taken_texts:
            return Spot(text, element)
    return None


def _has_summary_class(element: Any) -> bool:
    if element.tag == "a":
        return False
    return not words_of(element).isdisjoint(class_names.SUMMARY)


def _free_elements(root: Any, taken: Iterable[Spot]) -> Iterator[Any]:
    """Yield the elements that are no date and neither inside nor around what is taken."""
    related: set[Any] = set()
    for spot in taken:
        related.update(islice(spot.element.iter(), MAX_ELEMENTS))
        related.update(islice(spot.element.iterancestors(), _MAX_DISTANCE))

    for element in elements_of(root):
        if element not in related and not is_dated(element):
            yield element


def _find_image(item: Document) -> Spot | None:
    """Return the first image that is no avatar or icon."""
    for element in islice(item.root.iter("img", "amp-img"), _MAX_PARTS):
        if not words_of(element).isdisjoint(class_names.NO_PICTURE):
            continue
        url = media.image_address(element, item.home)
        if url and url.startswith("http"):
            return _image_spot(element, url, item.home)
    return None


def _image_spot(element: Any, url: str, base: str) -> Spot:
    """Return an image with the attribute that holds its URL.

    Where no attribute holds it alone, it is one of the URLs of `srcset`.
    """
    for name, value in element.items():
        if media.absolute_image(value, base) == url:
            return Spot(value.strip(), element, name)
    return Spot(url, element, "srcset")

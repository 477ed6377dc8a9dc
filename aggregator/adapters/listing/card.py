"""What one item of a list says without rules: its title, its link, its date, its lead, its picture.

Rule: the link is the one that carries the title; words that say no more than "read more" are no title. Everything is
taken from within the item, with the element it was found in, and what an item may cost is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import says_more, words_of
from aggregator.adapters.listing.card_date import MAX_ELEMENTS, Reader, Spot, is_dated
from aggregator.normalize.html import media
from aggregator.normalize.text import weight
from aggregator.normalize.url import absolute, key
from aggregator.rules.document import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.rules.document import Document

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LONGEST_TITLE_CHARACTERS = 300  # a link around a whole card holds its lead too
LONGEST_CHARACTERS = 2_000  # of any text of an item
_MANY = 40  # links, headings, paragraphs of one item: an item with more is none
_AROUND = 12  # elements between a heading and the link around it
_BLOCKS = ("p", "div", "section", "li", "dt", "dd", *HEADINGS)
_LEAD_WORDS = 3


@dataclass(frozen=True, slots=True)
class Card:
    """What was found in an item, each best first."""

    titles: tuple[Spot, ...] = ()
    link: Spot | None = None
    published: tuple[Spot, ...] = ()
    summary: Spot | None = None
    image: Spot | None = None


def read(item: Document, dates: Reader) -> Card:
    """Look at one item of a page."""
    links = list(_links(item))
    heading = _heading(item.root)
    link = _link(links, heading)
    titles = tuple(_titles(item.root, links, link, heading))
    published = tuple(dates.published(item.root, besides=titles[0].element if titles else None))
    return Card(titles, link, published, _summary(item.root, titles, published), _image(item))


def line(element: Any) -> str:
    """The text of an element in one line, at most 2,000 characters of it."""
    words: list[str] = []
    length = 0
    for piece in islice(pieces(element), MAX_ELEMENTS):
        words.append(piece[:LONGEST_CHARACTERS])
        length += len(words[-1])
        if length > LONGEST_CHARACTERS:
            break
    return " ".join("".join(words).split())[:LONGEST_CHARACTERS]


def _links(item: Document) -> Iterator[tuple[Any, str]]:
    """Yield the links of an item that lead to another page, each with the address it leads to."""
    own = key(item.url or "")
    for element in islice(item.root.iter("a"), _MANY):
        address = absolute(element.get("href") or "", base=item.home)
        if address and key(address) != own:
            yield element, address


def _heading(root: Any) -> Any | None:
    """The heading that is or holds a link, else the one that says most; the first of equals.

    Of two within one link the higher one: what stands below a title is its lead.
    """
    found = [element for element in islice(root.iter(*HEADINGS), _MANY) if weight(line(element))]
    best = max(
        found, key=lambda one: (_linked(one, root) is not None, weight(line(one))), default=None
    )
    link = None if best is None else _linked(best, root)
    rivals = [
        one
        for one in found
        if link is not None and weight(line(one)) >= _LEAD_WORDS and _linked(one, root) is link
    ]
    return min((best, *rivals), key=lambda one: one.tag) if rivals else best


def _linked(heading: Any, root: Any) -> Any | None:
    """The link inside a heading, or around it and still in the item."""
    inside = next((link for link in islice(heading.iter("a"), _MANY) if link.get("href")), None)
    if inside is not None or heading is root:
        return inside
    for above in islice(heading.iterancestors(), _AROUND):
        if above.tag == "a" and above.get("href"):
            return above
        if above is root:
            break
    return None


def _link(links: list[tuple[Any, str]], heading: Any | None) -> Spot | None:
    """The heading's own link, else the one that says most, else the first."""
    around = (
        set()
        if heading is None
        else {*heading.iter("a"), *islice(heading.iterancestors(), _AROUND)}
    )
    chosen = next((element for element, _ in links if element in around), None)
    if chosen is None:
        chosen = max(
            (element for element, _ in links), key=lambda one: weight(_label(one)), default=None
        )
    return Spot(chosen.get("href").strip(), chosen, "href") if chosen is not None else None


def _label(link: Any) -> str:
    """What a link says; "" where that is only that there is more."""
    text = line(link)
    return "" if says_more(text) else text


def _titles(
    root: Any, links: list[tuple[Any, str]], link: Spot | None, heading: Any | None
) -> Iterator[Spot]:
    """Yield the linked heading, what is called a title, what the link says, any heading, then what attributes say."""
    address = next(
        (found for element, found in links if link is not None and element is link.element), None
    )
    same = [element for element, found in links if found == address]
    said = max(same, key=lambda one: weight(_label(one)), default=None)
    linked = heading is not None and _linked(heading, root) is not None
    found = (
        heading if linked else None,
        _named(root),
        _said(said) if said is not None else None,
        heading,
    )
    texts = (
        Spot(line(element), element) for element in dict.fromkeys(found) if element is not None
    )
    written = [
        spot for spot in texts if weight(spot.value) and len(spot.value) <= LONGEST_TITLE_CHARACTERS
    ]
    labels = [spot for element in same for spot in _attributes(element, "title", "aria-label")]
    yield from (spot for spot in labels if written and _completes(spot.value, written[0].value))
    yield from (*written, *labels)
    for picture in islice(root.iter("img"), _MANY):
        yield from _attributes(picture, "alt")


def _completes(whole: str, cut: str) -> bool:
    """Tell whether a text says in full what another leaves off with an ellipsis."""
    stem = cut.rstrip(".…").rstrip()
    return (
        stem != cut
        and cut.endswith(("…", "..."))
        and len(whole) > len(stem) > 0
        and whole.startswith(stem)
    )


def _said(link: Any) -> Any | None:
    """The link where it says something, or the part of it that says most: a link may hold a whole card."""
    if not _label(link):
        return None
    blocks = [
        one
        for one in islice(link.iter(*_BLOCKS), _MANY)
        if next(one.iterchildren(*_BLOCKS), None) is None
    ]
    parts = [
        one
        for one in blocks or _parts(link)
        if not (is_dated(one) or byline_dates.dates_in(line(one)))
    ]
    return max(parts, key=lambda one: weight(line(one)), default=link)


def _parts(link: Any) -> list[Any]:
    """The elements that a link is made of, where it writes nothing beside them: lines of a card."""
    parts = [one for one in islice(link, _MANY) if isinstance(one.tag, str) and line(one)]
    beside = "".join((link.text or "", *(one.tail or "" for one in islice(link, _MANY))))
    return parts if len(parts) > 1 and not any(map(str.isalnum, beside)) else []


def _named(root: Any) -> Any | None:
    """The innermost element whose class says that it is a title, of several the one that says most."""
    elements = (
        one
        for one in islice(root.iter(), MAX_ELEMENTS)
        if isinstance(one.tag, str) and one is not root
    )
    named = list(islice((one for one in elements if _is_title(words_of(one))), _MANY))
    outer = {above for one in named for above in islice(one.iterancestors(), _AROUND)}
    inner = [one for one in named if one not in outer and weight(line(one))]
    return max(inner, key=lambda one: weight(line(one)), default=None)


def _is_title(words: frozenset[str]) -> bool:
    return not words.isdisjoint(class_names.TITLE) and words.isdisjoint(class_names.NO_TITLE)


def _attributes(element: Any, *names: str) -> Iterator[Spot]:
    for name in names:
        value = " ".join((element.get(name) or "")[:LONGEST_CHARACTERS].split())
        if weight(value) and not says_more(value):
            yield Spot(value, element, name)


def _summary(root: Any, titles: tuple[Spot, ...], published: tuple[Spot, ...]) -> Spot | None:
    """What is called a summary, else the first paragraph that is neither the title nor the date nor holds them."""
    taken = {
        one
        for spot in (*titles[:1], *published)
        for one in (
            *islice(spot.element.iter(), MAX_ELEMENTS),
            *islice(spot.element.iterancestors(), _AROUND),
        )
    }
    texts = {spot.value for spot in (*titles[:1], *published)}
    elements = [
        one
        for one in islice(root.iter(), MAX_ELEMENTS)
        if isinstance(one.tag, str) and one not in taken
    ]
    elements = [one for one in elements if not is_dated(one)]
    named = (
        one
        for one in elements
        if one.tag != "a" and not words_of(one).isdisjoint(class_names.SUMMARY)
    )
    paragraphs = (one for one in elements if one.tag == "p")
    for element in (*islice(named, _MANY), *islice(paragraphs, _MANY)):
        text = line(element)
        if weight(text) >= _LEAD_WORDS and text not in texts:
            return Spot(text, element)
    return None


def _image(item: Document) -> Spot | None:
    for element in islice(item.root.iter("img", "amp-img"), _MANY):
        if words_of(element).isdisjoint(class_names.NO_PICTURE):
            address = media.image_address(element, item.home)
            if address and address.startswith("http"):
                return _picture(element, address, item.home)
    return None


def _picture(element: Any, address: str, base: str) -> Spot:
    """An image with the attribute that holds its address; `srcset` where that is one of several."""
    for name, value in element.items():
        if media.absolute_image(value, base) == address:
            return Spot(value.strip(), element, name)
    return Spot(address, element, "srcset")

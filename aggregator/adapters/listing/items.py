"""The items of a list, read one by one: what the rules state of each, and what it says itself where they state nothing.

Rule: items are scoped: a selector sees its own item alone. What has no link of its own or no title is rejected by
itself and counted; the same address twice in one list is one item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters.json_document import keys
from aggregator.adapters.listing import card
from aggregator.model import Enclosure, Found, RawEntry, RawImage
from aggregator.normalize.entry import link_of
from aggregator.normalize.html import media
from aggregator.normalize.text import plain, weight
from aggregator.normalize.url import key, same_site
from aggregator.rules import list_items
from aggregator.rules.apply import cut, cut_tags, names_in
from aggregator.rules.compiled import Field
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.adapters.listing.card_date import Reader, Spot
    from aggregator.rules.compiled import Listing
    from aggregator.rules.document import Document, Match
    from aggregator.rules.selector import Selector

MAX_ITEMS = 1_000  # of one page; a JSON document or a sitemap may hold more
LEAST_TITLE_WORDS = 3  # of the half of a list's titles; menus say less
_DEEPEST = 3  # items around an item; what is deeper would cost its depth
_LIST_SEPARATOR = re.compile(r"[,，;；、]\s*")


@dataclass(frozen=True, slots=True)
class Items:
    """The items that were read, a message for each that was not, and how many there were."""

    entries: tuple[RawEntry, ...] = ()
    rejected: tuple[str, ...] = ()
    count: int = 0

    @property
    def worth(self) -> int:
        """How good a list is: its items, those with a date twice."""
        return len(self.entries) + sum(1 for entry in self.entries if entry.published)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the items of a document are read.

    `dates` tells what is a date, `language` is the page's own. `inferred` drops links to other sites: nobody said that
    they belong to the list. Where `linkless`, an item with an id of its own needs no link. With `gaps` an item may fill
    what the rules name and do not find.
    """

    dates: Reader
    language: tuple[Found, ...] = ()
    inferred: bool = False
    linkless: bool = False
    gaps: bool = False


def read(
    document: Document,
    selector: Selector,
    listing: Listing,
    manner: Manner,
    *,
    most: int = MAX_ITEMS,
) -> Items:
    """Read the items that one selector finds, `most` of them."""
    nested = 0 if manner.inferred else _DEEPEST
    found = islice(_shallow(list_items.items(selector, document), nested), most)
    return gathered(
        (_entry(item, f"item {number}", listing, manner) for number, item in enumerate(found, 1)),
        document,
        manner,
    )


def objects(
    data: Iterable[Any], document: Document, listing: Listing, manner: Manner, *, kind: str = "json"
) -> Iterator[RawEntry]:
    """Read decoded objects as items of a document; `kind` begins the provenance of what their names tell."""
    for number, one in enumerate(data, 1):
        yield _entry(document.item(data=one), f"item {number}", listing, manner, kind=kind)


def gathered(raw: Iterable[RawEntry], document: Document, manner: Manner) -> Items:
    """Part the usable items from the others, and make one item of those that lead to one address."""
    kept: dict[str, RawEntry] = {}
    rejected: list[str] = []
    count = 0
    own = key(document.url or "")
    for entry in raw:
        count += 1
        address, _ = link_of(entry)
        name = (
            key(address)
            if address
            else f"id {entry.guid.value}"
            if entry.guid and manner.linkless
            else None
        )
        if (name is None or name == own) and manner.inferred:
            continue  # nobody said that it is an item
        if name is None or name == own:
            rejected.append(f"{entry.item}: no link of its own")
        elif not any(plain(found.value) for found in entry.title):
            rejected.append(f"{entry.item}: no title")
        elif not manner.inferred or same_site(address or "", document.url or ""):
            kept[name] = _joined(kept[name], entry) if name in kept else entry
    return Items(tuple(kept.values()), tuple(rejected), count)


def are_articles(entries: Sequence[RawEntry]) -> bool:
    """Tell a list of articles from a menu: half of them are dated, or their titles have three words (`weight`)."""
    dated = sum(1 for entry in entries if entry.published)
    return len(entries) > 1 and (
        2 * dated >= len(entries) or median(map(_title_words, entries)) >= LEAST_TITLE_WORDS
    )


def _title_words(entry: RawEntry) -> float:
    return weight(plain(entry.title[0].value)) if entry.title else 0


def stated(item: Document, listing: Listing) -> RawEntry:
    """Read what the rules of a list state of an item; every candidate in order, the first valid one wins later."""
    title, fields = listing.field("title"), listing.field
    titles = [Found(escape_tags(cut(text, title)), where) for text, where in _texts(item, title)]
    tags = (tag for text, _ in islice(_texts(item, title), 1) for tag in cut_tags(text, title))
    agencies = fields("credits")
    return RawEntry(
        item="",
        url=tuple(
            Found(address_of(match), _where(match, one))
            for match, one in _matches(item, fields("url"))
        ),
        guid=next((Found(text, where) for text, where in _texts(item, fields("guid"))), None),
        title=tuple(titles),
        summary=tuple(
            Found(_written(match), _where(match, one))
            for match, one in _matches(item, fields("summary"))
        ),
        content=tuple(
            Found(_html(match), _where(match, one))
            for match, one in _matches(item, fields("content"))
        ),
        published=tuple(Found(text, where) for text, where in _texts(item, fields("published"))),
        updated=tuple(Found(text, where) for text, where in _texts(item, fields("updated"))),
        authors=tuple(Found(text, where) for text, where in _first(item, fields("authors"))),
        tags=(*(Found(tag, "title") for tag in tags), *_tags(item, fields("tags"))),
        credits=tuple(
            Found(name, where)
            for text, where in _texts(item, agencies)
            for name in names_in(text, agencies)
        ),
        language=tuple(Found(text, where) for text, where in _texts(item, fields("language"))),
        images=tuple(_images(item, fields("image"))),
        enclosures=tuple(Enclosure(text) for text, _ in _texts(item, fields("enclosures"))),
    )


def escape_tags(text: str) -> str:
    """Keep what looks like a tag in a plain text from being taken for one."""
    return escape(text, quote=False) if "<" in text else text


def address_of(match: Match) -> str:
    """The address that a match is: of a link, where the rules find the link itself, the one it leads to."""
    if match.element is not None and match.element.tag in ("a", "link") and _is_text(match):
        return (match.element.get("href") or "").strip() or match.value
    return match.value


def _entry(
    item: Document, name: str, listing: Listing, manner: Manner, *, kind: str = "json"
) -> RawEntry:
    """One item: the rules' values, and of every field that they do not mention what the item says itself."""
    own = (
        keys.entry(item.data, kind=kind)
        if item.data is not None
        else _of_card(card.read(item, manner.dates))
    )
    said = stated(item, listing)
    filled = {
        attribute: getattr(own, attribute)
        for field, attribute in _ATTRIBUTES.items()
        if not getattr(said, attribute) and (manner.gaps or not listing.field(field).candidates)
    }
    entry = replace(said, item=name, base=item.home or None, **filled)
    return replace(entry, language=(*entry.language, *_language(item), *manner.language))


_ATTRIBUTES = {
    "title": "title",
    "url": "url",
    "guid": "guid",
    "summary": "summary",
    "content": "content",
    "published": "published",
    "updated": "updated",
    "authors": "authors",
    "tags": "tags",
    "language": "language",
    "image": "images",
    "enclosures": "enclosures",
}


def _of_card(found: card.Card) -> RawEntry:
    image = found.image
    titles: dict[str, Spot] = {}
    for spot in found.titles:
        titles.setdefault(spot.value, spot)
    return RawEntry(
        item="",
        url=_spots([found.link] if found.link else []),
        title=tuple(Found(escape_tags(value), spot.where) for value, spot in titles.items())[:3],
        summary=tuple(
            Found(escape_tags(spot.value), spot.where) for spot in [found.summary] if spot
        ),
        published=_spots(found.published[:3]),
        images=(RawImage(image.value, image.where, alt=image.element.get("alt")),) if image else (),
    )


def _spots(spots: Iterable[Spot]) -> tuple[Found, ...]:
    return tuple(Found(spot.value, spot.where) for spot in spots)


def _language(item: Document) -> Iterator[Found]:
    stated = item.root.get("lang") or item.root.get("xml:lang")
    if stated and item.data is None:
        yield Found(stated, "listing:@lang")


def _shallow(items: Iterable[Document], deepest: int) -> Iterator[Document]:
    """Leave out items inside items inside items: each would be read again with all around it."""
    seen: set[Any] = set()
    for item in items:
        if item.data is None:
            around = sum(1 for above in item.root.iterancestors() if above in seen)
            if around > deepest:
                continue
            seen.add(item.root)
        yield item


def _joined(first: RawEntry, again: RawEntry) -> RawEntry:
    """One item of two that lead to one address: what the first lacks the other gives; a text beats a picture's."""
    pictured = first.title[0].where.endswith("@alt")
    titles = (*again.title, *first.title) if pictured else first.title
    lacking = (
        "summary",
        "content",
        "published",
        "updated",
        "authors",
        "tags",
        "images",
        "enclosures",
    )
    more = {name: getattr(again, name) for name in lacking if not getattr(first, name)}
    return replace(first, title=titles, **more)


def _matches(item: Document, field: Field) -> Iterator[tuple[Match, Selector]]:
    for selector, _ in field.candidates:
        yield from ((match, selector) for match in selector(item))


def _texts(item: Document, field: Field) -> Iterator[tuple[str, str]]:
    yield from ((match.value, _where(match, selector)) for match, selector in _matches(item, field))


def _first(item: Document, field: Field) -> list[tuple[str, str]]:
    """What the first candidate that finds anything finds."""
    for candidate in field.candidates:
        if found := list(_texts(item, Field(candidates=(candidate,)))):
            return found
    return []


def _tags(item: Document, field: Field) -> Iterator[Found]:
    for text, where in _first(item, field):
        parts = _LIST_SEPARATOR.split(text) if where.startswith("meta:") else [text]
        yield from (Found(part, where) for part in parts if part.strip())


def _images(item: Document, field: Field) -> Iterator[RawImage]:
    """Yield the pictures: an address that the rules find, or, where they find the picture itself, its real address."""
    caption = next((match.value for selector in field.caption for match in selector(item)), None)
    for selector, _ in field.candidates:
        for match in selector(item):
            alt = match.element.get("alt") if match.element is not None else None
            yield RawImage(match.value, _where(match, selector), caption=caption, alt=alt)
        for element in islice(selector.elements(item), 1) if "@" not in selector.source else ():
            if element.tag == "img" and (address := media.image_address(element, item.home)):
                yield RawImage(
                    address, f"listing:{selector.source}", caption=caption, alt=element.get("alt")
                )


def _where(match: Match, selector: Selector) -> str:
    """Name what was looked for: of a match in an item that is steadier than the way to it."""
    return match.where if match.element is None else f"listing:{selector.source}"


def _is_text(match: Match) -> bool:
    """Tell whether a match is what an element says, not one of its attributes."""
    return match.element is not None and match.value == text_of(match.element).strip()


def _written(match: Match) -> str:
    return escape_tags(match.value) if match.element is not None else match.value


def _html(match: Match) -> str:
    """The HTML inside an element that the rules find; what they find in an attribute or in JSON is HTML already."""
    if not _is_text(match):
        return match.value
    element = match.element
    inside = (etree.tostring(child, encoding="unicode", method="html") for child in element)
    return (escape(element.text or "", quote=False) + "".join(inside)).strip()

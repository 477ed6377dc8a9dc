"""Reads each item of a list: by the rules first, then by its own markup for fields that no rule names.

An item is scoped: a selector sees its own item alone. An item without a link of its
own or without a title is rejected and counted. Items with the same URL become one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

from aggregator.adapters.json_document import keys
from aggregator.adapters.listing import card, yearless
from aggregator.adapters.listing.card_date import elements_of
from aggregator.adapters.listing.rule_fields import escape_tags, read_rule_fields
from aggregator.config.words import entry_field
from aggregator.model import Candidate, RawEntry, RawImage, Rejection
from aggregator.normalize.entry import choose_link
from aggregator.normalize.text import count_words, plain_text
from aggregator.normalize.url import document_key, page_key, same_site
from aggregator.rules import list_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from aggregator.adapters.listing.card_date import DateReader, ElementValue
    from aggregator.rules.compiled import CompiledListing
    from aggregator.rules.document import Document
    from aggregator.rules.selector import Selector

MAX_ITEMS = 1_000  # of one page; a JSON document or a sitemap may hold more
MIN_TITLE_WORDS = 3  # in half of a list's titles; menus have fewer
_MAX_NESTING = 3  # items around an item; each is read with all items inside it
_MAX_OWN_VALUES = 3  # titles and dates that an item may give without rules

# The fields that an item can fill without rules, by their keys in the rules.
_OWN_FIELDS = (
    "title",
    "url",
    "guid",
    "summary",
    "content",
    "published",
    "updated",
    "authors",
    "tags",
    "language",
    "image",
    "enclosures",
)

# What an item takes over from another item with the same URL.
_MERGED_FIELDS = (
    "summary",
    "content_html",
    "published",
    "updated",
    "authors",
    "tags",
    "image",
    "enclosures",
)


@dataclass(frozen=True, slots=True)
class ListItems:
    """The usable items, the rejected ones, and how many there were."""

    entries: tuple[RawEntry, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    count: int = 0

    @property
    def score(self) -> int:
        """How good a list is: its items, those with a date twice."""
        return len(self.entries) + _count_dated(self.entries)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the items of a document are read.

    `date_reader` tells what is a date, `language` is the page's own. `is_inferred` means
    that no rule says what the items are: links to other sites are dropped. With
    `allow_linkless`, an item that has an id needs no link; the items of `linkless_labels`
    need neither, and the links of `place_labels` may lead to a place in the page itself.
    With `fill_gaps`, an item may also fill fields that the rules name but do not find.
    `slug_base` is what comes before the slug of an object without a link, None if that is
    not known.
    """

    date_reader: DateReader
    language: tuple[Candidate, ...] = ()
    is_inferred: bool = False
    allow_linkless: bool = False
    linkless_labels: frozenset[str] = frozenset()
    place_labels: frozenset[str] = frozenset()
    fill_gaps: bool = False
    slug_base: str | None = None


def read(
    document: Document,
    selector: Selector,
    listing: CompiledListing,
    options: ReadOptions,
    *,
    limit: int = MAX_ITEMS,
) -> ListItems:
    """Read the items that a selector finds, at most `limit` of them."""
    nesting = 0 if options.is_inferred else _MAX_NESTING
    found = _without_deep_items(list_items.find_items(selector, document), nesting)
    scoped = list(islice(found, limit))
    entries = _complete_years(tuple(_entries(scoped, listing, options)), scoped, options)

    if not options.is_inferred:
        options = replace(options, place_labels=_find_places(entries, scoped))
        if not listing.field("url").candidates:
            options = replace(options, linkless_labels=_find_linkless(entries))
    return collect_usable(entries, document, options)


def read_objects(
    data: Iterable[Any],
    document: Document,
    listing: CompiledListing,
    options: ReadOptions,
    *,
    kind: str = "json",
) -> Iterator[RawEntry]:
    """Read decoded objects as items of a document.

    `kind` begins the provenance of values that are found by the objects' own names.
    """
    found = (document.item(data=one) for one in data)
    return _entries(found, listing, options, kind=kind)


def collect_usable(raw: Iterable[RawEntry], document: Document, options: ReadOptions) -> ListItems:
    """Keep the usable items of a list, one for each URL that they lead to.

    An item without a link or title is rejected and counted, so that a rule that has
    stopped working shows. In an inferred list nobody promised that every part is an
    item: a part without a link of its own, or with a link to another site, is skipped.
    """
    this_page = document_key(document.url or "")
    usable: dict[str, RawEntry] = {}
    rejected: list[Rejection] = []
    count = 0

    for entry in raw:
        count += 1
        url, _ = choose_link(entry)
        item_key = _item_key(entry, url, options)

        # A place in this page (`#contact`) is in its menu, unless it is the item's own.
        leads_here = url is not None and document_key(url) == this_page
        if entry.label in options.place_labels:
            leads_here = False
        if item_key is None or leads_here:
            if not options.is_inferred:
                rejected.append(Rejection(entry.label, "no link of its own"))
            continue
        if not _has_title(entry, options):
            rejected.append(Rejection(entry.label, "no title"))
            continue
        if options.is_inferred and not same_site(url or "", document.url or ""):
            continue

        if item_key in usable:
            usable[item_key] = _merge_items(usable[item_key], entry)
        else:
            usable[item_key] = replace(entry, position=len(usable))
    return ListItems(tuple(usable.values()), tuple(rejected), count)


def _has_title(entry: RawEntry, options: ReadOptions) -> bool:
    """Tell whether an item has a title; of items without links the text can stand for it."""
    texts = entry.title
    if entry.label in options.linkless_labels:
        texts = (*entry.title, *entry.content_html, *entry.summary)
    return any(plain_text(text.value) for text in texts)


def are_articles(entries: Sequence[RawEntry]) -> bool:
    """Tell a list of articles from a menu.

    Half of its items are dated, or the median of its titles has three words.
    """
    if len(entries) < 2:
        return False
    if 2 * _count_dated(entries) >= len(entries):
        return True
    return median(map(_title_words, entries)) >= MIN_TITLE_WORDS


def _count_dated(entries: Iterable[RawEntry]) -> int:
    return sum(1 for entry in entries if entry.published)


def _title_words(entry: RawEntry) -> float:
    if not entry.title:
        return 0
    return count_words(plain_text(entry.title[0].value))


def _item_key(entry: RawEntry, url: str | None, manner: ReadOptions) -> str | None:
    """Return what tells an item from the others of its list, None where nothing does.

    Where nobody says what the items are, links to one page are one item (its title, its remarks).
    """
    if url and manner.is_inferred:
        return document_key(url)
    if url:
        return page_key(url)
    if entry.guid and manner.allow_linkless:
        return f"id {entry.guid.value}"
    if entry.label in manner.linkless_labels:
        return _text_key(entry)
    return None


def _find_linkless(entries: Sequence[RawEntry]) -> frozenset[str]:
    """Return the labels of the items that may go without a link.

    Where some items have links, one without is an advertisement, unless it is dated.
    """
    is_linked = any(entry.url for entry in entries)
    labels = set()
    for entry in entries:
        if entry.url or not (entry.title or entry.content_html):
            continue
        if entry.published or not is_linked:
            labels.add(entry.label)
    return frozenset(labels)


def _text_key(entry: RawEntry) -> str:
    """Return what identifies an item without link and id: its date and its first text."""
    texts = (*entry.title, *entry.content_html, *entry.summary)
    dates = [stated.value for stated in entry.published[:1]]
    return "\n".join(("text", *dates, *(text.value for text in texts[:1])))


def _find_places(entries: Sequence[RawEntry], scoped: Sequence[Document]) -> frozenset[str]:
    """Return the labels of the items whose links name a place within the item itself."""
    labels = set()
    for entry, item in zip(entries, scoped, strict=True):
        if item.data is not None:
            continue
        url, _ = choose_link(entry)
        place = (url or "").partition("#")[2]
        if place and _has_place(item.root, place):
            labels.add(entry.label)
    return frozenset(labels)


def _has_place(root: Any, name: str) -> bool:
    return any(element.get("id") == name for element in elements_of(root))


def _complete_years(
    entries: tuple[RawEntry, ...], scoped: Sequence[Document], options: ReadOptions
) -> tuple[RawEntry, ...]:
    """Give dates without a year their years, by the year above an item and its neighbours."""
    reader = options.date_reader

    def read_dated(text: str) -> date | None:
        found = reader.read(text)
        return found.value.date() if found else None

    years_above = []
    for item in scoped:
        years_above.append(yearless.find_year_above(item.root) if item.data is None else None)
    return yearless.complete_years(
        entries,
        years_above,
        today=reader.taken.date(),
        read_dated=read_dated,
        read_yearless=reader.read_day,
    )


def _merge_items(first: RawEntry, again: RawEntry) -> RawEntry:
    """Make one item of two with the same URL: the second fills the gaps of the first.

    A title that is only the description of a picture comes after the other's titles.
    """
    titles = first.title
    if titles[0].where.endswith("@alt"):
        titles = (*again.title, *first.title)

    missing = [name for name in _MERGED_FIELDS if not getattr(first, name)]
    added = {name: getattr(again, name) for name in missing}
    return replace(first, title=titles, **added)


def _without_deep_items(items: Iterable[Document], most: int) -> Iterator[Document]:
    """Leave out items with more than `most` items around them.

    Each would be read again with every item around it.
    """
    roots: set[Any] = set()
    for item in items:
        if item.data is None:
            around = sum(1 for outer in item.root.iterancestors() if outer in roots)
            if around > most:
                continue
            roots.add(item.root)
        yield item


def _entries(
    items: Iterable[Document], listing: CompiledListing, manner: ReadOptions, *, kind: str = "json"
) -> Iterator[RawEntry]:
    for number, item in enumerate(items, 1):
        yield _entry(item, f"item {number}", listing, manner, kind=kind)


def _entry(
    item: Document, name: str, listing: CompiledListing, manner: ReadOptions, *, kind: str
) -> RawEntry:
    """Return the values of one item: the rules', and its own for what no rule names."""
    if item.data is not None:
        own = keys.read_entry(item.data, kind=kind, slug_base=manner.slug_base)
        languages = manner.language
    else:
        own = _entry_of_card(card.read(item, manner.date_reader))
        languages = (*_stated_language(item), *manner.language)

    entry = read_rule_fields(item, listing)
    filled: dict[str, Any] = {}
    for key in _OWN_FIELDS:
        field = entry_field(key)
        has_rule = bool(listing.field(key).candidates)
        if not getattr(entry, field) and (manner.fill_gaps or not has_rule):
            filled[field] = getattr(own, field)

    entry = replace(entry, label=name, base_url=item.base_url or None, **filled)
    return replace(entry, language=(*entry.language, *languages))


def _entry_of_card(item_card: card.Card) -> RawEntry:
    """Return what an item says without rules, in the form of an entry."""
    titles: dict[str, Candidate] = {}
    for spot in item_card.titles:
        titles.setdefault(spot.value, Candidate(escape_tags(spot.value), spot.where))

    summary: tuple[Candidate, ...] = ()
    if item_card.summary is not None:
        spot = item_card.summary
        summary = (Candidate(escape_tags(spot.value), spot.where),)
    images: tuple[RawImage, ...] = ()
    if item_card.image is not None:
        spot = item_card.image
        images = (RawImage(spot.value, spot.where, alt=spot.element.get("alt")),)

    return RawEntry(
        label="",
        url=_spot_values([item_card.link] if item_card.link else []),
        title=tuple(titles.values())[:_MAX_OWN_VALUES],
        summary=summary,
        published=_spot_values(item_card.published[:_MAX_OWN_VALUES]),
        image=images,
    )


def _spot_values(spots: Iterable[ElementValue]) -> tuple[Candidate, ...]:
    return tuple(Candidate(spot.value, spot.where) for spot in spots)


def _stated_language(item: Document) -> Iterator[Candidate]:
    language = item.root.get("lang") or item.root.get("xml:lang")
    if language:
        yield Candidate(language, "listing:@lang")

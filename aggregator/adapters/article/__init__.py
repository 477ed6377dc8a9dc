"""One article's own page: what it states, what the rules find on it, and what a feed or a list said of it before.

Rule: a feed knows its own title, date and author, and the page fills what it leaves out; of a list's item the page
knows better, the rules' fields first. The text is where the rules say, else what is marked up as the article's text,
else what reads like one. A page of an error, a wall or a page without text is an ItemError and never content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import html
from aggregator.adapters.article import clean_names, main_text, not_article
from aggregator.adapters.article.metadata import Metadata, stated, unique
from aggregator.adapters.article.url_date import agreeing
from aggregator.adapters.feed.body import as_html
from aggregator.adapters.html import boilerplate
from aggregator.errors import ItemError, SourceError
from aggregator.model import Found, RawEntry
from aggregator.normalize import text, url
from aggregator.normalize.html.tree import detach
from aggregator.rules.apply import is_of_body, read_page
from aggregator.rules.document import Document, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules
    from aggregator.rules.selector import Selector

MAX_PARTS = 100  # elements of one page that hold its text
MAX_TITLES = 10  # of one page that are looked at
LEAD_BLOCKS = 5  # of a further page that may repeat what was said, with
LEAST_REPEATED_WORDS = 4  # or more: shorter ones may well be said twice
MAX_NEXT = 50  # pages of one article that a page may name
LEAST_MARKED_WORDS = 40  # what is marked up as the article's text and shorter is a teaser

_AUTO = "auto"
_ONE_ELEMENT = re.compile(r"[\w*-]*(?:[.#][\w-]+|\[[\w-]+(?:[*^$~|]?=[\w\"'-]+)?\])*")
_WRAPPERS = frozenset({"div", "section", "article", "main", "p", "blockquote"})
_LEAD_BLOCKS = ("p", "h1", "h2", "h3", "blockquote", "figcaption", "li")


def read(
    capture: Capture, rules: SiteRules, *, item: RawEntry | None = None, carrier: str = "page"
) -> RawEntry:
    """Read one article's own page; `item` is what a feed or a list said of it, `carrier` which of them said it.

    Raises: ItemError for a page of an error, a wall, a page without text.
    """
    return join((capture,), rules, item=item, carrier=carrier)


def join(
    pages: Sequence[Capture],
    rules: SiteRules,
    *,
    item: RawEntry | None = None,
    carrier: str = "page",
) -> RawEntry:
    """Read an article of several pages, in their order: the first says what it is, the others continue its text.

    A page that cannot be read ends the article. Raises: ItemError as `read` does, for the first page alone.
    """
    page = _Page(pages[0], rules, item.item if item else "article")
    known = page.states()
    parts = [page.text()]
    for capture in pages[1:]:
        try:
            parts.append(_Page(capture, rules, page.name).text())
        except ItemError:
            break
    content = Found(_joined([part.elements for part in parts]), parts[0].where)
    whole = replace(known, content=(content,))
    return _merged(whole, item, carrier=carrier, capture=pages[0])


def pages_after(capture: Capture, rules: SiteRules) -> tuple[str, ...]:
    """Give the absolute URLs of an article's further pages, as its page names them; () where the rules name none."""
    if not rules.next_page:
        return ()
    try:
        document = html.document(capture)
    except SourceError:
        return ()
    for selector in rules.next_page:
        stated = (
            url.absolute(match.value, base=document.home)
            for match in islice(selector(document), MAX_NEXT)
        )
        found = dict.fromkeys(one for one in stated if one and _is_another(one, capture.url))
        if found:
            return tuple(found)
    return ()


def _is_another(address: str, of: str) -> bool:
    return url.same_site(address, of) and url.key(address) != url.key(of)


@dataclass(frozen=True, slots=True)
class _Text:
    """The elements that hold an article's text, in their order, and who found them."""

    elements: tuple[Any, ...]
    where: str


class _Page:
    """One page of an article, used up by reading its text."""

    def __init__(self, capture: Capture, rules: SiteRules, name: str) -> None:
        self.name = name
        self._capture = capture
        self._rules = rules
        try:
            self._document = html.document(capture)
        except SourceError as e:
            raise ItemError(f"{name}: {e}") from e
        if reason := not_article.certain(capture, self._document, rules):
            raise ItemError(f"{name}: {reason}")

    @cached_property
    def _metadata(self) -> Metadata:
        return stated(self._document, taken=self._capture.taken)

    def states(self) -> RawEntry:
        """Everything but the text: what the rules find in front of what the page states of itself."""
        known = _known(self._metadata, self._document, self.name)
        return read_page(known, self._rules, self._document, taken=self._capture.taken)

    def text(self) -> _Text:
        """Find the text; furniture is taken out of the page. Raises: ItemError for a page that has none."""
        titles = tuple(self._titles())
        found = self._text()
        words = _weight(found.elements) if found else 0.0
        if reason := not_article.likely(titles, words):
            raise ItemError(f"{self.name}: {reason}")
        if found is None:
            raise ItemError(f"{self.name}: no text found on {self._capture.url}")
        return found

    def _text(self) -> _Text | None:
        for selector in self._rules.body:
            if selector.source == _AUTO:
                break
            elements = self._elements(selector)
            if elements:
                self._clear(elements)
            if self._is_text(elements):
                return _Text(elements, f"page:{selector.source}")
        return self._found()

    def _is_text(self, elements: Sequence[Any]) -> bool:
        """Believe a site's own rules; those of a kind of system speak of teasers too, and of what stands in a text."""
        if not self._rules.fingerprint:
            return any(text_of(element).strip() for element in elements)
        for element in elements:
            boilerplate.tidy(element)
        return _weight(elements) >= LEAST_MARKED_WORDS

    def _elements(self, selector: Selector) -> tuple[Any, ...]:
        matches = islice(selector(self._document), MAX_PARTS)
        found = dict.fromkeys(match.element for match in matches if match.element is not None)
        return tuple(
            one for one in found if not any(outer in found for outer in one.iterancestors())
        )

    def _clear(self, bodies: Sequence[Any]) -> None:
        """Take out what the rules say is no article; what holds a text stays, whatever they say.

        A selector of one element alone finds in a text what it would find there in the page, at a tenth of the cost.
        """
        holders = {holder for element in bodies for holder in (element, *element.iterancestors())}
        parts = [
            Document(body, kind="page", url=self._document.url, source=_source(body))
            for body in bodies
        ]
        for selector in self._rules.remove:
            if is_of_body(selector):
                continue
            places = (
                parts if parts and _ONE_ELEMENT.fullmatch(selector.source) else [self._document]
            )
            for element in [one for place in places for one in selector.elements(place)]:
                if element not in holders:
                    detach(element)

    def _found(self) -> _Text | None:
        """What nobody wrote rules for: marked up as the article's text, else what reads like one, else told aside."""
        if marked := self._marked():
            return marked
        self._clear(())
        if found := main_text.find(self._document):
            return _Text((found.element,), found.where)
        return next(
            (_Text((_paragraphs(told.value),), told.where) for told in self._metadata.texts), None
        )

    def _marked(self) -> _Text | None:
        by_place: dict[str, list[Any]] = {}
        for element, where in self._metadata.bodies[:MAX_PARTS]:
            by_place.setdefault(where, []).append(element)
        for where, elements in by_place.items():
            self._clear(elements)
            for element in elements:
                boilerplate.tidy(element)
            if _weight(elements) >= LEAST_MARKED_WORDS:
                return _Text(tuple(elements), where)
        return None

    def _titles(self) -> Iterator[str]:
        for element in islice(self._document.root.iter("title", "h1"), MAX_TITLES):
            yield text_of(element)


def _weight(elements: Sequence[Any]) -> float:
    return sum(text.weight(text_of(element)) for element in elements)


def _known(metadata: Metadata, document: Document, name: str) -> RawEntry:
    return RawEntry(
        item=name,
        base=document.home or None,
        url=metadata.url,
        title=metadata.title,
        summary=metadata.summary,
        published=metadata.published,
        updated=metadata.updated,
        authors=metadata.authors,
        tags=metadata.tags,
        language=metadata.language,
        publisher=metadata.publisher,
        images=metadata.images,
        enclosures=metadata.enclosures,
    )


def _merged(page: RawEntry, item: RawEntry | None, *, carrier: str, capture: Capture) -> RawEntry:
    """Put together what the page states and what was stated of it; a feed's own words come first."""
    own = (*page.url, Found(capture.url, "page:url"))
    if item is None:
        published = agreeing(_once(page.published), own[0].value, taken=capture.taken)
        return replace(
            page, url=own, title=clean_names.whole(_once(page.title)), published=published
        )
    said = _absolute(item)
    front, behind = (said, page) if carrier == "feed" else (page, said)
    published = _once((*front.published, *behind.published))
    if front is page or not item.published:
        published = agreeing(published, capture.url, taken=capture.taken)
    return replace(
        page,
        item=item.item,
        url=(*said.url, *own),
        guid=item.guid,
        trusted_guid=item.trusted_guid,
        title=clean_names.whole(_once((*front.title, *behind.title))),
        summary=_once((*front.summary, *behind.summary)),
        content=(*page.content, *said.content),
        published=published,
        updated=_once((*front.updated, *behind.updated)),
        authors=front.authors or behind.authors,
        tags=front.tags or behind.tags,
        credits=(*front.credits, *behind.credits),
        language=(*front.language, *behind.language),
        publisher=(*front.publisher, *behind.publisher),
        images=(*front.images, *behind.images),
        enclosures=unique((*front.enclosures, *behind.enclosures)),
        captured=item.captured,
        aliases=tuple(dict.fromkeys((*item.aliases, *page.aliases))),
    )


def _once(found: tuple[Found, ...]) -> tuple[Found, ...]:
    return tuple(dict.fromkeys(found))


def _absolute(item: RawEntry) -> RawEntry:
    """Resolve the addresses of an item, for from now on it is the page's that links resolve against."""

    def full(address: str) -> str:
        return url.absolute(address, base=item.base) or address

    return replace(
        item,
        url=tuple(replace(found, value=full(found.value)) for found in item.url),
        images=tuple(replace(image, url=full(image.url)) for image in item.images),
        enclosures=tuple(replace(one, url=full(one.url)) for one in item.enclosures),
    )


def _joined(parts: Sequence[tuple[Any, ...]]) -> str:
    """Write the parts of a text one behind the other; a later one does not begin with what was said before."""
    said: set[str] = set()
    for elements in parts if len(parts) > 1 else ():
        for block in list(_repeated(elements, said)):
            detach(block)
        said.update(
            clean_names.letters(text_of(block))
            for element in elements
            for block in element.iter(*_LEAD_BLOCKS)
        )
    return "".join(_html(element) for elements in parts for element in elements)


def _repeated(elements: Sequence[Any], said: set[str]) -> Iterator[Any]:
    """Yield the blocks at the beginning of a page that an earlier one has too."""
    blocks = (
        block
        for element in elements
        for block in element.iter(*_LEAD_BLOCKS)
        if block is not element
    )
    for block in islice(blocks, LEAD_BLOCKS):
        words = text_of(block)
        if text.weight(words) >= LEAST_REPEATED_WORDS and clean_names.letters(words) in said:
            yield block


def _source(element: Any) -> str:
    return str(etree.tostring(element, method="html", encoding="unicode", with_tail=False))


def _html(element: Any) -> str:
    """Write an element as a block of its own, with the direction that holds for it."""
    direction = html.direction_of(element)
    if element.tag in _WRAPPERS:
        if direction:
            element.set("dir", direction)
        return _source(element)
    inner = "".join(
        str(etree.tostring(child, method="html", encoding="unicode")) for child in element
    )
    opening = f'<div dir="{direction}">' if direction else "<div>"
    return f"{opening}{escape(element.text or '', quote=False)}{inner}</div>"


def _paragraphs(told: str) -> Any:
    return etree.fromstring(f"<div>{as_html(told)}</div>", etree.HTMLParser(encoding="utf-8")).find(
        ".//div"
    )

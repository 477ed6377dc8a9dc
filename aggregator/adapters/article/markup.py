"""Holds what was read once of a page's markup: its head, its JSON-LD, its microdata, its heading, its own URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import visible_dates
from aggregator.adapters.html import head, json_ld, microdata
from aggregator.model import Candidate
from aggregator.normalize import url
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.rules.document import Document


@dataclass(frozen=True, slots=True)
class Markup:
    """The markup of one page; `urls` are those that the page gives itself, `heading` is None if it is unclear."""

    document: Document
    head: head.Head
    linked_data: json_ld.JsonLd
    items: tuple[microdata.MarkupItem, ...]
    heading: Any | None
    urls: tuple[Candidate, ...]

    @property
    def nodes(self) -> tuple[json_ld.Node, ...]:
        """The JSON-LD nodes of the article and of the page, as far as there are any."""
        nodes = []
        if self.linked_data.article is not None:
            nodes.append(self.linked_data.article)
        if self.linked_data.page is not None:
            nodes.append(self.linked_data.page)
        return tuple(nodes)

    def article_texts(self, *keys: str) -> tuple[Candidate, ...]:
        """Return texts of the article's JSON-LD node, in the order of `keys`."""
        return _node_texts(self.linked_data.article, keys)

    def page_texts(self, *keys: str) -> tuple[Candidate, ...]:
        """Return texts of the page's JSON-LD node, in the order of `keys`."""
        return _node_texts(self.linked_data.page, keys)

    def node_names(self, key: str) -> tuple[Candidate, ...]:
        """Return the names in a JSON-LD property, of the article's node or else of the page's."""
        for node in self.nodes:
            names = node.names(key)
            if names:
                where = f"ld:{key}"
                return tuple(Candidate(name, where) for name in names)
        return ()

    def item_values(self, field: str) -> tuple[Candidate, ...]:
        """Return the values of a field in microdata and microformats."""
        values: list[Candidate] = []
        for item in self.items:
            values.extend(item.values(field))
        return tuple(values)


def read_markup(document: Document) -> Markup:
    """Read the markup of an article's page."""
    page_head = head.read(document)
    titles = [found.value for found in page_head.values("og:title", "twitter:title")]
    if page_head.title:
        titles.append(page_head.title)

    heading = visible_dates.find_heading(document, tuple(titles))
    urls = tuple(_own_urls(document, page_head))
    addresses = [found.value for found in urls]
    if document.url:
        addresses.append(document.url)

    heading_text = text_of_heading(heading)
    headlines = [*titles, heading_text] if heading_text else titles
    linked_data = json_ld.read(document, urls=addresses, headlines=headlines)
    items = microdata.read(document)
    return Markup(document, page_head, linked_data, items, heading, urls)


def text_of_heading(heading: Any | None) -> str:
    """Return the text of a heading on one line, "" if there is none."""
    if heading is None:
        return ""
    return " ".join(element_text(heading).split())


def _own_urls(document: Document, page_head: head.Head) -> Iterator[Candidate]:
    """Yield the URLs that a page gives itself: on its own site, and not the home page."""
    stated = []
    for href in page_head.links.get("canonical", ())[:1]:
        stated.append(Candidate(href, "page:link[rel=canonical]"))
    stated.extend(page_head.values("og:url"))

    for candidate in stated:
        address = url.absolute_url(candidate.value, base=document.base_url)
        if not address or not url.same_site(address, document.url or ""):
            continue
        if not _is_home_page(address):
            yield Candidate(address, candidate.where)


def _is_home_page(address: str) -> bool:
    if "?" in address:
        return False
    key = url.document_key(address).rstrip("/")
    return key.count("/") < 3  # `//host`


def _node_texts(node: json_ld.Node | None, keys: Iterable[str]) -> tuple[Candidate, ...]:
    if node is None:
        return ()
    texts = []
    for key in keys:
        for value in node.texts(key):
            texts.append(Candidate(value, f"ld:{key}"))
    return tuple(texts)

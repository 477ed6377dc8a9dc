"""Reads the page of one article: what it states, what the rules find on it, and what a feed or a list stated before.

A feed's own title, date and author come first and the page adds what is missing. Of an item of a list the page
comes first, the fields of the rules before all. The text is where the rules say, else what is marked up as the article's
text, else what reads like one. A wall, a page of an error or a page without text is an ItemError, never content. So is a
page with only the beginning of a text that the feed or the list stated.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import html
from aggregator.adapters.article import not_article
from aggregator.adapters.article.clean_names import fold_alnum, put_whole_title_first
from aggregator.adapters.article.media import unique
from aggregator.adapters.article.page import ArticlePage
from aggregator.adapters.article.url_date import sort_by_url_day
from aggregator.errors import ItemError, SourceError
from aggregator.model import Candidate, RawEntry
from aggregator.normalize import text, url
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

MAX_LEAD_BLOCKS = 5  # of a further page that may repeat an earlier page
MIN_REPEATED_WORDS = 4  # of a repeated block: a shorter one may well be written twice
MAX_NEXT = 50  # pages of one article that a page may name

_WRAPPERS = frozenset({"div", "section", "article", "main", "p", "blockquote"})
_TEXT_BLOCKS = ("p", "h1", "h2", "h3", "blockquote", "figcaption", "li")


def read(
    capture: Capture, rules: SiteRules, *, item: RawEntry | None = None, adapter: str = "page"
) -> RawEntry:
    """Read one article's own page.

    `item` is what a feed or a list stated of it, `carrier` which of the two it was (`feed` or `page`).

    Raises: ItemError for a page of an error, a wall, a page without text.
    """
    return read_pages((capture,), rules, item=item, adapter=adapter)


def read_pages(
    pages: Sequence[Capture],
    rules: SiteRules,
    *,
    item: RawEntry | None = None,
    adapter: str = "page",
) -> RawEntry:
    """Read an article of several pages, in their order: the first has its fields, the others continue its text.

    A further page that cannot be read ends the article. `item` and `carrier` as in `read`.

    Raises: ItemError as `read` does, for the first page only.
    """
    first = ArticlePage(pages[0], rules, item.label if item else "article")
    entry = first.read_fields()
    texts = [first.read_text()]
    for capture in pages[1:]:
        try:
            texts.append(ArticlePage(capture, rules, first.name).read_text())
        except ItemError:
            break

    content = _join_texts([page_text.elements for page_text in texts])
    if item is not None and not_article.is_stub(content, item, is_paid=first.is_paid):
        raise ItemError(item.label, not_article.STUB)
    where = texts[0].where
    entry = replace(entry, content_html=(Candidate(content, where),))
    if item is None:
        return _complete_alone(entry, pages[0])
    return _merge_with_item(entry, item, carrier=adapter, capture=pages[0])


def find_next_pages(capture: Capture, rules: SiteRules) -> tuple[str, ...]:
    """Return the absolute URLs of an article's further pages that its page names; () if the rules name none."""
    if not rules.next_page:
        return ()
    try:
        document = html.parse_page(capture)
    except SourceError:
        return ()

    for selector in rules.next_page:
        urls: dict[str, None] = {}
        for match in islice(selector(document), MAX_NEXT):
            address = url.absolute_url(match.value, base=document.base_url)
            if address and _is_another_page(address, capture.url):
                urls[address] = None
        if urls:
            return tuple(urls)
    return ()


def _is_another_page(address: str, of: str) -> bool:
    if not url.same_site(address, of):
        return False
    return url.document_key(address) != url.document_key(of)


def _complete_alone(page: RawEntry, capture: Capture) -> RawEntry:
    """Add its URL to a page of which no feed and no list stated anything."""
    urls = _own_urls(page, capture)
    return replace(
        page,
        url=urls,
        title=put_whole_title_first(_without_repeats(page.title)),
        published=sort_by_url_day(
            _without_repeats(page.published), urls[0].value, taken=capture.taken
        ),
    )


def _merge_with_item(page: RawEntry, item: RawEntry, *, carrier: str, capture: Capture) -> RawEntry:
    """Combine what the page states with what a feed or a list stated; a feed's own values come first."""
    stated = _with_absolute_urls(item)
    if carrier == "feed":
        first, second = stated, page
    else:
        first, second = page, stated

    # A feed's date needs no check by the URL.
    published = _without_repeats((*first.published, *second.published))
    if carrier != "feed" or not item.published:
        published = sort_by_url_day(published, capture.url, taken=capture.taken)

    titles = _without_repeats((*first.title, *second.title))
    if carrier != "feed":
        titles = _sort_window_title_last(titles)
    return replace(
        page,
        label=item.label,
        url=(*stated.url, *_own_urls(page, capture)),
        guid=item.guid,
        trusted_guid=item.trusted_guid,
        title=put_whole_title_first(titles),
        summary=_without_repeats((*first.summary, *second.summary)),
        content_html=(*page.content_html, *stated.content_html),
        published=published,
        updated=_without_repeats((*first.updated, *second.updated)),
        authors=first.authors or second.authors,
        tags=first.tags or second.tags,
        credits=(*first.credits, *second.credits),
        language=(*first.language, *second.language),
        publisher=(*first.publisher, *second.publisher),
        image=(*first.image, *second.image),
        enclosures=unique((*first.enclosures, *second.enclosures)),
        captured=item.captured,
        aliases=tuple(dict.fromkeys((*item.aliases, *page.aliases))),
        comments=stated.comments,
        taken_from=item.taken_from,
        contributors=stated.contributors,
        comments_feed=stated.comments_feed,
        via=stated.via,
        keeps_id=item.keeps_id,
    )


def _sort_window_title_last(titles: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Put the text of `<title>` behind the other titles: some sites have the same one on all pages."""
    return tuple(sorted(titles, key=lambda title: title.where == "page:title"))


def _own_urls(page: RawEntry, capture: Capture) -> tuple[Candidate, ...]:
    return (*page.url, Candidate(capture.url, "page:url"))


def _without_repeats(values: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(dict.fromkeys(values))


def _with_absolute_urls(item: RawEntry) -> RawEntry:
    """Resolve the URLs of an item: from now on links resolve against the page's URL."""

    def resolve(address: str) -> str:
        return url.absolute_url(address, base=item.base_url) or address

    def resolve_all(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        return tuple(replace(found, value=resolve(found.value)) for found in candidates)

    images = [replace(image, url=resolve(image.url)) for image in item.image]
    enclosures = [replace(enclosure, url=resolve(enclosure.url)) for enclosure in item.enclosures]
    return replace(
        item,
        url=resolve_all(item.url),
        comments=resolve_all(item.comments),
        comments_feed=resolve_all(item.comments_feed),
        via=resolve_all(item.via),
        image=tuple(images),
        enclosures=tuple(enclosures),
    )


def _join_texts(texts: Sequence[tuple[Any, ...]]) -> str:
    """Write the texts of an article's pages one after the other, each without the beginning that repeats earlier ones."""
    if len(texts) > 1:
        _remove_repeated_leads(texts)
    blocks = []
    for element in chain.from_iterable(texts):
        blocks.append(_to_block(element))
    return "".join(blocks)


def _remove_repeated_leads(texts: Sequence[tuple[Any, ...]]) -> None:
    earlier: set[str] = set()
    for elements in texts:
        # Collected first: a tree cannot be walked while it loses elements.
        repeated = list(_repeated_blocks(elements, earlier))
        for block in repeated:
            detach(block)
        for element in elements:
            for block in element.iter(*_TEXT_BLOCKS):
                earlier.add(fold_alnum(element_text(block)))


def _repeated_blocks(elements: Sequence[Any], earlier: set[str]) -> Iterator[Any]:
    """Yield the blocks at the beginning of a page that an earlier page has too."""
    for block in islice(_inner_blocks(elements), MAX_LEAD_BLOCKS):
        words = element_text(block)
        if text.count_words(words) < MIN_REPEATED_WORDS:
            continue
        if fold_alnum(words) in earlier:
            yield block


def _inner_blocks(elements: Sequence[Any]) -> Iterator[Any]:
    for element in elements:
        for block in element.iter(*_TEXT_BLOCKS):
            if block is not element:
                yield block


def _to_block(element: Any) -> str:
    """Return the HTML of an element as a block of its own, with the direction that applies to it."""
    direction = html.text_direction(element)
    if element.tag in _WRAPPERS:
        if direction:
            element.set("dir", direction)
        return str(etree.tostring(element, method="html", encoding="unicode", with_tail=False))

    parts = [escape(element.text or "", quote=False)]
    for child in element:
        parts.append(str(etree.tostring(child, method="html", encoding="unicode")))
    opening = f'<div dir="{direction}">' if direction else "<div>"
    return f"{opening}{''.join(parts)}</div>"

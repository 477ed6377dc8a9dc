"""Reads one page of an article: what it states, and the elements that hold its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import html
from aggregator.adapters.article import main_text, metadata, not_article, script_text
from aggregator.adapters.article.blocks import split_into_blocks, total_words, without_blanks
from aggregator.adapters.article.hidden_parts import (
    count_visible_words,
    has_visible_text,
    show_hidden_parts,
    show_noscript,
)
from aggregator.adapters.article.lead import find_lead
from aggregator.adapters.article.side_boxes import find_side_boxes, remove_side_boxes
from aggregator.adapters.feed.body import text_to_html
from aggregator.adapters.html.boilerplate import remove_boilerplate
from aggregator.errors import ItemError, SourceError
from aggregator.model import RawEntry
from aggregator.normalize import text
from aggregator.normalize.html.tree import detach
from aggregator.rules.apply import apply_to_page, is_body_path
from aggregator.rules.document import Document, element_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.adapters.article.metadata import Metadata
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules
    from aggregator.rules.selector import Selector

MAX_PARTS = 100  # elements of one page that hold its text
MAX_TITLES = 10  # of one page that are looked at
# What is marked up as the article's text and shorter is a teaser.
MIN_BODY_WORDS = 40

_MIN_PROSE_SHARE = 0.6  # of the page's prose in what is marked up as the article's text
_MUCH_MORE = 1.3  # times the words of that
_SCRIPT_TIMES = 2.5  # times the words of a page in the text that its scripts show

_POST_CLASSES = frozenset({"hentry", "post", "type-post"})
_AUTO = "auto"
_ONE_ELEMENT = re.compile(r"[\w*-]*(?:[.#][\w-]+|\[[\w-]+(?:[*^$~|]?=[\w\"'-]+)?\])*")


@dataclass(frozen=True, slots=True)
class PageText:
    """The elements that hold an article's text, in the order of the page, and what found them."""

    elements: tuple[Any, ...]
    where: str


class ArticlePage:
    """One page of an article; `read_text` changes its tree, so call it last and once.

    Raises: ItemError for what is no page, a wall, or a page of an error.
    """

    def __init__(self, capture: Capture, rules: SiteRules, name: str) -> None:
        self.name = name
        self._capture = capture
        self._rules = rules
        try:
            self._document = html.parse_page(capture)
        except SourceError as e:
            raise ItemError(name, str(e)) from e

        reason = not_article.definite_reason(capture, self._document, rules)
        if reason:
            raise ItemError(name, reason)

    @cached_property
    def _metadata(self) -> Metadata:
        return metadata.read_metadata(self._document, taken=self._capture.taken)

    @property
    def is_paid(self) -> bool:
        """Whether the page says that it is not accessible for free."""
        return self._metadata.is_paid

    def read_fields(self) -> RawEntry:
        """Return everything but the text: what the rules find, then what the page states."""
        stated = _to_entry(self._metadata, self._document, self.name)
        return apply_to_page(stated, self._rules, self._document, taken=self._capture.taken)

    def read_text(self) -> PageText:
        """Return the text of the article; boilerplate is removed from the page.

        Raises: ItemError for a page without a text.
        """
        # The titles first: what is removed from the page may hold them.
        titles = []
        for element in islice(self._document.root.iter("title", "h1"), MAX_TITLES):
            titles.append(element_text(element))

        show_noscript(self._document.root.find("body"))
        found = self._find_text()
        if found is not None:
            show_hidden_parts(found.elements)
        words, opening = 0.0, ""
        if found is not None:
            words = count_visible_words(found.elements)
            opening = element_text(found.elements[0])
        reason = not_article.likely_reason(titles, words, opening)
        if reason:
            raise ItemError(self.name, reason)
        if found is None:
            raise ItemError(self.name, f"no text found on {self._capture.url}")
        return found

    def _find_text(self) -> PageText | None:
        """Return the text where the rules say, else where the markup says, else what reads like an article."""
        found = self._text_by_rules()
        if found is None:
            found = self._text_by_markup()
        if found is None:
            found = self._text_by_content()
        return found

    def _text_by_rules(self) -> PageText | None:
        for selector in self._rules.body:
            if selector.source == _AUTO:
                return None
            elements = self._select_elements(selector)
            if elements:
                self._remove_excluded(elements)
            for text_elements in self._group_by_article(elements):
                if self._is_text(text_elements):
                    return PageText(text_elements, f"page:{selector.source}")
        return None

    def _group_by_article(self, elements: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the elements that a rule selects, those of each article together.

        A site's own rules are believed. Rules for a content system also select the texts of other articles.
        """
        if not self._rules.fingerprint:
            return [tuple(elements)]
        groups: dict[Any, list[Any]] = {}
        for element in elements:
            groups.setdefault(_article_around(element), []).append(element)
        return [tuple(group) for group in groups.values()]

    def _is_text(self, elements: Sequence[Any]) -> bool:
        """Return whether elements that a rule selects are the article's text.

        A site's own rules are believed. Rules for a content system also select teasers, and boilerplate inside a text.
        """
        show_hidden_parts(elements)
        if not self._rules.fingerprint:
            return has_visible_text(elements)
        self._remove_boilerplate(elements)
        return count_visible_words(elements) >= MIN_BODY_WORDS

    def _remove_boilerplate(self, elements: Sequence[Any]) -> None:
        for element in elements:
            # The boxes first: a form among what they hold tells what they are.
            remove_side_boxes(element, self._document.url)
            remove_boilerplate(element)

    def _select_elements(self, selector: Selector) -> tuple[Any, ...]:
        """Return the elements that a selector finds, without those inside another one."""
        selected: dict[Any, None] = {}
        for match in islice(selector(self._document), MAX_PARTS):
            if match.element is not None:
                selected[match.element] = None

        outermost = []
        for element in selected:
            if not any(ancestor in selected for ancestor in element.iterancestors()):
                outermost.append(element)
        return tuple(outermost)

    def _text_by_markup(self) -> PageText | None:
        """Return what microdata or microformats mark as the article's text, None if that is a teaser."""
        elements_by_property: dict[str, list[Any]] = {}
        for element, where in self._metadata.bodies[:MAX_PARTS]:
            elements_by_property.setdefault(where, []).append(element)

        for where, elements in elements_by_property.items():
            self._remove_excluded(elements)
            show_hidden_parts(elements)
            self._remove_boilerplate(elements)
            words = count_visible_words(elements)
            if words < MIN_BODY_WORDS:
                continue
            marked = PageText(tuple(elements), where)
            if words < _MIN_PROSE_SHARE * self._count_prose():
                return self._longer_text(marked, words)
            return _with_lead(marked)
        return None

    def _count_prose(self) -> float:
        """Return the words of the page's prose, without boilerplate and comments."""
        body = self._document.root.find("body")
        boxes = frozenset(find_side_boxes(body, self._document.url))
        return total_words(main_text.find_prose(split_into_blocks(body), boxes))

    def _longer_text(self, marked: PageText, words: float) -> PageText:
        """Return what reads like an article if that goes on where the marked text ends."""
        found = main_text.find(self._document)
        if found is None or text.count_words(element_text(found.element)) < _MUCH_MORE * words:
            return _with_lead(marked)
        longer = without_blanks(element_text(found.element))
        for element in marked.elements:
            for block in split_into_blocks(element):
                if block.is_prose and block.plain not in longer:
                    return _with_lead(marked)
        return PageText((found.element,), found.where)

    def _text_by_content(self) -> PageText | None:
        """Return what reads like an article, unless scripts show it: then the text in JSON-LD or scripts."""
        self._remove_excluded(())
        found = main_text.find(self._document)
        words = 0.0
        if found is not None:
            words = text.count_words(element_text(found.element))

        stated = self._stated_text()
        if stated is not None and self._is_shown_by_script(stated, words):
            return stated
        if words < MIN_BODY_WORDS:
            in_script = script_text.find(self._document)
            if in_script is not None and _is_much_longer(in_script.element, words):
                return PageText((in_script.element,), in_script.where)
        if found is None:
            return stated
        return PageText((found.element,), found.where)

    def _stated_text(self) -> PageText | None:
        """Return the text in the page's JSON-LD, None without one."""
        for plain in self._metadata.texts:
            return PageText((_to_element(plain.value),), plain.where)
        return None

    def _is_shown_by_script(self, stated: PageText, words: float) -> bool:
        """Tell whether a page has so few words that its scripts must show what its JSON-LD states.

        A page that is not free is taken at what it shows.
        """
        if self.is_paid and words:
            return False
        return _is_much_longer(stated.elements[0], words)

    def _remove_excluded(self, bodies: Sequence[Any]) -> None:
        """Remove what the rules exclude from the article, but never an element that holds one of `bodies`."""
        holders = set()
        for body in bodies:
            holders.add(body)
            holders.update(body.iterancestors())

        body_documents = [self._document_of(body) for body in bodies]
        for selector in self._rules.remove:
            if is_body_path(selector):
                continue
            # A selector of one element alone finds the same in the body as in the whole page, at a tenth of the cost.
            documents = [self._document]
            if body_documents and _ONE_ELEMENT.fullmatch(selector.source):
                documents = body_documents

            excluded: list[Any] = []
            for document in documents:
                excluded.extend(selector.elements(document))
            for element in excluded:
                if element not in holders:
                    detach(element)

    def _document_of(self, body: Any) -> Document:
        source = str(etree.tostring(body, method="html", encoding="unicode", with_tail=False))
        return Document(body, kind="page", url=self._document.url, source=source)


def _with_lead(marked: PageText) -> PageText:
    """Return a marked text with the lead in front of it, unless it repeats that."""
    lead = find_lead(marked.elements[0])
    if lead is None:
        return marked
    plain = without_blanks(element_text(lead))
    if any(plain in without_blanks(element_text(element)) for element in marked.elements):
        return marked
    return PageText((lead, *marked.elements), marked.where)


def _article_around(element: Any) -> Any | None:
    """Return the nearest article or post around an element, None if there is none."""
    for ancestor in element.iterancestors():
        classes = ancestor.get("class", "").split()
        if ancestor.tag == "article" or not _POST_CLASSES.isdisjoint(classes):
            return ancestor
    return None


def _is_much_longer(element: Any, words: float) -> bool:
    return text.count_words(element_text(element)) > _SCRIPT_TIMES * words


def _to_element(plain: str) -> Any:
    """Return a plain text as the element of its paragraphs."""
    root = etree.fromstring(f"<div>{text_to_html(plain)}</div>", etree.HTMLParser(encoding="utf-8"))
    return root.find(".//div")


def _to_entry(stated: Metadata, document: Document, name: str) -> RawEntry:
    return RawEntry(
        label=name,
        base_url=document.base_url or None,
        url=stated.url,
        title=stated.title,
        summary=stated.summary,
        published=stated.published,
        updated=stated.updated,
        authors=stated.authors,
        tags=stated.tags,
        language=stated.language,
        publisher=stated.publisher,
        image=stated.images,
        enclosures=stated.enclosures,
    )

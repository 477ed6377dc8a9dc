"""Finds the authors that a page names near its heading: links to their pages, lines with "by", elements of that class.

Only what looks like names of people counts, and only in the lines around the heading or in the article itself;
menus, sidebars and boxes have authors of other articles.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates, clean_names
from aggregator.adapters.html.class_names import has_any_word
from aggregator.model import Candidate
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.document import Document

MAX_LINKS = 5_000  # of a page that are looked at
MAX_LINE_CHARACTERS = 200
MAX_NAME_CHARACTERS = 500  # of class and id that are looked at
MAX_PARTS = 5  # inner elements of a line
_MAX_AUTHORS = 6  # of one article; more are a list of the staff

_AUTHOR_WORDS = """
    author authors byline bylines autor autores autori auteur auteurs autore firma writer writers reporter reporters
    verfasser contributor contributors journalist by redacteur schrijver yazar penulis forfatter
"""
_AUTHOR_CLASSES = frozenset(_AUTHOR_WORDS.split())
_AUTHOR_PATH = re.compile(
    r"/(?:authors?|autor(?:es|i|e|en)?|auteurs?|by|profiles?|staff|people|journalists?|contributors?|writers?|reporters?"
    r"|redaktion|firmas?|users?)/[^/?#]",
    re.IGNORECASE,
)
_OUTSIDE_TAGS = frozenset({"nav", "aside", "form", "dialog"})
_OUTSIDE_NAME = re.compile(
    r"(?<![a-z])(?:nav\w*|menu|sidebar|widget-area|promo\w*|sponsor\w*|related[\w-]*|recommend\w*|comments?|teasers?|cards?"
    r"|most-?read|popular|profile)(?![a-z])",
    re.IGNORECASE,
)
# What ends the names in a line: a separator, a date, the section.
_END = re.compile(
    r"\s*[|•·—–]\s*|\s+-\s+|\s+/\s+|\s*\(|\s+(?:in|for|on|at|am|le|il|el|em|updated?|published|posted|stand)\b|[:：]"
    r"|,?\s*\d|\s*(?:编辑|編輯|责编|来源|來源)",
    re.IGNORECASE,
)
_BY_LINE = re.compile(
    r"^(?:(?:words?|text|story|written|posted|reported|reporting)\s+by|by|por|par|von|di|door|av|af|autor(?:[ea]|es)?|auteur"
    r"|publié\s+par|publicado\s+por|escrito\s+por|geschrieben\s+von|автор|текст|بقلم|كتب|作者|记者|記者|文|撰文|writer|author)"
    r"(?:\s*[:：]\s*|\s+)(?P<names>\S.*)",
    re.IGNORECASE,
)
_CHINESE_AUTHOR = re.compile(
    r"(?:作者|记者|記者|撰文)\s*[:：/]\s*(?P<names>[^\s|·:：(（][^|·:：(（]{0,40})"
)


def find_authors(document: Document, heading: Any | None) -> Iterator[tuple[Candidate, ...]]:
    """Yield the authors of each place that names some, best first."""
    body = document.root.find("body")
    around_heading = set(heading.iterancestors()) if heading is not None else set()
    for line in byline_dates.lines_around(body, heading):
        if not line.text or len(line.text) > MAX_LINE_CHARACTERS:
            continue
        if _is_outside(line.element, around_heading):
            continue
        linked = _names_of_links(line.element)
        if linked:
            yield _candidates(linked, "page:a[rel=author]")
            continue
        names = _names_of_line(line.element, line.text)
        if names:
            yield _candidates(names, document.where(line.element))
    yield from _linked_authors(document, around_heading)


def _candidates(names: Sequence[str], where: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(name, where) for name in names)


def _names_of_line(element: Any, line: str) -> tuple[str, ...]:
    """Return the names in a line: after "by", or all of an element of that class."""
    has_class = _has_author_class(element)
    for text in _parts_of_line(element, line):
        match = _BY_LINE.match(text) or _CHINESE_AUTHOR.search(text)
        if match:
            names = _read_names(match["names"])
            if names:
                return names
        if has_class:
            names = _read_names(text)
            if names:
                return names
    return ()


def _parts_of_line(element: Any, line: str) -> Iterator[str]:
    """Yield the parts that line breaks make of a text, then its inner elements, then the line as it is."""
    for part in element_text(element)[:MAX_LINE_CHARACTERS].split("\n"):
        yield " ".join(part.split())
    for inner in islice(element.iterdescendants("span", "a", "b", "strong", "em"), MAX_PARTS):
        yield " ".join(element_text(inner).split())[:MAX_LINE_CHARACTERS]
    yield line


def _has_author_class(element: Any) -> bool:
    """Return whether an element, its parent or one of the first elements in it has an author's class."""
    around = [element, *islice(element.iterdescendants("a", "span"), MAX_PARTS)]
    if element.getparent() is not None:
        around.append(element.getparent())
    return any(has_any_word(holder, _AUTHOR_CLASSES) for holder in around)


def _names_of_links(element: Any) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for link in islice(element.iter("a"), MAX_LINKS):
        relations = link.get("rel", "").lower().split()
        if "author" in relations or _AUTHOR_PATH.search(link.get("href", "")[:300]):
            for name in clean_names.split_people(element_text(link)):
                if clean_names.looks_like_name(name):
                    names[name] = None
    if len(names) > _MAX_AUTHORS:
        return ()
    return tuple(names)


def _read_names(text: str) -> tuple[str, ...]:
    """Return the names at the beginning of a text, () if it begins with something else."""
    end = _END.search(text)
    if end:
        text = text[: end.start()]
    names = []
    for part in clean_names.split_people(text):
        if not clean_names.looks_like_name(part):
            break
        names.append(part)
    if len(names) > _MAX_AUTHORS:
        return ()
    return tuple(dict.fromkeys(names))


def _linked_authors(
    document: Document, around_heading: set[Any]
) -> Iterator[tuple[Candidate, ...]]:
    """Yield the people of the first element with `a[rel=author]` that is not in a menu or a box."""
    by_holder: dict[Any, list[Candidate]] = {}
    for link in islice(document.root.iter("a"), MAX_LINKS):
        relations = link.get("rel", "").lower().split()
        if "author" not in relations or _is_outside(link, around_heading):
            continue
        for name in clean_names.split_people(element_text(link)):
            if clean_names.looks_like_name(name, is_declared=True):
                candidates = by_holder.setdefault(link.getparent(), [])
                candidates.append(Candidate(name, "page:a[rel=author]"))
    for candidates in by_holder.values():
        if len(candidates) <= _MAX_AUTHORS:
            yield tuple(dict.fromkeys(candidates))


def _is_outside(element: Any, around_heading: set[Any]) -> bool:
    """Return whether an element is in a menu, a box or a footer, unless the heading is in that, too."""
    for holder in (element, *element.iterancestors()):
        if holder in around_heading:
            return False
        if holder.tag in _OUTSIDE_TAGS:
            return True
        names = f"{holder.get('class', '')} {holder.get('id', '')}"
        if _OUTSIDE_NAME.search(names[:MAX_NAME_CHARACTERS]):
            return True
        if holder.tag == "footer" and next(holder.iterancestors("article"), None) is None:
            return True
    return False

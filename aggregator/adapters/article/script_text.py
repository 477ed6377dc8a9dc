"""Finds the text of an article in the data that a page's scripts carry, for pages that scripts build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from aggregator.adapters.article.main_text import MIN_WORDS, MainText
from aggregator.adapters.json_document.find_list import walk
from aggregator.adapters.json_document.keys import read_entry
from aggregator.adapters.listing.structured import find_script_data
from aggregator.normalize.text import count_words
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Candidate
    from aggregator.rules.document import Document

_MIN_CHARACTERS = 200  # of a text that may be an article's
_MAX_CHARACTERS = 2 * 1024 * 1024


def find(document: Document) -> MainText | None:
    """Return the longest text that an object with a title has, None without one."""
    longest = max(_texts(document), key=lambda text: len(text.value), default=None)
    if longest is None:
        return None
    parser = etree.HTMLParser(encoding="utf-8")
    root = etree.fromstring(f"<div>{longest.value}</div>".encode(), parser)
    element = root.find(".//div")
    if count_words(element_text(element)) < MIN_WORDS:
        return None
    return MainText(element, longest.where)


def _texts(document: Document) -> Iterator[Candidate]:
    for script in find_script_data(document):
        for _, value in walk(script.data):
            if not isinstance(value, dict) or not _has_long_text(value):
                continue
            entry = read_entry(value, kind="script")
            for text in entry.content_html:
                if entry.title and _MIN_CHARACTERS <= len(text.value) <= _MAX_CHARACTERS:
                    yield text


def _has_long_text(value: dict[str, object]) -> bool:
    """Tell whether an object has a long text, before its keys are read at a higher cost."""
    return any(isinstance(one, str) and len(one) >= _MIN_CHARACTERS for one in value.values())

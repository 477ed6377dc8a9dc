"""Tells an excerpt of an article, as many feeds carry it, from its text.

Only sizes are compared: an excerpt is a few sentences, without any mark at its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.normalize.text import count_words

if TYPE_CHECKING:
    from aggregator.model import Revision

MAX_EXCERPT_WORDS = 80  # Han and the like count half
MUCH_LONGER = 2.5  # times the words of the excerpt
_MAX_CHARACTERS = 8_000  # of HTML: a longer one is no excerpt, and is not measured
_HEAD_CHARACTERS = 2_000  # of HTML: most texts have more plain words there than an excerpt
_TAG = re.compile(r"<[^<>]*>")


def count_text_words(revision: Revision) -> float:
    """Count the words of an item's text, else of its summary."""
    if revision.content_html:
        return count_words(_TAG.sub(" ", revision.content_html))
    return count_words(revision.summary or "")


def is_short(revision: Revision) -> bool:
    """Tell whether an item has a text that is no longer than an excerpt."""
    html = revision.content_html or revision.summary or ""
    if not html or len(html) > _MAX_CHARACTERS:
        return False
    if revision.content_html and _count_plain_words(html) > MAX_EXCERPT_WORDS:
        return False
    return count_text_words(revision) <= MAX_EXCERPT_WORDS


def _count_plain_words(html: str) -> int:
    """Count the words of ASCII letters at the beginning of HTML, before the last tag there.

    They are at most the words that `count_words` counts, in a tenth of the time.
    """
    head = html[:_HEAD_CHARACTERS]
    text = _TAG.sub(" ", head[: head.rfind("<")])
    return sum(map(bytes.isalpha, text.encode("utf-8", "replace").split()))


def is_much_longer(page: Revision, listed: Revision) -> bool:
    """Tell whether the text of an article's page is one of which the item has only an excerpt."""
    page_words = count_text_words(page)
    if page_words <= MAX_EXCERPT_WORDS:
        return False
    return page_words >= MUCH_LONGER * count_text_words(listed)

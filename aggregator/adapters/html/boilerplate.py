"""Removes boilerplate from an article's text: share boxes, related links and the like, known by their class names.

A class name alone never removes a picture, a player or much text, because sites use such names for parts of their
articles too.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from aggregator.normalize import text
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import element_text

MAX_ELEMENTS = 20_000  # of a text
MAX_CANDIDATES = 200  # elements of a text that are measured: each costs its length
MAX_LINKS = 1_000
MEDIA_TAGS = ("img", "picture", "amp-img", "video", "audio", "iframe", "math")

_MAX_SHARE = 0.2  # of a text's words in one removed element
_MAX_LINKED_SHARE = 0.5  # of a text's words in one removed element that is mostly links
_MAX_WORDS = 40  # in one removed element that is not mostly links
_LINK_SHARE = 0.4  # of an element's words in links: prose has fewer
_MAX_NAME = 500  # characters of class and id that are looked at
_BOILERPLATE_TAGS = frozenset({"nav", "aside", "footer", "form", "dialog"})
_BOILERPLATE_ROLES = frozenset({"navigation", "complementary", "dialog", "search"})
_BOILERPLATE_NAME = re.compile(
    r"(?<![a-z])(?:share|sharing|social|related|recommend\w*|newsletter|subscri\w+|signup|promo\w*|advert\w*|ads?|sponsor\w*"
    r"|outbrain|taboola|comments?|disqus|breadcrumbs?|pagination|pager|sidebar|widget|toolbar|cookie\w*|paywall|popup"
    r"|modal|author-?(?:bio|box|info|card)|about-?(?:the-?)?author|sharedaddy|related-?posts"
    r"|tags?|taxonomy|read-?(?:more|also|next)|more-?(?:on|from|stories)|most-?read|footer|nav\w*|menu"
    r"|copyright|printonly|skip)(?![a-z])",
    re.IGNORECASE,
)


def remove_boilerplate(element: Any) -> None:
    """Remove small elements with boilerplate names from an element that is marked up as an article's text."""
    total_words = text.count_words(element_text(element))
    candidates = []
    for inner in islice(element.iterdescendants("*"), MAX_ELEMENTS):
        if is_boilerplate(inner):
            candidates.append(inner)

    for candidate in candidates[:MAX_CANDIDATES]:
        if _is_removable(candidate, total_words):
            detach(candidate)


def is_boilerplate(element: Any) -> bool:
    """Return whether an element's tag, role, class or id says that it is not part of an article."""
    if element.tag in _BOILERPLATE_TAGS:
        return True
    if element.get("role") in _BOILERPLATE_ROLES:
        return True
    names = f"{element.get('class', '')} {element.get('id', '')}"
    return _BOILERPLATE_NAME.search(names[:_MAX_NAME]) is not None


def _is_removable(element: Any, total_words: float) -> bool:
    """Return whether a text of `total_words` can lose an element: no media in it, few words or mostly links."""
    if next(element.iter(*MEDIA_TAGS), None) is not None:
        return False

    words = text.count_words(element_text(element))
    links = islice(element.iter("a"), MAX_LINKS)
    linked_words = sum(text.count_words(element_text(link)) for link in links)
    if linked_words > _LINK_SHARE * words:
        return words <= _MAX_LINKED_SHARE * total_words
    if element.tag == "aside":
        return False
    return words <= min(_MAX_WORDS, _MAX_SHARE * total_words)

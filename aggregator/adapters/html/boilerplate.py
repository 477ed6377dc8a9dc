"""What stands in an article's text and is no part of it: what the site offers beside it, by its name.

Rule: a name alone takes nothing out that shows or says much: sites call parts of their articles by such names too.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from aggregator.normalize import text
from aggregator.normalize.html.tree import detach
from aggregator.rules.document import text_of

MAX_TIDIED = 20_000  # elements of a text
MAX_PIECES = 200  # of it that are looked at: each costs its length
MAX_LINKS = 1_000
SHOWN = ("img", "picture", "amp-img", "video", "audio", "iframe", "math")

_FURNITURE_SHARE = 0.2  # of a text, at most, for one piece, and
_LINKED_SHARE = 0.5  # where that is links
_LOOSE_WORDS = 40  # of it that are not links
_LINKS = 0.4  # of the words: prose has fewer in links
_AROUND = frozenset({"nav", "aside", "footer", "form", "dialog"})
_FURNITURE = re.compile(
    r"(?<![a-z])(?:share|sharing|social|related|recommend\w*|newsletter|subscri\w+|signup|promo\w*|advert\w*|ads?|sponsor\w*"
    r"|outbrain|taboola|comments?|disqus|breadcrumbs?|pagination|pager|sidebar|widget|toolbar|cookie\w*|paywall|popup"
    r"|modal|author-?(?:bio|box|info|card)|about-?(?:the-?)?author|sharedaddy|related-?posts"
    r"|tags?|taxonomy|read-?(?:more|also|next)|more-?(?:on|from|stories)|most-?read|footer|nav\w*|menu"
    r"|copyright|printonly|skip)(?![a-z])",
    re.IGNORECASE,
)


def tidy(element: Any) -> None:
    """Take out of a text that is marked up as an article's what is called furniture, and little beside it."""
    whole = text.weight(text_of(element))
    inside = islice(element.iterdescendants(), MAX_TIDIED)
    named = [one for one in inside if isinstance(one.tag, str) and is_furniture(one)]
    for one in named[:MAX_PIECES]:
        if _is_loose(one, whole):
            detach(one)


def _is_loose(element: Any, whole: float) -> bool:
    """Tell whether a text of `whole` words can lose an element: it shows nothing, and has few words, or only links."""
    if next(element.iter(*SHOWN), None) is not None:
        return False
    words = text.weight(text_of(element))
    links = sum(text.weight(text_of(link)) for link in islice(element.iter("a"), MAX_LINKS))
    if links > _LINKS * words:
        return words <= _LINKED_SHARE * whole
    return element.tag != "aside" and words <= min(_LOOSE_WORDS, _FURNITURE_SHARE * whole)


def is_furniture(element: Any) -> bool:
    """Tell whether an element is called what stands beside an article."""
    if element.tag in _AROUND or element.get("role") in (
        "navigation",
        "complementary",
        "dialog",
        "search",
    ):
        return True
    return bool(_FURNITURE.search(f"{element.get('class') or ''} {element.get('id') or ''}"[:500]))

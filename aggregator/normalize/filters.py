"""The little grammar of `include` and `exclude`, for what a source brings and for what a view shows.

Rule: everything that `include` gives must be found, and nothing that `exclude` gives; patterns are searched, not
matched whole, in the plain text of one part; of several patterns for one part any will do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aggregator.model import Entry, Revision
from aggregator.normalize.html import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from aggregator.config import Match

Item: TypeAlias = Entry | Revision
PARTS = ("title", "content", "author", "tag", "url")
# What the article's own page does not change, as a rule: the rest can only be missed once that page has been read.
LASTING = frozenset({"title", "url"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A `Match`, compiled: patterns by part, language ranges in lower case."""

    patterns: dict[str, tuple[re.Pattern[str], ...]]
    ranges: tuple[str, ...]

    def finds_all(self, item: Item, parts: Collection[str]) -> bool:
        spoken = (
            "language" not in parts or not self.ranges or in_language(item.language, self.ranges)
        )
        return spoken and all(
            _found(wanted, item, part) for part, wanted in self.patterns.items() if part in parts
        )

    def finds_any(self, item: Item) -> bool:
        spoken = bool(self.ranges) and in_language(item.language, self.ranges)
        return spoken or any(
            _found(unwanted, item, part) for part, unwanted in self.patterns.items()
        )


def chooser(include: Match | None, exclude: Match | None) -> Callable[..., bool] | None:
    """Make the test that what is wanted passes; None where everything does.

    The test takes an entry or a revision, and `unread=True` for one whose own page is still to be read: then only what
    that page cannot put right counts against it.
    """
    wanted, unwanted = _asked(include), _asked(exclude)
    if wanted is None and unwanted is None:
        return None

    def test(item: Item, *, unread: bool = False) -> bool:
        parts = LASTING if unread else (*PARTS, "language")
        return (wanted is None or wanted.finds_all(item, parts)) and (
            unwanted is None or not unwanted.finds_any(item)
        )

    return test


def in_language(tag: str | None, ranges: Iterable[str]) -> bool:
    """Basic filtering of RFC 4647 §3.3.1: `zh` takes `zh-Hans`.

    >>> in_language("zh-Hans", ["en", "ZH"]), in_language("zh", ["zh-Hans"]), in_language(None, ["zh"])
    (True, False, False)
    """
    stated = (tag or "").lower()
    return any(
        stated == wanted.lower() or stated.startswith(f"{wanted.lower()}-") for wanted in ranges
    )


def _asked(match: Match | None) -> _Asked | None:
    if match is None or match == type(match)():
        return None
    given = {part: tuple(re.compile(pattern) for pattern in getattr(match, part)) for part in PARTS}
    return _Asked(
        {part: patterns for part, patterns in given.items() if patterns}, tuple(match.language)
    )


def _found(patterns: Iterable[re.Pattern[str]], item: Item, part: str) -> bool:
    texts = _texts(item, part)
    return any(pattern.search(text) for pattern in patterns for text in texts)


def _texts(item: Item, part: str) -> tuple[str, ...]:
    if part == "author":
        return item.authors
    if part == "tag":
        return item.tags
    one = {"title": item.title, "url": item.url}[part] if part != "content" else _content(item)
    return (one,) if one else ()


def _content(item: Item) -> str | None:
    """The text; the summary of what has none."""
    if isinstance(item, Entry):
        return item.content_text or item.summary
    return (text_of(item.content_html) if item.content_html else None) or item.summary

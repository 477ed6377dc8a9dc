"""Tests items against the `include` and `exclude` of a source or a view.

An item must match every condition of `include` and none of `exclude`. Patterns are searched
in the plain text of one part, not matched whole; of several patterns for one part, one is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aggregator.model import Entry, Revision
from aggregator.normalize.html import html_to_text
from aggregator.normalize.pattern_search import TimedPattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.config import Match

Filterable: TypeAlias = Entry | Revision
PARTS = ("title", "content", "text", "publisher", "author", "tag", "url")
# As a rule the article's own page does not change these. The other parts of an item may still be
# incomplete until that page has been read.
STABLE_PARTS = frozenset({"title", "url"})


@dataclass(frozen=True, slots=True)
class _Conditions:
    """A compiled `Match`: patterns by part, without the parts that have none, and language ranges."""

    patterns: dict[str, tuple[TimedPattern, ...]]
    languages: tuple[str, ...]

    def are_all_met(self, item: Filterable) -> bool:
        is_accepted = not self.languages or matches_language(item.language, self.languages)
        if not is_accepted:
            return False
        return all(_matches(patterns, item, part) for part, patterns in self.patterns.items())

    def is_any_met(self, item: Filterable) -> bool:
        if matches_language(item.language, self.languages):
            return True
        return any(_matches(patterns, item, part) for part, patterns in self.patterns.items())

    def lasting(self) -> _Conditions:
        """Return the conditions that the article's own page does not change."""
        lasting = {part: found for part, found in self.patterns.items() if part in STABLE_PARTS}
        return _Conditions(lasting, ())


_NO_CONDITIONS = _Conditions({}, ())


def make_filter(include: Match | None, exclude: Match | None) -> Callable[..., bool] | None:
    """Return a function that tells whether an item is wanted; None if every item is.

    The function takes an entry or a revision. With `unread=True`, for an item whose own page is
    still to be read, of `include` only the conditions on parts that the page does not change count.
    """
    wanted = _compile(include)
    unwanted = _compile(exclude)
    if wanted == _NO_CONDITIONS and unwanted == _NO_CONDITIONS:
        return None
    wanted_before_page = wanted.lasting()

    def is_wanted(item: Filterable, *, unread: bool = False) -> bool:
        required = wanted_before_page if unread else wanted
        return required.are_all_met(item) and not unwanted.is_any_met(item)

    return is_wanted


def matches_language(tag: str | None, ranges: Iterable[str]) -> bool:
    """Tell whether a language tag lies in one of the ranges (basic filtering, RFC 4647 §3.3.1).

    >>> matches_language("zh-Hans", ["en", "ZH"]), matches_language("zh", ["zh-Hans"]), matches_language(None, ["zh"])
    (True, False, False)
    """
    # With a hyphen at both ends, `zh` is a prefix of `zh` and `zh-Hans` but not of `zhx`.
    subtags = f"{tag or ''}-".lower()
    return any(subtags.startswith(f"{wanted.lower()}-") for wanted in ranges)


def _compile(match: Match | None) -> _Conditions:
    if match is None:
        return _NO_CONDITIONS
    patterns = {}
    for part in PARTS:
        sources = getattr(match, part)
        if sources:
            patterns[part] = tuple(TimedPattern(source) for source in sources)
    return _Conditions(patterns, tuple(match.language))


def _matches(patterns: Iterable[TimedPattern], item: Filterable, part: str) -> bool:
    texts = _texts(item, part)
    return any(_is_found(pattern, texts) for pattern in patterns)


def _is_found(pattern: TimedPattern, texts: Iterable[str]) -> bool:
    return any(pattern.is_found(text) for text in texts)


def _texts(item: Filterable, part: str) -> tuple[str, ...]:
    if part == "author":
        return item.authors
    if part == "tag":
        return item.tags

    if part == "text":
        texts = [item.title, item.summary, _content(item)]
    elif part == "content":
        texts = [_content(item)]
    else:  # these parts are called as the fields
        texts = [getattr(item, part)]
    return tuple(text for text in texts if text)


def _content(item: Filterable) -> str | None:
    """Return the plain text of an item, its summary if it has no text."""
    text = None
    if isinstance(item, Entry):
        text = item.content_text
    elif item.content_html:
        text = html_to_text(item.content_html)
    return text or item.summary

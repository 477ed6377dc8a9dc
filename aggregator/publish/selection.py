"""Which entries a view shows.

The rule: everything that `where` gives must hold, and nothing that it excludes; patterns are searched, not
matched whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.config import Match, Where
    from aggregator.model import Entry


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A `where` in two parts: what the store finds by itself, None where it need not, and the `rest` to test."""

    language: str | None
    source: str | None
    tag: str | None
    rest: Where


def narrow(where: Where) -> Narrowed:
    """Split off what the store can find without reading every entry: one language, one source, one tag.

    A language that is more than letters stays in the rest: the store compares it letter by letter.
    """
    language = _only(where.language)
    if language is not None and not (language.isalpha() and language.islower()):
        language = None
    found = {"language": language, "source": _only(where.source), "tag": _only(where.tag)}
    rest = where.model_copy(update={key: () for key, value in found.items() if value is not None})
    return Narrowed(**found, rest=rest)


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def selects(where: Where) -> Callable[[Entry], bool] | None:
    """Return the test that an entry of the view passes; None where the view takes every entry."""
    if where == type(where)():
        return None
    wanted, unwanted = _patterns(where.include), _patterns(where.exclude)

    def test(entry: Entry) -> bool:
        return (
            _in_language(entry, where.language)
            and (not where.source or entry.source in where.source)
            and (not where.tag or not set(where.tag).isdisjoint(entry.tags))
            and all(_found(patterns, entry, part) for part, patterns in wanted.items())
            and not any(_found(patterns, entry, part) for part, patterns in unwanted.items())
        )

    return test


def _in_language(entry: Entry, ranges: Iterable[str]) -> bool:
    """Basic filtering of RFC 4647 §3.3.1: `zh` takes `zh-Hans`."""
    ranges = tuple(ranges)
    tag = (entry.language or "").lower()
    return not ranges or any(tag == wanted.lower() or tag.startswith(f"{wanted.lower()}-") for wanted in ranges)


def _patterns(match: Match) -> dict[str, tuple[re.Pattern[str], ...]]:
    parts = {part: getattr(match, part) for part in ("title", "content", "author", "tag", "url")}
    return {part: tuple(re.compile(pattern) for pattern in given) for part, given in parts.items() if given}


def _found(patterns: Iterable[re.Pattern[str]], entry: Entry, part: str) -> bool:
    texts = _texts(entry, part)
    return any(pattern.search(text) for pattern in patterns for text in texts)


def _texts(entry: Entry, part: str) -> tuple[str, ...]:
    if part == "author":
        return entry.authors
    if part == "tag":
        return entry.tags
    one = {"title": entry.title, "content": entry.content_text or entry.summary, "url": entry.url}[part]
    return (one,) if one else ()

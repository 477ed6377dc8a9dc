"""Which entries a view shows.

The rule: everything that `where` gives must hold, and nothing that it excludes; its patterns are those of
`normalize.filter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.normalize.filters import make_filter, matches_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Where
    from aggregator.model import Entry


@dataclass(frozen=True, slots=True)
class SplitFilter:
    """A `where` in two parts: what the store finds by itself, None where it need not, and the `rest` to test."""

    language: str | None
    source: str | None
    tag: str | None
    rest: Where
    sources: tuple[str, ...] = ()


def narrow(where: Where) -> SplitFilter:
    """Separate what the store can find without reading every entry.

    That is one language, one tag, and sources. A language that is more than letters stays in
    the rest: the store compares it letter by letter.
    """
    language = _only(where.language)
    if language is not None and not (language.isalpha() and language.islower()):
        language = None
    source = _only(where.source)
    sources = where.source if source is None else ()
    tag = _only(where.tag)

    done: dict[str, tuple[str, ...]] = {"source": ()}
    if language is not None:
        done["language"] = ()
    if tag is not None:
        done["tag"] = ()
    return SplitFilter(language, source, tag, where.model_copy(update=done), sources)


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def selects(where: Where) -> Callable[[Entry], bool] | None:
    """Return the test that an entry of the view passes; None where the view takes every entry."""
    if where == type(where)():
        return None
    passes_filters = make_filter(where.include, where.exclude)

    def is_selected(entry: Entry) -> bool:
        if where.language and not matches_language(entry.language, where.language):
            return False
        if where.source and entry.source not in where.source:
            return False
        if where.tag and set(where.tag).isdisjoint(entry.tags):
            return False
        return passes_filters is None or passes_filters(entry)

    return is_selected

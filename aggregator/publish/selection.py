"""Selects the entries of a view by its `where`.

An entry must meet every key of `where`. The patterns are applied by `normalize.filters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aggregator.normalize.filters import make_filter, matches_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.config import Source, Where
    from aggregator.model import Entry


Order = Literal["newest", "oldest", "updated"]


@dataclass(frozen=True, slots=True)
class SplitFilter:
    """A `where` in two parts: what the store filters, None for no filter, and the `rest`."""

    language: str | None
    source: str | None
    tag: str | None
    rest: Where
    sources: tuple[str, ...] = ()


def split_filter(where: Where) -> SplitFilter:
    """Split off the conditions that the store can filter without reading every entry.

    These are one language, one tag, and sources. A language with a subtag or capitals
    stays in the rest, because the store compares languages exactly.
    """
    language = _single_value(where.language)
    if language is not None and not (language.isalpha() and language.islower()):
        language = None
    source = _single_value(where.source)
    sources = where.source if source is None else ()
    tag = _single_value(where.tag)

    done: dict[str, tuple[str, ...]] = {"source": ()}
    if language is not None:
        done["language"] = ()
    if tag is not None:
        done["tag"] = ()
    return SplitFilter(language, source, tag, where.model_copy(update=done), sources)


def _single_value(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def make_source_predicate(sources: Iterable[Source]) -> Callable[[Entry], bool] | None:
    """Make the predicate for entries that the filters of their sources let through, None without filters.

    An entry that several sources tell passes if one of them lets it through.
    """
    filters = {}
    for source in sources:
        passes_filter = make_filter(source.include, source.exclude)
        if passes_filter is not None:
            filters[source.id] = passes_filter
    if not filters:
        return None

    def is_let_through(entry: Entry) -> bool:
        names = [teller.source for teller in entry.tellers] or [entry.source]
        return any(name not in filters or filters[name](entry) for name in names)

    return is_let_through


def make_predicate(where: Where) -> Callable[[Entry], bool] | None:
    """Make the predicate for entries of the view, None if the view shows every entry."""
    where = where.model_copy(update={"age": None})  # the view tests it, by the clock
    if where == type(where)():
        return None
    passes_filters = make_filter(where.include, where.exclude)
    publishers = frozenset(name.casefold() for name in where.publisher)

    def is_selected(entry: Entry) -> bool:
        if where.language and not matches_language(entry.language, where.language):
            return False
        if where.source and entry.source not in where.source:
            return False
        if where.tag and set(where.tag).isdisjoint(entry.tags):
            return False
        if publishers and (entry.publisher or "").casefold() not in publishers:
            return False
        if not all(_HAS[what](entry) for what in where.has):
            return False
        return passes_filters is None or passes_filters(entry)

    return is_selected


def is_episode(entry: Entry) -> bool:
    """Tell whether an entry has sound or film attached."""
    for enclosure in entry.enclosures:
        if enclosure.kind is None and (enclosure.type or "").startswith(("audio/", "video/")):
            return True
    return False


def in_order(entries: list[Entry], order: Order) -> list[Entry]:
    """Return the entries of a view, which come newest first, in the order that it asks for."""
    if order == "oldest":
        return sorted(entries, key=lambda entry: entry.published)
    if order == "updated":
        return sorted(entries, key=lambda entry: entry.updated, reverse=True)
    return entries


def _has_image(entry: Entry) -> bool:
    return entry.image is not None


def _has_enclosure(entry: Entry) -> bool:
    return bool(entry.enclosures)


_HAS = {"image": _has_image, "enclosure": _has_enclosure}

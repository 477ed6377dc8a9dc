"""Which entries a view shows.

The rule: everything that `where` gives must hold, and nothing that it excludes; its patterns are those of
`normalize.filter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.normalize.filters import chooser, in_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Where
    from aggregator.model import Entry


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A `where` in two parts: what the store finds by itself, None where it need not, and the `rest` to test."""

    language: str | None
    source: str | None
    tag: str | None
    rest: Where


def narrow(where: Where) -> Narrowed:
    """Separate what the store can find without reading every entry.

    That is one language, one source and one tag. A language that is more than letters stays in
    the rest: the store compares it letter by letter.
    """
    language = _only(where.language)
    if language is not None and not (language.isalpha() and language.islower()):
        language = None
    found = {"language": language, "source": _only(where.source), "tag": _only(where.tag)}
    done = {}
    for key, value in found.items():
        if value is not None:
            done[key] = ()
    return Narrowed(**found, rest=where.model_copy(update=done))


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def selects(where: Where) -> Callable[[Entry], bool] | None:
    """Return the test that an entry of the view passes; None where the view takes every entry."""
    if where == type(where)():
        return None
    chosen = chooser(where.include, where.exclude)

    def test(entry: Entry) -> bool:
        return (
            (not where.language or in_language(entry.language, where.language))
            and (not where.source or entry.source in where.source)
            and (not where.tag or not set(where.tag).isdisjoint(entry.tags))
            and (chosen is None or chosen(entry))
        )

    return test

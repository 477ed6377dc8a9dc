"""Names the rules of `include`, `exclude` and `where` that keep an entry out.

Each rule is asked by itself, by the code that applies all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.config.filters import Match
from aggregator.normalize.filters import PARTS, make_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config.settings import Where
    from aggregator.model import Entry, Revision

_PART_WORDS = {
    "title": "title",
    "content": "text",
    "text": "title and text",
    "publisher": "publisher",
    "author": "author",
    "tag": "tag",
    "url": "link",
}
_NONE = Match()


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that keeps an entry out: where it is written (`exclude.title[0]`), and why."""

    keys: tuple[str | int, ...]
    reason: str


def broken_match_rules(
    item: Entry | Revision, *, include: Match, exclude: Match
) -> Iterator[BrokenRule]:
    """Yield the rules of `include` that an item does not meet, and those of `exclude` that it meets."""
    for part in (*PARTS, "language"):
        values = getattr(include, part)
        rule = _NONE.model_copy(update={part: values})
        if values and not _passes(item, include=rule):
            yield BrokenRule(("include", part), _unmet(item, part, values))

    for part in (*PARTS, "language"):
        for index, value in enumerate(getattr(exclude, part)):
            rule = _NONE.model_copy(update={part: (value,)})
            if not _passes(item, exclude=rule):
                yield BrokenRule(("exclude", part, index), _describe_match(item, part, value))


def unmet_condition(entry: Entry, where: Where, key: str) -> BrokenRule:
    """Describe a condition of a view that an entry does not meet: a list of `where`."""
    wanted = _quote_all(getattr(where, key), last="or")
    if key == "language":
        reason = f"{_language(entry)}; the view takes {wanted}"
    elif key == "source":
        reason = f"its source is `{entry.source}`; the view takes {wanted}"
    elif key == "publisher":
        own = f"its publisher is `{entry.publisher}`" if entry.publisher else "it has no publisher"
        reason = f"{own}; the view takes {wanted}"
    elif key == "has":
        wanted = _quote_all(where.has)
        reason = f"the view takes only entries that have {wanted}"
    else:
        own = f"its tags are {_quote_all(entry.tags)}" if entry.tags else "it has no tags"
        reason = f"{own}; the view takes {wanted}"
    return BrokenRule((key,), reason)


def _passes(item: Entry | Revision, *, include: Match = _NONE, exclude: Match = _NONE) -> bool:
    passes = make_filter(include, exclude)
    return passes is None or passes(item)


def _unmet(item: Entry | Revision, part: str, values: tuple[str, ...]) -> str:
    if part == "language":
        return f"{_language(item)}; `include.language` takes {_quote_all(values, last='or')}"
    if part in ("author", "tag"):
        wanted = _quote_all(values, last="or")
        return f"none of its {_PART_WORDS[part]}s matches {wanted} of `include.{part}`"
    if len(values) == 1:
        return f"{_subject(part)} does not match `{values[0]}` of `include.{part}`"
    return f"{_subject(part)} matches none of {_quote_all(values)} of `include.{part}`"


def _describe_match(item: Entry | Revision, part: str, value: str) -> str:
    if part == "language":
        return f"{_language(item)}; `exclude.language` leaves out `{value}`"
    return f"{_subject(part)} matches `{value}` of `exclude.{part}`"


def _subject(part: str) -> str:
    words = f"its {_PART_WORDS[part]}"
    return f"one of its {_PART_WORDS[part]}s" if part in ("author", "tag") else words


def _language(item: Entry | Revision) -> str:
    if item.language is None:
        return "its language is not known"
    return f"its language is `{item.language}`"


def _quote_all(values: Iterable[str], *, last: str = "and") -> str:
    """Write a list for people.

    >>> _quote_all(["a", "b", "c"], last="or")
    '`a`, `b` or `c`'
    """
    quoted = [f"`{value}`" for value in values]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"

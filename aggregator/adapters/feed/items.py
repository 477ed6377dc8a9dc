"""Tells the usable items of a document from the others, which are named by their numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Candidate, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model import RawEntry, TextForm

_HAN = re.compile("[一-鿿]")
_KANA = re.compile("[ぁ-ねは-ゖァ-ヺ]")  # without の, which Chinese uses
_MAX_TEXT = 2 * 1024 * 1024  # characters of one item's texts
# A picture within a text, as its URL; in base64 it may have line breaks.
_INLINE_FILE = re.compile(
    r"data:[\w.+-]{1,40}/[\w.+-]{1,60}(?:;[\w=.-]{1,60})*"
    r"(?:;base64,[A-Za-z0-9+/=%_\s-]{1000,}+|,[^\"'\s<>]{1000,}+)",
    re.IGNORECASE,
)


def split_rejected(
    entries: Sequence[RawEntry],
) -> tuple[tuple[RawEntry, ...], tuple[Rejection, ...]]:
    """Return the usable items and the others."""
    usable = []
    rejected = []
    for stated in entries:
        entry = _without_inline_files(stated)
        reason = _reason_to_reject(entry)
        if reason is None:
            usable.append(entry)
        else:
            rejected.append(Rejection(entry.label, reason))
    return tuple(usable), tuple(rejected)


def with_reasons(
    rejected: Sequence[Rejection], reasons: Mapping[int, str]
) -> tuple[Rejection, ...]:
    """Give the items that were emptied beforehand the reasons for that."""
    by_label = {f"item {index + 1}": reason for index, reason in reasons.items()}
    found = []
    for rejection in rejected:
        reason = by_label.get(rejection.label or "", rejection.reason)
        found.append(replace(rejection, reason=reason))
    return tuple(found)


def reject_beyond(limit: int) -> Rejection:
    """Return the rejection of the items that a document has beyond a limit."""
    return Rejection(None, f"items after number {limit} were left out")


def _without_inline_files(entry: RawEntry) -> RawEntry:
    """Cut large files out of texts that are too long because of them."""
    if _longest_text(entry) <= _MAX_TEXT:
        return entry
    return replace(
        entry,
        content_html=tuple(map(_shorten, entry.content_html)),
        summary=tuple(map(_shorten, entry.summary)),
    )


def _shorten(candidate: Candidate) -> Candidate:
    if len(candidate.value) <= _MAX_TEXT:
        return candidate
    return replace(candidate, value=_INLINE_FILE.sub("data:,", candidate.value))


def _longest_text(entry: RawEntry) -> int:
    longest = 0
    for candidate in entry.content_html:
        longest = max(longest, len(candidate.value))
    return longest


def _reason_to_reject(entry: RawEntry) -> str | None:
    if not (entry.url or entry.guid or entry.title or entry.content_html):
        if not (entry.image or entry.enclosures):
            return "no link, no id, no title, no text"

    longest = _longest_text(entry)
    if longest > _MAX_TEXT:
        return f"a text of {longest} characters, over the limit of {_MAX_TEXT}"
    return None


def has_kana(title: str) -> bool:
    """Tell whether a title has letters that are Japanese only."""
    return _KANA.search(title) is not None


def may_take_language(entry: RawEntry) -> bool:
    """Tell whether the other titles of its feed may tell the language of an item."""
    title = entry.title[0].value if entry.title else ""
    return not entry.language and _HAN.search(title) is not None and not has_kana(title)


def add_language_of_titles(
    entries: tuple[RawEntry, ...], known: Sequence[bool] = ()
) -> tuple[RawEntry, ...]:
    """Add Japanese to titles without Kana if most titles of the feed have some.

    `known` tells of the titles of items that were not read whether they have Kana.

    A title of Han characters alone looks like Chinese; the other titles of its feed tell. A
    stated language stays the only one.
    """
    titles = [candidate.value for entry in entries for candidate in entry.title[:1]]
    with_kana = sum(map(has_kana, titles)) + sum(known)
    if not with_kana or with_kana * 2 < len(titles) + len(known):
        return entries

    completed = []
    for entry in entries:
        if may_take_language(entry):
            entry = replace(entry, language=(Candidate("ja", "feed:titles"),))
        completed.append(entry)
    return tuple(completed)


def unique(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return each value once, with the first place where it was found."""
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.value, candidate)
    return tuple(first.values())


def as_form(candidates: Iterable[Candidate], form: TextForm | None) -> tuple[Candidate, ...]:
    """Return the candidates as texts of a form that the format prescribes."""
    return tuple(replace(candidate, form=form) for candidate in candidates)


def unique_values(values: Iterable[str | None], where: str) -> tuple[Candidate, ...]:
    """Return each value once, all found in `where`; an absent one is skipped."""
    unique: dict[str, Candidate] = {}
    for value in values:
        if value:
            unique[value] = Candidate(value, where)
    return tuple(unique.values())

"""Cuts the values of one item to what an entry may hold, so that a bad value costs itself alone.

Texts are shortened. A URL, an id or a date that is too long is left out, because a part
of it would be another one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.model import Candidate, Enclosure, RawEntry, RawImage

MAX_VALUES = 1_000  # of one field of an item
MAX_URL_CHARACTERS = 16_384  # of what is written; as for requests
MAX_GUID_BYTES = 2_000  # PostgreSQL indexes 2,704 bytes
MAX_AUTHOR_CHARACTERS = 4_096
MAX_NAME_CHARACTERS = 1_000
_TEXT_CHARACTERS: Mapping[str, int] = MappingProxyType(
    {
        "title": 100_000,  # with its markup; without it a tenth is shown at most
        "authors": MAX_AUTHOR_CHARACTERS,
        "contributors": MAX_AUTHOR_CHARACTERS,
        "credits": MAX_NAME_CHARACTERS,
        "publisher": MAX_NAME_CHARACTERS,
        "tags": 500,  # PostgreSQL indexes them
    }
)
# Values of these fields mean nothing without their end.
_WHOLE_CHARACTERS: Mapping[str, int] = MappingProxyType(
    {
        "published": 1_000,
        "updated": 1_000,
        "language": 100,
        "url": MAX_URL_CHARACTERS,
        "comments": MAX_URL_CHARACTERS,
        "comments_feed": MAX_URL_CHARACTERS,
        "via": MAX_URL_CHARACTERS,
    }
)


class CutValues:
    """Counts the items that had values cut, by field."""

    def __init__(self) -> None:
        self._items: Counter[str] = Counter()

    def add(self, fields: Iterable[str]) -> None:
        self._items.update(fields)

    def notes(self) -> tuple[str, ...]:
        """Return a note with the figures, () if nothing was cut."""
        parts = []
        for name, count in sorted(self._items.items()):
            unit = "item" if count == 1 else "items"
            parts.append(f"{name} of {count} {unit}")
        return cut_note(parts)


def cut_note(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the note that says what was cut; () if nothing was."""
    listed = ", ".join(parts)
    if not listed:
        return ()
    return (f"cut, being over a limit: {listed}",)


def shorten_names(names: str, limit: int) -> str:
    """Cut a list of names at the last separator within the limit, or in a name without one.

    >>> shorten_names("Ann Lee, Bob Ray, Cy Orr", 20)
    'Ann Lee, Bob Ray'
    """
    if len(names) <= limit:
        return names
    head = names[:limit]
    end = max(head.rfind(separator, limit // 2) for separator in ",;，；、")
    if end > 0:
        head = head[:end]
    return head.rstrip()


def limit_values(raw: RawEntry, *, base_url: str) -> tuple[RawEntry, frozenset[str]]:
    """Return an item within all limits, and the names of the fields that were cut.

    `base_url` replaces one that is too long.
    """
    changed: dict[str, Any] = {}
    for name, limit in _TEXT_CHARACTERS.items():
        texts = getattr(raw, name)
        if texts:
            _collect(changed, raw, name, _shorten_texts(texts, limit))
    for name, limit in _WHOLE_CHARACTERS.items():
        values = getattr(raw, name)
        if values:
            _collect(changed, raw, name, _drop_long(values, limit))
    if raw.image:
        _collect(changed, raw, "image", _limit_images(raw.image))
    if raw.enclosures:
        _collect(changed, raw, "enclosures", _limit_enclosures(raw.enclosures))
    if raw.guid and len(raw.guid.value.encode("utf-8", "replace")) > MAX_GUID_BYTES:
        changed["guid"] = None

    cut = frozenset(changed)
    if len(raw.base_url or "") > MAX_URL_CHARACTERS:
        changed["base_url"] = base_url
    if not changed:
        return raw, cut
    return replace(raw, **changed), cut


def _collect(changed: dict[str, Any], raw: RawEntry, name: str, limited: Any) -> None:
    if limited != getattr(raw, name):
        changed[name] = limited


def _shorten_texts(candidates: tuple[Candidate, ...], limit: int) -> tuple[Candidate, ...]:
    limited = []
    for candidate in candidates[:MAX_VALUES]:
        if len(candidate.value) > limit:
            candidate = replace(candidate, value=shorten_names(candidate.value, limit))
        limited.append(candidate)
    return tuple(limited)


def _drop_long(candidates: tuple[Candidate, ...], limit: int) -> tuple[Candidate, ...]:
    first = candidates[:MAX_VALUES]
    return tuple(candidate for candidate in first if len(candidate.value) <= limit)


def _limit_images(images: tuple[RawImage, ...]) -> tuple[RawImage, ...]:
    limited = []
    for image in images[:MAX_VALUES]:
        if len(image.url) <= MAX_URL_CHARACTERS:
            caption = _cut(image.caption)
            limited.append(replace(image, caption=caption, alt=_cut(image.alt)))
    return tuple(limited)


def _limit_enclosures(enclosures: tuple[Enclosure, ...]) -> tuple[Enclosure, ...]:
    limited = []
    for enclosure in enclosures[:MAX_VALUES]:
        if len(enclosure.url) <= MAX_URL_CHARACTERS:
            limited.append(_limit_enclosure(enclosure))
    return tuple(limited)


def _limit_enclosure(enclosure: Enclosure) -> Enclosure:
    return replace(
        enclosure,
        title=_cut(enclosure.title),
        type=_without_long(enclosure.type),
        language=_without_long(enclosure.language),
    )


def _cut(text: str | None) -> str | None:
    """Shorten a caption; its markup counts too."""
    if text is None:
        return None
    return text[: 10 * MAX_NAME_CHARACTERS]


def _without_long(name: str | None) -> str | None:
    if name is not None and len(name) > MAX_NAME_CHARACTERS:
        return None
    return name

"""The keys under which the articles of an item are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.store.merge.statement import Sighting

GUID_PREFIX = "guid:"
_GLOBAL_PREFIXES = ("guid:tag:", "guid:urn:", "guid:url:")


def guid_key(keys: Sequence[str]) -> str | None:
    """Return the key of the publisher's own id among the keys of an item, None if there is none."""
    for key in keys:
        if key.startswith(GUID_PREFIX):
            return key
    return None


def asked_keys(keys: Iterable[str]) -> set[str]:
    """Return the keys to look up for an item: its own, and the other form of those that are URLs.

    >>> sorted(asked_keys(["url:a"]))
    ['guid:url:a', 'url:a']
    """
    asked: set[str] = set()
    for key in keys:
        asked.add(key)
        if key.startswith("url:"):
            asked.add(f"guid:{key}")
        elif key.startswith("guid:url:"):
            asked.add(key.removeprefix("guid:"))
    return asked


def id_or_link(sighting: Sighting) -> str | None:
    """Return the key of an id that is a URL, or of the link as such an id; None for any other id."""
    guid, link = sighting.guid, sighting.link
    if guid is not None:
        if guid.startswith("guid:url:"):
            return guid
        return None
    if link is None:
        return None
    return f"guid:{link}"


def keys_of_global_id(guid: str | None) -> tuple[str, ...]:
    """Return the keys under which other sources know an article by an id that holds everywhere."""
    if guid is None or not guid.startswith(_GLOBAL_PREFIXES):
        return ()
    if guid.startswith("guid:url:"):
        return (guid, guid.removeprefix("guid:"))
    return (guid,)

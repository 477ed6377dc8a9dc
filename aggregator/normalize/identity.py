"""What makes two items the same article: keys, best first (RULES: identity).

Rule: the first key makes the id and is the publisher's own number where the site's rules know it, else the URL's key,
else the guid, else source, title and date. The others only help to recognise the article again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from aggregator.normalize import text, url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model import RawEntry, Revision

HASH_VERSION = 1
_GLOBAL = ("http://", "https://", "tag:", "urn:")


def keys_of(
    raw: RawEntry,
    source: str,
    *,
    site: Sequence[str],
    aliases: Sequence[str],
    address: str | None,
    host_alias: Mapping[str, str],
    title: str,
    stated: str | None,
) -> tuple[str, ...]:
    """Every key of an item, the one its id is made of first; `stated` is the publisher's date, None where none is."""
    link = (url_key(address, host_alias),) if address else ()
    guid = guid_keys(raw, source)
    named = tuple(dict.fromkeys((*site, *link, *aliases, *guid)))
    return named or (f"item:{source}:{text.fold(title)}:{stated or ''}",)


def url_key(address: str, host_alias: Mapping[str, str] | None = None) -> str:
    """The key that every spelling of one address shares; `host_alias` maps a host to the one it stands for."""
    return f"url:{url.key(address, alias=host_alias or {})}"


def guid_keys(raw: RawEntry, source: str) -> tuple[str, ...]:
    """A guid that is a URL, `tag:` or `urn:` holds everywhere, any other only within its source."""
    if raw.guid is None or not raw.trusted_guid or not raw.guid.value.strip():
        return ()
    guid = raw.guid.value.strip()
    if guid.lower().startswith(("http://", "https://")):
        return (url_key(guid),)
    return (f"guid:{guid}",) if guid.lower().startswith(_GLOBAL) else (f"guid:{source}:{guid}",)


def distinct(revisions: Sequence[Revision]) -> list[Revision]:
    """Tell apart the items of one document that share a URL and yet are different items.

    A link that several items of one document share (a home page, a changelog) names none of them: it is taken from
    their keys where they have a guid, or told apart by title where they have none.
    """
    titles: dict[str, set[tuple[str | None, str]]] = {}
    for revision in revisions:
        titles.setdefault(revision.keys[0], set()).add((revision.guid, text.fold(revision.title)))
    shared = {key for key, items in titles.items() if key.startswith("url:") and len(items) > 1}
    if not shared:
        return list(revisions)
    return [replace(revision, keys=_without(revision, shared)) for revision in revisions]


def _without(revision: Revision, shared: set[str]) -> tuple[str, ...]:
    kept = tuple(key for key in revision.keys if key not in shared)
    if len(kept) == len(revision.keys) or any(key.startswith("guid:") for key in kept):
        return kept
    named = next(key for key in revision.keys if key in shared)
    return (f"{named}#{text.fold(revision.title)}", *kept)


def content_hash(fields: Mapping[str, object]) -> str:
    """A versioned hash over what a reader sees: dates left out, empty fields omitted."""
    stated = {name: value for name, value in fields.items() if value}
    data = orjson.dumps([HASH_VERSION, stated], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def repeated(guids: Iterable[str]) -> set[str]:
    """The guids that a document gives more than once."""
    return {guid for guid, count in Counter(guids).items() if count > 1}

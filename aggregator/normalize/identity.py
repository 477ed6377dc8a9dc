"""What makes two items the same article: keys, best first (RULES: identity).

Rule: the first key makes the id and is the publisher's own number where the site's rules know it, else the URL's key,
else the guid, else source, title and date. The others only help to recognise the article again.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from aggregator.normalize import text, url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import RawEntry, Revision

HASH_VERSION = 1
TOLERATED_REPEATS = 0.05  # of a document's guids; FreshRSS draws the line there too (PR 4487)
KEYED_BY_URL = "keyed by URL"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LETTERS = 60  # of a paragraph; on 277 saved articles, from 40 to 100, it joins what was filed twice and nothing else
_DENSE = "\u2e80"  # from here on, a letter is a syllable or a word
_HALF_DAY_SECONDS = 12 * 60 * 60
_HOME = re.compile(r"url://[^/?#]+/")
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
    """Every key of an item, the one its id is made of first; `stated` is the publisher's date, None where none is.

    A link to a home page names no article where a guid does: a feed that lists its newest item alone, linked so, would
    be one article for ever.
    """
    link = (url_key(address, host_alias),) if address else ()
    guid = guid_keys(raw, source)
    if guid and link and _HOME.fullmatch(link[0]):
        link = ()
    named = tuple(dict.fromkeys((*site, *link, *aliases, *guid)))
    return named or (f"item:{source}:{text.fold(title)}:{stated or ''}",)


def text_keys(
    site: str, *, title: str, paragraphs: Sequence[str], published: datetime
) -> tuple[str, ...]:
    """Keys that an article shares with itself under another address: its title and its longest paragraph, near in time.

    Two grids of days, half a day apart: what lies within 12 hours shares a key, what lies a day apart shares none. None
    where no paragraph is long enough to be of one article alone (60 letters, 120 in scripts that have spaces).
    """
    longest = max(map(_letters, paragraphs), key=len, default="")
    dense = sum(letter >= _DENSE for letter in longest) * 2 > len(longest)
    if len(longest) < (_LETTERS if dense else 2 * _LETTERS):
        return ()
    name = hashlib.blake2b(f"{_letters(title)}\n{longest}".encode(), digest_size=12).hexdigest()
    half_days = int(published.timestamp() // _HALF_DAY_SECONDS)
    return tuple(f"{site}:text:{name}:{half_day}" for half_day in (half_days, half_days + 1))


def url_key(address: str, host_alias: Mapping[str, str] | None = None) -> str:
    """The key that every spelling of one address shares; `host_alias` maps a host to the one it stands for."""
    return f"url:{url.key(address, alias=host_alias or {})}"


def guid_keys(raw: RawEntry, source: str) -> tuple[str, ...]:
    """A guid that is a URL, `tag:` or `urn:` holds everywhere, any other only within its source."""
    guid = storable(raw.guid.value).strip() if raw.guid is not None and raw.trusted_guid else ""
    if not guid:
        return ()
    if guid.lower().startswith(("http://", "https://")):
        return (url_key(guid),)
    return (f"guid:{guid}",) if guid.lower().startswith(_GLOBAL) else (f"guid:{source}:{guid}",)


@dataclass(frozen=True, slots=True)
class Guids:
    """How many items of a document have a guid, and how many of them one that names another item already."""

    given: int
    repeated: int

    @property
    def are_trouble(self) -> bool:
        return self.repeated > TOLERATED_REPEATS * self.given

    def __str__(self) -> str:
        return f"{self.repeated} of {self.given} guids repeat"


def guids_of(items: Iterable[RawEntry]) -> Guids:
    """Count the guids of one document; an item that is listed twice repeats nothing."""
    named: dict[str, list[RawEntry]] = {}
    for item in items:
        if item.guid is not None:
            named.setdefault(item.guid.value, []).append(item)
    repeated = sum(len(set(map(_name, found))) - 1 for found in named.values() if len(found) > 1)
    return Guids(sum(map(len, named.values())), repeated)


def by_url(items: Iterable[RawEntry]) -> tuple[RawEntry, ...]:
    """Believe no guid of an item that has a link: what its keys were before leads to it by that."""
    return tuple(
        replace(item, trusted_guid=False) if item.guid and item.url else item for item in items
    )


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, text.fold(words)))


def _name(item: RawEntry) -> tuple[str, str]:
    """What tells an item apart that has the guid of another: its link and its title."""
    link = url_key(item.url[0].value) if item.url else ""
    title = text.fold(item.title[0].value) if item.title else ""
    return (link, title) if link or title else (item.item, "")


def storable(verbatim: str) -> str:
    """Take from a text that is kept as it was stated what no database holds: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("", verbatim)


def distinct(revisions: Sequence[Revision]) -> list[Revision]:
    """Tell apart the items of one document that share a URL and yet are different items.

    A link that several items of one document share (a home page, a changelog) names none of them: it is taken from
    their keys where they have a guid, or told apart by title where they have none.
    """
    if len(revisions) < 2:
        return list(revisions)
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

"""Decides what makes two items the same article: keys, best first.

Rule: the first key makes the id. It is the publisher's own number if the site's rules know it, else
the URL's key, else the guid, else source, title and date. The other keys only help to recognise the
article again.
"""

from __future__ import annotations

import hashlib
import re
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
# Letters of a paragraph that belongs to one article alone. On 277 saved articles any figure from 40
# to 100 joins what was filed twice, and nothing else.
_LEAST_LETTERS = 60
_FIRST_DENSE_LETTER = "\u2e80"  # from here on, a letter is a syllable or a word
_HALF_DAY_SECONDS = 12 * 60 * 60
_HOME_PAGE = re.compile(r"url://[^/?#]+/")
_WEB_SCHEMES = ("http://", "https://")
_GLOBAL_SCHEMES = ("tag:", "urn:")


def item_keys(
    raw: RawEntry,
    source: str,
    *,
    site: Sequence[str],
    aliases: Sequence[str],
    address: str | None,
    host_alias: Mapping[str, str],
    title: str,
    published: str | None,
) -> tuple[str, ...]:
    """Return every key of an item, first the one that its id is made of.

    `site` and `aliases` are keys that the site's rules found; `stated` is the publisher's date, None
    if there is none.
    """
    guid = guid_keys(raw, source)
    keys = list(site)
    if address:
        link = url_key(address, host_alias)
        # A feed that lists its newest item alone, with a link to the home page, would be one
        # article for ever: such a link is no key if there is a guid.
        is_misleading = guid and _HOME_PAGE.fullmatch(link)
        if not is_misleading:
            keys.append(link)
    keys.extend(aliases)
    keys.extend(guid)

    if not keys:
        keys.append(f"item:{source}:{text.fold(title)}:{published or ''}")
    return tuple(dict.fromkeys(keys))  # each once, in order


def text_keys(
    site: str, *, title: str, paragraphs: Sequence[str], published: datetime
) -> tuple[str, ...]:
    """Return the keys that an article shares with itself under another URL.

    They are made of its title, its longest paragraph and two grids of half days: articles published
    within 12 hours of each other share a key, a day apart they share none. There are none if no
    paragraph is long enough to belong to one article alone (60 letters, 120 in scripts that have
    spaces).
    """
    longest = max(map(_fold_alnum, paragraphs), key=len, default="")
    dense = sum(letter >= _FIRST_DENSE_LETTER for letter in longest)
    is_dense = dense * 2 > len(longest)
    least = _LEAST_LETTERS if is_dense else 2 * _LEAST_LETTERS
    if len(longest) < least:
        return ()

    content = f"{_fold_alnum(title)}\n{longest}".encode()
    name = hashlib.blake2b(content, digest_size=12).hexdigest()
    half_day = int(published.timestamp() // _HALF_DAY_SECONDS)
    return (f"{site}:text:{name}:{half_day}", f"{site}:text:{name}:{half_day + 1}")


def url_key(address: str, host_alias: Mapping[str, str] | None = None) -> str:
    """Return the key that all spellings of a URL share.

    `host_alias` maps a host to the one that it stands for.
    """
    return f"url:{url.page_key(address, alias=host_alias or {})}"


def guid_keys(raw: RawEntry, source: str) -> tuple[str, ...]:
    """Return the key of a trusted guid.

    A guid that is a URL, `tag:` or `urn:` holds in all sources, any other only in its own.
    """
    if raw.guid is None or not raw.trusted_guid:
        return ()
    guid = drop_unstorable(raw.guid.value).strip()
    if not guid:
        return ()

    lower_case = guid.lower()
    if lower_case.startswith(_WEB_SCHEMES):
        return (url_key(guid),)
    if lower_case.startswith(_GLOBAL_SCHEMES):
        return (f"guid:{guid}",)
    return (f"guid:{source}:{guid}",)


@dataclass(frozen=True, slots=True)
class GuidCounts:
    """How many items of a document have a guid, and how many of them have that of another item."""

    total: int
    find_repeated_guids: int

    @property
    def are_unreliable(self) -> bool:
        return self.find_repeated_guids > TOLERATED_REPEATS * self.total

    def __str__(self) -> str:
        return f"{self.find_repeated_guids} of {self.total} guids repeat"


def count_guids(items: Iterable[RawEntry]) -> GuidCounts:
    """Count the guids of one document; an item that is listed twice repeats nothing."""
    items_by_guid: dict[str, list[RawEntry]] = {}
    for item in items:
        if item.guid is not None:
            items_by_guid.setdefault(item.guid.value, []).append(item)

    given = 0
    repeated = 0
    for sharing in items_by_guid.values():
        given += len(sharing)
        if len(sharing) > 1:
            repeated += len(set(map(_link_and_title, sharing))) - 1
    return GuidCounts(given, repeated)


def distrust_guids(items: Iterable[RawEntry]) -> tuple[RawEntry, ...]:
    """Mark the guids of items that have a link as not trusted.

    A stored entry is still found by its link, whatever its keys were before.
    """
    marked = []
    for item in items:
        if item.guid and item.url:
            item = replace(item, trusted_guid=False)
        marked.append(item)
    return tuple(marked)


def drop_unstorable(verbatim: str) -> str:
    """Remove what no database holds from a text that is kept as stated: NUL and lone surrogates."""
    return _UNSTORABLE.sub("", verbatim)


def drop_shared_urls(revisions: Sequence[Revision]) -> list[Revision]:
    """Separate the items of one document that share a URL but are different items.

    A link that several items of one document share (a home page, a changelog) identifies none of
    them. It is removed from the keys of those that have a guid; for those without one, the title is
    added to it.
    """
    if len(revisions) < 2:
        return list(revisions)
    shared = _shared_url_keys(revisions)
    if not shared:
        return list(revisions)
    return [replace(one, keys=_keys_without(one, shared)) for one in revisions]


def _shared_url_keys(revisions: Iterable[Revision]) -> set[str]:
    """Return the first keys that are URLs of several items; an item that is listed twice is one."""
    items: dict[str, set[tuple[str | None, str]]] = {}
    for revision in revisions:
        key = revision.keys[0]
        if key.startswith("url:"):
            item = (revision.guid, text.fold(revision.title))
            items.setdefault(key, set()).add(item)
    return {key for key, sharing in items.items() if len(sharing) > 1}


def _keys_without(revision: Revision, shared: set[str]) -> tuple[str, ...]:
    own = []
    removed = []
    for key in revision.keys:
        if key in shared:
            removed.append(key)
        else:
            own.append(key)

    has_guid = any(key.startswith("guid:") for key in own)
    if removed and not has_guid:
        own.insert(0, f"{removed[0]}#{text.fold(revision.title)}")
    return tuple(own)


def content_hash(fields: Mapping[str, object]) -> str:
    """Return a versioned hash of what a reader sees; empty fields are left out."""
    present = {name: value for name, value in fields.items() if value}
    data = orjson.dumps([HASH_VERSION, present], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _fold_alnum(words: str) -> str:
    return "".join(filter(str.isalnum, text.fold(words)))


def _link_and_title(item: RawEntry) -> tuple[str, str]:
    """Return what tells apart two items that have the same guid."""
    link = title = ""
    if item.url:
        link = url_key(item.url[0].value)
    if item.title:
        title = text.fold(item.title[0].value)
    if not link and not title:
        link = item.item
    return link, title

"""Decides what makes two items the same article: keys, best first.

The first key makes the id. It is the publisher's own number if the site's rules know it, else
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
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import RawEntry, Revision

HASH_VERSION = 1
TOLERATED_REPEATS = 0.05  # of a document's guids; FreshRSS draws the line there too (PR 4487)
KEYED_BY_URL = "keyed by URL"

_MAX_TITLE_BYTES = 2_000  # of a title within a key: PostgreSQL indexes 2,704 bytes
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Letters of a paragraph that belongs to one article alone. On 277 saved articles any figure from 40
# to 100 joins what was filed twice, and nothing else.
_LEAST_LETTERS = 60
_FIRST_DENSE_LETTER = "\u2e80"  # from here on, a letter is a syllable or a word
# Articles under one guid that further ones are compared with: comparing each of 10,000
# with all others takes 20 s, and such a guid is distrusted long before.
_MAX_COMPARED = 50
_HALF_DAY_SECONDS = 12 * 60 * 60
_HOME_PAGE = re.compile(r"url://[^/?#]+/")
_URL, _GUID = "url:", "guid:"
OWN_ID = "urn:uuid:"
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

    An item of our own feed keeps the id that it has there: `urn:uuid:…` as a key is the id itself.
    `site` and `aliases` are keys that the site's rules found; `published` is the publisher's date,
    None if it states none.
    """
    link, guid = _link_and_guid(raw, source, address, host_alias)

    # A number names the page: `voa:7`. A remark in it (`#comment-4`) is another item.
    place = url.fragment_key(address or "")
    keys = [f"{number}{place}" for number in site]
    if link:
        keys.append(link)
    keys.extend(aliases)
    if guid:
        keys.append(guid)

    if raw.keeps_id and raw.guid and raw.trusted_guid:
        keys.insert(0, raw.guid.value)

    if not keys:
        keys.append(_item_key(source, text.fold(title), published or ""))
    return tuple(dict.fromkeys(keys))  # each once, in order


def _item_key(source: str, title: str, published: str) -> str:
    if len(title.encode()) > _MAX_TITLE_BYTES:
        title = hashlib.blake2b(title.encode(), digest_size=12).hexdigest()
    return f"item:{source}:{title}:{published}"


def _link_and_guid(
    raw: RawEntry, source: str, address: str | None, host_alias: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return the keys of an item's link and of its guid, None for one that does not count."""
    link = None
    if address:
        link = url_key(address, host_alias)
    guid = guid_key(raw, source, host_alias)

    # A feed that lists its newest item alone, with a link to the home page, would be one
    # article for ever: such a link is no key if there is a guid.
    if link and guid and _HOME_PAGE.fullmatch(link):
        link = None

    # Without a link a guid that is a URL is the link; if it repeats the link it adds nothing.
    guid_url = _guid_url(raw, host_alias)
    if guid_url and link in (None, guid_url):
        return guid_url, None
    return link, guid


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
    """Return the key that all spellings of a URL share, with the place that it names in its page.

    `host_alias` maps a host to the one that it stands for.
    """
    return f"{_URL}{url.page_key(address, alias=host_alias or {})}"


def guid_key(raw: RawEntry, source: str, host_alias: Mapping[str, str] | None = None) -> str | None:
    """Return the key of a trusted guid, None if the item has none.

    A guid that is a URL, `tag:` or `urn:` holds in all sources, any other only in its own. URLs are
    compared as links are: `guid:url://host/path`.
    """
    guid = _trusted_guid(raw)
    if guid is None:
        return None
    address = _guid_url(raw, host_alias)
    if address is not None:
        return f"{_GUID}{address}"
    if guid.lower().startswith(_GLOBAL_SCHEMES):
        return f"{_GUID}{guid}"
    return f"{_GUID}{source}:{guid}"


def _guid_url(raw: RawEntry, host_alias: Mapping[str, str] | None) -> str | None:
    """Return the `url:` key of a trusted guid that is a URL."""
    guid = _trusted_guid(raw)
    if guid is None or not guid.lower().startswith(_WEB_SCHEMES):
        return None
    return url_key(guid, host_alias)


def _trusted_guid(raw: RawEntry) -> str | None:
    if raw.guid is None or not raw.trusted_guid:
        return None
    guid = drop_unstorable(raw.guid.value).strip()
    if not guid:
        return None
    return guid


@dataclass(frozen=True, slots=True)
class GuidCounts:
    """How many items of a document have a guid, and how many of them have that of another article.

    `repeated` are the guids that several articles have.
    """

    total: int
    repeats: int
    repeated: frozenset[str] = frozenset()

    @property
    def are_unreliable(self) -> bool:
        return self.repeats > TOLERATED_REPEATS * self.total

    def __str__(self) -> str:
        return f"{self.repeats} of {self.total} guids repeat"


def count_guids(items: Iterable[RawEntry]) -> GuidCounts:
    """Count the guids of one document; versions of one article repeat nothing."""
    items_by_guid: dict[str, list[RawEntry]] = {}
    for item in items:
        if item.guid is not None:
            items_by_guid.setdefault(item.guid.value, []).append(item)

    total = 0
    repeats = 0
    repeated = []
    for guid, sharing in items_by_guid.items():
        total += len(sharing)
        further = _count_articles(sharing) - 1
        if further:
            repeats += further
            repeated.append(guid)
    return GuidCounts(total, repeats, frozenset(repeated))


def _count_articles(items: Sequence[RawEntry]) -> int:
    """Return how many different articles items with the same guid are."""
    if len(items) == 1:
        return 1
    articles: list[_Facts] = []
    for item in items:
        facts = _facts_of(item)
        compared = articles[:_MAX_COMPARED]
        if not any(facts.may_be_version_of(article) for article in compared):
            articles.append(facts)
    return len(articles)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What tells versions of one article from other articles with its guid; "" where not stated."""

    link: str
    title: str
    published: str

    def may_be_version_of(self, other: _Facts) -> bool:
        """Tell whether two items are versions of one article.

        Under one link they are unless title and date differ; under different links the title has to
        be the same. Without links something else that is stated has to be the same.
        """
        same_title = self.title == other.title
        if self.link != other.link:
            return same_title

        has_dates = self.published != "" and other.published != ""
        same_date = self.published == other.published
        if self.link:
            return same_title or same_date or not has_dates
        if has_dates and same_date:
            return True
        return same_title and self.title != ""


def _facts_of(item: RawEntry) -> _Facts:
    link = title = published = ""
    if item.url:
        link = url_key(item.url[0].value)
    if item.title:
        title = text.fold(item.title[0].value)
    # An Atom entry without `published` has its `updated` there, which every version changes.
    if item.published and item.published[0] not in item.updated:
        published = item.published[0].value.strip()
    return _Facts(link, title, published)


def distrust_guids(
    items: Iterable[RawEntry], *, repeated: Collection[str], by_url: bool
) -> tuple[RawEntry, ...]:
    """Mark guids as not trusted: those that are `repeated`, with `by_url` those of all linked items.

    A stored entry is still found by its link, whatever its keys were before.
    """
    marked = []
    for item in items:
        is_repeated = item.guid is not None and item.guid.value in repeated
        has_better_key = by_url and bool(item.url)
        if is_repeated or has_better_key:
            item = replace(item, trusted_guid=False)
        marked.append(item)
    return tuple(marked)


def drop_unstorable(verbatim: str) -> str:
    """Remove what no database holds from a text that is kept as stated: NUL and lone surrogates."""
    return _UNSTORABLE.sub("", verbatim)


def demote_shared_links(
    revisions: Sequence[Revision], trusted_guids: Sequence[bool]
) -> list[Revision]:
    """Separate the items of one document that share a link but are different items.

    A link that several items of one document share (a home page, a changelog) names none of them:
    it is moved behind the other keys. Of an item without a guid the link with the title names it.
    `trusted_guids` tells of each item whether its guid counts.
    """
    if len(revisions) < 2:
        return list(revisions)
    shared = _shared_links(revisions, trusted_guids)
    if not shared:
        return list(revisions)

    separated = []
    for revision in revisions:
        link = _main_key(revision)
        if link in shared:
            revision = replace(revision, keys=_keys_with_link_last(revision, link))
        separated.append(revision)
    return separated


def has_link_twice(revisions: Iterable[Revision]) -> bool:
    """Tell whether a link stands first among the keys of two items, versions of one included."""
    links = []
    for revision in revisions:
        key = _main_key(revision)
        if key.startswith(_URL):
            links.append(key)
    return len(set(links)) < len(links)


def _shared_links(revisions: Sequence[Revision], trusted_guids: Sequence[bool]) -> set[str]:
    """Return the links that name several items; versions of one guid are one item."""
    names: dict[str, set[str]] = {}
    for revision, is_trusted in zip(revisions, trusted_guids, strict=True):
        link = _main_key(revision)
        if link.startswith(_URL):
            names.setdefault(link, set()).add(_name_under_link(revision, is_trusted))
    return {link for link, sharing in names.items() if len(sharing) > 1}


def _main_key(revision: Revision) -> str:
    """Return the first key that says what the item is; an id that is kept does not."""
    first = revision.keys[0]
    if first.startswith(OWN_ID) and len(revision.keys) > 1:
        return revision.keys[1]
    return first


def _name_under_link(revision: Revision, is_trusted: bool) -> str:
    """Return what tells an item from others with its link: its guid, without one its title."""
    guid = _guid_among(revision.keys)
    if guid is not None:
        return guid
    if is_trusted and revision.guid:
        return _GUID  # it is the link itself
    return f"title {text.fold(revision.title)}"


def _keys_with_link_last(revision: Revision, link: str) -> tuple[str, ...]:
    others = [key for key in revision.keys if key != link]
    if _guid_among(others) is None:
        others.insert(0, f"{link}#{text.fold(revision.title)}")
    return (*others, link)


def _guid_among(keys: Iterable[str]) -> str | None:
    for key in keys:
        if key.startswith(_GUID):
            return key
    return None


def content_hash(fields: Mapping[str, object]) -> str:
    """Return a versioned hash of what a reader sees; empty fields are left out."""
    present = {name: value for name, value in fields.items() if value}
    data = orjson.dumps([HASH_VERSION, present], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _fold_alnum(words: str) -> str:
    return "".join(filter(str.isalnum, text.fold(words)))

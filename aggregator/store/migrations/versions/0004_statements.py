"""What each source says of an article is kept apart, and keys keep the place that a link names.

A migration is written once and never edited; it imports nothing of the program but the codec
of its contents, whose tables and rules move on.

Keys of the first kind lost the fragment of a URL (`#comment-4`), and a guid that is a URL looked like
an address. Here all keys are made anew from what was stated. An entry keeps its id, and its name goes
on leading to it. Where comments of one page had been merged into one entry, it keeps the keys of the
first: the others come as new entries when their feed lists them again. Tombstones cannot be made
anew: they get the prefix `v1:` and are compared with the old form of a key.

Entries that several sources tell still show the newest statement afterwards: the program chooses the
best one in the same transaction.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import orjson
import sqlalchemy as sa
from alembic import op

from aggregator import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

revision = "0004"
down_revision = "0003"

_BATCH = 500  # entries
_TAG = re.compile(r"<[^>]*>")
_GUESSED_ORIGINS = ("first_seen", "archive")
_DAY = 86_400_000_000  # microseconds
_NOW_TOLERANCE = 300_000_000  # microseconds

# What a link's fragment is made into, as the second kind of keys has it.
_TRACKING_FRAGMENTS = (
    *("xtor=", "ref=rss", "echobox=", "ftag=", "tk.", "atom-", "rss"),
    *("utm_", "mtm_", "pk_", "ixzz", "axzz"),
)
_SCROLLING_FRAGMENT = re.compile(r"top|comments|respond|disqus_thread|more-[0-9]+")
_TEXT_DIRECTIVE = ":~:"
_PAGE_FRAGMENTS = ("!", "/")
_KEPT_CODES = re.compile(r"(%(?:23|25|26|2b|3b|3d))", re.IGNORECASE)
_SAFE = "!$'()*,;:@/?=~"

# Whose an article is.
_SECOND_LEVEL_LABELS = (
    "ac co com edu gen go gob gouv gov gub info ltd mil ne net nom or org plc sch"
)
_SECOND_LEVEL = frozenset(_SECOND_LEVEL_LABELS.split())
_SHARED_HOSTS = """
    blogspot.com wordpress.com substack.com tumblr.com github.io gitlab.io
    netlify.app vercel.app pages.dev workers.dev herokuapp.com web.app
    firebaseapp.com feedburner.com livejournal.com typepad.com over-blog.com
    hatenablog.com cloudfront.net azurewebsites.net fly.dev neocities.org micro.blog
    bearblog.dev beehiiv.com ghost.io
"""
_SHARED = frozenset(_SHARED_HOSTS.split())
_PROXIES = (
    ".feedburner.com",
    ".feedproxy.google.com",
    ".feedpress.me",
    ".feedblitz.com",
    ".rss.app",
)
_FEED_PLACES = ("feed:", "json:", "sitemap:")
_MOST_LINKS = 0.8
_LEAST_LINKS = 10

_ENTRY = sa.table(
    "entry",
    *map(
        sa.column,
        (
            "id",
            "key",
            "source_id",
            "url",
            "content_id",
            "revision",
            "updated",
            "lead",
            "revision_base",
            "updated_base",
        ),
    ),
)
_ENTRY_KEY = sa.table("entry_key", sa.column("key"), sa.column("entry_id"))
_SIGHTING = sa.table(
    "revision",
    *map(
        sa.column,
        (
            "id",
            "entry_id",
            "source_id",
            "keys",
            "at",
            "captured",
            "hash",
            "title",
            "published",
            "published_from",
            "content_id",
            "tier",
            "letters",
            "text_hash",
        ),
    ),
)
_CONTENT = sa.table("content", sa.column("id"), sa.column("body"))
_SOURCE = sa.table("source", sa.column("id"), sa.column("location"))
_STATE = sa.table("source_state", sa.column("source_id"), sa.column("listing"))
_OF: sa.BindParameter[int] = sa.bindparam("of")


def upgrade() -> None:
    op.add_column(
        "entry", sa.Column("revision_base", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column("entry", sa.Column("updated_base", sa.BigInteger))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("entry", sa.Column("lead", number, nullable=False, server_default="0"))
    op.add_column(
        "revision", sa.Column("tier", sa.SmallInteger, nullable=False, server_default="3")
    )
    op.add_column("revision", sa.Column("letters", sa.Integer, nullable=False, server_default="0"))
    op.add_column(
        "revision", sa.Column("text_hash", sa.LargeBinary(8), nullable=False, server_default="")
    )
    op.add_column("tombstone", sa.Column("last_listed", sa.BigInteger))
    op.drop_index("ix_revision_entry_id", "revision")
    op.create_index("ix_revision_statement", "revision", ["entry_id", "source_id"])

    connection = op.get_bind()
    _convert_listings(connection)  # while the old keys are there
    origins = _load_origins(connection)
    for numbers in _batches(connection):
        _convert_entries(connection, numbers, origins)
    op.execute("UPDATE tombstone SET key = 'v1:' || key")


def _convert_listings(connection: sa.Connection) -> None:
    """Make the lists of keys that sources had into lists of names, with no hash that any item has."""
    query = sa.select(_STATE.c.source_id).where(_STATE.c.listing.is_not(None))
    for source_id in connection.scalars(query).all():
        of_source = _STATE.c.source_id == source_id
        packed: Any = connection.scalar(sa.select(_STATE.c.listing).where(of_source))
        listed = orjson.loads(zstd.decompress(bytes(packed)))
        converted = zstd.compress(
            orjson.dumps({"taken": 0, "places": _names_by_place(connection, listed)})
        )
        connection.execute(sa.update(_STATE).where(of_source).values(listing=converted))


def _names_by_place(
    connection: sa.Connection, listed: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str]]:
    """Return the names of all articles that the listed keys led to; a deleted one is its tombstone."""
    all_keys = sorted({key for keys in listed.values() for key in keys})
    names = _names_of_keys(connection, all_keys)
    places = {}
    for place, keys in listed.items():
        items: dict[str, str] = {}
        for key in keys:
            # A number that a publisher used again led to several.
            for number, name in enumerate(names.get(key, [f"v1:{key}"])):
                items[f"{number} {key}"] = name
        places[place] = items
    return places


def _names_of_keys(connection: sa.Connection, keys: Sequence[str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for begin in range(0, len(keys), _BATCH):
        part = keys[begin : begin + _BATCH]
        query = sa.select(_ENTRY_KEY.c.key, _ENTRY.c.key.label("name")).where(
            _ENTRY.c.id == _ENTRY_KEY.c.entry_id, _ENTRY_KEY.c.key.in_(part)
        )
        for row in connection.execute(query.order_by(_ENTRY.c.id)):
            names.setdefault(row.key, []).append(row.name)
    return names


# --- whose the articles of a source are ---------------------------------------------------------------------------


class _Origin(NamedTuple):
    """What tells whether a source is the publisher of an article: its host, and where it links to.

    `site` is None for a folder.
    """

    site: str | None
    is_proxy: bool
    frequent_site: str | None  # the one of most of its articles

    def tier(self, content: Mapping[str, Any]) -> int:
        """Return how sure it is, 0 to 3. A folder and an article's own page are."""
        where = content["provenance"].get("content_html")
        is_page = where is not None and not where.startswith(_FEED_PLACES)
        site = _site_of(content["url"] or "")
        if is_page or self.site is None or site in (None, self.site):
            return 3
        if self.is_proxy or site.partition(".")[0] == self.site.partition(".")[0]:
            return 2
        return int(site == self.frequent_site)


def _load_origins(connection: sa.Connection) -> dict[int, _Origin]:
    counts: dict[int, Counter[str | None]] = {}
    query = sa.select(_SIGHTING.c.source_id, _ENTRY.c.url).where(
        _ENTRY.c.id == _SIGHTING.c.entry_id
    )
    for source_id, url in connection.execute(query.execution_options(yield_per=_BATCH)):
        counts.setdefault(source_id, Counter())[_site_of(url or "")] += 1

    origins = {}
    for row in connection.execute(sa.select(_SOURCE)):
        location = row.location or ""
        host = f".{_host_of(location) or ''}"
        sites = counts.get(row.id, Counter())
        origins[row.id] = _Origin(
            _site_of(location), host.endswith(_PROXIES), _frequent_site(sites)
        )
    return origins


def _frequent_site(counts: Counter[str | None]) -> str | None:
    if counts.total() < _LEAST_LINKS:
        return None
    [(site, count)] = counts.most_common(1)
    if count < _MOST_LINKS * counts.total():
        return None
    return site


def _site_of(url: str) -> str | None:
    """Return the domain that somebody registered; None for what is no URL."""
    host = _host_of(url)
    if host is None:
        return None
    labels = host.split(".")
    owned = 2
    if len(labels[-1]) == 2 and labels[-2:-1] and labels[-2] in _SECOND_LEVEL:
        owned = 3
    if ".".join(labels[-2:]) in _SHARED:
        owned = 3
    return ".".join(labels[-owned:])


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


# --- entries ------------------------------------------------------------------------------------------------------


class _Sighting:
    """A row of `revision` with its new columns; `published` is in microseconds.

    Alembic loads this module in a way that dataclasses do not bear.
    """

    def __init__(self, row: Any, origin: _Origin) -> None:
        content = orjson.loads(zstd.decompress(bytes(row.body)))
        self.id: int = row.id
        self.source_id: int = row.source_id
        self.content_id: int = row.content_id
        self.keys = _new_keys(orjson.loads(row.keys), content)
        self.hash: str = row.hash
        self.title: str = row.title
        self.published: int = row.published
        self.has_usable_time = _has_usable_time(row)
        self.tier = origin.tier(content)
        self.letters, self.text_hash = _measure_text(row.title, content)

    @property
    def link(self) -> str | None:
        addresses = [key for key in self.keys if key.startswith("url:")]
        if not addresses:
            return None
        return addresses[-1]

    @property
    def guid(self) -> str | None:
        for key in self.keys:
            if key.startswith("guid:"):
                return key
        return None


def _batches(connection: sa.Connection) -> Iterator[list[int]]:
    last = -1
    while True:
        query = sa.select(_ENTRY.c.id).where(_ENTRY.c.id > last).order_by(_ENTRY.c.id)
        numbers = list(connection.scalars(query.limit(_BATCH)))
        if not numbers:
            return
        yield numbers
        last = numbers[-1]


def _convert_entries(
    connection: sa.Connection, numbers: Sequence[int], origins: Mapping[int, _Origin]
) -> None:
    begin, end = numbers[0], numbers[-1]
    sightings = _load_sightings(connection, begin, end, origins)
    old_keys: dict[int, set[str]] = {}
    held = sa.select(_ENTRY_KEY).where(_ENTRY_KEY.c.entry_id.between(begin, end))
    for row in connection.execute(held):
        old_keys.setdefault(row.entry_id, set()).add(row.key)

    entries, changed_sightings, dropped, added = [], [], [], []
    query = sa.select(_ENTRY).where(_ENTRY.c.id.between(begin, end))
    for entry in connection.execute(query):
        members = sightings.get(entry.id, [])
        _separate(members)
        entries.append({"of": entry.id, **_lead_and_base(entry, members)})
        before = old_keys.get(entry.id, set())
        now = {entry.key} & before
        for member in members:
            changed_sightings.append(_changed_sighting(member))
            now.update(member.keys)
        for key in before - now:
            dropped.append({"old": key, "of": entry.id})
        for key in now - before:
            added.append({"key": key, "entry_id": entry.id})

    is_key = sa.and_(_ENTRY_KEY.c.key == sa.bindparam("old"), _ENTRY_KEY.c.entry_id == _OF)
    for statement, changes in (
        (sa.update(_ENTRY).where(_ENTRY.c.id == _OF), entries),
        (sa.update(_SIGHTING).where(_SIGHTING.c.id == _OF), changed_sightings),
        (sa.delete(_ENTRY_KEY).where(is_key), dropped),
        (sa.insert(_ENTRY_KEY), added),
    ):
        if changes:
            connection.execute(statement, changes)


def _load_sightings(
    connection: sa.Connection, begin: int, end: int, origins: Mapping[int, _Origin]
) -> dict[int, list[_Sighting]]:
    """Return the sightings of the entries from `begin` to `end`, oldest first, with their new keys."""
    query = (
        sa.select(_SIGHTING, _CONTENT.c.body)
        .where(_CONTENT.c.id == _SIGHTING.c.content_id)
        .where(_SIGHTING.c.entry_id.between(begin, end))
        .order_by(_SIGHTING.c.at, _SIGHTING.c.captured, _SIGHTING.c.id)
    )
    found: dict[int, list[_Sighting]] = {}
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        sighting = _Sighting(row, origins[row.source_id])
        found.setdefault(row.entry_id, []).append(sighting)
    return found


def _measure_text(title: str, content: Mapping[str, Any]) -> tuple[int, bytes]:
    """Return how many letters a text has, and a hash of it with its title."""
    text = content["summary"] or ""
    if content["content_html"]:
        text = _TAG.sub("", content["content_html"])
    packed = f"{title}\n{text}".encode().translate(None, b" \t\r\n")
    return len(text) - text.count(" "), blake2b(packed, digest_size=8).digest()


def _has_usable_time(row: Any) -> bool:
    """Tell whether a publisher stated a time that is neither a bare day nor "now"."""
    if row.published_from in _GUESSED_ORIGINS or row.published % _DAY == 0:
        return False
    return bool(abs(row.captured - row.published) > _NOW_TOLERANCE)


def _lead_and_base(entry: Any, members: Sequence[_Sighting]) -> dict[str, Any]:
    """Return the source that is shown, and what the entry showed beyond that source's own edits.

    Of an entry with several sources the program computes `revision_base` when it chooses the best.
    """
    lead = entry.source_id
    for member in members:
        if member.content_id == entry.content_id:
            lead = member.source_id
    edits = len({member.hash for member in members}) - 1
    base = max(entry.revision - max(edits, 0), 1)
    has_several = len({member.source_id for member in members}) > 1
    return {
        "lead": lead,
        "revision_base": 1 if has_several else base,
        # A state that came back counted as an edit.
        "updated_base": entry.updated if has_several or entry.revision > 1 else None,
    }


def _changed_sighting(sighting: _Sighting) -> dict[str, Any]:
    return {
        "of": sighting.id,
        "keys": orjson.dumps(sighting.keys).decode(),
        "tier": sighting.tier,
        "letters": sighting.letters,
        "text_hash": sighting.text_hash,
    }


# --- several articles in one entry --------------------------------------------------------------------------------


def _separate(members: Sequence[_Sighting]) -> None:
    """Take the keys from sightings of other articles, such as the second comment on a page.

    They get those of the first. Another source's remark on a page is not shown, either.
    """
    by_source: dict[int, list[_Sighting]] = {}
    for member in members:
        by_source.setdefault(member.source_id, []).append(member)
    for own in by_source.values():
        _separate_within_source(own)
    if len(by_source) < 2:
        return

    # The page itself before remarks on it.
    main = min(members, key=lambda one: bool(_place_of_key(one.link)))
    for source_id, own in by_source.items():
        if source_id == main.source_id or not _is_remark_on(main, own[0]):
            continue
        for sighting in own:
            sighting.keys = main.keys
            sighting.tier = 0
            sighting.letters = 0


def _separate_within_source(own: Sequence[_Sighting]) -> None:
    kept: list[_Sighting] = []
    for sighting in own:
        on_page = [one for one in kept if _page_of_key(one.link) == _page_of_key(sighting.link)]
        if on_page and not any(_is_same(one, sighting) for one in on_page):
            sighting.keys = kept[0].keys
        else:
            kept.append(sighting)


def _is_same(one: _Sighting, other: _Sighting) -> bool:
    """Tell whether two sightings of one source and page are of one article."""
    if one.guid is not None and one.guid == other.guid:
        return True
    if one.link != other.link:
        return False
    if one.guid is None or other.guid is None:
        return True
    if one.has_usable_time and other.has_usable_time:
        return _fold(one.title) == _fold(other.title) and one.published == other.published
    return one.hash == other.hash


def _is_remark_on(main: _Sighting, other: _Sighting) -> bool:
    """Tell whether another source tells of another place on the page."""
    if main.link == other.link or _page_of_key(main.link) != _page_of_key(other.link):
        return False
    same_time = main.has_usable_time and main.published == other.published
    return not same_time and _fold(main.title) != _fold(other.title)


def _fold(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


# --- keys ---------------------------------------------------------------------------------------------------------


def _new_keys(keys: Sequence[str], content: Mapping[str, Any]) -> list[str]:
    """Return the keys of an item, its address with the place last among the `url:` keys."""
    addresses = [key for key in keys if key.startswith("url:")]
    if not addresses:
        return list(keys)
    link = addresses[0]
    titled = None
    if _place_of_key(link):
        # The title is part of the key, because the document gave the address to several items.
        titled, link = link, _page_of_key(link) or ""
    place = ""
    if "#" not in link:
        place = _place_of_url(content["url_original"] or content["guid"])
    new_link = f"{link}{place}"
    new_guid = _guid_key(content["guid"] or "", link, addresses[1:], may_be_link=titled is None)

    made = []
    for index, key in enumerate(keys):
        is_before_link = index < keys.index(addresses[0])
        if key == addresses[0]:
            made.append(titled or new_link)
        elif is_before_link and not key.startswith("guid:"):
            made.append(f"{key}{place}")  # the site's number of the page
        elif not key.startswith("url:"):
            made.append(key)
    if new_guid not in (None, f"guid:{new_link}"):
        made.append(str(new_guid))
    if titled:
        made.append(new_link)
    return list(dict.fromkeys(made))


def _guid_key(guid: str, link: str, others: Sequence[str], *, may_be_link: bool) -> str | None:
    """Return the key of a guid that is a URL; None if it is none, or was not trusted.

    Beside the link an item also had the key by which it was recognised after it moved.
    """
    if not guid.lower().startswith(("http://", "https://")):
        return None
    place = _place_of_url(guid)
    for key in others:
        if _is_spelling_of(guid, key):
            return f"guid:{key}{place}"
    if may_be_link and place and _is_spelling_of(guid, link):
        return f"guid:{link}{place}"
    return None


def _is_spelling_of(url: str, key: str) -> bool:
    """Tell whether a key was made of a URL, as far as host and path tell."""
    return _host_and_path(url) == _host_and_path(key.removeprefix("url:"))


def _host_and_path(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www."), unquote(parts.path).rstrip("/")


def _page_of_key(key: str | None) -> str | None:
    """Return a `url:` key without the place in its page."""
    if key is None:
        return None
    return key.removesuffix(_place_of_key(key))


def _place_of_key(key: str | None) -> str:
    """Return the place that a `url:` key names, with `#`; a fragment that names a page is none."""
    _, mark, fragment = (key or "").partition("#")
    if fragment.startswith(_PAGE_FRAGMENTS):
        return ""
    return mark + fragment


def _place_of_url(url: str | None) -> str:
    """Return the fragment of a URL that names a place in its page, with `#`, else ""."""
    fragment = (url or "").strip().partition("#")[2]
    if not fragment or fragment.startswith(_PAGE_FRAGMENTS):
        return ""
    place = _respell(fragment).partition(_TEXT_DIRECTIVE)[0]
    folded = place.lower()
    if folded.startswith(_TRACKING_FRAGMENTS) or _SCROLLING_FRAGMENT.fullmatch(folded):
        return ""
    if not place:
        return ""
    return f"#{place}"


def _respell(text: str) -> str:
    """Return the one spelling of a fragment: decoded, composed and encoded again."""
    spelled = []
    for index, part in enumerate(_KEPT_CODES.split(text)):
        if index % 2:  # codes that stay: they are the odd ones
            spelled.append(part.upper())
        elif part:
            decoded = unquote_to_bytes(part).decode("utf-8", "surrogateescape")
            composed = unicodedata.normalize("NFC", decoded)
            spelled.append(quote(composed, safe=_SAFE, errors="surrogateescape"))
    return "".join(spelled)

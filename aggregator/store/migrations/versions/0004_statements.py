"""What each source says of an article is kept apart, and keys keep the place that a link names.

Rule: a migration is written once and never edited; it imports nothing of the program but the codec
of its contents, whose tables and rules move on.

Keys of the first kind lost the fragment of a URL (`#comment-4`), and a guid that is a URL looked like
an address. Here all keys are made anew from what was stated. An entry keeps its id, and its name goes
on leading to it. Where comments of one page had been merged into one entry, it keeps the keys of the
first: the others come as new entries when their feed lists them again. Tombstones cannot be made
anew: they get the prefix `v1:` and are compared with the old form of a key.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
_NO_PLACE = re.compile(
    r"(?:|top|comments|respond|disqus_thread|more-\d+|:~:text=.*|(?:xtor|ref|echobox|utm_\w+)=.*|atom-.*|rss.*)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z0-9._~!$'()*,:@/?=-]+")
_FEED_PLACES = ("feed:", "json:", "sitemap:")

_ENTRY = sa.table(
    "entry",
    *map(
        sa.column,
        (
            "id",
            "key",
            "source_id",
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
    op.drop_index("ix_revision_entry_id", "revision")
    op.create_index("ix_revision_statement", "revision", ["entry_id", "source_id"])

    connection = op.get_bind()
    _convert_listings(connection)  # while the old keys are there
    hosts = _hosts_of_sources(connection)
    for numbers in _batches(connection):
        _convert_entries(connection, numbers, hosts)
    op.execute("UPDATE tombstone SET key = 'v1:' || key")


def _convert_listings(connection: sa.Connection) -> None:
    """Make the lists of keys that sources had into lists of names, with no hash that any item has."""
    query = sa.select(_STATE).where(_STATE.c.listing.is_not(None))
    for row in connection.execute(query).all():
        keys_by_place = orjson.loads(zstd.decompress(bytes(row.listing)))
        keys = sorted({key for keys in keys_by_place.values() for key in keys})
        names = _names_of_keys(connection, keys)
        places = {}
        for place, listed in keys_by_place.items():
            places[place] = {key: names.get(key, f"v1:{key}") for key in listed}
        packed = zstd.compress(orjson.dumps({"taken": 0, "places": places}))
        connection.execute(
            sa.update(_STATE).where(_STATE.c.source_id == row.source_id).values(listing=packed)
        )


def _names_of_keys(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for begin in range(0, len(keys), _BATCH):
        part = keys[begin : begin + _BATCH]
        query = sa.select(_ENTRY_KEY.c.key, _ENTRY.c.key.label("name")).where(
            _ENTRY.c.id == _ENTRY_KEY.c.entry_id, _ENTRY_KEY.c.key.in_(part)
        )
        names.update({row.key: row.name for row in connection.execute(query)})
    return names


def _hosts_of_sources(connection: sa.Connection) -> dict[int, str]:
    """Return the last two labels of the host of each source, "" for a folder."""
    hosts = {}
    for row in connection.execute(sa.select(_SOURCE)):
        hosts[row.id] = _site(row.location or "")
    return hosts


def _site(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return ".".join(host.split(".")[-2:])


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
    connection: sa.Connection, numbers: Sequence[int], hosts: Mapping[int, str]
) -> None:
    begin, end = numbers[0], numbers[-1]
    query = (
        sa.select(_SIGHTING, _CONTENT.c.body)
        .where(_CONTENT.c.id == _SIGHTING.c.content_id)
        .where(_SIGHTING.c.entry_id.between(begin, end))
        .order_by(_SIGHTING.c.at, _SIGHTING.c.captured, _SIGHTING.c.id)
    )
    rows: dict[int, list[dict[str, Any]]] = {}
    for mapping in connection.execute(query).mappings():
        loaded = dict(mapping)
        loaded["keys"] = orjson.loads(loaded["keys"])
        loaded["content"] = orjson.loads(zstd.decompress(bytes(loaded["body"])))
        rows.setdefault(loaded["entry_id"], []).append(loaded)
    old_keys: dict[int, set[str]] = {}
    held = sa.select(_ENTRY_KEY).where(_ENTRY_KEY.c.entry_id.between(begin, end))
    for row in connection.execute(held):
        old_keys.setdefault(row.entry_id, set()).add(row.key)

    entries, sightings, dropped, added = [], [], [], []
    query = sa.select(_ENTRY).where(_ENTRY.c.id.between(begin, end))
    for entry in connection.execute(query):
        members = rows.get(entry.id, [])
        _rekey(members)
        entries.append({"of": entry.id, **_lead_and_base(entry, members)})
        new_keys = {entry.key} & old_keys.get(entry.id, set())
        for member in members:
            sightings.append({"of": member["id"], **_statement_columns(member, hosts)})
            new_keys.update(member["keys"])
        for key in old_keys.get(entry.id, set()) - new_keys:
            dropped.append({"old": key, "of": entry.id})
        for key in new_keys - old_keys.get(entry.id, set()):
            added.append({"key": key, "entry_id": entry.id})

    is_key = sa.and_(_ENTRY_KEY.c.key == sa.bindparam("old"), _ENTRY_KEY.c.entry_id == _OF)
    for statement, changes in (
        (sa.update(_ENTRY).where(_ENTRY.c.id == _OF), entries),
        (sa.update(_SIGHTING).where(_SIGHTING.c.id == _OF), sightings),
        (sa.delete(_ENTRY_KEY).where(is_key), dropped),
        (sa.insert(_ENTRY_KEY), added),
    ):
        if changes:
            connection.execute(statement, changes)


def _lead_and_base(entry: Any, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the source that is shown, and what the entry showed beyond the edits of any source."""
    lead = entry.source_id
    for member in members:
        if member["content_id"] == entry.content_id:
            lead = member["source_id"]
    tellers = {member["source_id"] for member in members}
    edits = 0
    for teller in tellers:
        states = {member["hash"] for member in members if member["source_id"] == teller}
        edits = max(edits, len(states) - 1)
    return {
        "lead": lead,
        "revision_base": max(entry.revision - edits, 1),
        "updated_base": entry.updated if len(tellers) > 1 else None,
    }


def _statement_columns(row: Mapping[str, Any], hosts: Mapping[int, str]) -> dict[str, Any]:
    content = row["content"]
    text = content["summary"] or ""
    if content["content_html"]:
        text = _TAG.sub("", content["content_html"])
    packed = f"{row['title']}\n{text}".encode().translate(None, b" \t\r\n")
    return {
        "keys": orjson.dumps(row["keys"]).decode(),
        "tier": _tier(content, hosts[row["source_id"]]),
        "letters": len(text) - text.count(" "),
        "text_hash": blake2b(packed, digest_size=8).digest(),
    }


def _tier(content: Mapping[str, Any], host: str) -> int:
    """Return how sure it is that the source is the publisher: a page is, a feed on its site, too."""
    places = content["provenance"]
    place = places.get("content_html") or places.get("title") or ""
    if not place.startswith(_FEED_PLACES) or not content["url"]:
        return 3
    return 3 if _site(content["url"]) == host else 1


def _rekey(members: Sequence[dict[str, Any]]) -> None:
    """Make the keys of the sightings of one entry anew, in place."""
    first_of_source: dict[int, dict[str, Any]] = {}
    for row in members:
        row["keys"] = _new_keys(row["keys"], row["content"])
        first = first_of_source.setdefault(row["source_id"], row)
        if _is_other_item(first, row):
            row["keys"] = first["keys"]


def _is_other_item(first: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Tell whether two sightings of one source and entry are of different comments or bulletins."""
    guids = first["content"]["guid"], row["content"]["guid"]
    if None in guids or guids[0] == guids[1]:
        return False
    return bool(first["title"] != row["title"] or first["published"] != row["published"])


def _new_keys(keys: Sequence[str], content: Mapping[str, Any]) -> list[str]:
    addresses = [key for key in keys if key.startswith("url:")]
    if not addresses:
        return list(keys)

    link = addresses[0]
    if "#" in link and not link.partition("#")[2].startswith(("!", "/")):
        # The title is part of the key, because the document gave the address to several items.
        return [*keys, link.partition("#")[0]]
    new_link = link + _place(content["url_original"], link)
    guid_address = addresses[1] if len(addresses) > 1 else link
    guid = content["guid"] or ""
    is_url = guid.lower().startswith(("http://", "https://"))
    new_guid = f"guid:{guid_address}{_place(guid, guid_address)}"

    made = []
    for key in keys:
        if key == link:
            made.append(new_link)
        elif not key.startswith("url:"):
            made.append(key)
    if is_url and new_guid != f"guid:{new_link}":
        made.append(new_guid)
    return list(dict.fromkeys(made))


def _place(url: str | None, key: str) -> str:
    """Return the fragment of a URL that names a place, with `#`, else ""."""
    fragment = (url or "").partition("#")[2]
    if "#" in key or _NO_PLACE.fullmatch(fragment) or not _PLAIN.fullmatch(fragment):
        return ""
    return f"#{fragment}"

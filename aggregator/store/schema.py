"""The tables of the store, as its newest migration leaves them.

Times are whole microseconds since 1970 (UTC), so that they are portable, small and sort as numbers; what only
people read lives compressed in `content`, so that scans of `entry` stay short.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

HEAD = "0010"  # the newest migration

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return the microseconds since 1970 of an aware `moment`.

    Raises: TypeError for a naive one.
    """
    return (moment - EPOCH) // MICROSECOND


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, stored as `micros`."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (interface)
        return None if value is None else micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (interface)
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Json(sa.types.TypeDecorator[Any]):
    """A list or mapping, stored as compact JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (interface)
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ARG002 (interface)
        return None if value is None else orjson.loads(value)


# SQLite numbers rows by itself only for the type INTEGER; 32 bits would do, 64 never run out on PostgreSQL.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData()

source = sa.Table(
    "source",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("location", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column(
        "priority", sa.Integer, nullable=False, server_default="0"
    ),  # of its copies among others
)

source_state = sa.Table(
    "source_state",
    metadata,
    sa.Column(
        "source_id", NUMBER, sa.ForeignKey("source.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("next_fetch_at", Moment, nullable=False, index=True),
    sa.Column("reason", sa.Text),
    sa.Column("lease", sa.BigInteger, nullable=False),
    sa.Column("lease_until", Moment),  # None where nobody runs the source
    sa.Column("lease_holder", sa.Text),  # the process that runs it, see process_id.py
    sa.Column("url", sa.Text),  # the one that the validators belong to
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("body_hash", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("last_run", Moment),
    sa.Column("last_success", Moment),
    sa.Column("moved_to", sa.Text),
    sa.Column("moved_seen", sa.Integer, nullable=False),
    sa.Column("folder", Json, nullable=False),
    sa.Column("not_before", Moment),
    sa.Column(
        "hints", Json
    ),  # of the last document: ttl in seconds, hours and days to skip; None where it has none
    sa.Column("first_complete", Moment),  # when the first run that brought everything was committed
    sa.Column("by_url", sa.Boolean, nullable=False),  # its guids do not count where there is a link
    sa.Column(
        "listing", sa.LargeBinary
    ),  # zstd over JSON: place -> first keys of what its newest document lists
    sa.Column("last_change", Moment),  # when other bytes came than before
    sa.Column("detected_adapter", sa.Text),  # what its last document was read by
    # The next document is read even if it is the same: more is in it than was taken.
    sa.Column("read_again", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("discovered_feed", sa.Text),  # the feed that its page names
    # Whether the items of its feed are excerpts of their pages; None until that was found out.
    sa.Column("has_excerpts", sa.Boolean),
    sa.Column(
        "shared_parts", Json
    ),  # what the pages of its articles share: hashes and texts; None for none
    sa.Column("feed", Json),  # what its last document says of itself, without what it does not say
    sa.Column("verdict", sa.Text),  # None for ok, as long as it was never otherwise
    sa.Column("verdict_since", Moment),
    sa.Column("evidence", Json),  # of the verdict: a list of sentences; None for none
    sa.Column("bad_since", Moment),  # when the first of the last bad runs began
    sa.Column("symptoms", Json),  # of the last run; None for none
)

host = sa.Table(
    "host",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("not_before", Moment, nullable=False),
)

content = sa.Table(
    "content",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
    sa.Column("url", sa.Text, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("tongue", sa.Text),  # the language without script and region: `zh` of `zh-Hans`
    sa.Column("tags", sa.Text, nullable=False),  # JSON, as content holds it
    sa.Column("published", Moment, nullable=False),
    sa.Column("published_from", sa.Text, nullable=False),
    sa.Column(
        "published_where", sa.Text
    ),  # provenance of the date that won; content may be of another sighting
    sa.Column("updated", Moment, nullable=False),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("seen_to", Moment, nullable=False),  # the latest `captured` that was kept
    sa.Column("hash", sa.Text, nullable=False),  # of the newest revision
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("run_at", Moment, nullable=False),  # where the newest revision begins
    sa.Column(
        "content_id", NUMBER, nullable=False, index=True
    ),  # of what is shown; never before the revision's
    sa.Column(
        "stored_at", Moment, nullable=False
    ),  # wall clock of arrival: bookkeeping, no part of the entry
    sa.Column(
        "arrived", Moment
    ),  # the same, only where the source's first complete run was already over
    sa.Column("unlisted", Moment),  # since when no source is known to list it; None while one does
    sa.Column(
        "words_crc", sa.BigInteger
    ),  # of the words that were indexed; None: not yet, see derived.py
    sa.Column("sketch", sa.LargeBinary),  # None: not compared with other sources yet
    sa.Column(
        "copies", NUMBER
    ),  # the row of the copy that stands for all, its own where that is this one
    # What is added to the edits of the statement that leads, so that `revision` never falls.
    sa.Column("revision_base", sa.Integer, nullable=False, server_default="1"),
    # What a version showed that took every statement for an edit: `updated` never falls below it.
    sa.Column("updated_base", Moment),
    # The source whose statement is shown.
    sa.Column("lead", NUMBER, nullable=False, server_default="0"),
)
sa.Index("ix_entry_newest", entry.c.published.desc(), entry.c.uid)
sa.Index("ix_entry_source_newest", entry.c.source_id, entry.c.published.desc(), entry.c.uid)
sa.Index("ix_entry_tongue_newest", entry.c.tongue, entry.c.published.desc(), entry.c.uid)
sa.Index(
    "ix_entry_arrived",
    entry.c.arrived.desc(),
    entry.c.published.desc(),
    entry.c.uid,
    sqlite_where=entry.c.arrived.is_not(None),
)
sa.Index(
    "ix_entry_copies",
    entry.c.copies,
    sqlite_where=entry.c.copies.is_not(None),
)
sa.Index(
    "ix_entry_unindexed",
    entry.c.id,
    sqlite_where=entry.c.words_crc.is_(None),
)
sa.Index(
    "ix_entry_unsketched",
    entry.c.id,
    sqlite_where=entry.c.sketch.is_(None),
)
sa.Index(
    "ix_entry_unlisted",
    entry.c.unlisted,
    sqlite_where=entry.c.unlisted.is_not(None),
)

sa.Index(
    "ix_entry_edited",
    entry.c.updated.desc(),
    sqlite_where=entry.c.revision > 1,
)
sa.Index("ix_entry_stored", entry.c.stored_at)

# The next three follow `entry` in `store/derived.py`, after entries have gone: no foreign keys.
entry_tag = sa.Table(
    "entry_tag",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Column(
        "published", Moment, primary_key=True
    ),  # of the entry: one tag's entries lie in the order of a view
    sa.Column("entry_id", NUMBER, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

sketch = sa.Table(
    "sketch",
    metadata,
    sa.Column("value", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "published", Moment, primary_key=True
    ),  # of the entry: only what is near in time is ever looked at
    sa.Column("entry_id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("source_id", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)

# Entries that may be copies: a row in each direction.
pair = sa.Table(
    "pair",
    metadata,
    # As the entry has them: what a source brings is looked for among its pairs that are near in time.
    sa.Column("source_id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("published", Moment, primary_key=True),
    sa.Column("entry_id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("other_id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("strength", sa.Integer, nullable=False),  # in millionths; 0: no copies
    sa.Column("pending", sa.SmallInteger),  # 1: to be judged, for the first time or again
    sqlite_with_rowid=False,
)
sa.Index("ix_pair_entry", pair.c.entry_id, pair.c.other_id)
sa.Index(
    "ix_pair_pending",
    pair.c.entry_id,
    sqlite_where=pair.c.pending.is_not(None),
)

entry_key = sa.Table(
    "entry_key",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column(
        "entry_id",
        NUMBER,
        sa.ForeignKey("entry.id"),
        primary_key=True,
        index=True,
        autoincrement=False,
    ),
    sqlite_with_rowid=False,
)

revision = sa.Table(
    "revision",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("entry_id", NUMBER, sa.ForeignKey("entry.id"), nullable=False),
    sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
    sa.Column("keys", Json, nullable=False),
    sa.Column("guarded", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("captured", Moment, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("published", Moment, nullable=False),
    sa.Column("published_from", sa.Text, nullable=False),
    sa.Column("published_where", sa.Text),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),  # of the content, to the byte
    sa.Column("content_id", NUMBER, sa.ForeignKey("content.id"), nullable=False, index=True),
    # How sure it is that the source is the article's own publisher: 0 to 3.
    sa.Column("tier", sa.SmallInteger, nullable=False, server_default="3"),
    sa.Column("letters", sa.Integer, nullable=False, server_default="0"),  # of the text
    # Of title and text.
    sa.Column("text_hash", sa.LargeBinary(8), nullable=False, server_default=""),
)
sa.Index("ix_revision_statement", revision.c.entry_id, revision.c.source_id)

capture = sa.Table(
    "capture",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("taken", Moment, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", Json, nullable=False),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),  # of the body
    sa.Column(
        "orphaned", Moment
    ),  # since when its file is known to be gone; None for documents that were fetched
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
sa.Index("ix_capture_url", capture.c.source_id, capture.c.url, capture.c.id)
sa.Index("ix_capture_taken", capture.c.source_id, capture.c.taken, capture.c.id)

outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("ms", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Column("new", sa.Integer, nullable=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("same", sa.Integer, nullable=False),
    sa.Column("rejected", Json, nullable=False),
    sa.Column("notes", Json, nullable=False),
    sa.Column("http_status", sa.Integer),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("renewed_guids", sa.Integer, nullable=False, server_default="0"),
    sa.Column("figures", Json),  # None where no document was read
    sa.Column("good", sa.Boolean),  # whether the figures say what is usual; None where not judged
)
sa.Index("ix_outcome_source", outcome.c.source_id, outcome.c.id)
sa.Index(
    "ix_outcome_good",
    outcome.c.source_id,
    outcome.c.id,
    sqlite_where=outcome.c.good,
)

verdict_change = sa.Table(
    "verdict_change",
    metadata,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("evidence", Json, nullable=False),
)

tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column(
        "at", Moment, nullable=False
    ),  # of the deletion: what appeared later is something new
    sa.Column(
        "last_listed", Moment
    ),  # when `prune` last saw that a source lists it; None for never
    # The id of the entry with this key that `forget` deleted; None for others.
    sa.Column("forgotten", sa.LargeBinary(16)),
)


@sa.event.listens_for(metadata, "before_create")
def make_partial_indexes(
    target: sa.MetaData,
    connection: sa.Connection,
    **_: Any,
) -> None:
    """Give the partial indexes their condition in PostgreSQL too.

    Stated at the indexes, it would import that dialect (five drivers) in every process.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in target.tables.values():
        for index in table.indexes:
            where = index.dialect_options["sqlite"]["where"]
            if where is not None:
                index.dialect_options["postgresql"]["where"] = where

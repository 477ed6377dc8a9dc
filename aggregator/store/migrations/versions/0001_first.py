"""The first schema.

A migration is written once and never edited; it imports nothing of the program, whose tables move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    _source()
    _source_state()
    _host()
    _outcome()
    _capture()
    _content()
    _entry()
    _entry_key()
    _revision()
    _tombstone()
    _copies()
    _search()


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )


def _source_state() -> None:
    op.create_table(
        "source_state",
        sa.Column("source_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("next_fetch_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("lease_holder", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("last_run", MOMENT),
        sa.Column("last_success", MOMENT),
        sa.Column("moved_to", sa.Text()),
        sa.Column("moved_seen", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("hints", sa.Text()),
        sa.Column("first_complete", MOMENT),
        sa.Column("by_url", sa.Boolean(), nullable=False),
        sa.Column("listing", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_index("ix_source_state_next_fetch_at", "source_state", ["next_fetch_at"])


def _host() -> None:
    op.create_table(
        "host",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _outcome() -> None:
    op.create_table(
        "outcome",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outcome_source", "outcome", ["source_id", "id"])


def _capture() -> None:
    op.create_table(
        "capture",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("taken", MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("orphaned", MOMENT),
        sa.Column("codec", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_capture_taken", "capture", ["source_id", "taken", "id"])
    op.create_index("ix_capture_url", "capture", ["source_id", "url", "id"])


def _content() -> None:
    op.create_table(
        "content",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("codec", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("tongue", sa.Text()),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("published_from", sa.Text(), nullable=False),
        sa.Column("published_where", sa.Text()),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("seen_to", MOMENT, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("content_id", NUMBER, nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.Column("arrived", MOMENT),
        sa.Column("unlisted", MOMENT),
        sa.Column("words_crc", sa.BigInteger()),
        sa.Column("sketch", sa.LargeBinary()),
        sa.Column("copies", NUMBER),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index(
        "ix_entry_arrived",
        "entry",
        [sa.literal_column("arrived DESC"), sa.literal_column("published DESC"), "uid"],
        sqlite_where=sa.text("arrived IS NOT NULL"),
        postgresql_where=sa.text("arrived IS NOT NULL"),
    )
    for name in ("copies", "unlisted"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_entry_{name}", "entry", [name], sqlite_where=there, postgresql_where=there
        )
    for name, column in (("unindexed", "words_crc"), ("unsketched", "sketch")):
        bare = sa.text(f"{column} IS NULL")
        op.create_index(
            f"ix_entry_{name}", "entry", ["id"], sqlite_where=bare, postgresql_where=bare
        )
    op.create_index("ix_entry_content_id", "entry", ["content_id"])
    op.create_index("ix_entry_newest", "entry", [sa.literal_column("published DESC"), "uid"])
    op.create_index(
        "ix_entry_source_newest", "entry", ["source_id", sa.literal_column("published DESC"), "uid"]
    )
    op.create_index(
        "ix_entry_tongue_newest", "entry", ["tongue", sa.literal_column("published DESC"), "uid"]
    )
    op.create_index("ix_entry_url", "entry", ["url"])
    op.create_table(
        "entry_tag",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tag", "published", "entry_id"),
        sqlite_with_rowid=False,
    )


def _entry_key() -> None:
    op.create_table(
        "entry_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"]),
        sa.PrimaryKeyConstraint("key", "entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_key_entry_id", "entry_key", ["entry_id"])


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("entry_id", NUMBER, nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("captured", MOMENT, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("published_from", sa.Text(), nullable=False),
        sa.Column("published_where", sa.Text()),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("content_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"]),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"]),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_revision_content_id", "revision", ["content_id"])
    op.create_index("ix_revision_entry_id", "revision", ["entry_id"])


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _copies() -> None:
    op.create_table(
        "sketch",
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published", MOMENT, nullable=False),
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("value", "published", "entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pair",
        sa.Column("one", NUMBER, autoincrement=False, nullable=False),
        sa.Column("other", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("one", "other"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pair_other", "pair", ["other"])


def _search() -> None:
    """Make the index of words, one document a shown content; no text is kept in it on SQLite."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='ascii')")
        return
    op.execute("CREATE TABLE search (id BIGINT PRIMARY KEY, words TEXT NOT NULL)")
    op.execute("CREATE INDEX ix_search_words ON search USING gin (string_to_array(words, ' '))")

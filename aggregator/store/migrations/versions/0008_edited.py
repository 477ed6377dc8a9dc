"""Indexes of the entries that were edited, the last edited first, and of when entries arrived.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    entry = sa.table("entry", sa.column("updated"), sa.column("revision"))
    is_edited = entry.c.revision > 1
    op.create_index(
        "ix_entry_edited",
        "entry",
        [sa.text("updated DESC")],
        sqlite_where=is_edited,
        postgresql_where=is_edited,
    )
    op.create_index("ix_entry_stored", "entry", ["stored_at"])

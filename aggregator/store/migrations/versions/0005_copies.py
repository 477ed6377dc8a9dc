"""Pairs of copies with their strength: all entries are compared anew.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    op.drop_table("pair")
    op.create_table(
        "pair",
        sa.Column("source_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("published", MOMENT, primary_key=True),
        sa.Column("entry_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("other_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("strength", sa.Integer, nullable=False),
        sa.Column("pending", sa.SmallInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pair_entry", "pair", ["entry_id", "other_id"])
    is_pending = sa.text("pending IS NOT NULL")
    op.create_index(
        "ix_pair_pending",
        "pair",
        ["entry_id"],
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )
    op.execute("DELETE FROM sketch")
    op.execute("UPDATE entry SET sketch = NULL WHERE sketch IS NOT NULL")
    op.execute("UPDATE entry SET copies = NULL WHERE copies IS NOT NULL")

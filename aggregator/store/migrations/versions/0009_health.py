"""Figures of runs, the verdict on each source with its evidence, and the changes of verdicts.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT = sa.BigInteger()  # microseconds since 1970
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.Text()


def upgrade() -> None:
    state = (
        sa.Column("verdict", sa.Text),
        sa.Column("verdict_since", MOMENT),
        sa.Column("evidence", JSON),
        sa.Column("bad_since", MOMENT),
        sa.Column("symptoms", JSON),
    )
    for column in state:
        op.add_column("source_state", column)

    op.add_column("outcome", sa.Column("figures", JSON))
    op.add_column("outcome", sa.Column("good", sa.Boolean))
    good = sa.table("outcome", sa.column("good", sa.Boolean)).c.good
    op.create_index(
        "ix_outcome_good",
        "outcome",
        ["source_id", "id"],
        sqlite_where=good,
        postgresql_where=good,
    )
    op.create_table(
        "verdict_change",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("source_id", NUMBER, sa.ForeignKey("source.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("evidence", JSON, nullable=False),
    )

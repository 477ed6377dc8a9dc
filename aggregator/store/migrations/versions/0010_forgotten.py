"""Which deleted entries were let go of by hand: feeds say so of them.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("tombstone", sa.Column("forgotten", sa.LargeBinary(16)))

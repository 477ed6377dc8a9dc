"""What was found out of a source's pages: if its feed has excerpts of them, and what they share.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("source_state", sa.Column("has_excerpts", sa.Boolean))
    op.add_column("source_state", sa.Column("shared_parts", sa.Text))

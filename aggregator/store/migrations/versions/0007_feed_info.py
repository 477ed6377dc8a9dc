"""What the last document of a source says of itself: its title, id, site, icon and rights.

A migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("source_state", sa.Column("feed", sa.Text))  # JSON

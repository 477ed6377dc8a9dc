"""When a source's bytes last changed: what never changes is asked more seldom.

A migration is written once and never edited; it imports nothing of the program, whose tables move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    op.add_column("source_state", sa.Column("last_change", MOMENT))
    # A run of other bytes than before is `ok`, one of the same bytes `unchanged`.
    op.execute(
        "UPDATE source_state SET last_change = (SELECT max(started) FROM outcome"
        " WHERE outcome.source_id = source_state.source_id AND outcome.status = 'ok')"
    )

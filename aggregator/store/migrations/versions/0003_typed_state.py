"""One fact a column: what `body_hash` and `moved_to` said besides.

Rule: a migration is written once and never edited; it imports nothing of the program, whose tables
move on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("source_state", sa.Column("detected_adapter", sa.Text))
    op.add_column(
        "source_state",
        sa.Column("read_again", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("source_state", sa.Column("discovered_feed", sa.Text))
    # `body_hash` was HASH, or `page:HASH` for a page that lists articles, with `:again` behind it
    # if the document was to be read again. Of a feed that a page names and of a permanent redirect
    # `moved_to` told alike: it stays a redirect, which is given up after failures like a feed.
    state = sa.table(
        "source_state",
        sa.column("body_hash", sa.Text),
        sa.column("detected_adapter", sa.Text),
        sa.column("read_again", sa.Boolean),
    )
    is_page = state.c.body_hash.startswith("page:")
    op.execute(
        sa.update(state).where(state.c.body_hash.endswith(":again")).values(read_again=sa.true())
    )
    op.execute(
        sa.update(state)
        .where(state.c.body_hash.is_not(None))
        .values(detected_adapter=sa.case((is_page, "page"), else_="feed"))
    )
    op.add_column(
        "outcome",
        sa.Column("renewed_guids", sa.Integer, nullable=False, server_default="0"),
    )
    # Notes said it in words; how many items there were no longer matters.
    op.execute(
        "UPDATE outcome SET renewed_guids = 1 WHERE CAST(notes AS TEXT) LIKE '%all guids changed%'"
    )
    plain = sa.func.replace(sa.func.replace(state.c.body_hash, "page:", ""), ":again", "")
    op.execute(sa.update(state).where(state.c.body_hash.is_not(None)).values(body_hash=plain))

"""One fact a column: what `body_hash` and `moved_to` said besides.

A migration is written once and never edited; it imports nothing of the program, whose tables
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
    # if the document was to be read again. `moved_to`, seen 10 times, was a permanent redirect or
    # the feed that a page names. Nothing parts them, so all become feeds of a page: if one is gone,
    # the configured URL is fetched again, and searched for a feed if it is a page.
    state = sa.table(
        "source_state",
        sa.column("body_hash", sa.Text),
        sa.column("detected_adapter", sa.Text),
        sa.column("read_again", sa.Boolean),
        sa.column("discovered_feed", sa.Text),
        sa.column("moved_to", sa.Text),
        sa.column("moved_seen", sa.Integer),
    )
    op.execute(
        sa.update(state)
        .where(state.c.moved_to.is_not(None), state.c.moved_seen >= 10)
        .values(discovered_feed=state.c.moved_to, moved_to=None, moved_seen=0)
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

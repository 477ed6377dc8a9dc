"""Upgrades a store to the newest schema.

Rule: a store that is up to date is recognised by one cheap query, and a new one is created from the tables as they are,
both without loading Alembic; any other is upgraded. It is one transaction under the writer's lock, so that two
processes that start at once migrate once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.store import search
from aggregator.store.engine import read_transaction, write_transaction
from aggregator.store.schema import HEAD, metadata, source

if TYPE_CHECKING:
    from aggregator.store.engine import Engines

# Alembic's own table, as it makes it.
_VERSION_TABLE = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def migrate(engines: Engines) -> str | None:
    """Upgrade the store to HEAD; return the version that it had, None for a new store.

    Raises: StoreError where a newer version of the program has written it.
    """
    # Asked as a reader: a store that is up to date opens also where it cannot be written.
    with read_transaction(engines) as connection:
        current = _current_version(connection)
    if current == HEAD:
        return current
    with write_transaction(engines) as connection:
        current = _current_version(connection)
        if current is not None and current > HEAD:
            raise StoreError(
                f"{engines.url}: written by a newer version (schema {current}, ours {HEAD}): upgrade"
            )
        if current is None and not sa.inspect(connection).has_table(source.name):
            _create_tables(connection)
        elif current != HEAD:
            upgrade(connection)
    return current


def _current_version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def _create_tables(connection: sa.Connection) -> None:
    """Make a new store as the migrations would leave it: loading and running them takes as long as 400 articles."""
    metadata.create_all(connection, checkfirst=False)
    search.create_index(connection)
    connection.execute(sa.schema.CreateTable(_VERSION_TABLE))
    connection.execute(sa.insert(_VERSION_TABLE), {"version_num": HEAD})


def upgrade(connection: sa.Connection, *, to: str = "head") -> None:
    """Run the migrations that the store has not seen, up to `to`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "aggregator.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)

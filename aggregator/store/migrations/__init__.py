"""Upgrades a store to the newest schema.

A store that is up to date is recognised by one cheap query, and a new one is created from the tables as they are,
both without loading Alembic; any other is upgraded. It is one transaction under the writer's lock, so that two
processes that start at once migrate once, and a store whose migration fails is as it was before.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.store import search
from aggregator.store.backup import copy_before_upgrade
from aggregator.store.content import Compressor
from aggregator.store.engine import read_transaction, write_transaction
from aggregator.store.merge.leads import choose_leads
from aggregator.store.schema import HEAD, entry, metadata, source
from aggregator.zstd import ZstdError

if TYPE_CHECKING:
    from aggregator.store.engine import Engines

logger = logging.getLogger(__name__)
FIRST_VERSION_WITH_STATEMENTS = "0004"

# Alembic's own table, as it makes it.
_VERSION_TABLE = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def migrate(engines: Engines) -> None:
    """Upgrade the store to HEAD.

    Raises: StoreError where a newer version of the program has written it.
    """
    # Asked as a reader: a store that is up to date opens also where it cannot be written.
    with read_transaction(engines) as connection:
        if _current_version(connection) == HEAD:
            return
    with write_transaction(engines) as connection:
        current = _current_version(connection)
        if current is not None and current > HEAD:
            raise StoreError(
                f"{engines.url}: written by a newer version (schema {current}, ours {HEAD}): upgrade"
            )
        if current is None and not sa.inspect(connection).has_table(source.name):
            _create_tables(connection)
        elif current != HEAD:
            if current is not None and engines.path is not None:
                copy_before_upgrade(engines.path, current)
            _upgrade_entries(connection, engines.url, current)


def _upgrade_entries(connection: sa.Connection, url: str, current: str | None) -> None:
    """Upgrade a store with entries, and say so: whoever opens it has to wait."""
    begin = time.monotonic()
    count = 0
    if current is not None:
        count = connection.scalar(sa.select(sa.func.count()).select_from(entry)) or 0
    logger.info("%s: migrating %d entries from schema %s to %s", url, count, current, HEAD)
    try:
        upgrade(connection)
        if current is not None and current < FIRST_VERSION_WITH_STATEMENTS:
            # Older versions showed the newest statement of those who tell an article.
            sources = list(connection.scalars(sa.select(source.c.id)))
            choose_leads(connection, sources, compressor=Compressor())
    except (ZstdError, ValueError) as error:
        raise StoreError(
            f"{url}: cannot be migrated and is as it was, for an article in it is damaged"
            f" ({error}): restore a copy, or go back to the previous version"
        ) from error
    seconds = time.monotonic() - begin
    logger.info("%s: migrated %d entries in %.1f s", url, count, seconds)


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

"""Brings a store to the newest schema.

Rule: a store that is up to date is recognized by one cheap query, without loading Alembic; otherwise the upgrade is one
transaction under the writer's lock, so that two processes that start at once migrate once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.store.engine import explained, writing
from aggregator.store.schema import HEAD

if TYPE_CHECKING:
    from aggregator.store.engine import Engines


def migrate(engines: Engines) -> None:
    """Upgrade the store to HEAD.

    Raises: StoreError where a newer version of the program has written it.
    """
    with explained(engines.url), engines.write.connect() as connection:
        current = _version(connection)
    if current == HEAD:
        return
    with writing(engines) as connection:
        current = _version(connection)
        if current is not None and current > HEAD:
            raise StoreError(f"{engines.url}: written by a newer version (schema {current}, ours {HEAD}): upgrade")
        if current != HEAD:
            _upgrade(connection)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "aggregator.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

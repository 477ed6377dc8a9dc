"""What Alembic runs to migrate: on the connection, and in the transaction, that it is handed.

Nothing is configured here; `aggregator.store.migrations` is the only way in.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

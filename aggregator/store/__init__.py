"""The store: SQLAlchemy Core on SQLite or PostgreSQL; every article once, with its revisions, and the schedule.

What is stored is a function of the captures; callers see only the frozen values of `aggregator.model`.
"""

from __future__ import annotations

from aggregator.store.merge.known import KnownArticle
from aggregator.store.queries import VisibleRevision
from aggregator.store.store import ENTRIES_PER_TURN, Store

__all__ = ["ENTRIES_PER_TURN", "KnownArticle", "Store", "VisibleRevision"]

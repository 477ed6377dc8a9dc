"""The store: SQLAlchemy Core on SQLite or PostgreSQL; every article once, with its revisions, and the schedule.

Rule: what is stored is a function of the captures; callers see only the frozen values of `aggregator.model`.
"""

from __future__ import annotations

from aggregator.store.database import Store
from aggregator.store.entries import VisibleRevision
from aggregator.store.news import Known

__all__ = ["Known", "Store", "VisibleRevision"]

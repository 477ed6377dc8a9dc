"""What its operator does to a store: export, import, and letting go of entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.store import forgetting, transfer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from aggregator.model import ForgottenEntry
    from aggregator.store.engine import Engines


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The work of an operator."""

    engines: Engines

    def export_lines(self, *, with_captures: bool = False) -> Iterator[bytes]:
        """Yield everything in the store as JSON lines; captures where asked for."""
        return transfer.export_rows(self.engines, with_captures=with_captures)

    def import_lines(self, lines: Iterable[bytes], *, name: str) -> dict[str, int]:
        """Write exported lines into this store, which is empty; return the rows by table.

        `name` is that of the file. Nothing is written if something is wrong with it.

        Raises: UsageError.
        """
        return transfer.import_rows(self.engines, lines, name=name)

    def forget(self, ids: Collection[str], *, now: datetime) -> None:
        """Delete the entries with these ids as `Store.delete_entries`, and remember that they were forgotten."""
        forgetting.delete_entries(self.engines, ids, now, forgotten=True)

    def forgotten_entries(self, now: datetime) -> list[ForgottenEntry]:
        """Return the entries that were forgotten in the last 30 days, the last one first.

        One that came back, as something new under the same id, is not among them.
        """
        return forgetting.forgotten_entries(self.engines, now)

"""What is done to a store as a whole: export and import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.store import transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.store.engine import Engines


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The work on a whole store."""

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

"""How items are carried: one module an adapter, one line each in the table; bytes in, raw entries out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Capture, Parsed


def _archive() -> Callable[[Capture], Parsed]:
    from aggregator.adapters import archive

    return archive.parse


def _feed() -> Callable[[Capture], Parsed]:
    from aggregator.adapters import feed

    return feed.parse


# Loaded on demand: a folder of saved articles needs no feed parser.
ADAPTERS: dict[str, Callable[[], Callable[[Capture], Parsed]]] = {"archive": _archive, "feed": _feed}


def parse(carrier: str, capture: Capture) -> Parsed:
    """Parse a capture with an adapter's name. Raises SourceError where the document is not what the adapter reads."""
    adapter = ADAPTERS.get(carrier)
    if adapter is None:
        raise SourceError("parse", f"no adapter reads `{carrier}`; there are {', '.join(ADAPTERS)}")
    return adapter()(capture)


__all__ = ["ADAPTERS", "parse"]

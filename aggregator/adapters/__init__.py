"""How items are carried: one module an adapter; bytes in, raw entries out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from aggregator.adapter_table import ADAPTERS
from aggregator.errors import SourceError

if TYPE_CHECKING:
    from aggregator.adapter_table import Adapter
    from aggregator.known_items import KnownItems
    from aggregator.model import Capture, ParsedDocument
    from aggregator.rules.compiled import SiteRules

# Provenance of a text that was found without the optional trafilatura.
ROUGH_TEXT = "densest-without-trafilatura"


class ParseFunction(Protocol):
    """Reads one document; the rules say where its items are if its kind does not."""

    def __call__(self, capture: Capture, rules: SiteRules) -> ParsedDocument: ...


def find_adapter(name: str) -> Adapter:
    """Return the table's row of an adapter.

    Raises:
        SourceError: there is no such adapter.
    """
    adapter = ADAPTERS.get(name)
    if adapter is None:
        raise SourceError("parse", f"no adapter reads `{name}`; there are {', '.join(ADAPTERS)}")
    return adapter


def parse(
    name: str, capture: Capture, rules: SiteRules, known: KnownItems | None = None
) -> ParsedDocument:
    """Parse a capture with the adapter of that name; that of feeds leaves out `known` items.

    Raises:
        SourceError: there is no such adapter, or the document is not of its kind.
    """
    module = import_module(find_adapter(name).module)
    if known is not None and name == "feed":
        return cast("ParsedDocument", module.parse_unknown(capture, known))
    return cast("ParseFunction", module.parse)(capture, rules)


__all__ = ["ROUGH_TEXT", "find_adapter", "parse"]

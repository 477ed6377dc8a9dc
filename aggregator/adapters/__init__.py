"""How items are carried: one module an adapter, one line each in the table; bytes in, raw entries out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from aggregator.errors import SourceError

if TYPE_CHECKING:
    from aggregator.model import Capture, Parsed
    from aggregator.rules.compiled import SiteRules


class Adapter(Protocol):
    """Reads one document; the rules say where its items are, where the kind of document does not say so itself."""

    def __call__(self, capture: Capture, rules: SiteRules) -> Parsed: ...


# Each is a module with a function `parse`, loaded on demand: a folder of saved articles needs no feed parser.
ADAPTERS: dict[str, str] = {
    "archive": "aggregator.adapters.archive",
    "feed": "aggregator.adapters.feed",
    "json": "aggregator.adapters.json_api",
    "page": "aggregator.adapters.listing",
    "sitemap": "aggregator.adapters.sitemap",
}

# Provenance of a text that was found without the optional trafilatura.
ROUGH_TEXT = "densest-without-trafilatura"


def parse(carrier: str, capture: Capture, rules: SiteRules) -> Parsed:
    """Parse a capture with an adapter's name. Raises SourceError where the document is not what the adapter reads."""
    module = ADAPTERS.get(carrier)
    if module is None:
        raise SourceError("parse", f"no adapter reads `{carrier}`; there are {', '.join(ADAPTERS)}")
    return cast("Adapter", import_module(module).parse)(capture, rules)


__all__ = ["ADAPTERS", "ROUGH_TEXT", "parse"]

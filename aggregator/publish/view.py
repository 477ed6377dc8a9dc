"""The description of a view, as every output needs it; its entries are given beside it.

The rule: an id that leaves the project is a UUIDv5 under one fixed namespace and never depends on a host name, so that
a server that moves keeps its subscribers' read marks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping

# Fixed for ever: another value would make every reader see new feeds.
_NAMESPACE = UUID("09326eb5-9d6f-44d3-856c-1432559eff41")


@dataclass(frozen=True, slots=True)
class SourceHead:
    """What a view says of a source.

    `title` is what people see; `url` is its http(s) address without credentials, None where it has none (a folder).
    """

    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ViewHead:
    """One published output without its entries.

    `self_url` is where this very document is served, `home_url` the page for people; both absolute, None where the
    server's public URL is not configured. `sources` maps a source's id to its head; one that is missing
    is shown by its id. `links` maps the ids of copies that are not shown to where they can be read; one that is missing
    is linked by its id.
    """

    id: str
    title: str
    self_url: str | None = None
    home_url: str | None = None
    sources: Mapping[str, SourceHead] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def view_urn(view_id: str) -> str:
    """Return the id of a view's feed for ever, the same on every host."""
    return uuid5(_NAMESPACE, f"view:{view_id}").urn


def source_urn(source_id: str) -> str:
    """Return the id that entries name their source's feed by."""
    return uuid5(_NAMESPACE, f"source:{source_id}").urn

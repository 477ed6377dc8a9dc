"""The description of a view for the outputs, without its entries.

Published ids are UUIDv5 in one fixed namespace. They do not depend on a host name, so
subscribers keep their read marks if the server moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping

# Never change this: every reader would see new feeds.
_NAMESPACE = UUID("09326eb5-9d6f-44d3-856c-1432559eff41")


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a view says about a source.

    `title` is for people. `url` is an http(s) URL without credentials, None for a folder.
    """

    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A view without its entries.

    `self_url` is the URL of the document, `home_url` that of the page for people; both
    are absolute, None without a public URL in the configuration. `sources` maps source
    ids to their info; a missing source is shown by its id. `links` maps the ids of
    copies that are not shown to their URLs; a missing copy is linked by its id.
    """

    id: str
    title: str
    self_url: str | None = None
    home_url: str | None = None
    sources: Mapping[str, SourceInfo] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def view_urn(view_id: str) -> str:
    """Return the permanent id of a view's feed."""
    return uuid5(_NAMESPACE, f"view:{view_id}").urn


def source_urn(source_id: str) -> str:
    """Return the permanent id of a source in feeds."""
    return uuid5(_NAMESPACE, f"source:{source_id}").urn

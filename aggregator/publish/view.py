"""The description of a view for the outputs, without its entries.

Published ids are UUIDv5 in one fixed namespace. They do not depend on a host name, so
subscribers keep their read marks if the server moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid5

from aggregator.model import FeedInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.model import Entry, ForgottenEntry

ContentMode = Literal["full", "summary", "none"]
ViewKind = Literal["entries", "edits", "digest", "podcast"]

_NOTHING_SAID = FeedInfo()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Never change this: every reader would see new feeds.
_NAMESPACE = UUID("09326eb5-9d6f-44d3-856c-1432559eff41")


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a view says about a source.

    `title` is for people. `url` is where the configuration says the source is, an http(s) URL
    without credentials, None for a folder. `feed_url` is that of the feed it is read from, None
    if it is no feed. `feed` is what the source says of itself.
    """

    title: str
    url: str | None = None
    feed_url: str | None = None
    feed: FeedInfo = _NOTHING_SAID

    @property
    def site_url(self) -> str | None:
        """The page for people: the one that the feed names, else a source that is a page itself."""
        if self.feed.home is not None:
            return self.feed.home
        return self.url if self.url != self.feed_url else None


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A view without its entries.

    `self_url` is the URL of the document, `home_url` that of the page for people; both
    are absolute, None without a public URL in the configuration. `sources` maps source
    ids to their info; a missing source is shown by its id. `links` maps the ids of
    copies that are not shown to their URLs; a missing copy is linked by its id. `content` says
    how much of each entry is shown. `previous_archive_url` is that of the archive page with older
    entries, None if there is none; `current_url` that of the feed itself, None unless this is an
    archive page. Both are relative without a public URL. The episodes of a podcast name their show as author.
    `forgotten` are entries that subscribers should delete.
    """

    id: str
    title: str
    self_url: str | None = None
    home_url: str | None = None
    sources: Mapping[str, SourceInfo] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    description: str | None = None
    icon_url: str | None = None
    content: ContentMode = "full"
    previous_archive_url: str | None = None
    current_url: str | None = None
    kind: ViewKind = "entries"
    forgotten: tuple[ForgottenEntry, ...] = ()


def view_urn(view_id: str) -> str:
    """Return the permanent id of a view's feed."""
    return uuid5(_NAMESPACE, f"view:{view_id}").urn


def newest_update(entries: Iterable[Entry]) -> datetime:
    """Return when the entry that changed last was updated; the epoch without entries."""
    return max((entry.updated for entry in entries), default=_EPOCH)


def source_urn(source_id: str) -> str:
    """Return the permanent id of a source in feeds."""
    return uuid5(_NAMESPACE, f"source:{source_id}").urn

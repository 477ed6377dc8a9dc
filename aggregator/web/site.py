"""The interface between the HTTP server and the rest of the program.

It is the only way from HTTP to the store. A new page adds a method here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import Entry, Outcome
    from aggregator.publish import PublishedDocument, ViewInfo
    from aggregator.revisions import RevisionDiff
    from aggregator.source_status import SourceStatus
    from aggregator.store.browse import EntryFilter, EntryPosition, Headline
    from aggregator.store.daily_figures import Month


class Health(Protocol):
    """The health of the daemon: `reasons` say why it is not ok; `details` are JSON values."""

    @property
    def ok(self) -> bool: ...

    @property
    def reasons(self) -> tuple[str, ...]: ...

    @property
    def details(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class EntryList:
    """A page of a view; `copies` are headlines of the entries' duplicates by their ids.

    `older_address` is that of the page with older entries, None where the query says it.
    """

    view: ViewInfo
    entries: Sequence[Entry] = ()
    copies: Mapping[str, Headline] | None = None
    has_older: bool = False
    older_address: str | None = None


@dataclass(frozen=True, slots=True)
class EntryDetails:
    """All that is known of an entry.

    `statements` are the entry as each source alone tells it, the one that is shown first; ()
    where there is one. `revisions` are the newest, oldest first; `left_out` says how many older
    ones there are.
    """

    entry: Entry
    statements: Sequence[Entry] = ()
    copies: Sequence[Headline] = ()
    revisions: Sequence[RevisionDiff] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """A source with its newest outcomes, newest first."""

    status: SourceStatus
    outcomes: Sequence[Outcome] = ()


class SiteContent(Protocol):
    """The content that is served.

    `views` and `view` read memory and are called on the event loop; all others may read
    the store and are called in worker threads.
    """

    def views(self) -> Sequence[ViewInfo]:
        """Return the views: that of `/feed.*`, then the others in the order of the configuration."""
        ...

    def view(self, view_id: str | None, kind: str) -> PublishedDocument | None:
        """Return a view as it was last published, None if there is none; id None means the view at `/feed.*`.

        `kind` is a key of `publish.OUTPUTS`.
        """
        ...

    def archive(self, view_id: str, page: str, kind: str) -> PublishedDocument | None:
        """Return a page of a view's archive, None if there is none; `page` is its name."""
        ...

    def failing_count(self) -> int:
        """Return how many sources failed at their last run."""
        ...

    def entry_list(
        self,
        view_id: str | None,
        wanted: EntryFilter,
        *,
        limit: int,
        before: EntryPosition | None,
    ) -> EntryList | None:
        """Return a page of a view, None if there is no such view; id None means the view at `/feed.*`."""
        ...

    def entry(self, entry_id: str) -> EntryDetails | None:
        """Return the entry with this UUID or a former one, None if there is none."""
        ...

    def sources(self) -> Sequence[SourceStatus]:
        """Return all sources in the order of the configuration."""
        ...

    def source(self, source_id: str) -> SourceDetails | None:
        """Return one source, None if it is not configured."""
        ...

    def month(self, source_id: str | None) -> Month:
        """Return the daily figures of a source, None for all sources, for the last 30 days."""
        ...

    def outcomes(self, source_id: str | None, limit: int) -> Sequence[Outcome]:
        """Return the newest outcomes of a source, None for all sources, newest first."""
        ...

    def status_feed(self) -> bytes:
        """Return the newest changes of verdicts on the sources as Atom."""
        ...

    def allowed_origins(self) -> Sequence[str]:
        """Return the web origins whose scripts may read the JSON documents; `*` is any."""
        ...

    def opml(self) -> bytes:
        """Return the sources that are feeds as OPML, without secrets."""
        ...

    def without_secrets(self, page: bytes) -> bytes:
        """Return a page with `***` in place of what the environment filled in."""
        ...

    def health(self) -> Health: ...

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """Return the figures for Prometheus and their content type; `accept` is the Accept header."""
        ...


SITE: web.AppKey[SiteContent] = web.AppKey("site", SiteContent)

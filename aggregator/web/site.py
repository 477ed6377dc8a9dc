"""The interface between the HTTP server and the rest of the program.

It is the only way from HTTP to the store. A new page adds a method here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import Entry
    from aggregator.publish import PublishedDocument, ViewInfo


class Health(Protocol):
    """The health of the daemon: `reasons` say why it is not ok; `details` are JSON values."""

    @property
    def ok(self) -> bool: ...

    @property
    def reasons(self) -> tuple[str, ...]: ...

    @property
    def details(self) -> Mapping[str, object]: ...


class SiteContent(Protocol):
    """The content that is served.

    `views` and `view` read memory and are called on the event loop; `latest` and
    `health` may read the store and are called in worker threads.
    """

    def views(self) -> Sequence[ViewInfo]:
        """Return the views: that of `/feed.*`, then the others in the order of the configuration."""
        ...

    def view(self, view_id: str | None, kind: str) -> PublishedDocument | None:
        """Return a view as it was last published, None if there is none; id None means the view at `/feed.*`.

        `kind` is a key of `publish.OUTPUTS`.
        """
        ...

    def latest(self, limit: int) -> Sequence[Entry]:
        """Return at most `limit` entries of the view at `/feed.*`, in its order."""
        ...

    def health(self) -> Health: ...

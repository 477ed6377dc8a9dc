"""What the pages need to know of the rest.

The rule: this is the only way from HTTP to the store; a new page adds a method here, and a test gives it a plain fake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import Entry
    from aggregator.publish import PublishedDocument, ViewHead


class Health(Protocol):
    """Whether we are well: `reasons` says in words why not; `details` holds JSON values for people and monitors."""

    @property
    def ok(self) -> bool: ...

    @property
    def reasons(self) -> tuple[str, ...]: ...

    @property
    def details(self) -> Mapping[str, object]: ...


class Site(Protocol):
    """What is served.

    `views` and `view` answer from memory, on the event loop; `latest` and `health` may read the store and are called in
    worker threads.
    """

    def views(self) -> Sequence[ViewHead]:
        """Return the views: that of `/feed.*`, then the others in the order of the configuration."""
        ...

    def view(self, view_id: str | None, kind: str) -> PublishedDocument | None:
        """Return a view as it was last published, None where there is none; the id None asks for that of `/feed.*`.

        `kind` is a key of `publish.OUTPUTS`.
        """
        ...

    def latest(self, limit: int) -> Sequence[Entry]:
        """Return at most `limit` entries of the view of `/feed.*`, in its order."""
        ...

    def health(self) -> Health: ...

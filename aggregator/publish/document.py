"""One rendered document, as it is served.

The rule: the entity tag is a hash of the bytes, so equal bytes have equal tags on every host, after every restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """The bytes of a document and what HTTP says of them.

    `etag` is opaque, without quotes. `last_modified` is when the bytes last changed (the mtime that `write` leaves) and
    not the newest entry's date, which a late arrival leaves alone; None where it is not stated.
    """

    data: bytes
    content_type: str
    etag: str
    last_modified: datetime | None = None


def make_document(
    data: bytes, content_type: str, *, last_modified: datetime | None = None
) -> PublishedDocument:
    """Make the document of these bytes."""
    return PublishedDocument(data, content_type, sha256(data).hexdigest()[:32], last_modified)

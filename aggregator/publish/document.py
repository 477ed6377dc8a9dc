"""A rendered document as it is served.

The entity tag is a hash of the bytes, so it is the same on every host and after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """The bytes of a document and the values of its HTTP headers.

    `etag` is the entity tag without quotes. `last_modified` is when the bytes last
    changed (the file's mtime), None if unknown. It is not the newest entry's date, which
    does not change when an older entry arrives late.
    """

    data: bytes
    content_type: str
    etag: str
    last_modified: datetime | None = None


def make_document(
    data: bytes, content_type: str, *, last_modified: datetime | None = None
) -> PublishedDocument:
    """Make a document from its bytes."""
    return PublishedDocument(data, content_type, sha256(data).hexdigest()[:32], last_modified)

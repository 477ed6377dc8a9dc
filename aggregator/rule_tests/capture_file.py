"""Captures as files: what `test` reads, and what `preview --record` writes beside a source's YAML.

A file holds the body alone, as it came, gzipped where its name ends so; where and when it was captured stands in
the test that names it. A file that is there is never written over.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS
from aggregator.errors import SourceError
from aggregator.model import Capture

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import PageTest
    from aggregator.redaction import Secrets

FOLDER = "captures"
LIMIT_BYTES = 64 * 1024 * 1024  # after decompression
_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/json",
    ".txt": "text/plain",
}


def read(test: PageTest, *, source: str, url: str | None, now: datetime) -> Capture:
    """Read the capture of a test; `url` and `now` stand where the test does not say where and when it was taken.

    Raises:
        SourceError: `missing` or `unreadable`, for a file that is not there, or cannot be read.
    """
    body = _body(test.capture)
    taken_at = now
    if test.taken:
        taken_at = datetime.fromisoformat(test.taken)

    address = test.url or url or test.capture.as_uri()
    content_type = test.content_type or _guess_type(test.capture.name)
    return Capture(source, address, taken_at, body, headers={"content-type": content_type})


def _guess_type(name: str) -> str:
    ending = name.removesuffix(".gz").rpartition(".")[2]
    return _TYPES.get(f".{ending.lower()}", "application/octet-stream")


def write(capture: Capture, folder: Path, *, name: str, carrier: str) -> Path:
    """Write a capture into a folder, under a name made of `name` and of what it is, and return the file.

    Raises:
        SourceError: `unreadable`, where it cannot be written.
    """
    suffix = ADAPTERS[carrier].suffix or _suffix_of_data(capture.body)
    data = gzip.compress(capture.body, mtime=0)
    path = folder / f"{name}{suffix}.gz"
    number = 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while not _write_new(path, data):
            number += 1
            path = folder / f"{name}-{number}{suffix}.gz"
    except OSError as error:
        raise SourceError(
            "unreadable", f"cannot write {folder}: {error.strerror or error}"
        ) from error
    return path


def without_secrets(capture: Capture, secrets: Secrets) -> Capture:
    """Return the capture as it may be given to others: its URL, headers and body with `***`."""
    headers = {name: secrets.mask(value) for name, value in capture.headers.items()}
    body = secrets.hide_in_document(capture.body)
    return replace(capture, url=secrets.mask(capture.url), headers=headers, body=body)


def _write_new(path: Path, data: bytes) -> bool:
    """Write a new file; one that holds the same is as good, one that holds something else is in the way."""
    try:
        with path.open("xb") as stream:
            stream.write(data)
    except FileExistsError:
        return path.read_bytes() == data
    return True


def _body(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            body: bytes = stream.read(LIMIT_BYTES + 1)
    except FileNotFoundError as error:
        raise SourceError("missing", f"no capture {path}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError("unreadable", f"the capture {path} cannot be read: {error}") from error
    if len(body) > LIMIT_BYTES:
        raise SourceError(
            "too-large", f"the capture {path} is larger than {LIMIT_BYTES // 2**20} MiB"
        )
    return body


def _suffix_of_data(body: bytes) -> str:
    if body.lstrip().startswith((b"{", b"[")):
        return ".json"
    return ".xml"

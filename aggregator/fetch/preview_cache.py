"""Keeps the responses of a preview for the run that follows: adding a source and running it costs one GET, not two.

Taking a response removes it, and none is used after an hour. The folder is private and
small. A response that cannot be read counts as absent, because it can be requested again.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aggregator.fetch.messages import Response
from aggregator.model import PollingHints, Validators
from aggregator.redaction import NO_SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.fetch.messages import Request
    from aggregator.redaction import Secrets

MAX_RESPONSE_AGE = timedelta(hours=1)
MAX_CACHE_FILES = 200
MAX_CACHE_BYTES = 64 * 1024 * 1024  # of all files
_SUFFIX = ".answer"
_MAX_HEADER_BYTES = 256 * 1024


class Client(Protocol):
    """Answers requests: the fetcher, or a wrapper around it."""

    async def get(self, request: Request) -> Response: ...

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool: ...

    def host_group(self, url: str) -> str: ...


@dataclass(frozen=True, slots=True)
class TimedResponse:
    """A response, and when it came."""

    response: Response
    taken: datetime


class PreviewCache:
    """A folder of responses, by the URL, headers and password of their requests; it is made when first written to."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime], secrets: Secrets = NO_SECRETS
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._secrets = secrets

    def store(self, request: Request, response: Response) -> None:
        """Keep a full response, no 304, and none that quotes a secret.

        If the folder cannot be written, nothing is kept.
        """
        if response.status != 200 or len(response.body) > MAX_CACHE_BYTES // 4:
            return
        data = _serialize(request, TimedResponse(response, self._clock()))
        if self._secrets.occur_in(data.decode("utf-8", "replace")):
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(self._path(request), data)
            self._evict()

    def peek(self, request: Request) -> TimedResponse | None:
        """Return the response of the last hour to this request, and leave it there."""
        return self._read(self._path(request), request)

    def take(self, request: Request) -> TimedResponse | None:
        """Return the response of the last hour to this request, and remove it."""
        path = self._path(request)
        timed_response = self._read(path, request)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return timed_response

    def _path(self, request: Request) -> Path:
        request_key = json.dumps(
            [request.url, sorted(request.headers.items()), request.basic_auth, request.user_agent]
        )
        name = blake2b(request_key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"

    def _read(self, path: Path, request: Request) -> TimedResponse | None:
        try:
            with path.open("rb") as file:
                header = file.readline(_MAX_HEADER_BYTES)
                timed_response = _deserialize(header, file.read(MAX_CACHE_BYTES), request)
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None

        age = self._clock() - timed_response.taken
        if not timedelta(0) <= age <= MAX_RESPONSE_AGE:
            return None
        return timed_response

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".tmp")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _evict(self) -> None:
        """Delete old files, and the oldest past the limits of number and size; also half-written ones."""
        files = sorted(self._list_files(), reverse=True)
        if not files:
            return

        newest = files[0][0]
        oldest_kept = newest - MAX_RESPONSE_AGE.total_seconds()
        total_bytes = 0
        for number, (changed, path, file_bytes) in enumerate(files):
            total_bytes += file_bytes
            is_too_much = number >= MAX_CACHE_FILES or total_bytes > MAX_CACHE_BYTES
            if is_too_much or changed < oldest_kept:
                path.unlink(missing_ok=True)

    def _list_files(self) -> list[tuple[float, Path, int]]:
        timed_response = []
        for path in self._folder.iterdir():
            with suppress(OSError):
                details = path.stat()
                timed_response.append((details.st_mtime, path, details.st_size))
        return timed_response


def _serialize(request: Request, timed_response: TimedResponse) -> bytes:
    response = timed_response.response
    validators = response.validators
    header = {
        "asked": request.url,
        "taken": timed_response.taken.isoformat(),
        "url": response.url,
        "headers": dict(response.headers),
        "validators": asdict(validators) if validators else None,
        "max_age": _seconds(response.hints.max_age),
        "retry_after": _seconds(response.hints.retry_after),
        "permanent_to": response.permanent_to,
        "hops": list(response.hops),
        "ms": response.ms,
        "wire_bytes": response.wire_bytes,
    }
    return json.dumps(header).encode() + b"\n" + response.body


def _seconds(duration: timedelta | None) -> float | None:
    """Return a duration in seconds, None for no or an empty one."""
    if not duration:
        return None
    return duration.total_seconds()


def _deserialize(line: bytes, body: bytes, request: Request) -> TimedResponse:
    """Read a stored response.

    Raises:
        ValueError, TypeError, KeyError: it is no response to this request.
    """
    header: dict[str, Any] = json.loads(line)
    if header["asked"] != request.url:
        raise ValueError("another question")
    validators = header["validators"]
    response = Response(
        status=200,
        url=header["url"],
        body=body,
        headers=header["headers"],
        validators=Validators(**validators) if validators else None,
        hints=PollingHints(
            max_age=_duration(header["max_age"]), retry_after=_duration(header["retry_after"])
        ),
        permanent_to=header["permanent_to"],
        hops=tuple(header["hops"]),
        ms=header["ms"],
        wire_bytes=header["wire_bytes"],
    )
    return TimedResponse(response, datetime.fromisoformat(header["taken"]).astimezone(UTC))


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


async def fetch_with_cache(
    client: Client, request: Request, *, cache: PreviewCache | None, now: datetime
) -> TimedResponse:
    """Get an answer: the cached one, where nothing is known of the document yet.

    Raises:
        SourceError: as the client's `get`.
    """
    if cache is not None and request.validators is None:
        cached = cache.take(request)
        if cached is not None:
            return cached
    return TimedResponse(await client.get(request), now)

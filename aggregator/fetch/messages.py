"""The values that go into the fetcher and come out of it.

All are frozen. A request holds the options of one source, the settings apply to all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model import NO_HINTS, PollingHints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Validators

# Hosts whose sub-domains share one machine room and one rate limit (Tumblr: FreshRSS#8925).
SHARED_HOSTS = (
    "*.tumblr.com",
    "*.blogspot.com",
    "*.wordpress.com",
    "*.substack.com",
    "*.medium.com",
    "*.livejournal.com",
    "*.reddit.com",
)
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
    "text/html;q=0.8, application/json;q=0.8, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """The settings of all requests.

    `timeout` is the time limit of one fetch with all its hops, without our own queue.
    `max_body` is in bytes after decompression. `spacing` is the minimum time between the
    starts of two requests to one host; servers on this machine are exempt. `host_groups`
    are patterns `*.domain` whose hosts share one rate limit. `proxy` is an `http://` URL;
    environment variables are not read.
    """

    concurrency: int = 64
    per_host: int = 2
    timeout: timedelta = timedelta(seconds=30)
    max_body: int = 16 * 1024 * 1024
    allow_private: bool = False
    user_agent: str = f"aggregator/{__version__}"
    proxy: str | None = None
    spacing: timedelta = timedelta(milliseconds=200)
    host_groups: tuple[str, ...] = SHARED_HOSTS


@dataclass(frozen=True, slots=True)
class Request:
    """One document to fetch; None means the value of the settings.

    `validators` are sent only to their own URL. `headers` and `basic_auth` (user,
    password) are sent only to the origin of `url`, never to redirect targets; a user and
    password inside `url` count as `basic_auth`. `spacing` applies if it is longer than
    that of the settings.
    """

    url: str
    validators: Validators | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    basic_auth: tuple[str, str] | None = None
    allow_private: bool | None = None
    max_body: int | None = None
    proxy: str | None = None
    user_agent: str | None = None
    accept: str = ACCEPT
    spacing: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response: status 200 with a body, or 304 without one.

    `url` is the last URL, without fragment and password. `body` is decoded. `headers`
    have lower-case names; only useful ones are kept. `validators` are for the next
    request, None without any. `permanent_to` is `url` if all redirects were permanent
    (301, 308), else None. `hops` are all requested URLs in order. `ms` is the time
    without our own queue, `wire_bytes` the size before decoding.
    """

    status: int
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: Validators | None = None
    hints: PollingHints = NO_HINTS
    permanent_to: str | None = None
    hops: tuple[str, ...] = ()
    ms: int = 0
    wire_bytes: int = 0

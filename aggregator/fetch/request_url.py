"""Parses the URL of a request and makes it safe to send.

A URL is sent as it was written; only what cannot stand in a request line (spaces, non-ASCII) is percent-encoded.
A URL that two parsers could read differently is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

from yarl import URL

from aggregator.errors import SourceError
from aggregator.fetch.private_address import host_refusal_reason

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from aggregator.errors import ErrorClass

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PRINTABLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_NOT_PLAIN = re.compile(r"[\\\s]")
_MAX_URL_CHARACTERS = 16_384


@dataclass(frozen=True, slots=True)
class Target:
    """One URL to request; `text` is without fragment and password, `auth` is the (user, password) in it."""

    text: str
    url: URL
    host: str
    auth: tuple[str, str] | None = None

    @property
    def display_url(self) -> str:
        """The URL for messages: without password, and without its query, which may hold a key."""
        bare, mark, _ = self.text.partition("?")
        return f"{bare}?…" if mark else bare

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port."""
        return self.url.scheme, self.host, self.url.port


def parse_target(written: str, *, base: Target | None = None) -> Target:
    """Read a URL, or a redirect's Location against the hop it came from.

    Raises: SourceError `blocked` for what is not a plain http(s) URL (`redirect` where it came from a redirect).
    """
    kind: ErrorClass = "blocked" if base is None else "redirect"
    try:
        return _build_target(_resolve(written, base))
    except ValueError as error:
        raise SourceError(kind, f"refused URL: {error}") from None


def refuse_private(target: Target) -> None:
    """Refuse a host that is spelled as a private address. Raises: SourceError `blocked`."""
    reason = host_refusal_reason(target.host)
    if reason is not None:
        raise SourceError(
            "blocked",
            f"{target.host} is refused ({reason}); set allow_private for a source that you trust",
        )


def _resolve(written: str, base: Target | None) -> str:
    text = written.strip(" \t\r\n")
    if _CONTROL.search(text):
        raise ValueError("it contains control characters")
    if len(text) > _MAX_URL_CHARACTERS:
        raise ValueError(f"it is longer than {_MAX_URL_CHARACTERS} characters")
    if base is None or _SCHEME.match(text):
        return text
    return urljoin(base.text, text)


def _build_target(text: str) -> Target:
    parts = _split_url(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError(
            f"only http and https are fetched, not {parts.scheme or 'a URL without a scheme'!r}"
        )
    host = _ascii_host(parts.hostname)
    if parts.port == 0:
        raise ValueError("port 0 cannot be dialled")

    authority = host
    if ":" in host:
        authority = f"[{host}]"
    if parts.port is not None:
        authority += f":{parts.port}"
    path = text.split("//", 1)[1][len(parts.netloc) :].partition("#")[0]
    clean = f"{parts.scheme}://{authority}{_percent_encode(path)}"
    return Target(text=clean, url=URL(clean, encoded=True), host=host, auth=_credentials(parts))


def _split_url(text: str) -> SplitResult:
    parts = urlsplit(text)
    if _NOT_PLAIN.search(parts.netloc):
        raise ValueError("its host is not plain")
    _ = parts.port  # raises where it is not a port
    if parts.scheme in ("http", "https") and not text[len(parts.scheme) :].startswith("://"):
        raise ValueError("'//' is missing after its scheme")
    return parts


def _ascii_host(host: str | None) -> str:
    if not host:
        raise ValueError("it has no host")
    if host.isascii():
        if re.search(r"[^a-z0-9._:%-]", host):
            raise ValueError("its host is not plain")
        return host
    return URL.build(scheme="http", host=host).raw_host or host


def _percent_encode(path: str) -> str:
    if path.isascii() and " " not in path:
        return path
    return quote(path.encode("utf-8", "surrogateescape"), safe=_PRINTABLE_ASCII)


def _credentials(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")

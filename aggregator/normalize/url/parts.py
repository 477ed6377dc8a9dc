"""Takes a http(s) URL apart, and makes it absolute, without changing a byte more than needed.

Total; what is no http(s) URL is None. What a browser repairs is repaired, nothing else is changed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urljoin

import idna

from aggregator.normalize.text import compose

_EDGES = "".join(map(chr, range(33))) + "\x7f\x85\xa0\u200b\u2028\u2029\u3000\ufeff"
_BREAKS = re.compile(r"[\t\r\n]+")
_ILLEGAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NEVER_RAW_ESCAPED = str.maketrans({mark: f"%{ord(mark):02X}" for mark in ' "<>'})
_AMPERSAND = re.compile(r"&(?:amp|#0{0,3}38);", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PARTS = re.compile(
    r"(?:(https?):)?/{2,}([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL
)
_AUTHORITY = re.compile(
    r"(?:.*@)?(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?", re.IGNORECASE | re.DOTALL
)
_QUERY_OR_FRAGMENT = re.compile(r"[?#]")
_TWO_SLASHES = re.compile("//[^/]")
_WEB_URL = re.compile("https?://", re.IGNORECASE)
_WIDE_DOT = re.compile("[\u3002\uff0e\uff61]")
_NOT_IN_HOST = re.compile(r"""[\x00-\x20\s"#%/:<>?@\[\\\]^`{|}\x7f]""")


class UrlParts(NamedTuple):
    """A http(s) URL, taken apart.

    Its parts are as written, but for `host` (normalized) and `port` (None for 80, 443 or none).
    """

    scheme: str | None
    authority: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None


@lru_cache(maxsize=32)
def absolute_url(url: str, *, base: str | None = None) -> str | None:
    """Return the absolute http(s) URL, of which nothing is dropped; None if it is none.

    What a browser ignores or repairs is repaired: blanks around it, line breaks inside, `&amp;`, a
    missing scheme (https without a base), `\\` for `/`, raw blanks, quotes and angle brackets.
    """
    trimmed = trim_url(url)
    if not trimmed or _ILLEGAL.search(trimmed):
        return None
    resolved = _resolve(fix_slashes(trimmed), base)
    if resolved is None or split_url(resolved) is None:
        return None
    return resolved.translate(_NEVER_RAW_ESCAPED)


def host(url: str) -> str | None:
    """Return the host in lower case and ASCII (IDNA), with `www.`, without port; None if there is none."""
    parts = parse_url(url)
    if parts is None:
        return None
    return parts.host


def parse_url(url: str) -> UrlParts | None:
    """Take a URL apart after the same repairs as `absolute`; None if it is no http(s) URL."""
    return split_url(fix_slashes(trim_url(url)))


def query_parameter(query: str, name: str) -> str | None:
    """Return the first value of a query parameter; None if it is absent or empty.

    The value is percent-decoded once (`+` stays).
    """
    for piece in query.split("&"):
        piece_name, _, value = piece.partition("=")
        if piece_name == name and value:
            return unquote(value)
    return None


def trim_url(url: str) -> str:
    """Strip, and unescape `&amp;` once."""
    stripped = strip_url(url)
    if "&" in stripped:
        stripped = _AMPERSAND.sub("&", stripped)
    return stripped


def strip_url(url: str) -> str:
    """Remove blanks around a URL, and tabs and line breaks inside (WHATWG URL §4.4)."""
    stripped = url.strip(_EDGES)
    if stripped.isprintable():
        return stripped
    return _BREAKS.sub("", stripped).strip(_EDGES)


def fix_slashes(url: str) -> str:
    """Read `\\` as `/` before the query, as browsers do.

    Otherwise `http://evil.example\\@good.example` has two hosts.
    """
    if "\\" not in url:
        return url
    end = _QUERY_OR_FRAGMENT.search(url)
    if end is None:
        return url.replace("\\", "/")
    return url[: end.start()].replace("\\", "/") + url[end.start() :]


def _resolve(url: str, base: str | None) -> str | None:
    """Return the absolute URL; None if it or its base has another scheme than http(s)."""
    scheme = _SCHEME.match(url)
    if scheme:
        return _repair_slashes(scheme[0], url)
    if base:
        return _join(base, url)
    if url.startswith("//"):
        return f"https:{url}"
    return None


def _repair_slashes(scheme: str, url: str) -> str | None:
    """Make it two slashes after the scheme; None for `http:a` and other schemes."""
    name = scheme.lower()
    rest = url[len(scheme) :]
    if name not in ("http:", "https:") or not rest.startswith("/"):
        return None
    if _TWO_SLASHES.match(rest):
        return url
    return f"{name}//{rest.lstrip('/')}"


def _join(base: str, url: str) -> str | None:
    is_file = base[:5].lower() == "file:"
    if is_file and url.startswith("//"):
        return f"https:{url}"
    if not _WEB_URL.match(base):
        return None
    try:
        return urljoin(base, url)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def split_url(url: str) -> UrlParts | None:
    """Take a URL apart as it is; one without a scheme must begin with `//`."""
    match = _PARTS.fullmatch(url)
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups()
    host_and_port = _AUTHORITY.fullmatch(authority)
    if host_and_port is None:
        return None

    name = ascii_host(host_and_port[1])
    port = int(host_and_port[2] or 80)
    if name is None or port > 65535:
        return None
    other_port = None if port in (80, 443) else port
    return UrlParts(scheme, authority, name, other_port, path, query, fragment)


@lru_cache(maxsize=4096)
def ascii_host(name: str) -> str | None:
    """Return the host in lower case and ASCII (UTS 46); None if it is no host name.

    A name that IDNA refuses is only lower-cased.
    """
    if name.startswith("["):
        return name.lower()
    if not name.isascii() and len(name) <= 253:
        name = _encode_idna(name)
    name = name.lower().strip(".")
    if not name or _NOT_IN_HOST.search(name):
        return None
    return name


def _encode_idna(name: str) -> str:
    name = _WIDE_DOT.sub(".", name).strip(".")
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:
        return compose(name.lower())

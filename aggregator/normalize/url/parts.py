"""An address: a http(s) URL taken apart without changing a byte.

Rule: total; what is no http(s) URL is None. What a browser repairs is repaired, nothing else is touched.
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
_NEVER_RAW = ' "<>'
_NEVER_RAW_ESCAPED = str.maketrans({mark: f"%{ord(mark):02X}" for mark in _NEVER_RAW})
_AMPERSAND = re.compile(r"&(?:amp|#0{0,3}38);", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PARTS = re.compile(
    r"(?:(https?):)?/{2,}([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL
)
_AUTHORITY = re.compile(
    r"(?:.*@)?(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?", re.IGNORECASE | re.DOTALL
)
_WIDE_DOT = re.compile("[\u3002\uff0e\uff61]")
_NOT_IN_HOST = re.compile(r"""[\x00-\x20\s"#%/:<>?@\[\\\]^`{|}\x7f]""")


class Address(NamedTuple):
    """A http(s) URL, its parts as written but for `host` (normalized) and `port` (None for 80, 443 or none)."""

    scheme: str | None
    authority: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None


@lru_cache(maxsize=32)
def absolute(url: str, *, base: str | None = None) -> str | None:
    """Give the absolute http(s) URL and drop nothing from it; None where it is none.

    What a browser ignores or repairs is repaired: blanks around it, line breaks inside, `&amp;`, a missing scheme
    (https without a base), `\\` for `/`, raw blanks, quotes and angle brackets.
    """
    found = trim(url)
    if not found or _ILLEGAL.search(found):
        return None
    resolved = _resolve(slashes(found), base)
    if resolved is None or split(resolved) is None:
        return None
    if any(mark in resolved for mark in _NEVER_RAW):
        resolved = resolved.translate(_NEVER_RAW_ESCAPED)
    return resolved


def host(url: str) -> str | None:
    """Give the host in lower case and ASCII (IDNA), `www.` kept, without port; None where there is none."""
    parts = read(url)
    return parts.host if parts else None


def read(url: str) -> Address | None:
    """Take a URL apart after the same repairs as `absolute`; None where it is no http(s) URL."""
    return split(slashes(trim(url)))


def parameter(query: str, name: str) -> str | None:
    """Give the first value of a query parameter, percent-decoded once (`+` stays); None where absent or empty."""
    for piece in query.split("&"):
        found, _, value = piece.partition("=")
        if found == name and value:
            return unquote(value)
    return None


def trim(url: str) -> str:
    """Strip, and unescape `&amp;` once."""
    stripped = strip(url)
    return _AMPERSAND.sub("&", stripped) if "&" in stripped else stripped


def strip(url: str) -> str:
    """Remove blanks around a URL and tabs and line breaks inside (WHATWG URL §4.4)."""
    stripped = url.strip(_EDGES)
    return stripped if stripped.isprintable() else _BREAKS.sub("", stripped).strip(_EDGES)


def slashes(url: str) -> str:
    """Read `\\` as `/` before the query, as browsers do: else `http://evil.example\\@good.example` has two hosts."""
    if "\\" not in url:
        return url
    end = re.search(r"[?#]|$", url)
    cut = end.start() if end else len(url)
    return url[:cut].replace("\\", "/") + url[cut:]


def _resolve(url: str, base: str | None) -> str | None:
    scheme = _SCHEME.match(url)
    if scheme:
        name, rest = scheme[0].lower(), url[scheme.end() :]
        if name not in {"http:", "https:"} or not rest.startswith("/"):
            return None
        return url if re.match("//[^/]", rest) else f"{name}//{rest.lstrip('/')}"
    if not base:
        return f"https:{url}" if url.startswith("//") else None
    return _joined(base, url)


def _joined(base: str, url: str) -> str | None:
    if base[:5].lower() == "file:" and url.startswith("//"):
        return f"https:{url}"
    if not re.match("https?://", base, re.IGNORECASE):
        return None
    try:
        return urljoin(base, url)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def split(url: str) -> Address | None:
    """Take a URL apart as it is; one without a scheme must begin with `//`."""
    match = _PARTS.fullmatch(url)
    authority = _AUTHORITY.fullmatch(match[2]) if match else None
    if match is None or authority is None:
        return None
    name = ascii_host(authority[1])
    port = int(authority[2]) if authority[2] else None
    if name is None or (port or 0) > 65535:
        return None
    return Address(
        match[1], match[2], name, None if port in {80, 443} else port, match[3], match[4], match[5]
    )


@lru_cache(maxsize=4096)
def ascii_host(name: str) -> str | None:
    """Lower-case the host and bring it to ASCII (UTS 46); a name that IDNA refuses stays as it is."""
    if name.startswith("["):
        return name.lower()
    if not name.isascii() and len(name) <= 253:
        name = _WIDE_DOT.sub(".", name).strip(".")
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError:
            name = compose(name.lower())
    name = name.lower().strip(".")
    return None if not name or _NOT_IN_HOST.search(name) else name

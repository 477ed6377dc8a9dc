"""Writes URLs so that any reader accepts them (RFC 3986), without a change of what they lead to."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from aggregator.normalize.url.parts import ascii_host

_LEGAL = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*+"
_VALID = re.compile(rf"[a-z][a-z0-9+.-]*+:{_LEGAL}(?:#{_LEGAL})?")
_PARTS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*+:)?(?P<authority>//[^/?#]*+)?"
    r"(?P<path>[^?#]*+)(?P<query>\?[^#]*+)?(?P<fragment>#.*+)?",
    re.DOTALL,
)
_AUTHORITY = re.compile(
    r"//(?P<user>[^@]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:]*)(?P<port>:[0-9]*)?", re.DOTALL
)
_IGNORED = re.compile("[\t\r\n]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_SAFE = "!$&'()*+,;=:@/?%"


@lru_cache(maxsize=1024)
def valid_url(url: str) -> str:
    """Return a URL or IRI as a URI that RFC 3986 allows.

    The scheme is in lower case and a host with other letters in IDNA. Other characters that are not
    allowed are percent-encoded as UTF-8, and so is a `%` that encodes nothing.

    >>> valid_url("HTTPS://bücher.example/a b|c?q=[1]#é%20%")
    'https://xn--bcher-kva.example/a%20b%7Cc?q=%5B1%5D#%C3%A9%20%25'
    """
    if _VALID.fullmatch(url):
        return url
    parts = _PARTS.fullmatch(_IGNORED.sub("", url.strip()))
    if parts is None:
        return _encode(url)

    scheme = (parts["scheme"] or "").lower()
    authority = _valid_authority(parts["authority"] or "")
    rest = _encode(parts["path"]) + _encode(parts["query"] or "")
    fragment = parts["fragment"]
    if fragment is not None:
        rest += "#" + _encode(fragment[1:])
    return scheme + authority + rest


def _valid_authority(authority: str) -> str:
    """Return `//user@host:port` in ASCII; an IPv6 address keeps its brackets."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return _encode(authority)
    user = _encode(match["user"] or "")
    host = match["host"]
    port = match["port"] or ""
    if not host.startswith("["):
        if not host.isascii():
            host = ascii_host(host) or host
        host = _encode(host)
    return f"//{user}{host}{port}"


def _encode(text: str) -> str:
    whole = _SURROGATE.sub("\ufffd", text)
    return quote(_STRAY_PERCENT.sub("%25", whole), safe=_SAFE)

"""URLs: the one to open (`clean`) and the one to compare (`key`).

Rule: total and pure. Only http and https leave; what need not change is returned as it was written. Whoever changes
what `key` makes of any URL raises KEY_VERSION, so that stored entries are never re-keyed silently.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from aggregator.normalize.text import compose
from aggregator.normalize.url.parts import (
    Address,
    absolute,
    ascii_host,
    host,
    slashes,
    split,
    strip,
)
from aggregator.normalize.url.redirectors import unwrap
from aggregator.normalize.url.tracking import is_tracking

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["KEY_VERSION", "absolute", "clean", "host", "key", "same_site", "unwrap"]

KEY_VERSION = 1

# Second-level labels under which registrars of countries sell names (`co.uk`, `com.cn`). The Public Suffix List has
# 9,000 rules; these few cover nearly all news sites.
_SECOND_LEVEL_LABELS = (
    "ac co com edu gen go gob gouv gov gub info ltd mil ne net nom or org plc sch"
)
_SECOND_LEVEL = frozenset(_SECOND_LEVEL_LABELS.split())
# Hosts whose subdomains belong to different people.
_SHARED_HOSTS = """
    blogspot.com wordpress.com substack.com tumblr.com github.io gitlab.io netlify.app vercel.app pages.dev workers.dev
    herokuapp.com web.app firebaseapp.com feedburner.com livejournal.com typepad.com over-blog.com hatenablog.com
    cloudfront.net azurewebsites.net fly.dev neocities.org micro.blog bearblog.dev beehiiv.com ghost.io
"""
_SHARED = frozenset(_SHARED_HOSTS.split())

_SURROGATE = re.compile("[\ud800-\udfff]")
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0{0,3}38);)+", re.IGNORECASE)
_SESSION = re.compile(
    r";jsessionid=[^/;?#]*", re.IGNORECASE
)  # of Java servers: it changes with every visit
_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$'()*+,=:@-]+)+")
_PLAIN_PIECE = re.compile(r"[A-Za-z0-9._~!$'()*,:@/?=-]+")
_PATH_KEPT = re.compile(r"(%(?:2f|3f|25|23))", re.IGNORECASE)
_QUERY_KEPT = re.compile(r"(%(?:23|25|26|2b|3b|3d))", re.IGNORECASE)
_PATH_SAFE = "!$'()*+,;=:@~"
_QUERY_SAFE = "!$'()*,;:@/?=~"


def clean(
    url: str,
    *,
    base: str | None = None,
    drop: Collection[str] = (),
    keep: Collection[str] = (),
    site_host: str | None = None,
) -> str | None:
    """Give the absolute URL to open, without tracking parameters, session ids and a fragment that only scrolls.

    `drop` and `keep` are a site's own parameter names, in any case, possibly ending in `*`; `keep` wins. `site_host` is
    the host of the feed or its site: a `ref` parameter that names it (or the URL's own host) is dropped.
    None where it is no http(s) URL. Where nothing is removed the text is returned as it was written.

    >>> clean("/a?utm_source=rss&id=7#top", base="https://example.org/feed")
    'https://example.org/a?id=7'
    """
    found = absolute(url, base=base)
    parts = split(found) if found else None
    if found is None or parts is None:
        return None
    fragment = _kept_fragment(parts.fragment)
    query = _without_tracking(parts, drop=drop, keep=keep, site_host=site_host)
    if fragment == parts.fragment and query == parts.query and not _SESSION.search(parts.path):
        return found
    address = re.split(r"[?#]", found, maxsplit=1)[0]
    return (
        _SESSION.sub("", address)
        + (f"?{query}" if query else "")
        + (f"#{fragment}" if fragment is not None else "")
    )


def key(
    url: str,
    *,
    alias: Mapping[str, str] = MappingProxyType({}),
    drop: Collection[str] = (),
    keep: Collection[str] = (),
) -> str:
    """Give the form under which two URLs of one page are equal: `//host/path?query`, version KEY_VERSION.

    `alias` maps a host to the one it mirrors (`m.example.org` to `www.example.org`). `drop` and `keep` as for `clean`.
    What is no http(s) URL is returned trimmed. The key of a key is that key.
    """
    found = slashes(_AMPERSANDS.sub("&", _SURROGATE.sub("\ufffd", strip(url))))
    parts = split(found)
    if parts is None:
        return found
    host = _alias(parts.host, alias)
    parts = parts._replace(host=host)
    port = f":{parts.port}" if parts.port is not None else ""
    query = _query_key(parts, drop, keep)
    fragment = _fragment_key(parts.fragment)
    return f"//{host}{port}{_path_key(parts.path)}{query}{fragment}"


def same_site(a: str, b: str) -> bool:
    """Tell whether two URLs lie under one registrable domain (`m.example.co.uk`, `www.example.co.uk`)."""
    mine, other = host(a), host(b)
    return mine is not None and other is not None and _registrable(mine) == _registrable(other)


def _bare(name: str) -> str:
    while name.startswith("www.") and "." in name[4:]:
        name = name[4:]
    return name


def _alias(name: str, alias: Mapping[str, str]) -> str:
    if alias:
        mirrored = alias.get(name) or alias.get(_bare(name))
        name = (ascii_host(mirrored) or name) if mirrored else name
    return _bare(name)


def _registrable(name: str) -> str:
    labels = name.split(".")
    if name.startswith("[") or labels[-1].isdigit():
        return name
    two = ".".join(labels[-2:])
    deep = two in _SHARED or (
        len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    )
    return ".".join(labels[-3:]) if deep else two


def _kept_fragment(fragment: str | None) -> str | None:
    return fragment if fragment and fragment[0] in "!/" else None


def _without_tracking(
    parts: Address, *, drop: Collection[str], keep: Collection[str], site_host: str | None
) -> str | None:
    if not parts.query:
        return parts.query
    pieces = parts.query.split("&")
    hosts = {_bare(parts.host), _bare((site_host or parts.host).lower())}
    kept = [piece for piece in pieces if not is_tracking(piece, hosts=hosts, drop=drop, keep=keep)]
    return parts.query if len(kept) == len(pieces) else "&".join(kept)


def _path_key(path: str) -> str:
    """Bring a path to its one spelling; leading `/`, none at the end but for the root."""
    bare = path.rstrip("/")
    if _PLAIN_PATH.fullmatch(bare):
        return bare
    segments: list[str] = []
    for raw in path.split("/"):
        segment = _SESSION.sub("", _spelled(raw, _PATH_KEPT, _PATH_SAFE))
        if segment == "..":
            del segments[-1:]
        elif segment and segment != ".":
            segments.append(segment)
    return "/" + "/".join(segments)


def _query_key(parts: Address, drop: Collection[str], keep: Collection[str]) -> str:
    if not parts.query:
        return ""
    pieces = [_piece_key(piece) for piece in parts.query.split("&")]
    hosts = {parts.host}
    kept = [
        piece
        for piece in pieces
        if piece and not is_tracking(piece, hosts=hosts, drop=drop, keep=keep)
    ]
    kept.sort(key=lambda piece: piece.partition("=")[0])
    return f"?{'&'.join(kept)}" if kept else ""


def _piece_key(piece: str) -> str:
    if _PLAIN_PIECE.fullmatch(piece):
        return piece
    spelled = _spelled(piece.replace("+", "%20"), _QUERY_KEPT, _QUERY_SAFE)
    return re.sub(r"^(?:amp;)+", "", spelled)


def _fragment_key(fragment: str | None) -> str:
    kept = _kept_fragment(fragment)
    spelled = _spelled(kept, _QUERY_KEPT, _QUERY_SAFE) if kept else ""
    return f"#{spelled}" if spelled.strip("!/") else ""


def _spelled(text: str, kept: re.Pattern[str], safe: str) -> str:
    """Decode, compose (NFC) and encode again; what `kept` matches, and bytes that are no UTF-8, stay encoded."""
    return "".join(
        part.upper()
        if odd % 2
        else quote(compose(_decoded(part)), safe=safe, errors="surrogateescape")
        for odd, part in enumerate(kept.split(text))
        if part
    )


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape") if "%" in text else text

"""Makes of a URL the one to open (`clean`) and the one to compare (`key`).

Total and pure. Only http and https URLs are returned; what need not change is returned as it was
written. A change of what `page_key` makes of any URL needs a new KEY_VERSION, so that stored entries
are never re-keyed silently. Version 1 had no fragments but those of `#!/a` and `#/a`: it is what
`document_key` still makes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from aggregator.normalize.text import compose
from aggregator.normalize.url.parts import (
    UrlParts,
    absolute_url,
    ascii_host,
    fix_slashes,
    host,
    split_url,
    strip_url,
)
from aggregator.normalize.url.redirectors import unwrap
from aggregator.normalize.url.tracking import is_tracking, place_in_page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = [
    "KEY_VERSION",
    "absolute_url",
    "brand_of",
    "clean",
    "document_key",
    "fragment_key",
    "host",
    "page_key",
    "same_site",
    "site_of",
    "unwrap",
]

KEY_VERSION = 2
_MAX_CACHED_CHARACTERS = 2_000  # of a URL

# Second-level labels under which registrars of countries sell names (`co.uk`, `com.cn`). The Public Suffix List has
# 9,000 rules; these few cover nearly all news sites.
_SECOND_LEVEL_LABELS = (
    "ac co com edu gen go gob gouv gov gub info ltd mil ne net nom or org plc sch"
)
_SECOND_LEVEL = frozenset(_SECOND_LEVEL_LABELS.split())
# Hosts whose subdomains belong to different people.
_SHARED_HOSTS = """
    blogspot.com wordpress.com substack.com tumblr.com github.io gitlab.io
    netlify.app vercel.app pages.dev workers.dev herokuapp.com web.app
    firebaseapp.com feedburner.com livejournal.com typepad.com over-blog.com
    hatenablog.com cloudfront.net azurewebsites.net fly.dev neocities.org micro.blog
    bearblog.dev beehiiv.com ghost.io
"""
_SHARED = frozenset(_SHARED_HOSTS.split())
_SHARED_LABELS = frozenset(name.partition(".")[0] for name in _SHARED)

_SURROGATE = re.compile("[\ud800-\udfff]")
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0{0,3}38);)+", re.IGNORECASE)
# Of Java servers: it changes with every visit.
_SESSION = re.compile(r";jsessionid=[^/;?#]*", re.IGNORECASE)
# What `clean` returns as it is: nothing to repair, no query, no fragment, no session id.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9._~!$'()*+,=:@%/-]*)?", re.ASCII
)
_LEADING_AMP = re.compile(r"^(?:amp;)+")
_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$'()*+,=:@-]+)+")
_PLAIN_PIECE = re.compile(r"[A-Za-z0-9._~!$'()*,:@/?=-]+")
_QUERY_OR_FRAGMENT = re.compile(r"[?#]")
_PATH_KEPT = re.compile(r"(%(?:2f|3f|25|23))", re.IGNORECASE)
_QUERY_KEPT = re.compile(r"(%(?:23|25|26|2b|3b|3d))", re.IGNORECASE)
# Of applications in a page: the fragment names what is shown.
_PAGE_FRAGMENTS = ("#!", "#/")
_PATH_SAFE = "!$'()*+,;=:@~"
_QUERY_SAFE = "!$'()*,;:@/?=~"


def clean(
    url: str,
    *,
    base: str | None = None,
    drop: Collection[str] = (),
    keep: Collection[str] = (),
    site_host: str | None = None,
    keep_fragment: bool = False,
) -> str | None:
    """Return the absolute URL to open; None if it is no http(s) URL.

    Tracking parameters, session ids and a fragment that tracks or only scrolls are removed, that
    fragment not with `keep_fragment`. If nothing is removed, the URL is returned as it was written.

    `drop` and `keep` are a site's own parameter names, in any case, possibly ending in `*`; `keep`
    wins. `site_host` is the host of the feed or its site: a `ref` parameter that names it (or the
    URL's own host) is dropped.

    >>> clean("/a?utm_source=rss&id=7#top", base="https://example.org/feed")
    'https://example.org/a?id=7'
    """
    if _PLAIN_URL.fullmatch(url):
        return url
    if drop or keep or site_host or len(url) > _MAX_CACHED_CHARACTERS:
        return _clean(url, base, keep_fragment, drop, keep, site_host)
    return _clean_cached(url, base, keep_fragment)


@lru_cache(maxsize=256)
def _clean_cached(url: str, base: str | None, keep_fragment: bool) -> str | None:
    """Clean a URL by the general rules alone: an item names its page several times."""
    return _clean(url, base, keep_fragment, (), (), None)


def _clean(
    url: str,
    base: str | None,
    keep_fragment: bool,
    drop: Collection[str],
    keep: Collection[str],
    site_host: str | None,
) -> str | None:
    complete = absolute_url(url, base=base)
    if complete is None:
        return None
    parts = split_url(complete)
    if parts is None:
        return None

    fragment = parts.fragment
    if not keep_fragment:
        fragment = _meaningful_fragment(fragment)
    query = _without_tracking(parts, drop=drop, keep=keep, site_host=site_host)
    is_changed = fragment != parts.fragment or query != parts.query
    if not is_changed and not _SESSION.search(parts.path):
        return complete

    before_query = _QUERY_OR_FRAGMENT.split(complete, maxsplit=1)[0]
    cleaned = _SESSION.sub("", before_query)
    if query:
        cleaned += f"?{query}"
    if fragment is not None:
        cleaned += f"#{fragment}"
    return cleaned


def page_key(
    url: str,
    *,
    alias: Mapping[str, str] = MappingProxyType({}),
    drop: Collection[str] = (),
    keep: Collection[str] = (),
) -> str:
    """Return the form in which all URLs of one page, or of one place in it, are equal.

    It is `//host/path?query#place`, version KEY_VERSION.

    `alias` maps a host to the one that it mirrors (`m.example.org` to `www.example.org`). `drop` and
    `keep` as for `clean`. What is no http(s) URL is returned trimmed. The key of a key is that key.
    """
    trimmed, parts = _repair_and_split(url)
    if parts is None:
        return trimmed

    parts = parts._replace(host=_resolve_alias(parts.host, alias))
    authority = parts.host
    if parts.port is not None:
        authority += f":{parts.port}"
    path = _path_key(parts.path)
    query = _query_key(parts, drop, keep)
    return f"//{authority}{path}{query}{_fragment_key(parts.fragment)}"


def document_key(
    url: str,
    *,
    alias: Mapping[str, str] = MappingProxyType({}),
    drop: Collection[str] = (),
    keep: Collection[str] = (),
) -> str:
    """Return the key of the page that a URL leads to, whatever place in it the URL names.

    A fragment that names the page itself (`#!/a`, `#/a`) stays. Arguments as for `page_key`.

    >>> document_key("https://example.org/a#comment-4")
    '//example.org/a'
    """
    whole = page_key(url, alias=alias, drop=drop, keep=keep)
    fragment = fragment_key(url)
    if fragment.startswith(_PAGE_FRAGMENTS):
        return whole
    return whole.removesuffix(fragment)


def fragment_key(url: str) -> str:
    """Return the fragment that a URL's key ends in, with `#`; "" if there is none.

    >>> fragment_key("https://example.org/a#comment-4"), fragment_key("//example.org/a#top")
    ('#comment-4', '')
    """
    _, parts = _repair_and_split(url)
    if parts is None:
        return ""
    return _fragment_key(parts.fragment)


@lru_cache(maxsize=256)
def _repair_and_split(url: str) -> tuple[str, UrlParts | None]:
    """Return a URL without what browsers ignore in it, and its parts; None if it is no http(s) URL."""
    trimmed = _SURROGATE.sub("\ufffd", strip_url(url))
    trimmed = fix_slashes(_AMPERSANDS.sub("&", trimmed))
    return trimmed, split_url(trimmed)


def same_site(a: str, b: str) -> bool:
    """Tell whether two URLs lie under one registrable domain (`m.example.co.uk`, `www.example.co.uk`)."""
    site = site_of(a)
    return site is not None and site == site_of(b)


@lru_cache(maxsize=256)
def site_of(url: str) -> str | None:
    """Return the registrable domain that a URL lies under; None if it is no http(s) URL.

    >>> site_of("https://m.example.co.uk/a")
    'example.co.uk'
    """
    name = host(url)
    if name is None:
        return None
    return _registrable_domain(name)


def brand_of(url: str) -> str | None:
    """Return the name that the owner of a site has registered, without its suffix.

    None for IP addresses, for single labels (`localhost`) and where many people share a domain.

    >>> brand_of("https://news.example.co.uk/"), brand_of("https://example.com/")
    ('example', 'example')
    """
    site = site_of(url)
    if site is None:
        return None

    brand, _, suffix = site.partition(".")
    is_address = suffix[-1:].isdigit()
    is_shared = suffix in _SHARED or brand in _SHARED_LABELS
    if not suffix or is_address or is_shared:
        return None
    return brand


def _without_www(name: str) -> str:
    while name.startswith("www.") and "." in name[4:]:
        name = name[4:]
    return name


def _resolve_alias(name: str, alias: Mapping[str, str]) -> str:
    """Return the host that `name` mirrors, else `name`; without `www.`."""
    bare = _without_www(name)
    mirrored = alias.get(name) or alias.get(bare)
    if not mirrored:
        return bare
    mirrored_host = ascii_host(mirrored)
    if not mirrored_host:
        return bare
    return _without_www(mirrored_host)


def _registrable_domain(name: str) -> str:
    """Return the part of a host name that its owner has registered; an IP address is whole."""
    labels = name.split(".")
    if name.startswith("[") or labels[-1].isdigit():
        return name

    last_two = ".".join(labels[-2:])
    if last_two in _SHARED or _is_second_level(labels):
        return ".".join(labels[-3:])
    return last_two


def _is_second_level(labels: Sequence[str]) -> bool:
    """Tell whether the last two labels of a longer name are like `co.uk`."""
    if len(labels) < 3:
        return False
    second, country = labels[-2:]
    return len(country) == 2 and second in _SECOND_LEVEL


def _meaningful_fragment(fragment: str | None) -> str | None:
    """Return a fragment that names a page (`#!/a`) or a place in it; None for any other."""
    if not fragment:
        return None
    return place_in_page(fragment) or None


def _without_tracking(
    parts: UrlParts, *, drop: Collection[str], keep: Collection[str], site_host: str | None
) -> str | None:
    if not parts.query:
        return parts.query
    site = (site_host or parts.host).lower()
    hosts = {_without_www(parts.host), _without_www(site)}
    pieces = parts.query.split("&")
    return "&".join(_drop_tracking(pieces, hosts, drop, keep))


def _drop_tracking(
    pieces: Iterable[str], hosts: Collection[str], drop: Collection[str], keep: Collection[str]
) -> list[str]:
    return [piece for piece in pieces if not is_tracking(piece, hosts=hosts, drop=drop, keep=keep)]


def _path_key(path: str) -> str:
    """Return the one spelling of a path: a leading `/`, none at the end but for the root."""
    bare = path.rstrip("/")
    if _PLAIN_PATH.fullmatch(bare):
        return bare

    segments: list[str] = []
    for raw in path.split("/"):
        segment = _SESSION.sub("", _respell(raw, _PATH_KEPT, _PATH_SAFE))
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


def _query_key(parts: UrlParts, drop: Collection[str], keep: Collection[str]) -> str:
    """Return the one spelling of a query, with `?`: without tracking, sorted by name."""
    if not parts.query:
        return ""
    pieces = filter(None, map(_piece_key, parts.query.split("&")))
    remaining = _drop_tracking(pieces, {parts.host}, drop, keep)
    if not remaining:
        return ""
    remaining.sort(key=lambda piece: piece.partition("=")[0])
    return f"?{'&'.join(remaining)}"


def _piece_key(piece: str) -> str:
    if _PLAIN_PIECE.fullmatch(piece):
        return piece
    spelled = _respell(piece.replace("+", "%20"), _QUERY_KEPT, _QUERY_SAFE)
    return _LEADING_AMP.sub("", spelled)


def _fragment_key(fragment: str | None) -> str:
    """Return the one spelling of a fragment that names a page or a place in it, with `#`."""
    if not fragment:
        return ""
    # What tracks is looked for in the one spelling: the key of a key has to be that key.
    place = place_in_page(_respell(fragment, _QUERY_KEPT, _QUERY_SAFE))
    if not place.strip("!/"):
        return ""
    return f"#{place}"


def _respell(text: str, kept: re.Pattern[str], safe: str) -> str:
    """Decode, compose (NFC) and encode again.

    What `kept` matches, and bytes that are no UTF-8, stay encoded.
    """
    spelled = []
    for index, part in enumerate(kept.split(text)):
        if index % 2:  # a match of `kept`: they are the odd ones
            spelled.append(part.upper())
        elif part:
            composed = compose(_percent_decode(part))
            spelled.append(quote(composed, safe=safe, errors="surrogateescape"))
    return "".join(spelled)


def _percent_decode(text: str) -> str:
    if "%" not in text:
        return text
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")

"""Image URLs: the image behind a proxy, placeholders, the largest of a set, the key of an image.

Nothing is fetched, and no input raises. What the URL alone does not say stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aggregator.normalize import url as urls
from aggregator.normalize.url.parts import UrlParts, absolute_url, parse_url, query_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Revision

MIN_ARTICLES_FOR_LOGO = 5  # articles; two of fewer that share an image may well be about one thing
_DEPTH = 3  # proxies inside proxies; only an attacker nests them deeper

_WESERV = frozenset({"images.weserv.nl", "wsrv.nl"})
_PHOTON = re.compile(r"i[0-3]\.wp\.com")
_DUCKDUCKGO = frozenset({"external-content.duckduckgo.com", "proxy.duckduckgo.com"})
_FETCHERS = re.compile(
    r"(?:.+\.)?substackcdn\.com|res(?:-[0-9]+)?\.cloudinary\.com|substackcdn\.com"
)
_IMAGE_FETCH_PATH = re.compile(
    r"/image/fetch/(?:.*?/)??(https?(?::|%3A)(?:/|%2F).*)", re.IGNORECASE | re.DOTALL
)
_CLOUDFLARE_RESIZE_PATH = re.compile(r"/cdn-cgi/image/[^/]+/(.+)", re.DOTALL)
_ENCODED_SCHEME = re.compile(r"https?%3A", re.IGNORECASE)

# Parameters of size and compression only; the image is the same with other values.
_SIZE_NAMES = """
    w h width height fit resize crop quality q strip zoom ssl dpr format fm auto auto_optimize compress sharp
    maxwidth maxheight imwidth imheight output
"""
_SIZES = frozenset(_SIZE_NAMES.split())
_PHOTON_SIZES = frozenset({"w", "h", "fit", "resize", "crop", "quality", "strip", "zoom", "ssl"})
# `_cx0_cy7_cw0_w1023_r1_s.jpg` (VOA's CMS), `-1024x768.jpg`, `-scaled.jpg` (WordPress), `w:1280/p:16x9/` (RFI).
_SIZE_IN_NAME = re.compile(
    r"(?:(?:_(?:c[xyw]|[whr]|q)[0-9]+|_s|_tv)+|[-_][0-9]{2,5}x[0-9]{2,5}|-scaled)(?=\.[a-z0-9]{2,5}$)",
    re.IGNORECASE,
)
_SIZE_SEGMENT = re.compile(r"/(?:[wh]:[0-9]+|p:[0-9]+x[0-9]+)(?=/)")

_PLACEHOLDER_WORDS = frozenset({"blank", "placeholder", "placeholders", "spacer", "transparent"})
# A pixel is a placeholder only as the whole name: `pixel-9-review.jpg` shows a telephone,
# `portrait-1x1.jpg` a face.
_NO_ADDRESS = re.compile(r"data:|about:blank\Z", re.IGNORECASE)
_PIXEL = re.compile(
    r"(?:(?:tracking|clear|empty|trans|t|1x1|1px)[-_.]?)?(?:pixel|1x1|1px)(?:[-_.]?[0-9]+)?|clear|empty"
)
_WORD_BREAK = re.compile(r"[^a-z]+")

_CANDIDATE = re.compile(r"[\s,]*+(\S++)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?)*+")
_DESCRIPTOR = re.compile(r"([0-9]+(?:\.[0-9]+)?)([wx])")
# A candidate's size sorts by unit first, width (1) before density (0); without descriptor it is 1x.
_DEFAULT_SIZE = (0, 1.0)


@lru_cache(maxsize=32)
def unwrap(url: str) -> str:
    """Return the URL of the image behind proxies, at most three deep; other URLs unchanged.

    >>> unwrap("https://images.weserv.nl?url=gdb.example.org/a.jpg&w=300")
    'https://gdb.example.org/a.jpg'
    """
    for _ in range(_DEPTH):
        inner_url = _proxied_url(url)
        if inner_url is None:
            return url
        url = inner_url
    return url


def is_placeholder(
    url: str,
    *,
    width: int | None = None,
    height: int | None = None,
    extra: Sequence[re.Pattern[str]] = (),
) -> bool:
    """Return whether a URL shows no image: empty, `data:`, one pixel or less, or named `blank.gif`.

    `width` and `height` are in pixels, None if unknown. `extra` are a site's own patterns, which
    may match anywhere in the URL.
    """
    bare = url.strip()
    if not bare or _NO_ADDRESS.match(bare):
        return True
    if width in {0, 1} and height in {0, 1}:
        return True

    stem = _stem(bare)
    if _PIXEL.fullmatch(stem):
        return True
    words = _WORD_BREAK.split(stem)
    if not _PLACEHOLDER_WORDS.isdisjoint(words):
        return True
    return any(pattern.search(bare) for pattern in extra)


def best_of_srcset(srcset: str) -> str | None:
    """Return the URL of the widest candidate (`w`), else of the densest (`x`), None if there is none.

    The first of equals wins. Read as in HTML §4.8.4.2.1: a URL ends at a blank, so it may hold
    commas.
    """
    best: str | None = None
    best_size = (-1, 0.0)
    position = 0
    while True:
        match = _CANDIDATE.match(srcset, position)
        if match is None:
            return best

        position = match.end()
        size = _DEFAULT_SIZE
        if not match[1].endswith(","):  # a comma at its end: no descriptor follows
            descriptors = _DESCRIPTORS.match(srcset, position)
            if descriptors:
                size = _descriptor_size(descriptors[0])
                position = descriptors.end()

        candidate = match[1].rstrip(",")
        if candidate and candidate[:5].lower() != "data:" and size > best_size:
            best, best_size = candidate, size


def image_key(url: str) -> str:
    """Return the form in which two sizes of one image are equal: no proxies, no size tokens."""
    form = urls.document_key(unwrap(url), drop=_SIZES)
    path, mark, query = form.partition("?")
    path = _SIZE_SEGMENT.sub("", path)
    path = _SIZE_IN_NAME.sub("", path)
    return path + mark + query


def _proxied_url(url: str) -> str | None:
    """Return the absolute URL that a proxy's URL names, None if this is no proxy's."""
    address = parse_url(url)
    if address is None:
        return None
    inner = _inner_text(address)
    if not inner:
        return None
    return _complete(inner, address)


def _inner_text(address: UrlParts) -> str | None:
    """Return the image URL as a known proxy's URL spells it, None if there is none."""
    host, path, query = address.host, address.path, address.query or ""
    if host in _WESERV:
        target = query_parameter(query, "url") or ""
        return target.removeprefix("ssl:")
    if _PHOTON.fullmatch(host):
        return _photon_target(path, query)
    if host in _DUCKDUCKGO and path.startswith("/iu"):
        return query_parameter(query, "u")
    if path.endswith("/_next/image"):
        return query_parameter(query, "url")

    resized = _CLOUDFLARE_RESIZE_PATH.search(path)
    if resized:
        return _with_query(resized[1], query)
    if _FETCHERS.fullmatch(host):
        return _fetch_target(path, query)
    return _amp_target(address)


def _complete(inner: str, address: UrlParts) -> str | None:
    """Make the inner URL absolute: a path is on the proxy's own host, a missing scheme is https."""
    if _ENCODED_SCHEME.match(inner):
        inner = unquote(inner)
    if re.match(r"https?:|//", inner, re.IGNORECASE):
        return absolute_url(inner)

    proxy = f"{address.scheme}://{address.authority}/"
    if inner.startswith("/"):
        return absolute_url(inner, base=proxy)
    # These two kinds of proxy serve other hosts alone: what begins without a scheme is a host.
    if address.host in _WESERV or address.host in _DUCKDUCKGO:
        return absolute_url(f"https://{inner}")
    return absolute_url(f"/{inner}", base=proxy)


def _photon_target(path: str, query: str) -> str | None:
    """Read `i0.wp.com/HOST/PATH?w=…`; a path without a host in front is WordPress's own."""
    first = path.lstrip("/").partition("/")[0]
    if "." not in first:
        return None

    own_parameters = []
    for piece in query.split("&"):
        if piece and piece.partition("=")[0] not in _PHOTON_SIZES:
            own_parameters.append(piece)
    return _with_query(f"https:/{path}", "&".join(own_parameters))


def _fetch_target(path: str, query: str) -> str | None:
    """Read `/image/fetch/OPTIONS/URL`; the query belongs to the inner URL unless that is encoded."""
    match = _IMAGE_FETCH_PATH.search(path)
    if match is None:
        return None
    if _ENCODED_SCHEME.match(match[1]):
        return match[1]
    return _with_query(match[1], query)


def _amp_target(address: UrlParts) -> str | None:
    if not address.host.endswith("cdn.ampproject.org"):
        return None

    whole = _with_query(f"https://{address.host}{address.path}", address.query or "")
    target = urls.unwrap(whole)
    if target == whole:
        return None
    return target


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    return f"{url}?{query}"


def _stem(url: str) -> str:
    """Return the last segment of the path in lower case, without its extension."""
    path = re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
    name = unquote(path.rpartition("/")[2]).lower()
    return name.rpartition(".")[0] or name


def _descriptor_size(descriptors: str) -> tuple[int, float]:
    for descriptor in descriptors.split():
        match = _DESCRIPTOR.fullmatch(descriptor)
        if match:
            is_width = match[2] == "w"
            return (int(is_width), float(match[1]))
    return _DEFAULT_SIZE


def drop_logos(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Take away an image that leads more than half of some articles: it shows none of them.

    Of fewer than LEAST_FOR_A_LOGO articles all images stay. The hashes of the
    revisions remain those with the image.
    """
    logos = _find_logos(revisions)
    if not logos:
        return tuple(revisions)

    cleaned = []
    for revision in revisions:
        if revision.image and revision.image.url in logos:
            revision = replace(revision, image=None)
        cleaned.append(revision)
    return tuple(cleaned)


def _find_logos(revisions: Sequence[Revision]) -> set[str]:
    if len(revisions) < MIN_ARTICLES_FOR_LOGO:
        return set()

    counts: Counter[str] = Counter()
    for revision in revisions:
        if revision.image:
            counts[revision.image.url] += 1

    logos = set()
    for url, count in counts.items():
        if count * 2 > len(revisions):
            logos.add(url)
    return logos

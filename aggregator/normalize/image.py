"""Image URLs: proxies taken off, placeholders told apart, the largest of a set, the key of a picture.

Rule: total and pure; nothing is fetched, what the URL alone does not tell stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aggregator.normalize import url as urls
from aggregator.normalize.url.parts import Address, absolute, parameter, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Revision

LEAST_FOR_A_LOGO = 5  # articles: of fewer, two that share a picture may well be about one thing
_DEPTH = 3  # proxies inside proxies; deeper ones are nobody's but an attacker's

_WESERV = frozenset({"images.weserv.nl", "wsrv.nl"})
_PHOTON = re.compile(r"i[0-3]\.wp\.com")
_DUCKDUCKGO = frozenset({"external-content.duckduckgo.com", "proxy.duckduckgo.com"})
_FETCHERS = re.compile(
    r"(?:.+\.)?substackcdn\.com|res(?:-[0-9]+)?\.cloudinary\.com|substackcdn\.com"
)
_FETCHED = re.compile(
    r"/image/fetch/(?:.*?/)??(https?(?::|%3A)(?:/|%2F).*)", re.IGNORECASE | re.DOTALL
)
_RESIZED = re.compile(r"/cdn-cgi/image/[^/]+/(.+)", re.DOTALL)
_ENCODED_SCHEME = re.compile(r"https?%3A", re.IGNORECASE)

# Parameters that only say how large or how well compressed; a picture is the same with others.
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
# A pixel is a placeholder only as the whole name: `pixel-9-review.jpg` shows a telephone, `portrait-1x1.jpg` a face.
_PIXEL = re.compile(
    r"(?:(?:tracking|clear|empty|trans|t|1x1|1px)[-_.]?)?(?:pixel|1x1|1px)(?:[-_.]?[0-9]+)?|clear|empty"
)
_WORD_BREAK = re.compile(r"[^a-z]+")

_CANDIDATE = re.compile(r"[\s,]*+(\S++)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?)*+")
_DESCRIPTOR = re.compile(r"([0-9]+(?:\.[0-9]+)?)([wx])")


@lru_cache(maxsize=32)
def unwrap(url: str) -> str:
    """Give the URL of the picture behind image proxies, at most three deep; one that is behind none as it is.

    >>> unwrap("https://images.weserv.nl?url=gdb.example.org/a.jpg&w=300")
    'https://gdb.example.org/a.jpg'
    """
    for _ in range(_DEPTH):
        address = read(url)
        inner = _inner(address) if address else None
        target = _complete(inner, address) if inner and address else None
        if target is None:
            return url
        url = target
    return url


def is_placeholder(
    url: str,
    *,
    width: int | None = None,
    height: int | None = None,
    extra: Sequence[re.Pattern[str]] = (),
) -> bool:
    """Tell whether a URL stands for no picture: empty, `data:`, at most one pixel, or named so (`blank.gif`).

    `width` and `height` as stated in pixels, None where not stated. `extra` are a site's own patterns, searched for.
    """
    bare = url.strip()
    if not bare or bare[:5].lower() == "data:" or bare.lower() == "about:blank":
        return True
    if width in {0, 1} and height in {0, 1}:
        return True
    stem = _stem(bare)
    if _PIXEL.fullmatch(stem) or not _PLACEHOLDER_WORDS.isdisjoint(_WORD_BREAK.split(stem)):
        return True
    return any(pattern.search(bare) for pattern in extra)


def best_of_srcset(srcset: str) -> str | None:
    """Give the URL of the widest candidate (`w`), else of the densest (`x`); the first of equals, None for none.

    Read as HTML §4.8.4.2.1 says: a URL ends at a blank, so it may hold commas.
    """
    best: str | None = None
    score = (-1, 0.0)
    position = 0
    while match := _CANDIDATE.match(srcset, position):
        candidate, position = match[1], match.end()
        found = (0, 1.0)
        if not candidate.endswith(","):
            descriptors = _DESCRIPTORS.match(srcset, position)
            found = _score(descriptors[0] if descriptors else "")
            position = descriptors.end() if descriptors else position
        candidate = candidate.rstrip(",")
        if candidate and candidate[:5].lower() != "data:" and found > score:
            best, score = candidate, found
    return best


def key(url: str) -> str:
    """Give the form under which two sizes of one picture are equal: behind proxies, without size tokens."""
    form = urls.key(unwrap(url), drop=_SIZES)
    path, mark, query = form.partition("?")
    return _SIZE_IN_NAME.sub("", _SIZE_SEGMENT.sub("", path)) + mark + query


def _inner(address: Address) -> str | None:
    host, path, query = address.host, address.path, address.query or ""
    if host in _WESERV:
        return (parameter(query, "url") or "").removeprefix("ssl:") or None
    if _PHOTON.fullmatch(host):
        return _photon(path, query)
    if host in _DUCKDUCKGO and path.startswith("/iu"):
        return parameter(query, "u")
    if path.endswith("/_next/image"):
        return parameter(query, "url")
    if match := _RESIZED.search(path):
        return match[1] + (f"?{query}" if query else "")
    if _FETCHERS.fullmatch(host):
        return _fetched(path, query)
    return _amp(address)


def _complete(inner: str, address: Address) -> str | None:
    """Make the inner URL absolute: a path lies on the proxy's own host, a missing scheme is https."""
    if _ENCODED_SCHEME.match(inner):
        inner = unquote(inner)
    if re.match(r"https?:", inner, re.IGNORECASE) or inner.startswith("//"):
        return absolute(inner)
    if inner.startswith("/") or address.host not in _WESERV | _DUCKDUCKGO:
        return absolute(
            inner if inner.startswith("/") else f"/{inner}",
            base=f"{address.scheme}://{address.authority}/",
        )
    return absolute(f"https://{inner}")


def _photon(path: str, query: str) -> str | None:
    """Read `i0.wp.com/HOST/PATH?w=…`; what is no host in front is WordPress's own."""
    first = path.lstrip("/").partition("/")[0]
    if "." not in first:
        return None
    kept = [
        piece
        for piece in query.split("&")
        if piece and piece.partition("=")[0] not in _PHOTON_SIZES
    ]
    return f"https:/{path}" + (f"?{'&'.join(kept)}" if kept else "")


def _fetched(path: str, query: str) -> str | None:
    """Read `/image/fetch/OPTIONS/URL`; the query is the inner URL's own where that is not encoded."""
    match = _FETCHED.search(path)
    if match is None:
        return None
    return match[1] + (f"?{query}" if query and not _ENCODED_SCHEME.match(match[1]) else "")


def _amp(address: Address) -> str | None:
    if not address.host.endswith("cdn.ampproject.org"):
        return None
    whole = f"https://{address.host}{address.path}" + (f"?{address.query}" if address.query else "")
    target = urls.unwrap(whole)
    return None if target == whole else target


def _stem(url: str) -> str:
    """The last segment of the path in lower case, without its extension."""
    path = re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
    name = unquote(path.rpartition("/")[2]).lower()
    return name.rpartition(".")[0] or name


def _score(descriptors: str) -> tuple[int, float]:
    for descriptor in descriptors.split():
        if match := _DESCRIPTOR.fullmatch(descriptor):
            return (1 if match[2] == "w" else 0, float(match[1]))
    return (0, 1.0)


def without_logos(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Take away the picture that leads more than half of some articles: what all share shows none of them (RULES §3).

    Their hashes stay those of what was stated. Of fewer than LEAST_FOR_A_LOGO articles nothing is said.
    """
    counted = Counter(revision.image.url for revision in revisions if revision.image)
    shared = {address for address, times in counted.items() if times * 2 > len(revisions)}
    if not shared or len(revisions) < LEAST_FOR_A_LOGO:
        return tuple(revisions)
    return tuple(
        replace(revision, image=None)
        if revision.image and revision.image.url in shared
        else revision
        for revision in revisions
    )

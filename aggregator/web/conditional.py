"""A published document -> an HTTP response: validators, caching, compression, and the headers every response has.

The rule: a client that holds the bytes already gets 304 and no body (RFC 9110 §13, RFC 9111), whatever a proxy between
us did to the entity tag.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from aggregator.web.compression import CODINGS, Bodies, choose_coding

if TYPE_CHECKING:
    from aggregator.publish import PublishedDocument

BODIES = web.AppKey("bodies", Bodies)

# A poll answers from here for a minute; the next one after a change is told of it.
_FRESH = "public, max-age=60"

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    hdrs.SERVER: "aggregator",  # aiohttp would name itself, Python, and both versions
}


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Give a response the security headers; a signal of the application, so that error pages have them too."""
    response.headers.update(_HEADERS)


async def answer(request: web.Request, published: PublishedDocument) -> web.Response:
    """Return the document, compressed as the client likes it, or 304 where the client has it."""
    coding = choose_coding(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())), published)
    headers = _validators(published, coding)
    if held := _matching_etag(request, published, headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers | {hdrs.ETAG: held})
    headers[hdrs.CONTENT_TYPE] = published.content_type
    if coding is None:
        return web.Response(body=published.data, headers=headers)
    body = await request.app[BODIES].body(published, coding)
    return web.Response(body=body, headers=headers | {hdrs.CONTENT_ENCODING: coding})


def _validators(published: PublishedDocument, coding: str | None) -> dict[str, str]:
    headers: dict[str, str] = {
        hdrs.ETAG: f'"{_opaque(published, coding)}"',
        hdrs.CACHE_CONTROL: _FRESH,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if published.last_modified:
        headers[hdrs.LAST_MODIFIED] = format_datetime(published.last_modified, usegmt=True)
    return headers


def _opaque(published: PublishedDocument, coding: str | None) -> str:
    """Return another tag for each coding: a strong tag stands for one sequence of bytes (RFC 9110 §8.8.3.3)."""
    return published.etag if coding is None else f"{published.etag}-{coding}"


def _matching_etag(request: web.Request, published: PublishedDocument, current: str) -> str | None:
    """Return the entity tag of the copy that the client holds and may keep, None where it needs the document.

    Its own tag is echoed, not the one of the coding it would get today: a cache finds its copy again by that.
    """
    stated = request.headers.getall(hdrs.IF_NONE_MATCH, ())
    if stated:
        return _matching(",".join(stated), published, current)
    since = request.if_modified_since
    if since is None or published.last_modified is None:
        return None
    return current if published.last_modified.replace(microsecond=0) <= since else None


def _matching(stated: str, published: PublishedDocument, current: str) -> str | None:
    """Compare weakly (RFC 9110 §13.1.2), and forgive clients that lose the quotes."""
    if stated.strip() == "*":
        return current
    ours = {_opaque(published, coding) for coding in (None, *CODINGS)}
    for part in stated.split(","):
        tag = part.strip().removeprefix("W/").strip('"')
        if tag in ours:
            return f'"{tag}"'
    return None

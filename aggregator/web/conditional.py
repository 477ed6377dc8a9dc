"""Responds with a published document: validators, caching, compression, security headers.

A client that has the current bytes gets 304 without a body (RFC 9110 §13, RFC 9111),
also if a proxy changed the entity tag.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from aggregator.web.compression import CODINGS, CompressedBodies, choose_coding
from aggregator.web.site import SITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.publish import PublishedDocument

COMPRESSED_BODIES = web.AppKey("bodies", CompressedBodies)

# Caches may use a response for a minute.
_CACHE_CONTROL = "public, max-age=60"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: http: data:; "
    "media-src https: http:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    hdrs.SERVER: "aggregator",  # aiohttp would name itself, Python, and both versions
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers, and to JSON what lets scripts of other sites read it.

    It is connected to a signal of the application, so that error pages get them too.
    """
    response.headers.update(SECURITY_HEADERS)
    if response.content_type.endswith("json"):
        _add_cors_headers(request, response)


def _add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Name the origins whose scripts may read the response (Fetch Standard §3.2)."""
    origins = request.app[SITE].allowed_origins()
    if "*" in origins:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    elif origins:
        vary = response.headers.get(hdrs.VARY)
        response.headers[hdrs.VARY] = f"{vary}, {hdrs.ORIGIN}" if vary else hdrs.ORIGIN
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin in origins:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    if origins:
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = f"{hdrs.ETAG}, {hdrs.LINK}"


async def respond(
    request: web.Request, published: PublishedDocument, *, varies_by: Sequence[str] = ()
) -> web.Response:
    """Respond with the document, compressed if the client accepts it, or with 304 if the client has it.

    `varies_by` names the headers, besides Accept-Encoding, that the document depends on.
    """
    coding = choose_coding(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())), published)
    headers = _validator_headers(published, coding)
    headers[hdrs.VARY] = ", ".join((hdrs.ACCEPT_ENCODING, *varies_by))
    if held_tag := _find_matching_etag(request, published, headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers | {hdrs.ETAG: held_tag})
    headers[hdrs.CONTENT_TYPE] = published.content_type
    if coding is None:
        return web.Response(body=published.data, headers=headers)
    body = await request.app[COMPRESSED_BODIES].compress(published, coding)
    return web.Response(body=body, headers=headers | {hdrs.CONTENT_ENCODING: coding})


def _validator_headers(published: PublishedDocument, coding: str | None) -> dict[str, str]:
    headers: dict[str, str] = {
        hdrs.ETAG: f'"{_entity_tag(published, coding)}"',
        hdrs.CACHE_CONTROL: _CACHE_CONTROL,
    }
    if published.last_modified:
        headers[hdrs.LAST_MODIFIED] = format_datetime(published.last_modified, usegmt=True)
    return headers


def _entity_tag(published: PublishedDocument, coding: str | None) -> str:
    """Return the tag of a document in a coding: a strong tag identifies its bytes (RFC 9110 §8.8.3.3)."""
    return published.etag if coding is None else f"{published.etag}-{coding}"


def _find_matching_etag(
    request: web.Request, published: PublishedDocument, current: str
) -> str | None:
    """Return the entity tag of the client's current copy, None if it needs the document.

    It is the client's own tag, not that of the coding that it would get now, because a
    cache finds its copy by that.
    """
    accepted_tags = request.headers.getall(hdrs.IF_NONE_MATCH, ())
    if accepted_tags:
        return _find_matching_tag(",".join(accepted_tags), published, current)
    since = request.if_modified_since
    if since is None or published.last_modified is None:
        return None
    return current if published.last_modified.replace(microsecond=0) <= since else None


def _find_matching_tag(
    accepted_tags: str, published: PublishedDocument, current: str
) -> str | None:
    """Compare weakly (RFC 9110 §13.1.2); tags without quotes are accepted."""
    if accepted_tags.strip() == "*":
        return current
    ours = {_entity_tag(published, coding) for coding in (None, *CODINGS)}
    for part in accepted_tags.split(","):
        tag = part.strip().removeprefix("W/").strip('"')
        if tag in ours:
            return f'"{tag}"'
    return None

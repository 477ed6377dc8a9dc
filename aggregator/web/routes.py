"""The routes of the HTTP server. Only GET and HEAD are handled."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from aggregator.errors import AggregatorError
from aggregator.publish import OUTPUTS, make_document
from aggregator.web import pages
from aggregator.web.conditional import respond
from aggregator.web.site import SiteContent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aggregator.publish import PublishedDocument

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SITE: web.AppKey[SiteContent] = web.AppKey("site", SiteContent)

_log = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"
_INDEX_ENTRIES = 50  # titles on the first page


def route_table() -> list[web.RouteDef]:
    """Return all routes; HEAD works for every path with GET."""
    views = [
        route
        for kind in OUTPUTS
        for route in (
            web.get(f"/feed.{kind}", _view_handler(kind)),
            web.get(f"/views/{{id}}.{kind}", _view_handler(kind)),
        )
    ]
    return [
        web.get("/", _handle_index),
        web.get("/style.css", _handle_style_sheet),
        web.get("/healthz", _handle_health),
        *views,
    ]


def _view_handler(kind: str) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        found = request.app[SITE].view(request.match_info.get("id"), kind)
        if found is None:
            raise web.HTTPNotFound
        return await respond(request, found)

    return handler


async def _handle_index(request: web.Request) -> web.Response:
    site = request.app[SITE]
    entries = await asyncio.to_thread(site.latest, _INDEX_ENTRIES)
    page = pages.render_index(site.views(), entries)
    return await respond(request, make_document(page, _HTML))


async def _handle_style_sheet(request: web.Request) -> web.Response:
    return await respond(request, _load_style_sheet())


@cache
def _load_style_sheet() -> PublishedDocument:
    return make_document(
        files(__package__).joinpath("style.css").read_bytes(), "text/css; charset=utf-8"
    )


async def _handle_health(request: web.Request) -> web.Response:
    health = await asyncio.to_thread(request.app[SITE].health)
    body = {"ok": health.ok, "reasons": list(health.reasons), "details": dict(health.details)}
    text = json.dumps(body, ensure_ascii=False, default=str)
    return web.json_response(
        text=text, status=200 if health.ok else 503, headers={hdrs.CACHE_CONTROL: "no-store"}
    )


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Render a page for an error status; our own errors are logged, and the page has no details."""
    try:
        return await handler(request)
    except web.HTTPException as e:
        allowed: dict[str, str] = (
            {hdrs.ALLOW: e.headers[hdrs.ALLOW]} if hdrs.ALLOW in e.headers else {}
        )
        return error_response(e.status, e.reason, allowed)
    except AggregatorError as e:
        _log.error("%s: %s", request.path, e)
        return error_response(503, "Service Unavailable", {hdrs.RETRY_AFTER: "60"})


def error_response(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return the page of an error status."""
    all_headers = {hdrs.CONTENT_TYPE: _HTML, hdrs.CACHE_CONTROL: "no-store"} | (headers or {})
    return web.Response(status=status, body=pages.render_error(status, reason), headers=all_headers)

"""The paths, and what each gives.

The rule: a handler is a few lines: ask the site, draw, answer. GET and HEAD only.
"""

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
from aggregator.web.conditional import answer
from aggregator.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aggregator.publish import PublishedDocument

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SITE: web.AppKey[Site] = web.AppKey("site", Site)

_log = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"
_LATEST = 50  # titles on the first page


def routes() -> list[web.RouteDef]:
    """Return every path; HEAD is answered wherever GET is."""
    views = [
        route
        for kind in OUTPUTS
        for route in (
            web.get(f"/feed.{kind}", _view(kind)),
            web.get(f"/views/{{id}}.{kind}", _view(kind)),
        )
    ]
    return [
        web.get("/", _index),
        web.get("/style.css", _style_sheet),
        web.get("/healthz", _health),
        *views,
    ]


def _view(kind: str) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        found = request.app[SITE].view(request.match_info.get("id"), kind)
        if found is None:
            raise web.HTTPNotFound
        return await answer(request, found)

    return handler


async def _index(request: web.Request) -> web.Response:
    site = request.app[SITE]
    entries = await asyncio.to_thread(site.latest, _LATEST)
    drawn = pages.index(site.views(), entries)
    return await answer(request, make_document(drawn, _HTML))


async def _style_sheet(request: web.Request) -> web.Response:
    return await answer(request, _style())


@cache
def _style() -> PublishedDocument:
    return make_document(
        files(__package__).joinpath("style.css").read_bytes(), "text/css; charset=utf-8"
    )


async def _health(request: web.Request) -> web.Response:
    health = await asyncio.to_thread(request.app[SITE].health)
    body = {"ok": health.ok, "reasons": list(health.reasons), "details": dict(health.details)}
    text = json.dumps(body, ensure_ascii=False, default=str)
    return web.json_response(
        text=text, status=200 if health.ok else 503, headers={hdrs.CACHE_CONTROL: "no-store"}
    )


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Draw a page for a status that is an error; what we failed at is logged and said without its details."""
    try:
        return await handler(request)
    except web.HTTPException as e:
        allowed: dict[str, str] = (
            {hdrs.ALLOW: e.headers[hdrs.ALLOW]} if hdrs.ALLOW in e.headers else {}
        )
        return _error(e.status, e.reason, allowed)
    except AggregatorError as e:
        _log.error("%s: %s", request.path, e)
        return _error(503, "Service Unavailable", {hdrs.RETRY_AFTER: "60"})


def _error(status: int, reason: str, headers: dict[str, str]) -> web.Response:
    stated = {hdrs.CONTENT_TYPE: _HTML, hdrs.CACHE_CONTROL: "no-store"} | headers
    return web.Response(status=status, body=pages.error(status, reason), headers=stated)

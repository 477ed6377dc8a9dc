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
from aggregator.publish.status_feed import MEDIA_TYPE
from aggregator.web import api
from aggregator.web.conditional import respond
from aggregator.web.entry_page import render_entry
from aggregator.web.language import choose_language
from aggregator.web.layout import Frame, render_error, root_of
from aggregator.web.list_page import render_list
from aggregator.web.list_query import parse_query
from aggregator.web.site import SITE
from aggregator.web.source_pages import render_source, render_sources

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aggregator.publish import PublishedDocument

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Render = Callable[[web.Request, Frame], bytes | None]

_log = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"
_OPML = "text/x-opml; charset=utf-8"
_DETAILS = {
    404: "there is nothing here; /api/openapi.json lists what there is",
    405: "only GET and HEAD are answered",
    503: "the store does not answer; try again later",
}


def route_table() -> list[web.RouteDef]:
    """Return all routes; HEAD works for every path with GET."""
    views = [
        route
        for kind in OUTPUTS
        for route in (
            web.get(f"/feed.{kind}", _view_handler(kind)),
            web.get(f"/views/{{id}}.{kind}", _view_handler(kind)),
            web.get(f"/views/{{id}}/{{page}}.{kind}", _archive_handler(kind)),
        )
    ]
    return [
        web.get("/style.css", _handle_style_sheet),
        web.get("/healthz", _handle_health),
        web.get("/metrics", _handle_metrics),
        web.get("/opml", _handle_opml),
        web.get("/status.atom", _handle_status_feed),
        *views,
        web.get("/", _page_handler(_render_list)),
        web.get("/views/{id}", _page_handler(_render_list)),
        web.get("/entries/{id}", _page_handler(_render_entry)),
        web.get("/sources", _page_handler(_render_sources)),
        web.get("/sources/{id}", _page_handler(_render_source)),
        *api.api_routes(),
    ]


def _view_handler(kind: str) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        found = request.app[SITE].view(request.match_info.get("id"), kind)
        if found is None:
            raise web.HTTPNotFound
        return await respond(request, found)

    return handler


def _archive_handler(kind: str) -> Handler:
    """Make the handler of archive pages, which are rendered when they are asked for."""

    async def handler(request: web.Request) -> web.Response:
        names = request.match_info
        found = await asyncio.to_thread(request.app[SITE].archive, names["id"], names["page"], kind)
        if found is None:
            raise web.HTTPNotFound
        return await respond(request, found)

    return handler


def _page_handler(render: Render) -> Handler:
    """Make the handler of a page that is read and rendered in a worker thread; None is 404."""

    async def handler(request: web.Request) -> web.Response:
        def make_page() -> bytes | None:
            site = request.app[SITE]
            page = render(request, _make_frame(request, site.failing_count()))
            return None if page is None else site.without_secrets(page)

        page = await asyncio.to_thread(make_page)
        if page is None:
            raise web.HTTPNotFound
        return await respond(request, make_document(page, _HTML), varies_by=(hdrs.ACCEPT_LANGUAGE,))

    return handler


def _make_frame(request: web.Request, failing: int = 0) -> Frame:
    language = choose_language(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    root = root_of(request.rel_url.raw_path)
    return Frame(language, root, request.app[SITE].views(), failing)


def _render_list(request: web.Request, frame: Frame) -> bytes | None:
    try:
        query = parse_query(request.query)
    except ValueError as e:
        raise web.HTTPBadRequest from e
    found = request.app[SITE].entry_list(
        request.match_info.get("id"), query.wanted, limit=query.limit, before=query.before
    )
    return None if found is None else render_list(frame, found, query)


def _render_entry(request: web.Request, frame: Frame) -> bytes | None:
    details = request.app[SITE].entry(request.match_info["id"])
    return None if details is None else render_entry(frame, details)


def _render_sources(request: web.Request, frame: Frame) -> bytes:
    site = request.app[SITE]
    return render_sources(frame, site.sources(), site.month(None))


def _render_source(request: web.Request, frame: Frame) -> bytes | None:
    source_id = request.match_info["id"]
    site = request.app[SITE]
    details = site.source(source_id)
    return None if details is None else render_source(frame, details, site.month(source_id))


async def _handle_opml(request: web.Request) -> web.Response:
    opml = await asyncio.to_thread(request.app[SITE].opml)
    return await respond(request, make_document(opml, _OPML))


async def _handle_status_feed(request: web.Request) -> web.Response:
    def make_feed() -> bytes:
        site = request.app[SITE]
        return site.without_secrets(site.status_feed())

    feed = await asyncio.to_thread(make_feed)
    return await respond(request, make_document(feed, MEDIA_TYPE))


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


async def _handle_metrics(request: web.Request) -> web.Response:
    accept = request.headers.get(hdrs.ACCEPT, "")
    body, content_type = await asyncio.to_thread(request.app[SITE].metrics, accept)
    headers = {hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=body, headers=headers)


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Explain an error status: by a page, under /api by problem details.

    Our own errors are logged, and the answer has no details of them.
    """
    try:
        return await handler(request)
    except api.QueryError as e:
        return api.problem(400, "Bad Request", str(e), {})
    except web.HTTPException as e:
        allowed: dict[str, str] = (
            {hdrs.ALLOW: e.headers[hdrs.ALLOW]} if hdrs.ALLOW in e.headers else {}
        )
        return _explain(request, e.status, e.reason, allowed)
    except AggregatorError as e:
        _log.error("%s: %s", request.path, e)
        waits: dict[str, str] = {hdrs.RETRY_AFTER: "60"}
        return _explain(request, 503, "Service Unavailable", waits)


def _explain(
    request: web.Request, status: int, reason: str, headers: dict[str, str]
) -> web.Response:
    if request.path.startswith(api.PATH):
        return api.problem(status, reason, _DETAILS.get(status, reason), headers)
    return error_response(status, reason, headers, frame=_make_frame(request))


def error_response(
    status: int,
    reason: str,
    headers: dict[str, str] | None = None,
    *,
    frame: Frame | None = None,
) -> web.Response:
    """Return the page of an error status; without a frame it is in English and names no view."""
    all_headers = {hdrs.CONTENT_TYPE: _HTML, hdrs.CACHE_CONTROL: "no-store"} | (headers or {})
    page = render_error(frame or Frame(choose_language("")), status, reason)
    return web.Response(status=status, body=page, headers=all_headers)

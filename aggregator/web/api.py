"""The JSON interface under `/api`: entries, sources and outcomes, with the keys of the commands.

It reads only. Lists are arrays, newest first; a `Link` header (RFC 8288) leads to what
follows. Errors are problem details (RFC 9457).
"""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson
from aiohttp import hdrs, web

from aggregator.escapes import escape_json
from aggregator.publish.document import make_document
from aggregator.publish.json_record import entry_record, outcome_record
from aggregator.source_status import source_record
from aggregator.store.browse import EntryFilter, EntryPosition
from aggregator.web.conditional import respond
from aggregator.web.list_query import format_position, parse_position
from aggregator.web.site import SITE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.publish import PublishedDocument
    from aggregator.source_status import SourceStatus
    from aggregator.web.site import SiteContent

PATH = "/api/"
DEFAULT_LIMIT = 50
MAX_LIMIT = 500
_JSON = "application/json; charset=utf-8"
_PROBLEM = "application/problem+json"
_MAX_VALUE_LENGTH = 200
_ENTRY_PARAMETERS = (
    "view",
    "source",
    "language",
    "tag",
    "q",
    "since",
    "before",
    "limit",
)
_OUTCOME_PARAMETERS = ("source", "limit")


class QueryError(ValueError):
    """A query that cannot be answered; the message says what to change."""


def api_routes() -> list[web.RouteDef]:
    """Return the routes of the interface."""
    return [
        web.get("/api/entries", _handle_entries),
        web.get("/api/entries/{id}", _handle_entry),
        web.get("/api/sources", _handle_sources),
        web.get("/api/sources/{id}", _handle_source),
        web.get("/api/outcomes", _handle_outcomes),
        web.get("/api/openapi.json", _handle_description),
    ]


def problem(status: int, reason: str, detail: str, headers: Mapping[str, str]) -> web.Response:
    """Return an error as problem details."""
    body = escape_json(orjson.dumps({"status": status, "title": reason, "detail": detail}))
    return web.Response(
        status=status,
        body=body,
        headers={
            hdrs.CONTENT_TYPE: _PROBLEM,
            hdrs.CACHE_CONTROL: "no-store",
            **headers,
        },
    )


async def _handle_entries(request: web.Request) -> web.StreamResponse:
    query = _read_query(request, _ENTRY_PARAMETERS)
    wanted = EntryFilter(
        query.get("source"), query.get("language"), query.get("tag"), query.get("q")
    )
    before = _read_position(query.get("before"))
    since = _read_time(query.get("since"))
    limit = _read_limit(query.get("limit"))
    site = request.app[SITE]

    def read() -> tuple[bytes, str | None] | None:
        found = site.entry_list(query.get("view"), wanted, limit=limit, before=before)
        if found is None:
            return None
        entries = [entry for entry in found.entries if since is None or entry.published >= since]
        link = None
        if found.has_older and len(entries) == len(found.entries):
            last = EntryPosition(entries[-1].published, entries[-1].id)
            following = {**query, "before": format_position(last)}
            link = f'<?{urlencode(following, errors="replace")}>; rel="next"'
        return _dump(site, [entry_record(entry) for entry in entries]), link

    answer = await asyncio.to_thread(read)
    if answer is None:
        raise web.HTTPNotFound
    body, link = answer
    response = await _respond_json(request, body)
    if link is not None:
        response.headers[hdrs.LINK] = link
    return response


async def _handle_entry(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]

    def read() -> bytes | None:
        details = site.entry(request.match_info["id"])
        return None if details is None else _dump(site, entry_record(details.entry))

    return await _respond_if_found(request, await asyncio.to_thread(read))


async def _handle_sources(request: web.Request) -> web.StreamResponse:
    _read_query(request, ())
    site = request.app[SITE]

    def read() -> bytes:
        return _dump(site, [_public_record(status) for status in site.sources()])

    return await _respond_json(request, await asyncio.to_thread(read))


async def _handle_source(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]

    def read() -> bytes | None:
        details = site.source(request.match_info["id"])
        return None if details is None else _dump(site, _public_record(details.status))

    return await _respond_if_found(request, await asyncio.to_thread(read))


async def _handle_outcomes(request: web.Request) -> web.StreamResponse:
    query = _read_query(request, _OUTCOME_PARAMETERS)
    limit = _read_limit(query.get("limit"))
    site = request.app[SITE]

    def read() -> bytes:
        outcomes = site.outcomes(query.get("source"), limit)
        return _dump(site, [outcome_record(outcome) for outcome in outcomes])

    return await _respond_json(request, await asyncio.to_thread(read))


async def _handle_description(request: web.Request) -> web.StreamResponse:
    return await respond(request, _load_description())


def _public_record(status: SourceStatus) -> dict[str, object]:
    """Return a source without the folders of this machine."""
    record = source_record(status)
    if status.source.path is not None:
        record["path"] = PurePath(status.source.display_location).name
    return record


@cache
def _load_description() -> PublishedDocument:
    return make_document(files(__package__).joinpath("openapi.json").read_bytes(), _JSON)


async def _respond_if_found(request: web.Request, body: bytes | None) -> web.StreamResponse:
    if body is None:
        raise web.HTTPNotFound
    return await _respond_json(request, body)


async def _respond_json(request: web.Request, body: bytes) -> web.StreamResponse:
    return await respond(request, make_document(body, _JSON))


def _dump(site: SiteContent, value: object) -> bytes:
    return site.without_secrets(escape_json(orjson.dumps(value)))


def _read_query(request: web.Request, known: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters that have a value. Raises QueryError for an unknown one."""
    query = {}
    for name, value in request.query.items():
        if name not in known:
            names = ", ".join(known) or "there is none"
            raise QueryError(f"unknown parameter; known here: {names}")
        value = value.replace("\0", "").strip()  # PostgreSQL has no such text
        if value:
            query[name] = value[:_MAX_VALUE_LENGTH]
    return query


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise QueryError(f"limit: give a number from 1 to {MAX_LIMIT}")
    return min(int(text), MAX_LIMIT)


def _read_position(text: str | None) -> EntryPosition | None:
    if text is None:
        return None
    try:
        return parse_position(text)
    except ValueError as e:
        raise QueryError("before: give a time (RFC 3339), or the address in a Link header") from e


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_position(text).published
    except ValueError as e:
        raise QueryError("since: give a time (RFC 3339)") from e

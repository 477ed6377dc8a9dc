"""Serves the folder of a case over the loopback, and fetches it as a user's source.

A case is a folder of `data/`. Its files are what the origin serves: `index` is `/`, `a_1`
is `/a/1`, `feed.xml` is `/feed.xml`. `IPPORT` in a file is the origin's host and port.
`expected.json` has these keys:

    report        where the case comes from
    source        the source's keys, or a list of sources; `["URL", "/x"]` is the origin's URL and `/x`
    content_type  path -> headers of its response; `text/html` for a path that is not named
    now           when it is fetched, 2026-11-28T18:00:00Z if absent
    expected      sentences; "has `x`" and "without `x`" are checked in the entries' HTML
    entries       the entries in any order, each with `title` and the keys that matter; `{origin}` is
                  the origin's URL; `content_has` and `content_lacks` are lists of texts
    outcome       keys of the outcome that matter
    asked         the paths that the run requests, without `/robots.txt`
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from aggregator.publish.json_record import entry_record, outcome_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

DATA = Path(__file__).parent / "data"
NOW = "2026-11-28T18:00:00Z"
_SENTENCE = re.compile(r"(has|without) `(.+)`", re.DOTALL)


@dataclass
class Site:
    """An origin that serves files; `files` and `headers` may be changed between two fetches."""

    files: dict[str, bytes]
    headers: Mapping[str, Mapping[str, str]]
    asked: list[str] = field(default_factory=list)
    origin: str = ""

    async def __aenter__(self) -> Self:
        from aiohttp import web

        application = web.Application()
        application.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if request.path != "/robots.txt":
            self.asked.append(request.path_qs)
        body = self.files.get(_file_name(request.path))
        if body is None or self._has_other_slash(request.path):
            return web.Response(status=404, text="not found")
        body = body.replace(b"IPPORT", self.origin.removeprefix("http://").encode())
        headers = {"Content-Type": "text/html", **self.headers.get(request.path, {})}
        return web.Response(body=body, headers=headers)

    def _has_other_slash(self, path: str) -> bool:
        """Tell whether a path is served only with, or only without, a slash at its end."""
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        return path not in self.headers and other in self.headers


@dataclass(frozen=True)
class Fetch:
    """What one fetch of all sources came to; `records` are the stored entries, newest first."""

    outcomes: list[dict[str, Any]]
    records: list[dict[str, Any]]
    asked: list[str]
    states: list[Any]


@dataclass
class Case:
    """A case that is served; `fetch` fetches its sources."""

    expected: Mapping[str, Any]
    site: Site
    app: Any
    clock: Any

    async def fetch(self, *, full: bool = False) -> Fetch:
        self.site.asked.clear()
        outcomes = await self.app.cycle(force=True, full=full)
        entries = self.app.store.entries(limit=1_000)
        return Fetch(
            [outcome_record(outcome) for outcome in outcomes],
            [entry_record(entry) for entry in entries],
            list(self.site.asked),
            self.app.store.states(),
        )

    def check(self, fetch: Fetch) -> None:
        """Compare a fetch with all values that the case expects."""
        checks = 0
        html = "\n".join(record["content_html"] or "" for record in fetch.records)
        for sentence in self.expected["expected"]:
            match = _SENTENCE.fullmatch(sentence)
            if match:
                checks += 1
                assert (match[2] in html) == (match[1] == "has"), (sentence, fetch.outcomes)

        if "entries" in self.expected:
            checks += 1
            wanted = self._fill_origin(self.expected["entries"])
            records = sorted(fetch.records, key=lambda record: record["title"])
            wanted = sorted(wanted, key=lambda entry: entry["title"])
            if any("published" in entry for entry in wanted):
                records.sort(key=lambda record: record["published"], reverse=True)
                wanted.sort(key=lambda entry: entry["published"], reverse=True)
            assert len(records) == len(wanted), fetch.outcomes
            pairs = zip(records, wanted, strict=True)
            assert [_like(record, entry) for record, entry in pairs] == wanted
        if "asked" in self.expected:
            checks += 1
            assert fetch.asked == self.expected["asked"]

        if "outcome" in self.expected:
            checks += 1
            outcome = self._fill_origin(self.expected["outcome"])
            assert {key: fetch.outcomes[0][key] for key in outcome} == outcome
        assert checks, "a case must say what comes out of it"

    def _fill_origin(self, value: Any) -> Any:
        return json.loads(json.dumps(value).replace("{origin}", self.site.origin))


def read_case(name: str) -> dict[str, Any]:
    """Return what a case expects."""
    text = (DATA / name / "expected.json").read_text(encoding="utf-8")
    expected: dict[str, Any] = json.loads(text)
    return expected


@pytest.fixture
def play(home: Any, way: Any) -> Callable[..., Any]:
    """Return a function that serves a case and runs a story with it.

    The story is `async def story(case)`; without one the case is fetched once and checked.
    """

    def play_case(name: str, story: Callable[[Case], Any] | None = None) -> Any:
        return asyncio.run(_play(home, way, name, story or _fetch_once))

    return play_case


async def _play(home: Any, way: Any, name: str, story: Callable[[Case], Any]) -> Any:
    expected = read_case(name)
    clock = way.Clock(datetime.fromisoformat(expected.get("now", NOW)))
    async with Site(_read_files(DATA / name), expected["content_type"]) as site:
        home.follow(*_source_lines(expected["source"], site.origin))
        async with home.app(clock) as app:
            return await story(Case(expected, site, app, clock))


async def _fetch_once(case: Case) -> None:
    case.check(await case.fetch())


def _read_files(folder: Path) -> dict[str, bytes]:
    files = {}
    for path in folder.iterdir():
        if path.name != "expected.json":
            files[path.name] = path.read_bytes()
    return files


def _file_name(path: str) -> str:
    return path.strip("/").replace("/", "_") or "index"


def _source_lines(sources: Any, origin: str) -> list[str]:
    """Return the sources as lines of YAML, which JSON is too."""
    if isinstance(sources, dict):
        sources = [sources]
    return [json.dumps(_with_url(source, origin)) for source in sources]


def _with_url(value: Any, origin: str) -> Any:
    if isinstance(value, list) and value and value[0] == "URL":
        return origin + "".join(value[1:])
    if isinstance(value, dict):
        return {key: _with_url(child, origin) for key, child in value.items()}
    return value


def _like(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the keys of the wanted one."""
    html = record["content_html"] or ""
    actual: dict[str, Any] = {}
    for key, value in wanted.items():
        if key == "content_has":
            actual[key] = [text for text in value if text in html]
        elif key == "content_lacks":
            actual[key] = [text for text in value if text not in html]
        else:
            actual[key] = record[key]
    return actual

"""An installation with invented entries behind a proxy under a sub-path, and a browser that sees nothing else.

Playwright keeps an event loop in the thread of the tests, so everything that is served runs in
another thread. Pictures of publishers are answered by the browser's side from files.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import threading
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

DATA = Path(__file__).parent / "data"
PICTURES = "https://pictures.example/"
CHROMIUM = shutil.which("chromium")
PREFIX = "/news"
VIEWS = """\
server: {listen: "127.0.0.1:0", public_url: "https://news.example.org/"}
network: {allow_private: true, timeout: 20s}
views:
- {id: merged, title: All news}
- {id: chinese, title: 中文, where: {language: zh}}
- {id: science, title: Science, where: {tag: [climat, seabed, آثار]}}
"""


# What is served


def _item(item: dict[str, Any], *, now: datetime) -> str:
    """Write an item of the invented feeds as an item of RSS."""
    parts = {
        "title": escape(item["title"]),
        "link": f"https://articles.example/{item['link']}",
        "description": escape(item.get("summary", "")),
        "content:encoded": escape(item.get("html", "")),
        "dc:creator": escape(item.get("author", "")),
        "pubDate": format_datetime(_published(item, now), usegmt=True),
    }
    written = [f"<{name}>{value}</{name}>" for name, value in parts.items() if value]
    written += [f"<category>{escape(tag)}</category>" for tag in item.get("tags", ())]
    if "picture" in item:
        address = f"{PICTURES}{item['picture']}.svg"
        caption = "<media:description>The survey ship, March 2025.</media:description>"
        written.append(
            f'<media:content url="{address}" medium="image" type="image/svg+xml" '
            f'width="1200" height="750">{caption}</media:content>'
        )
    if "audio" in item:
        written.append(
            f'<enclosure url="https://articles.example/{item["link"]}.mp3" type="audio/mpeg" '
            f'length="5900000"/><itunes:duration>{item["audio"]}</itunes:duration>'
        )
    return f"<item>{''.join(written)}</item>"


def _published(item: dict[str, Any], now: datetime) -> datetime:
    hour, minute = map(int, item.get("time", "00:00").split(":"))
    day = item.get("day", now.day)
    return now.replace(day=day, hour=hour, minute=minute, second=10 if "time" in item else 0)


def _rss(feed: dict[str, Any], items: list[str]) -> str:
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
        f"<title>{feed['name']}</title><link>https://articles.example/</link>"
        f"<language>{feed['language']}</language>{''.join(items)}</channel></rss>"
    )


def _source(name: str, feed: str, address: str) -> str:
    """Write the configuration of a source that is called as its feed is."""
    title = feed.partition("<title>")[2].partition("</title>")[0]
    return f'{{id: {name}, name: {json.dumps(unescape(title))}, url: "{address}"}}'


def _invented_feeds(now: datetime, *, at_first: bool) -> dict[str, str]:
    """Return the invented feeds by their ids, as they are or as they were at first."""
    feeds = {}
    for feed in yaml.safe_load((DATA / "feeds.yaml").read_text(encoding="utf-8")):
        items = []
        for item in feed["items"]:
            changes = item.get("first", {}) if at_first else {}
            items.append(_item(item | changes, now=now))
        feeds[feed["id"]] = _rss(feed, items)
    return feeds


def _hostile_feed(now: datetime) -> str:
    """Return a feed that carries every payload in five fields, and an item that has all of them."""
    payloads = (DATA / "payloads.txt").read_text(encoding="utf-8").splitlines()
    items = []
    for number, payload in enumerate(payloads):
        item = {
            "link": f"hostile/{number}",
            "day": 2,
            "time": f"12:{number:02}",
            "title": f"Payload {number} {payload}",
            "summary": payload,
            "html": f"<p>text</p>{payload}",
            "author": payload,
            "tags": [payload],
        }
        items.append(_item(item, now=now))
    everything = {
        "title": "All payloads",
        "link": "hostile/all",
        "html": "<p>text</p>".join(payloads),
    }
    items.append(_item(everything | {"day": 2, "time": "13:00"}, now=now))
    return _rss({"name": "Hostile &amp; &lt;b&gt;bold&lt;/b&gt;", "language": "en"}, items)


def _run_month(app: Any, names: list[str]) -> None:
    """Note the runs of the month before, as if each source had been polled every four hours."""
    import sqlalchemy as sa

    from aggregator.model import Outcome
    from aggregator.store.engine import write_transaction
    from aggregator.store.outcomes import outcome_row
    from aggregator.store.schema import outcome, source

    with write_transaction(app.store._engines) as connection:
        ids = dict(connection.execute(sa.select(source.c.name, source.c.id)).all())
        rows = []
        for place, name in enumerate(names):
            for run in range(29 * 6):
                value = (run * 7919 + place * 104729) % 97
                fails = value < 2 or (name == "wire" and run > 158)
                run_outcome = Outcome(
                    name,
                    app.clock() - timedelta(days=29) + timedelta(hours=4 * run),
                    180 + 4 * value + (1500 if fails else 0),
                    "failed" if fails else ("ok" if value % 3 else "unchanged"),
                    new=0 if fails or not value % 3 else value % 7,
                    found=40,
                    http_status=503 if fails else (200 if value % 3 else 304),
                    size_bytes=600 if fails else (30_000 + 300 * value if value % 3 else 0),
                    error="http" if fails else None,
                    message="503 Service Unavailable" if fails else None,
                )
                rows.append(outcome_row(run_outcome, ids[name], good=None))
        connection.execute(sa.insert(outcome), rows)


@dataclass
class Served:
    """The addresses of the first page: direct, under the sub-path, and of an empty installation."""

    root: str
    proxied: str
    empty: str
    ids: dict[str, str] = field(default_factory=dict)  # path of an article -> UUID


class _Installations:
    def __init__(self, way: Any, folder: Path) -> None:
        self._way = way
        self._folder = folder
        self._clock = way.Clock()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Served]:
        async with AsyncExitStack() as stack:
            root, ids = await stack.enter_async_context(self._rich())
            proxied = await stack.enter_async_context(_proxy(root))
            empty = await stack.enter_async_context(self._empty())
            yield Served(root, proxied, empty, ids)

    @asynccontextmanager
    async def _rich(self) -> AsyncIterator[tuple[str, dict[str, str]]]:
        home = self._way.Home(self._folder / "rich", VIEWS)
        now = self._clock()
        async with self._way.Origin() as origin:
            feeds = _invented_feeds(now, at_first=True) | {"hostile": _hostile_feed(now)}
            pages = {f"/{name}": self._way.Reply(text) for name, text in feeds.items()}
            origin.pages |= pages | {"/wire-2": self._way.Reply(status=503)}
            home.follow(
                *(_source(name, text, origin.url(f"/{name}")) for name, text in feeds.items()),
                f'{{id: old-mill, name: Old Mill Webcomic, url: "{origin.url("/gone")}"}}',
                f'{{id: disabled, enabled: false, url: "{origin.url("/disabled")}"}}',
            )
            async with home.app(self._clock) as app:
                await app.cycle()
                later = _invented_feeds(now, at_first=False)
                origin.pages |= {f"/{name}": self._way.Reply(text) for name, text in later.items()}
                origin.pages["/gone"] = self._way.Reply(status=410)
                _run_month(app, list(later))
                origin.pages["/wire"] = self._way.Reply(status=503)
                self._clock.forward(minutes=90)
                await app.cycle(force=True)
                await app.update_indexes(turns=50)
                entries = app.view_entries(app.config.feed_view, 200)
                ids = {}
                for entry in entries:
                    path = urlsplit(entry.url or "").path.lstrip("/")
                    ids[path] = entry.id.removeprefix("urn:uuid:")
                async with _web_server(app, self._clock) as root:
                    yield root, ids

    @asynccontextmanager
    async def _empty(self) -> AsyncIterator[str]:
        home = self._way.Home(self._folder / "empty")
        home.follow()
        async with home.app(self._clock) as app, _web_server(app, self._clock) as root:
            yield root


@asynccontextmanager
async def _web_server(app: Any, clock: Any) -> AsyncIterator[str]:
    from aggregator.daemon.status import DaemonSite, DaemonStatus
    from aggregator.web import WebServer, make_app

    status = DaemonStatus(started=clock())
    status.published_views = await asyncio.to_thread(app.publish)
    site = DaemonSite(status, lambda: app, lambda: 0, clock=clock)
    server = await WebServer(make_app(site)).start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        await server.close()


@asynccontextmanager
async def _proxy(root: str) -> AsyncIterator[str]:
    """Serve everything under a sub-path, as a proxy does that removes it."""
    from aiohttp import ClientSession, web

    async def forward(request: web.Request) -> web.Response:
        address = root + request.raw_path.removeprefix(f"{PREFIX}/")
        headers = {"Accept-Language": request.headers.get("Accept-Language", "")}
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            kept = {
                name: answer.headers[name] for name in ("Content-Type", "Content-Security-Policy")
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    application = web.Application()
    application.router.add_get(PREFIX + "/{tail:.*}", forward)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    async with ClientSession() as session:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}/"
        finally:
            await runner.cleanup()


@contextmanager
def _in_thread(installations: _Installations) -> Iterator[Served]:
    """Serve in a thread with an event loop of its own."""
    ready = threading.Event()
    result: list[Any] = []

    async def whole() -> None:
        stop = asyncio.Event()
        async with installations.serve() as served:
            result.extend((served, asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(whole())
        except BaseException as error:  # noqa: BLE001 (raised where the test waits)
            result.append(error)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    if len(result) < 3:
        raise result[0]
    served, loop, stop = result
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture(scope="module")
def served(
    browser: Any,
    way: Any,
    parser_program: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browser")
    with way.warmed(parser_program), _in_thread(_Installations(way, folder)) as served:
        yield served


# The browser


@dataclass
class Watch:
    """What a page did that it must not do."""

    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)  # requests that are no pictures


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_page(browser: Any) -> Iterator[Any]:
    """Return a function that opens a page of a width and a colour scheme, with what it did."""
    pages: dict[tuple[int, str, str], tuple[Any, Watch]] = {}

    def make(width: int = 1280, scheme: str = "light", language: str = "en") -> tuple[Any, Watch]:
        key = (width, scheme, language)
        if key not in pages:
            context = browser.new_context(
                viewport={"width": width, "height": 844 if width < 500 else 900},
                color_scheme=scheme,
                locale=language,
                reduced_motion="reduce",
            )
            watch = Watch()
            context.route("**/*", lambda route: _answer(route, watch))
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda message: watch.console.append(message.text))
            page.on("pageerror", lambda error: watch.console.append(str(error)))
            page.on(
                "dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss())
            )
            pages[key] = (page, watch)
        page, watch = pages[key]
        watch.console.clear()
        watch.dialogs.clear()
        watch.strangers.clear()
        return page, watch

    yield make
    for page, _ in pages.values():
        page.context.close()


def _answer(route: Any, watch: Watch) -> None:
    """Let requests to the loopback pass, answer those for pictures and recordings, refuse all others."""
    address = route.request.url
    if urlsplit(address).hostname == "127.0.0.1":
        route.continue_()
    elif route.request.resource_type == "image":
        name = (
            urlsplit(address).path.removeprefix("/") if address.startswith(PICTURES) else "sea.svg"
        )
        route.fulfill(path=DATA / "pictures" / name, content_type="image/svg+xml")
    elif route.request.resource_type == "media":
        route.fulfill(body=b"", content_type="audio/mpeg")
    else:
        watch.strangers.append(address)
        route.abort()

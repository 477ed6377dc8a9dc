"""A home to follow sources from, and an origin on the loopback to follow: for tests of the whole way.

The origin answers a path with what the test put there, says 304 to who has it already, and keeps what it was asked.
What is heavy is loaded by the tests that use it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from aiohttp import web

    from aggregator.app import App
    from aggregator.config import Config

PRESENT = datetime(2026, 7, 4, 12, tzinfo=UTC)
WARM_PARSER = Path(__file__).parent / "data" / "parser" / "warm.py"
PREPARED = frozenset({"aftermath", "faults", "month"})
LASTING: set[int] = set()  # the processes that stay for all tests
DEADLINE_SECONDS = 20.0  # a busy machine; what is waited for usually comes within a few ms


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="write the pictures of the README there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is prepared for many tests at length: of several workers one who is idle takes the last tests.

    What hypothesis repeats is not traced where coverage is measured: it passes the same lines again and again.
    """
    items.sort(key=lambda item: PREPARED.isdisjoint(getattr(item, "fixturenames", ())))
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Let the collector pass over thousands of tests: it would walk through all of them again and again."""
    gc.collect()
    gc.freeze()


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = PRESENT

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Reply:
    """What the origin says: `gate` holds the answer back until it is set."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None


@dataclass
class Origin:
    """`pages` maps a path to what it answers; `asked` are the paths, with the validators that came with each."""

    pages: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    conditions: list[str | None] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        from aiohttp import web

        application = web.Application()
        application.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for reply in self.pages.values():
            if reply.gate is not None:
                reply.gate.set()
        await self._runner.cleanup()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def _answer(self, request: web.Request) -> web.Response:
        from aiohttp import web

        self.asked.append(request.path)
        self.conditions.append(request.headers.get("If-None-Match"))
        reply = self.pages.get(request.path, Reply(status=404))
        if reply.gate is not None:
            await reply.gate.wait()
        headers = {
            name: value.replace("{origin}", self.url("")) for name, value in reply.headers.items()
        }
        if "ETag" in headers and request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers={"ETag": headers["ETag"]})
        headers.setdefault("Content-Type", "application/xml")
        return web.Response(status=reply.status, text=reply.body, headers=headers)


@dataclass
class Home:
    """A configuration in a folder of its own; `main` are the lines of its main file."""

    root: Path
    main: str = 'server: {listen: "127.0.0.1:0"}\nnetwork: {allow_private: true, timeout: 20s}\n'

    def __post_init__(self) -> None:
        (self.root / "config" / "sources").mkdir(parents=True)
        (self.root / "articles").mkdir()
        self.path = self.root / "config" / "aggregator.yaml"
        self.path.write_text(self.main, encoding="utf-8")

    def follow(self, *lines: str, file: str = "all") -> None:
        """Write a file of sources, one a line."""
        text = "".join(f"- {line}\n" for line in lines) or "[]\n"
        target = self.root / "config" / "sources" / f"{file}.yaml"
        beside = target.with_suffix(".tmp")
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)

    def save(
        self, name: str, title: str, text: str = "The harbour is quiet.", *, epoch: int = 1751600000
    ) -> Path:
        """Save an article."""
        path = self.root / "articles" / f"{name}.txt"
        body = f"<!--{epoch}000-->\n[{title}](https://harbour.example/{name})\n------\n\n<p>{text}</p>\n"
        path.write_text(body, encoding="utf-8")
        return path

    def load(self) -> Config:
        from aggregator.config import load_config
        from aggregator.rules.loader import shipped_names

        return load_config(self.path, env={}, sites=shipped_names())

    def feed(self, view: str = "merged") -> bytes:
        return (self.root / "var" / "feeds" / f"{view}.atom").read_bytes()

    @asynccontextmanager
    async def app(self, clock: Callable[[], datetime]) -> AsyncIterator[App]:
        """An App over the configuration as it is on disk."""
        from aggregator.app import App, open_store

        config = self.load()
        with open_store(config) as store:
            async with App(config, store, clock=clock) as app:
                yield app


def rss(*titles: str, path: str = "r", minute: int = 0) -> str:
    """Make a feed of articles that came one hour after the other."""
    items = "".join(
        f"<item><title>{title}</title><link>https://harbour.example/{path}/{number}</link>"
        f"<pubDate>Sat, 04 Jul 2026 {number:02}:{minute:02}:00 GMT</pubDate>"
        f"<description>What {title} is about, at length.</description></item>"
        for number, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>Harbour</title><link>https://harbour.example/</link>{items}</channel></rss>'


def atom(*titles: str) -> str:
    """Make an Atom feed of articles that came one hour after the other."""
    entries = "".join(
        f"<entry><id>tag:harbour.example,2026:{number}</id><title>{title}</title>"
        f'<link href="https://harbour.example/a/{number}"/><updated>2026-07-04T{number:02}:30:00Z</updated>'
        f"<summary>What {title} is about, at length.</summary></entry>"
        for number, title in enumerate(titles)
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:harbour.example,2026:feed</id><title>Quay</title>'
        f"<updated>2026-07-04T11:00:00Z</updated>{entries}</feed>"
    )


async def until(condition: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until a condition holds and return what it gave. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "what was waited for did not come"
        await asyncio.sleep(0.005)
    return found


def children(pid: int | str = "self") -> set[int]:
    """The processes that a process of ours started and that still live; not those that stay for all tests."""
    own = os.getpid() if pid == "self" else int(pid)
    found = set()
    for name in (path.name for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            details = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        state, parent = details.rpartition(")")[2].split()[:2]
        if int(parent) == own and state != "Z":
            found.add(int(name))
    return found - LASTING


@contextmanager
def warmed(program: tuple[str, ...]) -> Iterator[None]:
    """Start the parsers of this process by a `parser_program`."""
    from aggregator.parse.pool import ParserPool

    defaults = ParserPool.__init__.__kwdefaults__
    assert defaults is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(defaults, "program", program)
        yield


@dataclass(frozen=True)
class Way:
    """The means above, by name."""

    rss = staticmethod(rss)
    atom = staticmethod(atom)
    until = staticmethod(until)
    children = staticmethod(children)
    warmed = staticmethod(warmed)
    Origin = Origin
    Reply = Reply
    Clock = Clock
    Home = Home
    present = PRESENT


@pytest.fixture(scope="session")
def way() -> type[Way]:
    return Way


@pytest.fixture(scope="session")
def parser_program() -> Iterator[tuple[str, ...]]:
    """What starts a parser in no time: it is forked from one that has started already."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONUTF8": "1"}
    with TemporaryDirectory(
        prefix="parser-"
    ) as place:  # its name is short, as that of a socket has to be
        path = f"{place}/socket"
        command = [sys.executable, str(WARM_PARSER), "serve", path]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        ) as warm:
            assert warm.stdin is not None
            assert warm.stdout is not None
            assert warm.stdout.readline() == b"ready\n"
            LASTING.add(warm.pid)
            yield (sys.executable, "-I", "-S", str(WARM_PARSER), path)
            warm.stdin.close()


@pytest.fixture
def warm_parsers(parser_program: tuple[str, ...]) -> Iterator[None]:
    """Parsers of this process start in no time; how they really start is shown by test_workers and all processes."""
    with warmed(parser_program):
        yield


@pytest.fixture
def home(tmp_path: Path, warm_parsers: None) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def clock() -> Clock:
    return Clock()

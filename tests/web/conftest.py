"""The application over real HTTP on loopback, with a plain fake of the site behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from multidict import CIMultiDict

from aggregator.config import Source
from aggregator.model import Entry, Outcome, SourceState
from aggregator.publish import OUTPUTS, PublishedDocument, SourceInfo, ViewInfo, make_document
from aggregator.source_status import SourceStatus
from aggregator.store.daily_figures import DAYS, DailyFigures, Month
from aggregator.web import WebServer, make_app
from aggregator.web.site import EntryDetails, EntryList, SourceDetails

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aggregator.store.browse import EntryFilter, EntryPosition, Headline

ATOM = "application/atom+xml; charset=utf-8"
CHANGED = datetime(2026, 7, 3, 9, 15, 30, 250_000, tzinfo=UTC)


@dataclass(frozen=True)
class Well:
    ok: bool = True
    reasons: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass
class FakeSite:
    """A site of two views; `failure` is raised where the store would be read."""

    documents: dict[tuple[str | None, str], PublishedDocument]
    entries: Sequence[Entry] = ()
    state: Well = field(default_factory=Well)
    failure: Exception | None = None
    names: Mapping[str, SourceInfo] = field(default_factory=dict)
    copies: Mapping[str, Headline] = field(default_factory=dict)
    details: dict[str, EntryDetails] = field(default_factory=dict)
    statuses: Sequence[SourceStatus] = ()
    runs: Sequence[Outcome] = ()
    figures: Mapping[tuple[str, date], DailyFigures] = field(default_factory=dict)
    origins: Sequence[str] = ()
    asked: list[Any] = field(default_factory=list)  # of `entry_list`

    def views(self) -> Sequence[ViewInfo]:
        merged = ViewInfo("merged", "All <news>", sources=self.names)
        return merged, ViewInfo("zh", "中文", sources=self.names)

    def view(self, view_id: str | None, kind: str) -> PublishedDocument | None:
        return self.documents.get((view_id, kind))

    def archive(self, view_id: str, page: str, kind: str) -> PublishedDocument | None:
        return self.documents.get((f"{view_id}/{page}", kind))

    def failing_count(self) -> int:
        if self.failure:
            raise self.failure
        return sum(status.state_name == "failing" for status in self.statuses)

    def entry_list(
        self,
        view_id: str | None,
        wanted: EntryFilter,
        *,
        limit: int,
        before: EntryPosition | None,
    ) -> EntryList | None:
        self.asked.append((view_id, wanted, limit, before))
        for view in self.views():
            if view.id == (view_id or "merged"):
                has_older = len(self.entries) > limit
                return EntryList(view, self.entries[:limit], self.copies, has_older=has_older)
        return None

    def entry(self, entry_id: str) -> EntryDetails | None:
        return self.details.get(entry_id)

    def sources(self) -> Sequence[SourceStatus]:
        return self.statuses

    def source(self, source_id: str) -> SourceDetails | None:
        for status in self.statuses:
            if status.source.id == source_id:
                return SourceDetails(status, self.runs)
        return None

    def month(self, source_id: str | None) -> Month:
        return Month(CHANGED.date() - timedelta(days=DAYS - 1), self.figures)

    def outcomes(self, source_id: str | None, limit: int) -> Sequence[Outcome]:
        self.asked.append((source_id, limit))
        return self.runs[:limit]

    def allowed_origins(self) -> Sequence[str]:
        return self.origins

    def status_feed(self) -> bytes:
        return b"<feed>hunter2</feed>"

    def opml(self) -> bytes:
        return b"<opml/>"

    def without_secrets(self, page: bytes) -> bytes:
        return page.replace(b"hunter2", b"***")

    def health(self) -> Well:
        return self.state

    def metrics(self, accept: str) -> tuple[bytes, str]:
        self.asked.append(accept)
        return b"aggregator_healthy 1.0\n", "text/plain; version=1.0.0; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """One response as it came over the wire: the body is not decoded."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


Ask = Callable[..., Awaitable[Answer]]


@asynccontextmanager
async def _served(site: FakeSite) -> AsyncIterator[tuple[str, int]]:
    server = await WebServer(make_app(site)).start("127.0.0.1", 0)
    try:
        yield "127.0.0.1", server.port
    finally:
        await server.close()


async def _ask(session: ClientSession, path: str, *, method: str = "GET", **headers: str) -> Answer:
    stated = {name.replace("_", "-"): value for name, value in headers.items()}
    skip = [] if "Accept-Encoding" in stated else ["Accept-Encoding"]
    async with session.request(
        method, path, headers=stated, skip_auto_headers=skip, allow_redirects=False
    ) as response:
        return Answer(response.status, CIMultiDict(response.headers), await response.read())


@pytest.fixture
def site() -> FakeSite:
    feed = make_document(
        b"<feed>" + "大雾 fog ".encode() * 400 + b"</feed>", ATOM, last_modified=CHANGED
    )
    small = make_document(b"<feed/>", ATOM, last_modified=CHANGED)
    documents = {(None, "atom"): feed}
    for kind in OUTPUTS:
        documents |= {("merged", kind): feed, ("zh", kind): small}
    return FakeSite(documents)


@pytest.fixture
def talk(site: FakeSite) -> Callable[[Callable[[Ask], Awaitable[Any]]], Any]:
    """Run a conversation with the served application; its result is the test's."""

    def run(conversation: Callable[[Ask], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            async with _served(site) as (host, port):
                root = f"http://{host}:{port}"
                async with ClientSession(root, auto_decompress=False) as session:
                    return await conversation(lambda path, **asked: _ask(session, path, **asked))

        return asyncio.run(whole())

    return run


@pytest.fixture
def get(talk: Callable[[Callable[[Ask], Awaitable[Any]]], Any]) -> Callable[..., Answer]:
    """Ask for one path, with headers as keywords (`If_None_Match="…"`)."""

    def one(path: str, **asked: str) -> Answer:
        answer: Answer = talk(lambda ask: ask(path, **asked))
        return answer

    return one


@pytest.fixture
def entry() -> Entry:
    at = datetime(2026, 7, 3, 5, 40, tzinfo=UTC)
    absent: dict[str, Any] = dict.fromkeys(
        ("url_original", "summary", "content_html", "content_text", "image", "guid")
    )
    nothing: dict[str, Any] = dict.fromkeys(
        ("authors", "credits", "tags", "enclosures", "duplicates"), ()
    )
    return Entry(
        id="urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-000000000001",
        source="harbour",
        url="https://harbour.example.org/a?id=1&lang=en",
        title="Ferry & <script>alert(1)</script>",
        published=at,
        published_from="feed",
        updated=at,
        first_seen=at,
        language="en",
        publisher="Harbour <Gazette>",
        revision=1,
        provenance={},
        **absent,
        **nothing,
    )


@pytest.fixture
def other(entry: Entry) -> Callable[..., Entry]:
    """Make another entry of the usual one."""

    def make(**changes: Any) -> Entry:
        return replace(entry, **changes)

    return make


@pytest.fixture
def status() -> Callable[..., SourceStatus]:
    """Make the status of the source `harbour`, polled once; fields of its state may be given."""

    def make(
        outcome: Outcome | None = None, *, items: int = 12, source: Any = None, **state: Any
    ) -> SourceStatus:
        configured = source or Source(id="harbour", url="https://harbour.example.org/feed")
        ran = datetime(2026, 7, 3, 5, 40, tzinfo=UTC)
        values = {"reason": "every 1 h", "last_run": ran, "last_success": ran} | state
        due = datetime(2026, 7, 3, 6, 40, tzinfo=UTC)
        return SourceStatus(configured, SourceState("harbour", due, **values), outcome, items)

    return make

"""A run for show: one source is taken its whole way, and nothing is stored.

Rule: it is the same way as that of a real run, with a store that knows nothing. Every answer is remembered for an hour,
so that the real run that follows asks nobody a second time.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.adapter_table import DISCOVERY
from aggregator.app import sites_folder, utc_now
from aggregator.fetch import Fetcher
from aggregator.model import SourceState
from aggregator.parse.captures import ParseResult
from aggregator.parse.pool import ParserPool
from aggregator.run.host_queue import HostQueue
from aggregator.run.pipeline import RunContext, run
from aggregator.run.settings import fetch_settings, longest_run, preview_cache_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Config, Source
    from aggregator.fetch import Request, Response
    from aggregator.fetch.preview_cache import PreviewCache
    from aggregator.model import Capture, Result
    from aggregator.parse.captures import ParseTask


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the pure middle; `digest` is None where the document was refused."""

    captures: tuple[Capture, ...]
    job: ParseTask
    digest: ParseResult | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would bring.

    `steps` begin with the source's own document; its further pages follow, then the articles (carrier `article`).
    `fetched` are all answers in their order, also that of a page that only led to the feed.
    """

    source: Source
    result: Result
    steps: tuple[Step, ...]
    responses: tuple[Response, ...]

    @property
    def carrier(self) -> str | None:
        """What carries the items; None where nothing came that could have been read."""
        return self.steps[0].job.adapter if self.steps else None

    @property
    def digest(self) -> ParseResult:
        """What the source's own document says, before any article's page was read."""
        return (self.steps[0].digest if self.steps else None) or ParseResult()


@dataclass(frozen=True, slots=True)
class Stage:
    """What several rehearsals of one configuration share: who asks, who parses, and what is remembered of answers."""

    fetcher: Fetcher
    workers: ParserPool
    memory: PreviewCache


@asynccontextmanager
async def stage(config: Config, *, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Stage]:
    """Set up what rehearsals share: questions to one host keep their distance, and there is one parser at most."""
    async with (
        Fetcher(fetch_settings(config), clock=clock) as fetcher,
        ParserPool(sites_folder(config), count=1) as workers,
    ):
        yield Stage(fetcher, workers, preview_cache_of(config, clock=clock))


async def rehearse(
    config: Config,
    source: Source,
    *,
    articles: int = 3,
    more: bool = False,
    reuse: bool = False,
    clock: Callable[[], datetime] = utc_now,
    on: Stage | None = None,
) -> Rehearsal:
    """Run a source for show, reading at most `articles` of its articles' own pages.

    What fails is told by the result's outcome. `more` reads the further pages of a list as well; `reuse` takes the
    answers of an earlier rehearsal, and leaves them for the real run. The source need not be one of the config's.
    `on` is the stage that a caller of several rehearsals lends, None for one of its own.
    """
    now = clock()
    async with AsyncExitStack() as stack:
        shared = (
            on if on is not None else await stack.enter_async_context(stage(config, clock=clock))
        )
        web, middle = _Web(shared.fetcher, shared.memory, reuse=reuse), _Middle(shared.workers)
        hosts = HostQueue(dict, clock=clock, per_host=config.network.per_host)
        parts = RunContext(
            web,
            middle.digest,
            hosts,
            clock,
            limit_bytes=config.network.max_body,
            limit=longest_run(config),
            max_articles=articles,
            follow=more,
        )
        result = await run(source, SourceState(source.id, now), parts, full=True)
    return Rehearsal(source, result, tuple(middle.steps), tuple(web.responses))


class _Web:
    """The fetcher, with somebody who takes down every answer."""

    def __init__(self, fetcher: Fetcher, memory: PreviewCache, *, reuse: bool) -> None:
        self._fetcher = fetcher
        self._memory = memory
        self._reuse = reuse
        self.responses: list[Response] = []

    async def get(self, request: Request) -> Response:
        known = await asyncio.to_thread(self._memory.peek, request) if self._reuse else None
        response = known.response if known is not None else await self._fetcher.get(request)
        if known is None:
            await asyncio.to_thread(self._memory.store, request, response)
        self.responses.append(response)
        return response

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return await self._fetcher.is_allowed(url, like=like)

    def host_group(self, url: str) -> str:
        return self._fetcher.host_group(url)


@dataclass(slots=True, eq=False)
class _Middle:
    """The parsers, with somebody who takes down every step."""

    workers: ParserPool
    steps: list[Step] = field(default_factory=list)

    async def digest(self, captures: Sequence[Capture], job: ParseTask) -> ParseResult:
        if job.adapter == DISCOVERY:  # a page that only leads to the source's document
            return await self.workers.parse(captures, job)
        place = len(self.steps)
        self.steps.append(Step(tuple(captures), job, None))
        digest = await self.workers.parse(captures, job)
        self.steps[place] = Step(tuple(captures), job, digest)
        return digest

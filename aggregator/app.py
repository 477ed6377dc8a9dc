"""The composition root: builds the parts from a Config, and is the only place that knows them all.

Rule: it builds and calls; what is decided is decided in the rooms below.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

from aggregator import publish, schedule
from aggregator.errors import StoreError
from aggregator.fetch.deferred import LazyFetcher
from aggregator.normalize.html import html_to_text
from aggregator.normalize.identity import url_key
from aggregator.parse.pool import ParserPool
from aggregator.publish.selection import narrow, selects
from aggregator.run.host_queue import MAX_TURN_WAIT, HostQueue
from aggregator.run.pipeline import RunContext, run
from aggregator.run.settings import fetch_settings, longest_run, preview_cache_of
from aggregator.store import Store
from aggregator.store.retention import RetainedView
from aggregator.store.view import Selection
from aggregator.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from types import TracebackType

    from aggregator.config import Config, Source, View
    from aggregator.model import Entry, Outcome, Revision, SourceState
    from aggregator.publish import PublishedDocument, ViewHead
    from aggregator.store import KnownArticle
    from aggregator.store.retention import PruneResult

logger = logging.getLogger(__name__)
RUNS_A_REQUEST = 4  # runs under way for each request that may be: who waits for a slow host holds up no other host
CLAIMED_AT_ONCE = 8  # the least part of the runs that is claimed anew at once, as a divisor


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(config: Config) -> Store:
    """Open the configured store. Raises StoreError."""
    if config.database.startswith("sqlite:///"):
        with suppress(OSError):  # the store says it better
            Path(config.database.removeprefix("sqlite:///")).parent.mkdir(
                parents=True, exist_ok=True
            )
    return Store.open(config.database, text_of=html_to_text)


class App:
    """The parts of one configuration, at work. An async context manager over a store that the caller opened.

    `writer` is the store's writing thread where the caller has one already, None to have one of its own.
    Raises ConfigError where site rules do not load.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        writer: Writer | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.runs_at_once = RUNS_A_REQUEST * config.network.concurrency
        self.sources: dict[str, Source] = {
            source.id: source for source in config.sources if source.enabled
        }
        self._lent_writer = writer
        self._rules = sites_folder(config)
        if self._rules is not None and any(self._rules.glob("*.yaml")):
            from aggregator.rules.loader import (
                load_sites,  # on demand: most users have no rules of their own
            )

            load_sites(
                self._rules
            )  # the parsers load them for themselves; here a mistake is still a ConfigError

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.writer: Writer = self._lent_writer or Writer(self.store, clock=self.clock)
            if self._lent_writer is None:
                await stack.enter_async_context(self.writer)
            self._parts = await self._build(stack)
            await self.writer.call(lambda: self.store.sync_sources(list(self._rows())))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _build(self, stack: AsyncExitStack) -> RunContext:
        network = self.config.network
        fetcher = await stack.enter_async_context(
            LazyFetcher(fetch_settings(self.config), clock=self.clock)
        )
        workers = await stack.enter_async_context(ParserPool(self._rules))
        hosts = HostQueue(self.store.host_waits, clock=self.clock, per_host=network.per_host)
        return RunContext(
            fetcher,
            workers.parse,
            hosts,
            self.clock,
            limit_bytes=network.max_body,
            limit=longest_run(self.config),
            find_known=self._news,
            preview_cache=preview_cache_of(self.config, clock=self.clock),
        )

    async def _news(self, revisions: Sequence[Revision]) -> Sequence[KnownArticle | None]:
        return await asyncio.to_thread(self.store.find_known, revisions)

    def _rows(self) -> Iterable[tuple[str, str, datetime, int]]:
        now = self.clock()
        known = {state.source for state in self.store.states()}
        together = sum(
            source.url is not None and source.id not in known for source in self.sources.values()
        )
        for source in self.sources.values():
            first_due = schedule.first_due(source.id, now=now, together=together)
            yield source.id, source.location, first_due, source.priority

    @property
    def _lease(self) -> timedelta:
        """Longer than anything that a run may wait for and do: a claim never ends before its run.

        It waits for its turn, asks, parses, and reads on, which has one end for all its questions and turns.
        """
        return MAX_TURN_WAIT + 3 * longest_run(self.config) + timedelta(minutes=1)

    # --- fetch ----------------------------------------------------------------------------------------------------

    async def claim(
        self,
        *,
        limit: int,
        sources: Collection[str] | None = None,
        force: bool = False,
        new: bool = False,
    ) -> list[SourceState]:
        """Lease sources that are due, at most `limit`; `force` also those that are not, `new` the never polled."""
        claiming = asyncio.create_task(
            self.writer.call(
                self.store.claim,
                self.clock(),
                limit=limit,
                lease=self._lease,
                sources=sources,
                force=force,
                new=new,
            )
        )
        try:
            states = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await self.release(await claiming)
            raise
        await self.release([state for state in states if state.source not in self.sources])
        return [state for state in states if state.source in self.sources]

    async def release(self, states: Collection[SourceState]) -> None:
        """Give claims back unrun. Raises StoreError."""
        if states:
            await asyncio.shield(self.writer.call(self.store.release, states))

    async def run(self, state: SourceState, *, full: bool = False) -> Outcome:
        """Take a claimed source its whole way and commit what it brought; whoever cancels it waits for the commit.

        Raises: StoreError; the claim is then still held.
        """
        try:
            result = await run(self.sources[state.source], state, self._parts, full=full)
        except asyncio.CancelledError:
            await self.release([state])
            raise
        commit = asyncio.create_task(self.writer.commit(result))
        try:
            outcome = await asyncio.shield(commit)
        except asyncio.CancelledError:
            _log(await commit)
            raise
        _log(outcome)
        return outcome

    async def cycle(
        self,
        sources: Collection[str] | None = None,
        *,
        force: bool = False,
        full: bool = False,
        progress: Callable[[Outcome], None] = lambda _: None,
    ) -> list[Outcome]:
        """Run everything that is due once, or `sources` of it; a folder that has more to read runs until it is read.

        What was never polled is due: somebody waits for it. Only the daemon keeps the times that spread new sources.
        """
        outcomes: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            outcomes.append(outcome)
            progress(outcome)

        if force:
            await self._sweep(
                set(self.sources if sources is None else sources), tell, force=True, full=full
            )
            sources = {
                outcome.source for outcome in outcomes
            }  # what is due yet again has more to read
        await self._sweep(sources, tell, full=full and not force)
        return outcomes

    async def _sweep(
        self,
        sources: Collection[str] | None,
        tell: Callable[[Outcome], None],
        *,
        force: bool = False,
        full: bool,
    ) -> None:
        """Run what can be claimed until there is none; no more is claimed at a time than can run."""
        ran: set[str] = set()
        running: set[asyncio.Task[Outcome]] = set()
        try:
            while True:
                room = self.runs_at_once - len(running)
                if room >= self.runs_at_once // CLAIMED_AT_ONCE:
                    left = set(sources or ()) - ran if force else sources
                    states = await self.claim(limit=room, sources=left, force=force, new=True)
                    running |= {
                        asyncio.create_task(self.run(state, full=full and state.source not in ran))
                        for state in states
                    }
                    ran |= {state.source for state in states}
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    tell(task.result())
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def prune(self, *, dry_run: bool = False, vacuum: bool = False) -> PruneResult:
        """Delete what no source has listed for as long as its `keep` says.

        What a view with a `keep` of its own still shows stays. `vacuum` gives the space back.
        """
        now = self.clock()
        views = []
        for view in self.config.views:
            if view.keep is not None:
                views.append(RetainedView(now - view.keep, _selection(view)))
        pruned = await self.writer.call(
            self.store.prune,
            now,
            {source.id: source.keep for source in self.config.sources},
            dry_run=dry_run,
            default=self.config.defaults.keep,
            retained_views=views,
        )
        if vacuum and not dry_run:
            await self.writer.call(self.store.vacuum)
        return pruned

    @property
    def ages(self) -> bool:
        """Whether a view lets go of entries by the mere passing of time."""
        return any(view.keep is not None for view in self.config.views)

    # --- publish --------------------------------------------------------------------------------------------------

    def publish(self) -> dict[tuple[str, str], Rendition]:
        """Regenerate every view from the store and write what changed. Raises StoreError."""
        return {
            (view.id, kind): self._rendition(view, kind, entries)
            for view in self.config.views
            for entries in [self.entries_of(view)]
            for kind in publish.OUTPUTS
        }

    def view_head(self, view: View) -> ViewHead:
        sources = {}
        for source in self.config.sources:
            name = source.name or source.id
            sources[source.id] = publish.SourceHead(name, _public(source.display_location))
        head = publish.ViewHead(view.id, view.title, self_url=None, home_url=None, sources=sources)
        if not self.config.server.public_url:
            return head
        base = self.config.server.public_url.rstrip("/")
        return replace(head, self_url=f"{base}/views/{view.id}.atom", home_url=f"{base}/")

    def entries_of(self, view: View, limit: int | None = None) -> list[Entry]:
        chosen = _selection(view)
        now = self.clock()
        entries = self.store.view(
            limit or view.limit,
            language=chosen.language,
            source=chosen.source,
            tag=chosen.tag,
            predicate=chosen.predicate,
            group_copies=chosen.group_copies,
            sources=chosen.sources,
            max_per_source=chosen.max_per_source,
            now=now,
        )
        if view.keep is None:
            return entries
        return [entry for entry in entries if entry.published >= now - view.keep]

    def _rendition(self, view: View, kind: str, entries: list[Entry]) -> Rendition:
        output = publish.OUTPUTS[kind]
        path = Path(self.config.output) / f"{view.id}.{kind}"
        copies = {copy for entry in entries for copy in entry.duplicates}
        data = output.render(
            replace(self.view_head(view), links=self.store.entry_urls(copies)), entries
        )
        written = publish.write(path, data)
        return Rendition(
            path,
            written,
            publish.make_document(data, output.content_type, last_modified=_modified_at(path)),
        )

    # --- read -----------------------------------------------------------------------------------------------------

    def find(self, id_or_url: str) -> list[Entry]:
        """The entries that an id or a URL, in any spelling of it, leads to."""
        return self.store.find_entries(id_or_url, url_key=url_key)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One view in one format as it was published: its file, whether its bytes changed, and the document."""

    path: Path
    has_changed: bool
    document: PublishedDocument


def remove_view_files(former: Config, config: Config) -> dict[Path, bool]:
    """Delete the published files of the views that a new configuration has no more; tells whether each is deleted."""
    views = {view.id for view in config.views}
    removed = {}
    for view in former.views:
        for kind in publish.OUTPUTS:
            path = Path(former.output) / f"{view.id}.{kind}"
            if view.id not in views and path.exists():
                removed[path] = publish.remove_view_file(path, view.id)
    return removed


def stray_view_files(config: Config) -> list[Path]:
    """List the feeds in the output folder that we wrote for views that are not configured.

    Another configuration may still write them, so they are for a person to delete.
    """
    views = {view.id for view in config.views}
    stray = []
    for kind in publish.OUTPUTS:
        for path in sorted(Path(config.output).glob(f"*.{kind}")):
            with suppress(OSError):
                if path.stem not in views and publish.is_view_file(path, path.stem):
                    stray.append(path)
    return stray


def _selection(view: View) -> Selection:
    part = narrow(view.where)
    return Selection(
        part.language,
        part.source,
        part.tag,
        selects(part.rest),
        group_copies=view.duplicates == "group",
        sources=part.sources,
        max_per_source=view.most_per_source,
    )


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except OSError as error:
        raise StoreError(
            f"cannot read {path}, which was written just now: {error.strerror}"
        ) from error


def sites_folder(config: Config) -> Path | None:
    """Where the user's own site rules are: `sites/` beside the main file; None for a configuration without a file."""
    return config.files[0].parent / "sites" if config.files else None


def rules_of(config: Config) -> tuple[tuple[str, int, int], ...]:
    """Return what tells one state of the user's own site rules from another.

    That is the name, modification time in ns and size in bytes of each file.
    """
    folder = sites_folder(config)
    if folder is None:
        return ()
    files = []
    for path in sorted(folder.glob("*.yaml")):
        details = path.stat()
        files.append((path.name, details.st_mtime_ns, details.st_size))
    return tuple(files)


def _public(url: str | None) -> str | None:
    """A source's address without user and password."""
    if url is None:
        return None
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _log(outcome: Outcome) -> None:
    """One canonical line a source and run."""
    level = logging.WARNING if outcome.status == "failed" else logging.INFO
    logger.log(
        level,
        "source=%s status=%s found=%d new=%d changed=%d same=%d rejected=%d http=%s ms=%d%s",
        outcome.source,
        outcome.status,
        outcome.found,
        outcome.new,
        outcome.changed,
        outcome.same,
        len(outcome.rejected),
        outcome.http_status or "-",
        outcome.ms,
        f" error={outcome.error}: {outcome.message}" if outcome.error else "",
    )

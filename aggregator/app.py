"""The composition root: builds the parts of the program from a Config and connects them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from aggregator import schedule
from aggregator.fetch import LazyFetcher
from aggregator.health.verdict import is_worse
from aggregator.normalize.html import html_to_text
from aggregator.normalize.identity import url_key
from aggregator.parse.pool import ParserPool
from aggregator.publish.selection import (
    in_order,
    is_episode,
    make_predicate,
    make_source_predicate,
    split_filter,
)
from aggregator.publish.status_feed import describe_change
from aggregator.rules.sites_folder import sites_folder
from aggregator.run.host_queue import MAX_SLOT_WAIT, HostQueue
from aggregator.run.pipeline import RunContext, run
from aggregator.run.settings import fetch_settings, make_preview_cache, max_run_time
from aggregator.run.turns import Turns
from aggregator.store import ENTRIES_PER_TURN, Store
from aggregator.store.retention import RetainedView
from aggregator.store.view import Selection
from aggregator.store.writer import Writer
from aggregator.view_files import at_address, describe_view, source_info
from aggregator.view_publisher import ViewPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from types import TracebackType

    from aggregator.config import Config, Source, View, Where
    from aggregator.known_items import KnownItems
    from aggregator.model import Entry, Outcome, Revision, SourceState
    from aggregator.publish import PublishedDocument, ViewInfo
    from aggregator.publish.archive import ArchivePage
    from aggregator.source_health import VerdictChange
    from aggregator.store import KnownArticle
    from aggregator.store.retention import PruneResult
    from aggregator.view_files import PublishedView

logger = logging.getLogger(__name__)
# Runs for each concurrent request, so that runs that wait for a slow host do not block others.
RUNS_PER_REQUEST = 4
MIN_CLAIM_DIVISOR = 8  # sources are claimed when an eighth of the runs is free
# Of the writer, for search index and copies: some 20,000 entries that a migration or a crash left.
TURNS_BEFORE_PUBLISHING = 40


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(config: Config) -> Store:
    """Open the configured store. Raises StoreError."""
    if config.sqlite_path is not None:
        with suppress(OSError):  # the store has a better message
            config.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
    return Store.open(config.database, text_of=html_to_text)


class App:
    """The running parts of one configuration; an async context manager.

    The caller opens the store. `writer` is the store's writer, None to start one.
    Raises: ConfigError if site rules do not load.
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
        self.max_runs = RUNS_PER_REQUEST * config.network.concurrency
        self._passes_source_filters = make_source_predicate(config.sources)
        self._publisher = ViewPublisher(
            config,
            store,
            view_entries=self.view_entries,
            selection_of=self.selection_of,
            clock=clock,
        )
        self.sources: dict[str, Source] = {
            source.id: source for source in config.sources if source.enabled
        }
        self._shared_writer = writer
        self._rules_folder = sites_folder(config)
        if self._rules_folder is not None and any(self._rules_folder.glob("*.yaml")):
            from aggregator.rules.loader import load_sites  # most users have no rules

            # The parsers load them for themselves; here a mistake is still a ConfigError.
            load_sites(self._rules_folder)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.writer: Writer = self._shared_writer or Writer(self.store, clock=self.clock)
            if self._shared_writer is None:
                await stack.enter_async_context(self.writer)
            self._run_context = await self._build_run_context(stack)
            await self.writer.call(lambda: self.store.sync_sources(list(self._source_rows())))
            self._exit_stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit_stack.aclose()

    async def _build_run_context(self, stack: AsyncExitStack) -> RunContext:
        network = self.config.network
        fetcher = await stack.enter_async_context(
            LazyFetcher(fetch_settings(self.config), clock=self.clock)
        )
        parser_pool = await stack.enter_async_context(ParserPool(self._rules_folder))
        hosts = HostQueue(self.store.host_waits, clock=self.clock, per_host=network.per_host)
        return RunContext(
            fetcher,
            parser_pool.parse,
            hosts,
            self.clock,
            limit_bytes=network.max_body,
            time_limit=max_run_time(self.config),
            find_known=self._find_known,
            load_known_items=self._load_known_items,
            preview_cache=make_preview_cache(self.config, clock=self.clock),
            secrets=self.config.secrets,
        )

    async def _find_known(self, revisions: Sequence[Revision]) -> Sequence[KnownArticle | None]:
        return await asyncio.to_thread(self.store.find_known, revisions)

    async def _load_known_items(self, source: str) -> KnownItems:
        return await asyncio.to_thread(self.store.known_items, source)

    def _source_rows(self) -> Iterable[tuple[str, str, datetime, int]]:
        now = self.clock()
        known = {state.source for state in self.store.states()}
        new_sources = 0
        for source in self.sources.values():
            if source.url is not None and source.id not in known:
                new_sources += 1

        for source in self.sources.values():
            first_poll = schedule.first_poll_time(source.id, now=now, new_sources=new_sources)
            yield source.id, source.location, first_poll, source.priority

    @property
    def _lease_duration(self) -> timedelta:
        """Longer than a run can take, so that a lease never ends before its run.

        A run waits for its host, then fetches, parses, and reads further pages; each of
        these three has its own time limit.
        """
        return MAX_SLOT_WAIT + 3 * max_run_time(self.config) + timedelta(minutes=1)

    # --- fetch ----------------------------------------------------------------------------------------------------

    async def claim(
        self,
        *,
        limit: int,
        sources: Collection[str] | None = None,
        force: bool = False,
        new: bool = False,
    ) -> list[SourceState]:
        """Lease at most `limit` due sources; with `force` also others, with `new` all never polled ones."""
        claiming = asyncio.create_task(
            self.writer.call(
                self.store.claim,
                self.clock(),
                limit=limit,
                lease=self._lease_duration,
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
        removed = [state for state in states if state.source not in self.sources]
        await self.release(removed)
        return [state for state in states if state.source in self.sources]

    async def release(self, states: Collection[SourceState]) -> None:
        """Release leases of sources that did not run. Raises StoreError."""
        if states:
            await asyncio.shield(self.writer.call(self.store.release, states))

    async def run(self, state: SourceState, *, full: bool = False) -> Outcome:
        """Run a claimed source and commit its result; a cancellation waits for the commit.

        Raises: StoreError; the lease is then still held.
        """
        try:
            result = await run(self.sources[state.source], state, self._run_context, full=full)
        except asyncio.CancelledError:
            await self.release([state])
            raise
        commit = asyncio.create_task(self.writer.commit(result))
        try:
            outcome = await asyncio.shield(commit)
        except asyncio.CancelledError:
            _log_outcome(await commit, result.declined)
            raise
        _log_outcome(outcome, result.declined)
        return outcome

    async def cycle(
        self,
        sources: Collection[str] | None = None,
        *,
        force: bool = False,
        full: bool = False,
        progress: Callable[[Outcome], None] = lambda _: None,
    ) -> list[Outcome]:
        """Run every due source once, or those of `sources`; large folders run until they are read.

        Sources that were never polled are due; only the daemon spreads new sources over time.
        """
        outcomes: list[Outcome] = []
        turns = Turns(self.clock())

        def record_outcome(outcome: Outcome) -> None:
            outcomes.append(outcome)
            progress(outcome)

        if force:
            await self._run_claimable(
                set(self.sources if sources is None else sources),
                record_outcome,
                turns,
                force=True,
                full=full,
            )
            sources = {
                outcome.source for outcome in outcomes
            }  # what is due yet again has more to read
        await self._run_claimable(sources, record_outcome, turns, full=full and not force)
        brought = sum(outcome.new + outcome.changed for outcome in outcomes)
        await self.update_indexes(turns=TURNS_BEFORE_PUBLISHING + brought // ENTRIES_PER_TURN)
        return outcomes

    async def update_indexes(self, *, turns: int) -> bool:
        """Complete the search index and the groups of copies, the latest entries first.

        Takes at most `turns` of the writer; returns whether more may be left. Raises StoreError.
        """
        for _ in range(turns):
            if not await self.writer.call(self.store.update_indexes):
                return False
        return True

    async def _run_claimable(
        self,
        sources: Collection[str] | None,
        record: Callable[[Outcome], None],
        turns: Turns,
        *,
        force: bool = False,
        full: bool,
    ) -> None:
        """Run sources until none can be claimed; claim no more than can run at once."""
        running: set[asyncio.Task[Outcome]] = set()
        try:
            while True:
                free_places = self.max_runs - len(running)
                if free_places >= self.max_runs // MIN_CLAIM_DIVISOR:
                    left = turns.without_finished(sources, self.sources)
                    if force:
                        left = set(sources or ()) - turns.ran
                    states = await self.claim(
                        limit=free_places, sources=left, force=force, new=True
                    )
                    if turns.find_finished(states):
                        await self.release(states)
                        continue
                    for state in states:
                        is_full = full and state.source not in turns.ran
                        running.add(asyncio.create_task(self.run(state, full=is_full)))
                    turns.start(states)
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    record(task.result())
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def prune(self, *, dry_run: bool = False, vacuum: bool = False) -> PruneResult:
        """Delete entries that no source has listed for as long as its `keep` says.

        Entries that a view with its own `keep` shows stay. `vacuum` shrinks the database file.
        """
        pruned = await self.writer.call(self._prune, dry_run=dry_run)
        if vacuum and not dry_run:
            await self.writer.call(self.store.vacuum)
        return pruned

    def find_expired(self) -> PruneResult:
        """Return what pruning would delete now. Raises: StoreError."""
        return self._prune(dry_run=True)

    def _prune(self, *, dry_run: bool) -> PruneResult:
        now = self.clock()
        views = []
        for view in self.config.views:
            if view.keep is not None:
                views.append(RetainedView(now - view.keep, self.selection_of(view)))
        return self.store.prune(
            now,
            {source.id: source.keep for source in self.config.sources},
            dry_run=dry_run,
            default=self.config.defaults.keep,
            retained_views=views,
        )

    @property
    def has_expiring_views(self) -> bool:
        """Whether a view drops entries after some time."""
        return any(view.shown_for is not None for view in self.config.views)

    # --- publish --------------------------------------------------------------------------------------------------

    def publish(self) -> dict[tuple[str, str], PublishedView]:
        """Regenerate every view from the store and write what changed. Raises StoreError."""
        return self._publisher.publish()

    def archive_document(self, view: View, name: str, kind: str) -> PublishedDocument | None:
        """Return a page of a view's archive in a format; None if there is no such page."""
        return self._publisher.archive_document(view, name, kind)

    def archive_pages(self, view: View) -> Iterator[ArchivePage]:
        """Yield the pages of a view's archive, the newest first."""
        return self._publisher.archive_pages(view)

    def archive_entries(self, view: View, page: ArchivePage) -> list[Entry]:
        """Return the entries of a page of an archive, in the order in which they arrived."""
        return self._publisher.archive_entries(view, page)

    def view_info(self, view: View) -> ViewInfo:
        """Return what the configuration says of a view; `self_url` is that of its Atom document."""
        sources = {source.id: source_info(source, None) for source in self.config.sources}
        info = describe_view(self.config, view, sources)
        path = f"views/{view.id}.atom"
        if view is self.config.feed_view:
            path = "feed.atom"
        return at_address(info, path, public_url=self.config.server.public_url)

    def selection_of(self, view: View) -> Selection:
        """Return which entries a view shows, as the store takes it.

        The filters of sources hold for stored entries, too: a changed filter reaches the past.
        """
        part = split_filter(view.where)
        return Selection(
            part.language,
            part.source,
            part.tag,
            _both(_predicate_of(view, part.rest), self._passes_source_filters),
            group_copies=view.duplicates == "group",
            sources=part.sources,
            max_per_source=view.most_per_source,
        )

    def is_filtered(self, entry: Entry) -> bool:
        """Tell whether the filters of its sources leave a stored entry out of all views."""
        passes = self._passes_source_filters
        return passes is not None and not passes(entry)

    def view_entries(self, view: View, limit: int | None = None) -> list[Entry]:
        selection = self.selection_of(view)
        now = self.clock()
        entries = self.store.view(
            limit or view.limit,
            language=selection.language,
            source=selection.source,
            tag=selection.tag,
            predicate=selection.predicate,
            group_copies=selection.group_copies,
            sources=selection.sources,
            max_per_source=selection.max_per_source,
            now=now,
        )
        if view.shown_for is not None:
            oldest = now - view.shown_for
            entries = [entry for entry in entries if entry.published >= oldest]
        return in_order(entries, view.order)

    # --- read -----------------------------------------------------------------------------------------------------

    def find_entries(self, id_or_url: str) -> list[Entry]:
        """Return the entries with an id or a URL, in any spelling."""
        return self.store.find_entries(id_or_url, url_key=url_key)


def _predicate_of(view: View, where: Where) -> Callable[[Entry], bool] | None:
    selects = make_predicate(where)
    return _both(selects, is_episode) if view.kind == "podcast" else selects


def _both(
    one: Callable[[Entry], bool] | None, other: Callable[[Entry], bool] | None
) -> Callable[[Entry], bool] | None:
    """Make one predicate of two, each of which may be None for everything."""
    if one is None:
        return other
    if other is None:
        return one
    return lambda entry: one(entry) and other(entry)


def _log_outcome(outcome: Outcome, declined: str | None) -> None:
    """Log one line for each run of a source; `declined` says why feedparser had to read it."""
    if outcome.verdict_change is not None:
        _log_verdict(outcome.verdict_change)
    level = logging.INFO
    if outcome.status == "failed":
        level = logging.WARNING
    error = ""
    if outcome.error:
        error = f" error={outcome.error}: {outcome.message}"
    reader = ""
    if declined:
        reader = f" reader=feedparser ({declined})"
    logger.log(
        level,
        "source=%s status=%s found=%d new=%d changed=%d same=%d rejected=%d http=%s ms=%d%s%s",
        outcome.source,
        outcome.status,
        outcome.found,
        outcome.new,
        outcome.changed,
        outcome.same,
        len(outcome.rejected),
        outcome.http_status or "-",
        outcome.ms,
        error,
        reader,
        extra={"fields": _outcome_fields(outcome, declined)},
    )


def _outcome_fields(outcome: Outcome, declined: str | None) -> dict[str, object]:
    """Return the same as fields, None for those that do not apply."""
    return {
        "source": outcome.source,
        "status": outcome.status,
        "found": outcome.found,
        "new": outcome.new,
        "changed": outcome.changed,
        "same": outcome.same,
        "rejected": len(outcome.rejected),
        "http": outcome.http_status,
        "ms": outcome.ms,
        "error": outcome.error,
        "message": outcome.message,
        "declined": declined,
    }


def _log_verdict(change: VerdictChange) -> None:
    """Log a change of the verdict on a source, once."""
    level = logging.WARNING if is_worse(change) else logging.INFO
    logger.log(level, "verdict: %s", describe_change(change))

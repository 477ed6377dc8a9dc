"""The daemon: ticks, reload, a clean stop; it serves what was published last, whatever happens meanwhile.

Rule: the schedule is data in the store. APScheduler only rings: when the next source is due, and now and then to look
again. A bell that rings during its work rings once more after it. A configuration that does not load changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.app import (
    TURNS_BEFORE_PUBLISHING,
    App,
    open_store,
    remove_view_files,
    rules_of,
    stray_view_files,
    utc_now,
)
from aggregator.config.changes import describe_changes, describe_losses
from aggregator.daemon.file_watcher import WatchPlan, watch_files
from aggregator.daemon.run_pool import RunPool
from aggregator.daemon.status import DaemonSite, DaemonStatus
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.store.writer import Writer
from aggregator.web import make_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from aggregator.config import Config
    from aggregator.daemon.file_watcher import Change
    from aggregator.store import Store

logger = logging.getLogger(__name__)
LONGEST_SLEEP = timedelta(
    minutes=10
)  # between two ticks; also how often views are looked at without a change
SHORTEST_SLEEP = timedelta(seconds=1)
RETRY = timedelta(seconds=5)  # after a failure of ours: a full disk, a database that is away
TICK_DELAY = timedelta(milliseconds=20)  # runs that end together are one tick
PUBLISH_DELAY = timedelta(milliseconds=300)  # changes that come together are published together
PRUNE_INTERVAL = timedelta(days=1)
FIRST_RUN_SECONDS = (
    2.0  # folders are read before the first request is answered, but no longer than this
)
TURNS_AT_END = 4  # of the writer, for what the last runs brought: some 2,000 entries
GRACE_SECONDS = 2.0  # for runs under way when the daemon is told to stop
JOB = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1, "replace_existing": True}


def serve(load: Callable[[], Config], *, stopped: Callable[[], object] | None = None) -> None:
    """Run until SIGTERM or Ctrl-C.

    `load` reads the configuration anew each time. `stopped` is called when all work is done and stored; after that
    only threads are waited for, and one that asks a slow name server can take half a minute.

    Raises ConfigError, StoreError (another daemon holds the store), UsageError (the address cannot be listened on).
    """
    for chatty in ("apscheduler", "alembic", "watchfiles"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(_serve(load, stopped))


async def _serve(load: Callable[[], Config], stopped: Callable[[], object] | None) -> None:
    config = load()
    with open_store(config) as store, store.lock_for_daemon():
        async with (
            Writer(store, clock=utc_now) as writer,
            Daemon(config, store, writer, load=load) as daemon,
        ):
            await daemon.run()
    if stopped is not None:
        stopped()


class Daemon:
    """One configuration at work, replaced as a whole when it changes. An async context manager."""

    def __init__(
        self,
        config: Config,
        store: Store,
        writer: Writer,
        *,
        load: Callable[[], Config],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._load = load
        self._store = store
        self._writer = writer
        self._clock = clock
        self.app = App(config, store, writer=writer, clock=clock)
        self.condition = DaemonStatus(started=clock())
        self._rules = rules_of(config)
        self._due = asyncio.Event()
        self._unpublished = asyncio.Event()
        self._outdated = asyncio.Event()
        self._unwatched = asyncio.Event()
        self._stop = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._starting = asyncio.Lock()  # no run starts in a configuration that is being left
        self._crew = RunPool(self.condition, ended=self._due.set, changed=self._unpublished.set)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.app.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self.app.__aexit__(None, None, None)

    async def run(self) -> None:
        """Serve until told to stop. Raises UsageError (the address cannot be listened on), StoreError at the start."""
        self._listen_to_signals()
        self._scheduler.start()
        works: list[asyncio.Task[None]] = []
        runner: web.AppRunner | None = None
        try:
            await self._wait_for_first_run()
            runner = await self._listen()
            tick = partial(self._on_event, self._due, self._tick, delay=TICK_DELAY)
            publish = partial(self._on_event, self._unpublished, self._publish, delay=PUBLISH_DELAY)
            reload = partial(self._on_event, self._outdated, self.reload)
            works += [
                asyncio.create_task(self._supervise("schedule", tick)),
                asyncio.create_task(self._supervise("publishing", publish)),
                asyncio.create_task(self._supervise("reload", reload)),
                asyncio.create_task(self._supervise("file watcher", self._watch)),
            ]
            self._due.set()
            self._scheduler.add_job(
                self._prune, "interval", seconds=PRUNE_INTERVAL.total_seconds(), id="prune", **JOB
            )
            await self._stop.wait()
        finally:
            await self._finish(works)
            if runner is not None:
                await runner.cleanup()

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stop.set()

    async def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part of the daemon until the daemon stops; start it again if it dies.

        While it is down, /healthz says so.
        """
        while not self._stop.is_set():
            try:
                await work()
            except Exception as error:
                logger.exception("the %s died, it is started again", name)
                self.condition.dead_parts[name] = f"{type(error).__name__}: {error}"
            else:
                if self._stop.is_set():
                    return
                logger.error("the %s ended, it is started again", name)
                self.condition.dead_parts[name] = "it ended"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), RETRY.total_seconds())
            self.condition.dead_parts.pop(name, None)

    # --- bells ----------------------------------------------------------------------------------------------------

    async def _on_event(
        self,
        bell: asyncio.Event,
        work: Callable[[], Awaitable[None]],
        *,
        delay: timedelta = timedelta(0),
    ) -> None:
        while await bell.wait():
            await asyncio.sleep(delay.total_seconds())
            bell.clear()
            if self._stop.is_set():
                return
            try:
                await work()
            except Exception:
                logger.exception("unforeseen failure, the daemon goes on and tries again")
                self._set_later(bell, after=RETRY)

    def _set_later(self, bell: asyncio.Event, *, after: timedelta) -> None:
        if not self._stop.is_set():
            at = datetime.now(UTC) + after
            self._scheduler.add_job(
                _set_events, "date", args=[bell], run_date=at, id=f"bell {id(bell)}", **JOB
            )

    async def _tick(self) -> None:
        due: datetime | None = None
        try:
            async with self._starting:
                if not self._crew.pause(self._clock()) and await self._crew.start_due(self.app):
                    due = await self._writer.call(self._store.next_due, self._clock())
        except AggregatorError as error:
            self._crew.note_store_failure(error, self._clock())
        now = self.condition.last_tick = self._clock()
        wait = self._crew.pause(now) or (LONGEST_SLEEP if due is None else due - now)
        self._set_later(self._due, after=min(max(wait, SHORTEST_SLEEP), LONGEST_SLEEP))

    async def _publish(self) -> None:
        for _ in range(TURNS_BEFORE_PUBLISHING):
            if self._stop.is_set() or not await self._update_indexes():
                break
        await self.publish()
        while not self._stop.is_set() and await self._update_indexes():
            pass
        self._set_later(
            self._unpublished, after=RETRY if self.condition.publish_error else LONGEST_SLEEP
        )

    async def _update_indexes(self, *, turns: int = 1) -> bool:
        """Complete the search index and the groups of copies, in slices between other writing.

        Returns whether more may be left: a store that was just migrated is published before all of
        it is compared.
        """
        try:
            return await self.app.update_indexes(turns=turns)
        except AggregatorError as error:
            logger.error(
                "new entries are neither searchable nor grouped with their copies: %s", error
            )
            return False

    async def publish(self) -> None:
        """Regenerate every view; where that fails, the last good one stays served."""
        async with self._publishing:
            try:
                renditions = await asyncio.to_thread(self.app.publish)
            except AggregatorError as error:
                self.condition.publishing_fails(error)
                return
            except Exception as error:
                logger.exception("publishing failed unforeseen")
                self.condition.publish_error = f"unforeseen: {type(error).__name__}: {error}"
                return
            self.condition.published_views = renditions
            self.condition.published = self._clock()
            self.condition.publish_error = None
        for (view, kind), rendition in renditions.items():
            if rendition.has_changed:
                logger.info(
                    "published view=%s kind=%s bytes=%d", view, kind, len(rendition.document.data)
                )

    async def _prune(self) -> None:
        """Let go of what has had its time; the space in the file is used again."""
        try:
            pruned = await self.app.prune()
        except AggregatorError as error:
            logger.error("old entries stay for now: %s", error)
            return
        if pruned.entries:
            logger.info("pruned entries=%d captures=%d", len(pruned.entries), pruned.captures)
        if pruned.entries or self.app.ages:
            self._unpublished.set()

    # --- start and stop -------------------------------------------------------------------------------------------

    async def _wait_for_first_run(self) -> None:
        """Read the folders, so that the first reader finds a feed; then publish what there is. Raises StoreError."""
        self._crew.request(
            {source.id for source in self.app.sources.values() if source.path is not None}
        )
        await self._crew.start_requested(self.app)
        stopped = asyncio.create_task(self._stop.wait())
        settled = asyncio.create_task(self._crew.reap(FIRST_RUN_SECONDS))
        await asyncio.wait({stopped, settled}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        settled.cancel()
        self._unpublished.clear()
        await self._publish()
        for path in await asyncio.to_thread(stray_view_files, self.app.config):
            logger.warning(
                "%s is a feed of a view that is not configured; delete it if nothing else writes it",
                path,
            )

    async def _listen(self) -> web.AppRunner:
        server = self.app.config.server
        served = DaemonSite(
            self.condition, lambda: self.app, lambda: len(self._crew.runs), clock=self._clock
        )
        runner = web.AppRunner(
            make_app(served), access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, server.host, server.port).start()
        except (
            OSError,
            UnicodeError,
        ) as error:  # UnicodeError: a name that no host can have, such as `..`
            await runner.cleanup()
            reason = getattr(error, "strerror", None) or "not a host name"
            raise UsageError(
                f"cannot listen on {server.listen} ({reason}): set server.listen or --listen"
            ) from error
        port = runner.addresses[0][1] if runner.addresses else server.port
        logger.info("serving http://%s:%d/feed.atom", server.listen.rpartition(":")[0], port)
        return runner

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._outdated.set)

    async def _finish(self, works: Collection[asyncio.Task[None]]) -> None:
        """Let runs under way end for a moment, then give their claims back."""
        logger.info("stopping")
        for bell in (self._stop, self._due, self._unpublished, self._outdated, self._unwatched):
            bell.set()
        self._scheduler.shutdown(wait=False)
        await self._crew.end(GRACE_SECONDS)
        if works:
            _, late = await asyncio.wait(works, timeout=GRACE_SECONDS)
            for work in late:
                work.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._crew.end(0)  # what a tick had started meanwhile
        await self._update_indexes(turns=TURNS_AT_END)
        await self.publish()

    # --- change ---------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while not self._stop.is_set():
            self._unwatched.clear()
            self._plan = WatchPlan.for_config(self.app.config)
            await watch_files(self._plan, self._on_file_change, stop=self._unwatched)
            await self._unwatched.wait()

    def _on_file_change(self, change: Change) -> None:
        if change.sources:
            self._crew.request(change.sources)
            self._due.set()
        if change.configuration:
            self._outdated.set()

    async def reload(self) -> None:
        """Take up the configuration as it is on disk now; keep the present one where it does not load."""
        try:
            config = await asyncio.to_thread(self._load)
            rules = rules_of(config)
            if (config, rules) != (self.app.config, self._rules):
                await self._switch_to(config)
                self._rules = rules
        except Exception as error:  # noqa: BLE001 - whatever a person wrote there, the daemon goes on as before
            self._report_config_error(error)
            return
        self.condition.config_error = None
        if WatchPlan.for_config(self.app.config) != self._plan:
            self._unwatched.set()

    async def _switch_to(self, config: Config) -> None:
        app = App(config, self._store, writer=self._writer, clock=self._clock)
        await app.__aenter__()
        if (config.database, config.server.listen) != (
            self.app.config.database,
            self.app.config.server.listen,
        ):
            logger.warning("database and server.listen change only with a restart")
        former = self.app.config
        async with self._starting:
            self._close_when_idle(self.app)
            self.app = app
        _log_reload(former, config)
        await self._remove_view_files(former, config)
        self._unpublished.set()
        self._due.set()

    async def _remove_view_files(self, former: Config, config: Config) -> None:
        async with (
            self._publishing
        ):  # who still publishes the former configuration would write them again
            removed = await asyncio.to_thread(remove_view_files, former, config)
        for path, is_removed in removed.items():
            if is_removed:
                logger.info("removed %s: its view is not configured any more", path)
            else:
                logger.warning(
                    "its view is not configured any more, but %s is not ours or cannot be deleted",
                    path,
                )

    def _report_config_error(self, error: Exception) -> None:
        if isinstance(error, ConfigError):
            count = len(error.problems)
            words = (
                f"{count} {'problem' if count == 1 else 'problems'}, the first: {error.problems[0]}"
            )
        else:
            words = str(error) or type(error).__name__
            self._set_later(self._outdated, after=RETRY)  # not what a person wrote: it may pass
        if words != self.condition.config_error:
            logger.error("the configuration does not load, the present one stays:\n%s", error)
        self.condition.config_error = words

    def _close_when_idle(self, app: App) -> None:
        """Close the parts of a former configuration when the last run that uses them has ended."""

        async def leave(runs: Collection[asyncio.Task[None]]) -> None:
            if runs:
                await asyncio.wait(runs)
            await app.__aexit__(None, None, None)

        task = asyncio.create_task(leave(self._crew.runs))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _log_reload(former: Config, config: Config) -> None:
    changes = describe_changes(former, config)
    losses = describe_losses(former, config)
    if losses:
        logger.warning("configuration taken up: %s; %s", changes, losses)
    else:
        logger.info("configuration taken up: %s", changes)


async def _set_events(bell: asyncio.Event) -> None:
    """Ring; a coroutine, for APScheduler runs plain functions in a thread."""
    bell.set()


__all__ = ["Daemon", "serve"]

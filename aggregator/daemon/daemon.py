"""The daemon: schedule, publishing, reload and a clean stop.

The schedule is in the store. APScheduler only sets events: when the next source is due, and
now and then. An event that is set during its own work causes one more round. The last
good feeds stay served. A configuration that does not load changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.app import (
    TURNS_BEFORE_PUBLISHING,
    App,
    open_store,
    utc_now,
)
from aggregator.config.changes import describe_changes, describe_losses
from aggregator.daemon.file_watcher import WatchPlan, watch_files
from aggregator.daemon.run_pool import MAX_PAUSE, RETRY_DELAY, RunPool
from aggregator.daemon.service_manager import ServiceManager
from aggregator.daemon.status import MAX_TICK_AGE, DaemonSite, DaemonStatus
from aggregator.effect import describe_effect, find_effects
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.rules.sites_folder import rules_fingerprint
from aggregator.store.writer import Writer
from aggregator.view_files import remove_view_files, stray_view_files
from aggregator.web import WebServer, make_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from aggregator.config import Config
    from aggregator.daemon.file_watcher import Change, Watch
    from aggregator.store import Store

logger = logging.getLogger(__name__)
MAX_SLEEP = timedelta(minutes=10)  # between two ticks, and between two rounds of publishing
MIN_SLEEP = timedelta(seconds=1)
TICK_DELAY = timedelta(milliseconds=20)  # one tick for runs that end at the same time
PUBLISH_DELAY = timedelta(milliseconds=300)  # changes at the same time are published together
PRUNE_INTERVAL = timedelta(days=1)
FIRST_RUN_SECONDS = 2.0  # time to read folders before the server starts
TURNS_AT_END = 4  # of the writer, for what the last runs brought: some 2,000 entries
GRACE_SECONDS = 2.0  # for running runs when the daemon stops
JOB_OPTIONS = {
    "misfire_grace_time": None,
    "coalesce": True,
    "max_instances": 1,
    "replace_existing": True,
}


def serve(load: Callable[[], Config], *, stopped: Callable[[], object] | None = None) -> None:
    """Run until SIGTERM or Ctrl-C.

    `load` loads the configuration each time. `stopped` is called when all work is stored;
    then only threads remain, and one that waits for a name server may take half a minute.

    Raises: ConfigError, StoreError (another daemon uses the store), UsageError (the
    address is not available).
    """
    for chatty in ("apscheduler", "alembic", "watchfiles"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(_serve(load, stopped))


async def _serve(load: Callable[[], Config], stopped: Callable[[], object] | None) -> None:
    config = load()
    with open_store(config) as store, store.lock_for_daemon():
        async with (
            Writer(store, clock=utc_now) as writer,
            Daemon(config, store, writer, load=load, service=ServiceManager(os.environ)) as daemon,
        ):
            await daemon.run()
    if stopped is not None:
        stopped()


@dataclass(frozen=True, slots=True)
class Timing:
    """The delays of a daemon."""

    retry_delay: timedelta = RETRY_DELAY  # after our own failure, such as a full disk
    max_pause: timedelta = MAX_PAUSE
    min_sleep: timedelta = MIN_SLEEP


class Daemon:
    """The daemon; an async context manager. A reload replaces its App as a whole."""

    def __init__(
        self,
        config: Config,
        store: Store,
        writer: Writer,
        *,
        load: Callable[[], Config],
        clock: Callable[[], datetime] = utc_now,
        timing: Timing = Timing(),
        watch: Watch = watch_files,
        service: ServiceManager | None = None,
    ) -> None:
        self._load = load
        self._timing = timing
        self._watch_files = watch
        self._store = store
        self._writer = writer
        self._clock = clock
        self._service = service or ServiceManager({})
        self.app = App(config, store, writer=writer, clock=clock)
        self.status = DaemonStatus(started=clock())
        self._rules_fingerprint = rules_fingerprint(config)
        self._due = asyncio.Event()
        self._unpublished = asyncio.Event()
        self._outdated = asyncio.Event()
        self._unwatched = asyncio.Event()
        self._stop = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._starting = asyncio.Lock()  # held while runs start and while a reload replaces the App
        self._run_pool = RunPool(
            self.status,
            ended=self._due.set,
            changed=self._unpublished.set,
            retry_delay=timing.retry_delay,
            max_pause=timing.max_pause,
        )
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.app.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._closing:
            await asyncio.wait(self._closing)
        await self.app.__aexit__(None, None, None)

    async def run(self) -> None:
        """Serve until told to stop. Raises UsageError (the address is not available), StoreError at the start."""
        self._handle_signals()
        self._scheduler.start()
        tasks: list[asyncio.Task[None]] = []
        server: WebServer | None = None
        try:
            await self._wait_for_first_run()
            server = await self._start_server()
            tick = partial(self._on_event, self._due, self._tick, delay=TICK_DELAY)
            publish = partial(self._on_event, self._unpublished, self._publish, delay=PUBLISH_DELAY)
            reload = partial(self._on_event, self._outdated, self.reload)
            tasks += [
                asyncio.create_task(self._supervise("schedule", tick)),
                asyncio.create_task(self._supervise("publishing", publish)),
                asyncio.create_task(self._supervise("reload", reload)),
                asyncio.create_task(self._supervise("file watcher", self._watch)),
            ]
            if self._service.watchdog_seconds is not None:
                tasks.append(asyncio.create_task(self._service.feed_watchdog(MAX_TICK_AGE)))
            self._due.set()
            self._scheduler.add_job(
                self._prune,
                "interval",
                seconds=PRUNE_INTERVAL.total_seconds(),
                id="prune",
                **JOB_OPTIONS,
            )
            self._service.ready()
            await self._stop.wait()
        finally:
            await self._shut_down(tasks)
            if server is not None:
                await server.close()

    def stop(self) -> None:
        """Make `run` return."""
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
                self.status.dead_parts[name] = f"{type(error).__name__}: {error}"
            else:
                if self._stop.is_set():
                    return
                logger.error("the %s ended, it is started again", name)
                self.status.dead_parts[name] = "it ended"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._timing.retry_delay.total_seconds())
            self.status.dead_parts.pop(name, None)

    async def _on_event(
        self,
        event: asyncio.Event,
        work: Callable[[], Awaitable[None]],
        *,
        delay: timedelta = timedelta(0),
    ) -> None:
        while await event.wait():
            await asyncio.sleep(delay.total_seconds())
            event.clear()
            if self._stop.is_set():
                return
            try:
                await work()
            except Exception:
                logger.exception("unforeseen failure, the daemon goes on and tries again")
                self._set_later(event, after=self._timing.retry_delay)

    def _set_later(self, event: asyncio.Event, *, after: timedelta) -> None:
        if not self._stop.is_set():
            at = datetime.now(UTC) + after
            self._scheduler.add_job(
                _set_event, "date", args=[event], run_date=at, id=f"bell {id(event)}", **JOB_OPTIONS
            )

    async def _tick(self) -> None:
        due: datetime | None = None
        try:
            async with self._starting:
                if not self._run_pool.pause(self._clock()) and await self._run_pool.start_due(
                    self.app
                ):
                    due = await self._writer.call(self._store.next_due, self._clock())
        except AggregatorError as error:
            self._run_pool.note_store_failure(error, self._clock())
        now = self.status.last_tick = self._clock()
        self._service.note_tick()
        wait = self._run_pool.pause(now) or (MAX_SLEEP if due is None else due - now)
        self._set_later(self._due, after=min(max(wait, self._timing.min_sleep), MAX_SLEEP))

    async def _publish(self) -> None:
        for _ in range(TURNS_BEFORE_PUBLISHING):
            if self._stop.is_set() or not await self._update_indexes():
                break
        await self.publish()
        await self._report_status()
        while not self._stop.is_set() and await self._update_indexes():
            pass

        delay = MAX_SLEEP
        if self.status.publish_error:
            delay = self._timing.retry_delay
        self._set_later(self._unpublished, after=delay)

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
        """Publish every view; if that fails, the last good ones stay served."""
        async with self._publishing:
            try:
                published = await asyncio.to_thread(self.app.publish)
            except AggregatorError as error:
                self.status.note_publish_failure(error, self._clock())
                return
            except Exception as error:
                logger.exception("publishing failed unforeseen")
                self.status.publish_error = f"unforeseen: {type(error).__name__}: {error}"
                return
            self.status.published_views = published
            self.status.published = self._clock()
            self.status.publish_error = None
        for (view, kind), published_view in published.items():
            if published_view.has_changed:
                logger.info(
                    "published view=%s kind=%s entries=%d copies=%d bytes=%d",
                    view,
                    kind,
                    published_view.entries,
                    published_view.copies,
                    len(published_view.document.data),
                )

    async def _report_status(self) -> None:
        if not self._service.is_present:
            return
        with suppress(AggregatorError):  # the log says that the store fails
            sources, failing = await asyncio.to_thread(self._store.count_sources)
            self._service.status(f"follows {sources} sources, {failing} of them fail")

    async def _prune(self) -> None:
        """Delete old entries; their space in the file is reused."""
        try:
            pruned = await self.app.prune()
        except AggregatorError as error:
            logger.error("old entries stay for now: %s", error)
            return
        if pruned.entries:
            logger.info("pruned entries=%d captures=%d", len(pruned.entries), pruned.captures)
        if pruned.entries or self.app.has_expiring_views:
            self._unpublished.set()

    async def _wait_for_first_run(self) -> None:
        """Read the folders, then publish, so that the first request gets a feed. Raises StoreError."""
        self._run_pool.request(
            {source.id for source in self.app.sources.values() if source.path is not None}
        )
        await self._run_pool.start_requested(self.app)
        stopped = asyncio.create_task(self._stop.wait())
        reaped = asyncio.create_task(self._run_pool.reap(FIRST_RUN_SECONDS))
        await asyncio.wait({stopped, reaped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        reaped.cancel()
        self._unpublished.clear()
        await self._publish()
        for path in await asyncio.to_thread(stray_view_files, self.app.config):
            logger.warning(
                "%s is a feed of a view that is not configured; delete it if nothing else writes it",
                path,
            )

    async def _start_server(self) -> WebServer:
        server = self.app.config.server
        site = DaemonSite(
            self.status, lambda: self.app, lambda: len(self._run_pool.runs), clock=self._clock
        )
        try:
            started = await WebServer(make_app(site)).start(server.host, server.port)
        except (
            OSError,
            UnicodeError,
        ) as error:  # UnicodeError: a name that no host can have, such as `..`
            reason = getattr(error, "strerror", None) or "not a host name"
            raise UsageError(
                f"cannot listen on {server.listen} ({reason}): set server.listen or --listen"
            ) from error
        host = server.listen.rpartition(":")[0]
        logger.info("serving http://%s:%d/feed.atom", host, started.port)
        return started

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._outdated.set)

    async def _shut_down(self, tasks: Collection[asyncio.Task[None]]) -> None:
        """Give running runs a moment to end, then release their leases."""
        logger.info("stopping")
        self._service.stopping()
        for event in (self._stop, self._due, self._unpublished, self._outdated, self._unwatched):
            event.set()
        self._scheduler.shutdown(wait=False)
        await self._run_pool.end(GRACE_SECONDS)
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for work in unfinished:
                work.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        await self._run_pool.end(0)  # runs that a tick started meanwhile
        await self._update_indexes(turns=TURNS_AT_END)
        await self.publish()

    async def _watch(self) -> None:
        while not self._stop.is_set():
            self._unwatched.clear()
            self._watch_plan = WatchPlan.for_config(self.app.config)
            await self._watch_files(self._watch_plan, self._on_file_change, stop=self._unwatched)
            await self._unwatched.wait()

    def _on_file_change(self, change: Change) -> None:
        if change.sources:
            self._run_pool.request(change.sources)
            self._due.set()
        if change.configuration:
            self._outdated.set()

    async def reload(self) -> None:
        """Load the configuration from disk and use it; if it does not load, keep the present one."""
        self._service.reloading()
        try:
            await self._reload()
        finally:
            self._service.ready()

    async def _reload(self) -> None:
        try:
            config = await asyncio.to_thread(self._load)
            rules = rules_fingerprint(config)
            if (config, rules) != (self.app.config, self._rules_fingerprint):
                await self._switch_to(config)
                self._rules_fingerprint = rules
        except Exception as error:  # noqa: BLE001 - whatever is in the files, the daemon continues
            self._report_config_error(error)
            return
        self.status.config_error = None
        if WatchPlan.for_config(self.app.config) != self._watch_plan:
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
        await self._log_effects()
        await self._remove_view_files(former, config)
        self._unpublished.set()
        self._due.set()

    async def _log_effects(self) -> None:
        """Say which stored entries leave or enter the views, before they are published."""
        try:
            effects = await asyncio.to_thread(lambda: list(find_effects(self.app)))
        except AggregatorError as error:
            logger.error("what the configuration changes in the views is not known: %s", error)
            return
        for effect in effects:
            if effect.leaving or effect.coming:
                logger.info("%s", describe_effect(effect))

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
            message = (
                f"{count} {'problem' if count == 1 else 'problems'}, the first: {error.problems[0]}"
            )
        else:
            message = str(error) or type(error).__name__
            # Not a mistake in the files, so it may pass.
            self._set_later(self._outdated, after=self._timing.retry_delay)
        if message != self.status.config_error:
            logger.error("the configuration does not load, the former one stays in use:\n%s", error)
        self.status.config_error = message

    def _close_when_idle(self, app: App) -> None:
        """Close the App of the former configuration when its last run has ended."""

        async def leave(runs: Collection[asyncio.Task[None]]) -> None:
            if runs:
                await asyncio.wait(runs)
            await app.__aexit__(None, None, None)

        task = asyncio.create_task(leave(self._run_pool.runs))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _log_reload(former: Config, config: Config) -> None:
    changes = describe_changes(former, config)
    losses = describe_losses(former, config)
    if losses:
        logger.warning("configuration taken up: %s; %s", changes, losses)
    else:
        logger.info("configuration taken up: %s", changes)


async def _set_event(event: asyncio.Event) -> None:
    """Set an event; a coroutine, because APScheduler runs plain functions in a thread."""
    event.set()


__all__ = ["Daemon", "serve"]

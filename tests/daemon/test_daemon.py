"""The daemon: what it serves, what it takes up, what it survives, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from aggregator.app import open_store, utc_now
from aggregator.daemon.daemon import Daemon, Timing, serve
from aggregator.errors import StoreError, UsageError
from aggregator.publish import OUTPUTS
from aggregator.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
MOST_USED = (
    0.1  # a tenth of a core where a two hundredth is the aim: other tests run beside this one
)
SAVED = "{id: saved, path: ../../articles, adapter: archive}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def listen(home: Any, more: str = "") -> int:
    """Write the main file with a port that is free, and give it."""
    port = free_port()
    home.path.write_text(
        f'server: {{listen: "127.0.0.1:{port}"}}\nnetwork: {{allow_private: true, timeout: 20s}}\n{more}',
        encoding="utf-8",
    )
    return port


@dataclass
class Running:
    """A daemon at work, and a client of it."""

    daemon: Daemon
    run: asyncio.Task[None]
    client: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(path) as response:
            return response.status, await response.text()

    async def health(self) -> tuple[int, Any]:
        async with self.client.get("/healthz") as response:
            return response.status, await response.json()

    async def until(self, path: str, *words: str, status: int = 200) -> str:
        """Ask until the answer holds all words."""
        end = time.monotonic() + 20
        while True:
            answered, text = await self.get(path)
            if answered == status and all(word in text for word in words):
                return text
            assert time.monotonic() < end, (answered, text)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(home: Any, port: int, **options: Any) -> AsyncIterator[Running]:
    config = home.load()
    with open_store(config) as store, store.lock_for_daemon():
        async with (
            Writer(store, clock=utc_now) as writer,
            Daemon(config, store, writer, load=home.load, **options) as daemon,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
        ):
            run = asyncio.create_task(daemon.run())
            try:
                yield Running(daemon, await served(run, port), client)
            finally:
                daemon.stop()
                await run


async def served(run: asyncio.Task[None], port: int) -> asyncio.Task[None]:
    while not run.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            await writer.wait_closed()
            return run
    return run


def with_daemon(
    home: Any, story: Callable[[Running], Awaitable[Any]], more: str = "", **options: Any
) -> Any:
    async def run() -> Any:
        port = listen(home, more)
        async with running(home, port, **options) as at_work:
            return await story(at_work)

    return asyncio.run(run())


def test_a_part_that_dies_is_told_by_the_health_page_and_started_again(home: Any, way: Any) -> None:
    starts: list[int] = []

    async def die(*_: Any, **__: Any) -> None:
        starts.append(1)
        raise ZeroDivisionError("our own mistake")

    timing = Timing(retry_delay=timedelta(milliseconds=200))

    async def story(at_work: Running) -> None:
        message = "the file watcher died and is started again: ZeroDivisionError: our own mistake"
        await at_work.until("/healthz", message, status=503)
        await way.until(lambda: len(starts) > 2)

    with_daemon(home, story, timing=timing, watch=die)


def test_the_first_reader_finds_the_saved_articles_and_later_ones_every_change(home: Any) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)

    async def story(at_work: Running) -> None:
        status, first = await at_work.get("/feed.atom")
        assert (status, "Calm water" in first) == (200, True)

        home.save("calm", "Calm water", "It rains now.", epoch=1751700000)
        edited = await at_work.until("/feed.atom", "It rains now.")
        assert edited.count("<entry") == 1

        (home.root / "more").mkdir()
        home.save("storm", "A storm").rename(home.root / "more" / "storm.txt")
        home.follow("{id: more, path: ../../more, adapter: archive}", file="new")
        await at_work.until("/feed.atom", "It rains now.", "A storm")

        home.save("rain", "Rain at last").rename(home.root / "more" / "rain.txt")
        await at_work.until("/feed.atom", "Rain at last")

    with_daemon(home, story)


def test_the_search_index_is_made_when_there_is_nothing_else_to_do(home: Any) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)
    unindexed = "SELECT count(*) FROM entry WHERE words_crc IS NULL"

    async def story(at_work: Running) -> None:
        await at_work.until("/feed.atom", "Calm water")
        with closing(sqlite3.connect(home.load().database.removeprefix("sqlite:///"))) as database:
            end = time.monotonic() + 20
            while database.execute(unindexed).fetchone() != (0,):
                assert time.monotonic() < end
                await asyncio.sleep(0.01)

    with_daemon(home, story)


def test_a_configuration_that_does_not_load_changes_nothing_and_is_told(
    home: Any, caplog: Any
) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)

    async def story(at_work: Running) -> None:
        home.follow("{id: bad, url: 7}", "{id: worse}", file="broken")
        text = await at_work.until("/healthz", "problems, the first: ", status=503)
        assert "broken.yaml" in text
        status, feed = await at_work.get("/feed.atom")
        assert (status, "Calm water" in feed) == (200, True)
        assert set(at_work.daemon.app.sources) == {"saved"}

        main = home.path.read_text(encoding="utf-8")
        home.path.unlink()
        (home.root / "config" / "sources" / "broken.yaml").unlink()
        await at_work.until("/healthz", "aggregator.yaml", status=503)
        home.path.write_text(main, encoding="utf-8")
        await at_work.until("/healthz", '"configuration": "good"')

    with_daemon(home, story)

    assert "the configuration does not load, the former one stays in use" in caplog.text


def test_a_folder_of_sources_that_goes_and_comes_back_is_told(
    home: Any, caplog: Any, way: Any
) -> None:
    caplog.set_level("INFO", "aggregator.daemon.daemon")
    home.save("calm", "Calm water")
    home.follow(SAVED)
    folder = home.root / "config" / "sources"

    def taken_up() -> list[tuple[str, str]]:
        lines = [(record.levelname, record.getMessage()) for record in caplog.records]
        return [
            (level, line) for level, line in lines if line.startswith("configuration taken up: ")
        ]

    async def story(at_work: Running) -> None:
        await at_work.until("/feed.atom", "Calm water")
        folder.rename(home.root / "away")
        await way.until(lambda: len(taken_up()) == 1)
        (home.root / "away").rename(folder)
        at_work.daemon._outdated.set()  # a watch that was just renewed may take seconds
        await way.until(lambda: len(taken_up()) == 2)
        assert "Calm water" in (await at_work.get("/feed.atom"))[1]

    with_daemon(home, story)

    gone = f"sources: 1 to 0 (1 removed: saved), views: 1; no file of sources is left in {folder}"
    assert taken_up() == [
        ("WARNING", f"configuration taken up: {gone}"),
        ("INFO", "configuration taken up: sources: 0 to 1 (1 added: saved), views: 1"),
    ]


def test_the_feed_stays_the_view_that_it_was_whatever_views_come_and_go(
    home: Any, way: Any
) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)
    feeds = home.root / "var" / "feeds"
    merged, news = "{id: merged, title: Everything}", "{id: news, title: Some}"

    def write(at_work: Running, *views: str, feed: str = "") -> None:
        port = at_work.daemon.app.config.server.port
        home.path.write_text(
            f'server: {{listen: "127.0.0.1:{port}"{feed}}}\nviews: [{", ".join(views)}]\n',
            encoding="utf-8",
        )
        at_work.daemon._outdated.set()

    async def story(at_work: Running) -> None:
        write(at_work, news, merged)
        await at_work.until("/views/news.atom", "Some")
        assert "<title>Everything</title>" in (await at_work.get("/feed.atom"))[1]

        write(at_work, merged, news, feed=", feed: news")
        await at_work.until("/feed.atom", "<title>Some</title>")
        page = await at_work.until("/", '<h1 dir="auto">Some</h1>')
        assert page.index("/views/news.atom") < page.index("/views/merged.atom")

        assert {path.name for path in feeds.iterdir()} == {
            f"{view}.{kind}" for view in ("merged", "news") for kind in OUTPUTS
        }
        write(at_work, news)
        await at_work.until("/views/merged.atom", status=404)

    with_daemon(home, story)

    assert {path.name for path in feeds.iterdir()} == {f"news.{kind}" for kind in OUTPUTS}


def test_sighup_takes_up_the_configuration_even_where_nothing_is_watched(
    home: Any,
) -> None:
    async def blind(*given: Any, stop: asyncio.Event) -> None:
        await stop.wait()

    home.follow()

    async def story(at_work: Running) -> None:
        home.save("calm", "Calm water")
        home.follow(SAVED)
        os.kill(os.getpid(), signal.SIGHUP)
        home_is_new = await at_work.until("/healthz", '"sources": 1')
        assert '"ok": true' in home_is_new
        at_work.daemon._run_pool.request({"saved"})
        at_work.daemon._due.set()
        await at_work.until("/feed.atom", "Calm water")

    with_daemon(home, story, watch=blind)


def test_sigterm_ends_it_soon_and_a_slow_source_is_neither_lost_nor_doubled(
    home: Any, way: Any
) -> None:
    async def story() -> None:
        gate = asyncio.Event()
        pages = {
            "/fast": way.Reply(way.rss("one")),
            "/slow": way.Reply(way.rss("two", path="s"), gate=gate),
        }
        async with way.Origin(pages) as origin:
            port = listen(home)
            home.follow(
                f'{{id: fast, url: "{origin.url("/fast")}"}}',
                f'{{id: slow, url: "{origin.url("/slow")}"}}',
            )
            async with running(home, port) as at_work:
                await at_work.until("/feed.atom", "one")
                await way.until(lambda: len(origin.asked) == 2)
                begin = time.monotonic()
                os.kill(os.getpid(), signal.SIGTERM)
                await at_work.run
                assert (
                    time.monotonic() - begin < 10
                )  # two seconds of grace, and what is to be written
            gate.set()
            async with running(home, port) as at_work:
                text = await at_work.until("/feed.atom", "one", "two")
                assert text.count("<entry") == 2

            assert sorted(origin.asked) == ["/fast", "/slow", "/slow"]

    asyncio.run(story())


def test_a_run_that_ends_soon_after_the_stop_is_still_stored_and_published(
    home: Any, way: Any
) -> None:
    async def story() -> None:
        gate = asyncio.Event()
        async with way.Origin({"/slow": way.Reply(way.rss("late news"), gate=gate)}) as origin:
            port = listen(home)
            home.follow(f'{{id: slow, url: "{origin.url("/slow")}"}}')
            async with running(home, port) as at_work:
                await way.until(lambda: origin.asked)
                at_work.daemon.stop()
                await asyncio.sleep(0.02)
                gate.set()
                await at_work.run

    asyncio.run(story())

    assert b"late news" in home.feed()


def test_a_second_daemon_is_refused_and_told_who_is_first(home: Any) -> None:
    home.follow()

    async def story(at_work: Running) -> None:
        done = await asyncio.to_thread(second, home.path)
        assert done.returncode == 1
        assert f"another daemon (pid {os.getpid()}) is running on this store" in done.stderr

    with_daemon(home, story)


SERVE = """
import sys, logging
from pathlib import Path
from aggregator.config import load_config
from aggregator.daemon.daemon import serve
logging.basicConfig(level=logging.INFO)
serve(lambda: load_config(Path(sys.argv[1]), env={}))
"""


def second(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SERVE, str(path)], capture_output=True, text=True, timeout=60
    )


def test_an_address_that_is_taken_is_told_and_nothing_is_left(home: Any, way: Any) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home.path.write_text(f'server: {{listen: "127.0.0.1:{port}"}}\n', encoding="utf-8")

        with pytest.raises(
            UsageError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*: set server\.listen"
        ):
            serve(home.load)

    assert way.children() == set()
    with open_store(home.load()) as store, store.lock_for_daemon():
        assert (
            store.claim(datetime.now(UTC), limit=9, lease=timedelta(seconds=1)) == []
        )  # done, and not due


IMPATIENT = Timing(
    retry_delay=timedelta(milliseconds=100),
    max_pause=timedelta(milliseconds=200),
    min_sleep=timedelta(milliseconds=50),
)


def test_a_full_disk_is_told_and_when_there_is_room_again_nothing_is_missing(home: Any) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)

    async def story(at_work: Running) -> None:
        await at_work.until("/feed.atom", "Calm water")
        await limit_pages(at_work, 0)
        for number in range(40):
            home.save(f"storm{number}", f"Storm {number}", os.urandom(3000).hex(), epoch=1751700000)
        text = await at_work.until("/healthz", "the store fails", "no space left", status=503)
        assert '"ok": false' in text
        assert (await at_work.get("/feed.atom"))[0] == 200

        await limit_pages(at_work, 1_000_000)
        await at_work.until("/feed.atom", *(f"Storm {number}<" for number in range(40)))
        await at_work.until("/healthz", '"ok": true')

    with_daemon(home, story, timing=IMPATIENT)


async def limit_pages(at_work: Running, pages: int) -> None:
    """Let SQLite's file grow to so many pages at most, or not at all: it says then what it says of a full disk."""

    def limit() -> None:
        with at_work.daemon._store._engines.write.connect() as connection:
            present = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages or present}")

    await at_work.daemon._writer.call(limit)


def test_a_store_that_cannot_be_read_is_told_as_ill_health(home: Any) -> None:
    home.follow()

    async def story(at_work: Running) -> None:
        count_sources = at_work.daemon._store.count_sources

        def broken() -> Any:
            raise StoreError("cannot be opened")

        at_work.daemon._store.count_sources = broken  # type: ignore[method-assign]
        status, health = await at_work.health()
        at_work.daemon._store.count_sources = count_sources  # type: ignore[method-assign]
        assert (status, health["reasons"]) == (503, ["the store fails: cannot be opened"])
        assert (await at_work.health())[0] == 200

    with_daemon(home, story, timing=IMPATIENT)


def test_an_output_folder_that_cannot_be_written_leaves_the_last_good_feed(home: Any) -> None:
    home.save("calm", "Calm water")
    home.follow(SAVED)

    async def story(at_work: Running) -> None:
        feeds = home.root / "var" / "feeds"
        await at_work.until("/feed.atom", "Calm water")
        feeds.rename(home.root / "away")
        feeds.write_text("a file where the folder was")
        home.save("storm", "A storm")
        await at_work.until("/healthz", "publishing fails: cannot write", status=503)
        status, feed = await at_work.get("/feed.atom")
        assert (status, "Calm water" in feed, "A storm" in feed) == (200, True, False)

        feeds.unlink()
        await at_work.until("/feed.atom", "Calm water", "A storm")
        await at_work.until("/healthz", '"ok": true')

    with_daemon(home, story, timing=IMPATIENT)


def test_an_unforeseen_failure_of_a_tick_does_not_stop_the_schedule(home: Any, caplog: Any) -> None:
    home.follow()

    async def story(at_work: Running) -> None:
        store = at_work.daemon._store
        next_due = store.next_due
        went_on = asyncio.Event()
        loop = asyncio.get_running_loop()

        def well(now: datetime) -> Any:
            loop.call_soon_threadsafe(went_on.set)
            return next_due(now)

        def broken(now: datetime) -> Any:
            store.next_due = well  # type: ignore[method-assign]
            raise ZeroDivisionError

        store.next_due = broken  # type: ignore[method-assign]
        at_work.daemon._due.set()
        async with asyncio.timeout(20):
            await went_on.wait()

    with_daemon(home, story, timing=IMPATIENT)

    assert "the daemon goes on and tries again" in caplog.text


def test_runs_under_way_end_with_the_configuration_they_began_with(home: Any, way: Any) -> None:
    async def story() -> None:
        gate = asyncio.Event()
        async with way.Origin({"/slow": way.Reply(way.rss("late news"), gate=gate)}) as origin:
            port = listen(home)
            slow = f'{{id: slow, url: "{origin.url("/slow")}"}}'
            home.follow(slow)
            async with running(home, port) as at_work:
                await way.until(lambda: origin.asked)
                old = at_work.daemon.app
                [session] = old._run_context.fetcher._instance._sessions.values()
                home.save("calm", "Calm water")
                home.follow(slow, SAVED)
                await at_work.until("/feed.atom", "Calm water")
                assert at_work.daemon.app is not old
                assert not session.closed

                gate.set()
                await at_work.until("/feed.atom", "Calm water", "late news")
                await way.until(lambda: session.closed)
            assert origin.asked == ["/slow"]

    asyncio.run(story())


def test_a_file_that_says_the_same_again_is_no_new_configuration(home: Any, way: Any) -> None:
    home.follow(SAVED)
    loads: list[float] = []
    load = home.load

    def counted() -> Any:
        loads.append(time.monotonic())
        return load()

    home.load = counted

    async def story(at_work: Running) -> None:
        app, before = at_work.daemon.app, len(loads)
        home.follow(SAVED)
        await way.until(lambda: len(loads) > before)
        await at_work.until("/healthz", '"configuration": "good"')
        assert at_work.daemon.app is app

    with_daemon(home, story)


def test_an_idle_daemon_of_a_thousand_sources_is_small_and_quiet(home: Any, tmp_path: Path) -> None:
    port = listen(home)
    home.follow(
        *(f'{{id: s{number}, url: "http://127.0.0.1:9/{number}"}}' for number in range(1000))
    )
    config = home.load()
    with open_store(config) as store:
        later = datetime.now(UTC) + timedelta(hours=5)
        store.sync_sources([(source.id, source.location, later) for source in config.sources])
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(home.path)], stderr=log)
    try:
        wait_for(port)
        used = quietest_second(process.pid)
        resident = resident_mib(process.pid)
    finally:
        process.terminate()
        assert process.wait(30) == 0

    assert used < MOST_USED
    assert resident < 140


def quietest_second(pid: int) -> float:
    """The CPU time that a process uses in a second, once it has come to rest: a slow machine takes a while."""
    used = 1.0
    end = time.monotonic() + 30
    while used >= MOST_USED and time.monotonic() < end:
        before = cpu_seconds(pid)
        time.sleep(1)
        used = cpu_seconds(pid) - before
    return used


def wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("it does not listen")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

"""The parts at work: claims in slices, nothing lost when broken off or killed."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.app import App, open_store
from aggregator.config import Config, Source, load_config
from aggregator.errors import ConfigError, StoreError
from aggregator.model import Outcome, Result
from aggregator.publish import OUTPUTS
from aggregator.rules.sites_folder import rules_fingerprint
from aggregator.run.host_queue import MAX_SLOT_WAIT
from aggregator.run.result import UNREAD_REASON
from aggregator.store.writer import Writer
from aggregator.view_files import remove_view_files, stray_view_files

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from aggregator.model import SourceState


class Quick(App):
    """An App whose runs ask nobody; it keeps who ran, and how many at most ran at once."""

    ran: list[str]
    running = 0
    most = 0

    async def run(self, state: SourceState, *, full: bool = False) -> Outcome:
        self.ran.append(state.source)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        later = replace(state, next_fetch_at=self.clock() + timedelta(hours=1), reason="every 1 h")
        outcome = await self.writer.commit(
            Result(later, Outcome(state.source, self.clock(), 0, "unchanged"))
        )
        self.running -= 1
        return outcome


def config_of(tmp_path: Path, count: int, **given: Any) -> Config:
    sources = tuple(
        Source(id=f"s{number}", url=f"https://harbour.example/{number}") for number in range(count)
    )
    main = Config(database=f"sqlite:///{tmp_path}/store.db", output=tmp_path / "feeds", **given)
    return main.with_sources((), sources=sources)


@pytest.mark.no_cover
@pytest.mark.parametrize("force", [False, True])
def test_thousands_of_overdue_sources_run_once_each_and_never_all_at_once(
    tmp_path: Path, clock: Any, force: bool
) -> None:
    count = 2_000 if not force else 500

    async def story() -> tuple[Quick, list[Outcome]]:
        config = config_of(tmp_path, count, network={"concurrency": 32})
        with open_store(config) as store:
            async with Quick(config, store, clock=clock) as app:
                app.ran = []
                clock.forward(days=1)
                return app, await app.cycle(force=force)

    app, outcomes = asyncio.run(story())

    assert sorted(app.ran) == sorted(app.sources)
    assert len(outcomes) == count
    assert app.most <= 4 * 32


class Slow(Quick):
    """A Quick App whose runs take longer than the time until its sources are due again."""

    reasons: dict[str, str]  # source -> why it is due again after its first run
    postponed: frozenset[str] = frozenset()  # sources whose first run asks nobody

    async def run(self, state: SourceState, *, full: bool = False) -> Outcome:
        now = self.clock()
        reason = "every 5 min"
        last_run: datetime | None = now
        if state.source not in self.ran:
            reason = self.reasons.get(state.source, reason)
            last_run = None if state.source in self.postponed else now
        self.ran.append(state.source)
        self.clock.forward(minutes=6)  # type: ignore[attr-defined]
        later = replace(
            state, next_fetch_at=now + timedelta(minutes=5), reason=reason, last_run=last_run
        )
        return await self.writer.commit(Result(later, Outcome(state.source, now, 0, "unchanged")))


@pytest.mark.parametrize("force", [False, True])
def test_a_cycle_asks_each_source_once_however_long_it_takes(
    tmp_path: Path, clock: Any, force: bool
) -> None:
    async def story() -> Slow:
        config = config_of(tmp_path, 20, network={"concurrency": 1})
        with open_store(config) as store:
            async with Slow(config, store, clock=clock) as app:
                app.ran = []
                app.reasons = {"s1": UNREAD_REASON}
                app.postponed = frozenset({"s2"})
                clock.forward(days=1)
                await app.cycle(force=force)
                return app

    app = asyncio.run(story())

    # One has more to read, and one was not asked the first time.
    assert sorted(app.ran) == sorted([*app.sources, "s1", "s2"])


def test_a_cycle_runs_new_sources_at_once_that_the_daemon_spreads(
    tmp_path: Path, clock: Any
) -> None:
    async def story() -> tuple[list[int], list[str]]:
        config = config_of(tmp_path, 400)
        with open_store(config) as store:
            async with Quick(config, store, clock=clock) as app:
                app.ran = []
                daemon = await app.claim(limit=1_000)
                await app.release(daemon)
                counts = [len(daemon)]
                counts += [len(await app.cycle()) for _ in range(2)]
                return counts, app.ran

    [at_once, first, second], ran = asyncio.run(story())

    assert at_once < 40
    assert (first, second) == (400, 0)
    assert len(set(ran)) == 400


def test_a_store_that_fails_in_a_cycle_ends_it_and_leaves_no_run_behind(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        gate = asyncio.Event()
        pages = {"/fast": way.Reply(way.rss("one")), "/slow": way.Reply(way.rss("two"), gate=gate)}
        async with way.Origin(pages) as origin:
            home.follow(
                f'{{id: fast, url: "{origin.url("/fast")}"}}',
                f'{{id: slow, url: "{origin.url("/slow")}"}}',
            )
            async with home.app(clock) as app:

                def broken(results: Any, *, now: Any) -> Any:
                    raise StoreError("the disk is full")

                app.store.commit = broken
                with pytest.raises(StoreError, match="the disk is full"):
                    await app.cycle()

                assert {task for task in asyncio.all_tasks() if "App.run" in repr(task)} == set()
                [claimed] = await app.claim(
                    limit=9
                )  # slow was given back; fast is held until its lease ends
                assert claimed.source == "slow"

    asyncio.run(story())


def test_a_run_that_is_broken_off_gives_its_claim_back(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        gate = asyncio.Event()
        async with way.Origin({"/": way.Reply(way.rss("one"), gate=gate)}) as origin:
            home.follow(f'{{id: slow, url: "{origin.url()}"}}')
            async with home.app(clock) as app:
                [state] = await app.claim(limit=9)
                assert await app.claim(limit=9) == []
                run = asyncio.create_task(app.run(state))
                await way.until(lambda: origin.asked)
                run.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await run

                [again] = await app.claim(limit=9)

                assert (again.source, again.next_fetch_at) == ("slow", state.next_fetch_at)

    asyncio.run(story())


def test_a_claim_that_is_broken_off_is_given_back(home: Any, clock: Any) -> None:
    home.follow('{id: feed, url: "http://127.0.0.1:9/"}')

    async def story() -> list[str]:
        async with home.app(clock) as app:
            claim = asyncio.create_task(app.claim(limit=9))
            await asyncio.sleep(0)
            claim.cancel()
            with pytest.raises(asyncio.CancelledError):
                await claim
            return [state.source for state in await app.claim(limit=9)]

    assert asyncio.run(story()) == ["feed"]


def test_the_log_says_of_a_feed_that_feedparser_had_to_read_why(
    home: Any, way: Any, clock: Any, caplog: Any
) -> None:
    caplog.set_level("INFO", "aggregator.app")
    usual = way.rss("one")
    odd = usual.replace("<item>", "<item><description>a <b>b</b></description>")

    async def story() -> None:
        async with way.Origin({"/a": way.Reply(usual), "/b": way.Reply(odd)}) as origin:
            home.follow(f'{{id: a, url: "{origin.url("/a")}"}}')
            home.follow(f'{{id: b, url: "{origin.url("/b")}"}}', file="more")
            async with home.app(clock) as app:
                await app.cycle()

    asyncio.run(story())

    ends = {
        line.split()[0]: line.partition(" ms=")[2].partition(" ")[2] for line in caplog.messages
    }
    assert ends == {
        "source=a": "",
        "source=b": "reader=feedparser (an element within description)",
    }


def test_what_is_being_committed_is_committed_though_its_run_is_broken_off(
    home: Any, clock: Any
) -> None:
    home.save("calm", "Calm")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    async def story() -> list[str]:
        async with home.app(clock) as app:
            [state] = await app.claim(limit=9)
            commit = app.store.commit

            def committed(results: Any, *, now: Any) -> Any:
                loop.call_soon_threadsafe(run.cancel)
                return commit(results, now=now)

            app.store.commit = committed
            loop = asyncio.get_running_loop()
            run = asyncio.create_task(app.run(state))
            with pytest.raises(asyncio.CancelledError):
                await run
            return [entry.title for entry in app.store.entries()]

    assert asyncio.run(story()) == ["Calm"]


def test_an_app_that_does_not_start_leaves_nothing_open(home: Any, clock: Any) -> None:
    home.follow('{id: feed, url: "http://127.0.0.1:9/"}')

    async def story() -> None:
        config = home.load()
        with open_store(config) as store:
            app = App(config, store, clock=clock)

            def broken(rows: Any) -> None:
                raise StoreError("the disk is full")

            store.sync_sources = broken  # type: ignore[assignment,method-assign]
            with pytest.raises(StoreError):
                await app.__aenter__()
            with pytest.raises(RuntimeError, match="shutdown"):
                await app.writer.call(lambda: None)

    asyncio.run(story())


def test_site_rules_that_do_not_load_are_refused_at_once(home: Any, clock: Any) -> None:
    sites = home.root / "config" / "sites"
    sites.mkdir()
    before = rules_fingerprint(home.load())
    (sites / "mine.yaml").write_text("id: mine\nnonsense: true\n", encoding="utf-8")
    config = home.load()

    assert (before, [name for name, _, _ in rules_fingerprint(config)]) == ((), ["mine.yaml"])
    with open_store(config) as store, pytest.raises((ConfigError, ValueError)):
        App(config, store, clock=clock)


def test_a_view_is_found_whichever_way_its_entries_are_chosen(home: Any, clock: Any) -> None:
    home.path.write_text(
        home.main
        + "views:\n"
        + "".join(
            f"  - {{id: {name}, title: {name}, where: {where}}}\n"
            for name, where in {
                "one": "{source: north}",
                "both": "{source: [north, south]}",
                "tag": "{tag: sea}",
                "title": "{source: south, include: {title: storm}}",
                "none": "{language: fr}",
                "en": "{language: EN}",
            }.items()
        ),
        encoding="utf-8",
    )
    home.save("calm", "Calm in the harbour today")
    (home.root / "south").mkdir()
    home.save("storm", "A storm is coming near").rename(home.root / "south" / "storm.txt")
    home.follow(
        "{id: north, path: ../../articles, adapter: archive, language: en}",
        "{id: south, path: ../../south, adapter: archive, language: en, tags: [sea]}",
    )

    async def story() -> dict[str, set[str]]:
        async with home.app(clock) as app:
            await app.cycle()
            return {
                view.id: {entry.source for entry in app.view_entries(view)}
                for view in app.config.views
            }

    assert asyncio.run(story()) == {
        "one": {"north"},
        "both": {"north", "south"},
        "tag": {"south"},
        "title": {"south"},
        "none": set(),
        "en": {"north", "south"},
    }


def test_a_view_shows_no_more_of_one_source_than_its_share(home: Any, clock: Any) -> None:
    home.path.write_text(
        home.main
        + "views: [{id: all}, {id: two, max_per_source: 2}, {id: half, limit: 3, max_per_source: 50%}]\n",
        encoding="utf-8",
    )
    for number in range(5):
        home.save(f"calm{number}", f"Calm in harbour number {number}")
    (home.root / "south").mkdir()
    home.save("storm", "A storm is coming near").rename(home.root / "south" / "storm.txt")
    home.follow(
        "{id: north, path: ../../articles, adapter: archive}",
        "{id: south, path: ../../south, adapter: archive}",
    )

    async def story() -> dict[str, list[str]]:
        async with home.app(clock) as app:
            await app.cycle()
            return {
                view.id: sorted(entry.source for entry in app.view_entries(view))
                for view in app.config.views
            }

    assert asyncio.run(story()) == {
        "all": [*["north"] * 5, "south"],
        "two": ["north", "north", "south"],
        "half": ["north", "south"],
    }


def test_the_files_of_views_that_are_gone_are_deleted_where_they_are_ours(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds"
    former = config_of(
        tmp_path, 0, views=[{"id": name} for name in ("stays", "goes", "foreign", "absent")]
    )
    with open_store(former) as store:
        App(former, store).publish()
    for kind in OUTPUTS:
        (feeds / f"foreign.{kind}").write_text("of another program")
        (feeds / f"absent.{kind}").unlink()
    config = config_of(tmp_path, 0, views=[{"id": "stays"}])

    assert stray_view_files(config) == [feeds / f"goes.{kind}" for kind in OUTPUTS]
    assert remove_view_files(former, config) == {
        feeds / f"{view}.{kind}": view == "goes" for view in ("goes", "foreign") for kind in OUTPUTS
    }
    assert {path.name for path in feeds.iterdir()} == {
        f"{view}.{kind}" for view in ("foreign", "stays") for kind in OUTPUTS
    }
    assert stray_view_files(config) == []


def test_the_address_of_a_source_is_published_without_its_password(home: Any, clock: Any) -> None:
    home.follow('{id: feed, url: "http://harbour.example:81/feed?a=1"}')

    async def story() -> Any:
        async with home.app(clock) as app:
            return app.view_info(app.config.views[0]).sources["feed"]

    info = asyncio.run(story())

    assert (info.title, info.url) == ("feed", "http://harbour.example:81/feed?a=1")


FETCH = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from aggregator.app import App, open_store
from aggregator.config import load_config

async def main():
    config = load_config(Path(sys.argv[1]), env={})
    with open_store(config) as store:
        async with App(config, store) as app:
            # Small runs, so that something is committed when the process is killed.
            app._run_context = replace(app._run_context, max_files=12)
            print("begun", flush=True)
            await app.cycle(force=True)
        app.publish()
    print("done", flush=True)

asyncio.run(main())
"""
ARTICLES = 150


def test_kill_at_any_moment_then_to_the_end_gives_what_an_undisturbed_run_gives(
    home: Any, tmp_path: Path
) -> None:
    for number in range(ARTICLES):
        home.save(f"a{number}", f"Article {number}", "text " * 50, epoch=1751600000 + number)
    home.save("a7-again", "Article 7 edited", epoch=1751700000)
    (home.root / "articles" / "a7-again.txt").write_text(
        (home.root / "articles" / "a7-again.txt")
        .read_text(encoding="utf-8")
        .replace("/a7-again)", "/a7)"),
        encoding="utf-8",
    )
    home.follow("{id: saved, path: ../../articles, adapter: archive}")
    shutil.copytree(home.root, tmp_path / "undisturbed")

    moments = random.Random(20260704)
    for _ in range(3):
        killed(home.path, moments.uniform(0.0, 0.6))
    for path in (home.path, tmp_path / "undisturbed" / "config" / "aggregator.yaml"):
        asyncio.run(fetch(path))

    assert feed(home.root) == feed(tmp_path / "undisturbed")
    assert entries(home) == ARTICLES


def killed(path: Path, seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FETCH, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


async def fetch(path: Path) -> None:
    config = load_config(path, env={})
    with open_store(config) as store:
        async with App(config, store) as app:
            await app.cycle(force=True)
        app.publish()


def feed(root: Path) -> str:
    text = (root / "var" / "feeds" / "merged.atom").read_text(encoding="utf-8")
    return re.sub(r"file:///[^<\"]*", "file", text)


def entries(home: Any) -> int:
    with open_store(home.load()) as store:
        return len(list(store.entries()))


def test_a_lent_writer_is_not_closed(home: Any, clock: Any) -> None:
    home.follow()

    async def story() -> int:
        config = home.load()
        with open_store(config) as store:
            async with Writer(store, clock=clock) as writer:
                async with App(config, store, writer=writer, clock=clock):
                    pass
                return await writer.call(lambda: 7)

    assert asyncio.run(story()) == 7


def test_what_left_its_folder_is_pruned_when_its_time_is_over(home: Any, clock: Any) -> None:
    article = "<!--1583049600000-->\n[{0}](https://harbour.example/{0})\n------\n\n<p>Words about {0}.</p>\n"

    async def story() -> tuple[tuple[str, ...], int, int]:
        home.follow('{id: saved, path: "../../saved/*.txt", adapter: archive, keep: 30d}')
        saved = home.root / "saved"
        saved.mkdir()
        for name in ("stays", "goes"):
            (saved / f"{name}.txt").write_text(article.format(name), encoding="utf-8")
        async with home.app(clock) as app:
            await app.cycle()
            (saved / "goes.txt").unlink()
            (saved / "comes.txt").write_text(article.format("comes"), encoding="utf-8")
            await app.cycle(force=True)
            early = await app.prune()
            clock.forward(days=31)
            await app.cycle(force=True)
            would = await app.prune(dry_run=True)
            done = await app.prune(vacuum=True)
            left = sorted(entry.title for entry in app.store.entries())
            assert (left, done.entries) == (["comes", "stays"], would.entries)
            return early.entries, len(would.entries), len(left)

    assert asyncio.run(story()) == ((), 1, 2)


def test_a_claim_outlives_the_longest_run_that_can_be(home: Any, clock: Any) -> None:
    home.follow('{id: feed, url: "http://127.0.0.1:9/"}')

    async def story() -> timedelta:
        async with home.app(clock) as app:
            one_part = app._run_context.time_limit
            waits_asks_parses_and_reads_on = MAX_SLOT_WAIT + one_part + one_part + one_part
            lease: timedelta = app._lease_duration - waits_asks_parses_and_reads_on
            return lease

    assert asyncio.run(story()) >= timedelta(minutes=1)

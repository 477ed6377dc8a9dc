"""A daemon that is killed (SIGKILL) at random moments reaches the same end as one that runs undisturbed.

It polls changing feeds on loopback and reads a folder of saved articles. A feed changes only when
the daemon asks with the validators of what it was given before: so both daemons are given the same
documents, however often a poll is lost. Each start finds all feeds due.

    python -m benchmarks.kills [--kills 100] [--feeds 300] [--files 10000] [--seed 1] [--place FOLDER]
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from aiohttp import web
from lxml import etree

from aggregator.config import load_config
from aggregator.publish.json_record import entry_record
from aggregator.store import Store
from benchmarks import saved_articles
from benchmarks.measure import PROGRAM
from benchmarks.origin import HOSTS, free_port
from benchmarks.words import ENGLISH, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSIONS = 16  # of each feed: a new item and a correction of the one before, in turn
LONGEST_LIFE_SECONDS = 6.0
_END_SECONDS = 400.0  # for a daemon that is not killed to do all that is left
_CONFIG = """
database: sqlite:///store.db
output: feeds
server: {{listen: "127.0.0.1:0"}}
network: {{allow_private: true}}
defaults: {{every: 5m}}
views: [{{id: merged, title: All, limit: 1000}}]
sources:
"""
# A folder of one file: when it is written again, the daemon looks for what is due.
_BELL = "  - {id: bell, path: bell, adapter: archive}"


@dataclass(slots=True)
class Origin:
    """Feeds on loopback; `versions` is what each of them is at."""

    feeds: int
    port: int = field(default_factory=free_port)
    versions: dict[int, int] = field(default_factory=dict)

    def urls(self) -> list[str]:
        """List the URLs of the feeds, spread over the hosts."""
        urls = []
        for number in range(self.feeds):
            host = HOSTS[number % len(HOSTS)]
            urls.append(f"http://{host}:{self.port}/{number}.xml")
        return urls

    def reset(self) -> None:
        """Begin with the first versions again."""
        self.versions = dict.fromkeys(range(self.feeds), 1)

    @property
    def is_at_end(self) -> bool:
        """Whether each feed is at its last version."""
        return set(self.versions.values()) == {VERSIONS}

    @contextmanager
    def serve(self) -> Iterator[None]:
        """Serve in a thread."""
        self.reset()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), loop).result()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    async def _listen(self) -> None:
        application = web.Application()
        application.router.add_get("/{number:[0-9]+}.xml", self._answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        for host in HOSTS:
            await web.TCPSite(runner, host, self.port, backlog=1024).start()

    async def _answer(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        version = self.versions[number]
        if request.headers.get("If-None-Match") == f'"{version}"':
            if version == VERSIONS:
                return web.Response(status=304)
            version += 1
            self.versions[number] = version
        headers = {"ETag": f'"{version}"'}
        body = write_feed(number, version)
        return web.Response(text=body, content_type="application/atom+xml", headers=headers)


def write_feed(number: int, version: int) -> str:
    """Write a version of a feed: odd ones bring a new item, even ones correct the newest."""
    entries = []
    for item in range((version + 1) // 2):
        is_corrected = version >= 2 * item + 2
        entries.append(_write_item(number, item, is_corrected=is_corrected))
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><updated>2026-07-01T00:00:00Z</updated>'
        f"<id>tag:example.org,2026:{number}</id><title>Feed {number}</title>{''.join(entries)}</feed>"
    )


def _write_item(number: int, item: int, *, is_corrected: bool) -> str:
    random = Random(f"{number}:{item}:{is_corrected}")
    published = f"2026-07-{item + 1:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
    updated = published
    if is_corrected:
        updated = published.replace("2026-07", "2026-08")
    return (
        f"<entry><id>tag:example.org,2026:{number}-{item}</id>"
        f'<link href="https://example.org/{number}/{item}"/>'
        f"<title>{title(random, ENGLISH)}</title><published>{published}</published>"
        f"<updated>{updated}</updated><summary>{paragraph(random, ENGLISH, 300)}</summary></entry>"
    )


@dataclass(slots=True)
class Home:
    """The folder of a daemon: configuration, store, published feeds and log."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "aggregator.yaml"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def bell(self) -> Path:
        return self.folder / "bell"

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    def prepare(self, urls: Sequence[str], articles: Path) -> None:
        """Write the configuration."""
        self.folder.mkdir()
        self.bell.mkdir()
        lines = [f'  - {{id: saved, path: "{articles}", adapter: archive}}', _BELL]
        for number, url in enumerate(urls):
            lines.append(f'  - {{id: "feed-{number}", url: "{url}"}}')
        self.config.write_text(_CONFIG.format() + "\n".join(lines) + "\n", encoding="utf-8")

    def make_due(self) -> None:
        """Make every source due, as if its interval had passed."""
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self.store)) as database:
            database.execute("UPDATE source_state SET next_fetch_at = 0")
            database.commit()

    def ring(self) -> None:
        """Make every source due and the running daemon look."""
        self.make_due()
        (self.bell / "bell.txt").write_text(saved_articles.article(1, seed=0), encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the daemon in a process group of its own."""
        self.make_due()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*PROGRAM, "-c", str(self.config), "run"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def count(self) -> tuple[int, int]:
        """Count the entries of the folder, and all."""
        query = "SELECT count(CASE WHEN s.name = 'saved' THEN 1 END), count(*)"
        query += " FROM entry e JOIN source s ON s.id = e.source_id"
        try:
            with closing(sqlite3.connect(self.store)) as database:
                saved, entries = database.execute(query).fetchone()
        except sqlite3.OperationalError:  # killed before its tables were made
            return 0, 0
        return saved, entries

    def count_due(self) -> int:
        """Count the sources that are due or running."""
        query = (
            "SELECT count(*) FROM source_state WHERE lease_until IS NOT NULL OR next_fetch_at <= ?"
        )
        with closing(sqlite3.connect(self.store, timeout=30)) as database:
            return int(database.execute(query, [time.time_ns() // 1000]).fetchone()[0])


def family(pid: int) -> list[int]:
    """List a process and its children (Linux)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text(encoding="ascii").split())
    return found


def kill(daemon: subprocess.Popen[bytes], *, alone: bool) -> list[int]:
    """Kill a daemon with its parsers, or `alone`; return the processes that outlived it by 10 seconds."""
    processes = family(daemon.pid)
    doomed = processes
    if alone:
        doomed = [daemon.pid]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    daemon.wait()
    end = time.monotonic() + 10
    left = [pid for pid in processes if is_alive(pid)]
    while left and time.monotonic() < end:
        time.sleep(0.02)
        left = [pid for pid in left if is_alive(pid)]
    return left


def is_alive(pid: int) -> bool:
    """Tell whether a process runs (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def live_killed(home: Home, random: Random, kills: int) -> list[str]:
    """Let a daemon live `kills` times for some seconds; return what was wrong meanwhile."""
    faults: list[str] = []
    before = home.count()
    for number in range(kills):
        life = random.uniform(0.1, LONGEST_LIFE_SECONDS)
        daemon = home.start()
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(life)
            faults.append(f"life {number}: ended by itself with {daemon.returncode}")
        alone = random.random() < 0.5
        left = kill(daemon, alone=alone)
        if left:
            faults.append(f"life {number}: the processes {left} live on")
        after = home.count()
        if after[0] < before[0] or after[1] < before[1]:
            faults.append(f"life {number}: {before} entries became {after}")
        before = after
        faults += half_written(home.folder / "feeds")
        print(
            f"life {number}: {life:.1f} s, {after[0]} of the folder, {after[1]} in all", flush=True
        )
    return faults


def half_written(folder: Path) -> list[str]:
    """List the published Atom feeds that are no whole XML."""
    broken = []
    for path in folder.glob("*.atom"):
        try:
            etree.parse(path)
        except etree.XMLSyntaxError as error:
            broken.append(f"{path.name}: {error}")
    return broken


def live_to_end(home: Home, origin: Origin) -> None:
    """Let a daemon do all that is due, again and again until the feeds change no more; stop it by SIGTERM."""
    end = time.monotonic() + _END_SECONDS
    daemon = home.start()
    try:
        wait_for_line(home.log, daemon, end)
        is_last = False
        while not is_last:
            is_last = origin.is_at_end
            home.ring()
            wait_until_done(home, end)
    finally:
        daemon.send_signal(signal.SIGTERM)
        status = daemon.wait(60)
    if status != 0:
        raise RuntimeError(f"the daemon ended with {status}: see {home.log}")


def wait_until_done(home: Home, end: float) -> None:
    """Wait until nothing is due. Raises RuntimeError after `end`."""
    while home.count_due():
        if time.monotonic() > end:
            raise RuntimeError(f"not done in time: see {home.log}")
        time.sleep(0.05)


def wait_for_line(log: Path, daemon: subprocess.Popen[bytes], end: float) -> None:
    """Wait until a daemon serves. Raises RuntimeError if it ends before that."""
    begun = log.read_bytes().count(b"serving http")
    while log.read_bytes().count(b"serving http") == begun and time.monotonic() < end:
        if daemon.poll() is not None:
            raise RuntimeError(f"the daemon ended with {daemon.returncode}: see {log}")
        time.sleep(0.05)


def look(home: Home) -> dict[str, Any]:
    """Return what must be equal at the end: entries, their revisions, and the published feed."""
    config = load_config(home.config, env={})
    entries = {}
    with closing(Store.open(config.database, text_of=str)) as store:
        for entry in store.entries():
            record = entry_record(entry)
            del record["first_seen"]
            revisions = [
                (one.number, one.title, one.entry.content_html or one.entry.summary)
                for one in store.history(entry.id)
            ]
            entries[entry.id] = (record, revisions)
    feed = etree.parse(home.folder / "feeds" / "merged.atom").getroot()
    return {"entries": entries, "feed": etree.tostring(feed, method="c14n")}


def compare(killed: dict[str, Any], undisturbed: dict[str, Any]) -> list[str]:
    """List the differences."""
    ours, theirs = killed["entries"], undisturbed["entries"]
    differences = []
    for entry in sorted(ours.keys() | theirs.keys()):
        if ours.get(entry) != theirs.get(entry):
            differences.append(
                f"{entry}: {ours.get(entry)!r:.2000}, not {theirs.get(entry)!r:.2000}"
            )
    if killed["feed"] != undisturbed["feed"]:
        differences.append("the published feeds differ")
    return differences


def judge_home(home: Home) -> list[str]:
    """List what a daemon left that it should not: damage, locks, files, tracebacks."""
    faults = []
    with closing(sqlite3.connect(home.store)) as database:
        for pragma in ("integrity_check", "foreign_key_check"):
            rows = database.execute(f"PRAGMA {pragma}").fetchall()
            if rows not in ([], [("ok",)]):
                faults.append(f"{pragma}: {rows}")
        held = database.execute("SELECT count(*) FROM source_state WHERE lease_until IS NOT NULL")
        leases = held.fetchone()[0]
    if leases:
        faults.append(f"{leases} leases are held")
    log = home.log.read_text(encoding="utf-8", errors="replace")
    for word in ("Traceback", "another daemon", "unforeseen", "ERROR"):
        if word in log:
            faults.append(f"{word!r} in the log, {log.count(word)} times")
    files = sorted(path.name for path in home.folder.rglob("*") if path.is_file())
    expected = {
        "aggregator.yaml",
        "log",
        "bell.txt",
        "store.db",
        "store.db.lock",
        "store.db-wal",
        "store.db-shm",
    }
    strange = [name for name in files if name not in expected and not name.startswith("merged.")]
    if strange:
        faults.append(f"left behind: {strange}")
    return faults


def measure(place: Path, *, kills: int, feeds: int, files: int, seed: int = 1) -> list[str]:
    """Run both daemons in `place`, an empty folder; return what is wrong."""
    articles = place / "articles"
    saved_articles.fill(articles, files)
    origin = Origin(feeds)
    killed, undisturbed = Home(place / "killed"), Home(place / "undisturbed")
    with origin.serve():
        killed.prepare(origin.urls(), articles)
        faults = live_killed(killed, Random(seed), kills)
        live_to_end(killed, origin)
        origin.reset()
        undisturbed.prepare(origin.urls(), articles)
        live_to_end(undisturbed, origin)
    faults += judge_home(killed)
    return faults + compare(look(killed), look(undisturbed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, compare, and print what is wrong; exit status 1 if something is."""
    parser = ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place", type=Path, help="an empty folder that is kept")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="kills-") as temporary:
        place = asked.place or Path(temporary)
        faults = measure(
            place, kills=asked.kills, feeds=asked.feeds, files=asked.files, seed=asked.seed
        )
    for fault in faults[:20]:
        print(fault)
    print(f"{asked.kills} kills, {len(faults)} faults, {time.monotonic() - begun:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""1,000 articles that ten sources tell: one entry each, no revision that nobody made, equal feeds in any order.

Documents go through parsing and the store's commits as they do in the daemon, the articles' own
pages too. What counts is what readers see: each correction comes through once, the fullest text and
the picture are shown, and the feed has the same bytes whatever the order in which polls are
committed and however often the process is killed.
"""

from __future__ import annotations

import asyncio
import pickle
import re
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, cast

from aggregator.fetch import Response
from aggregator.model import Outcome, Result
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import ParseResult, ParseTask, parse_task
from aggregator.publish import ViewInfo, atom
from aggregator.publish.json_record import entry_record
from aggregator.rules.loader import load_sites
from aggregator.run.article_pages import complete_items
from aggregator.run.host_queue import HostQueue
from aggregator.run.page_fetcher import PageFetcher, RunContext, no_known_articles
from aggregator.store import Store
from benchmarks import tellers
from benchmarks.measure import FULL, Figure
from benchmarks.tellers import SITE, START, WINDOW, make_articles, make_polls, make_tellers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aggregator.fetch import Request
    from aggregator.model import Capture, Entry, Revision
    from aggregator.run.page_fetcher import FindKnown
    from aggregator.store import KnownArticle
    from benchmarks.measure import Size
    from benchmarks.tellers import Article, Poll

_LEASE = timedelta(hours=1)
_DAY = timedelta(days=1)
_PAGE_BYTES = 1024 * 1024
_VIEW = ViewInfo("merged", "All news", "https://feeds.example/views/merged.atom")
_READINGS_PER_COMMIT = 8


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder: with a proxy whose links can be followed, and with an opaque one."""
    return [*_measure(size, place / "proxy"), *_measure_opaque(size, place / "opaque")]


def _measure(size: Size, folder: Path) -> list[Figure]:
    newspaper = Newspaper(size.told_articles)
    return _judge_newspaper("", newspaper, folder, orders=size.orders, kills=size.kills)


def _measure_opaque(size: Size, folder: Path) -> list[Figure]:
    """Measure with a publisher that states when it changes an article, in a quarter of the orders."""
    newspaper = Newspaper(size.told_articles, opaque_proxy=True, states_changes=True)
    orders, kills = max(size.orders // 4, 1), max(size.kills // 4, 1)
    return _judge_newspaper("opaque proxy: ", newspaper, folder, orders=orders, kills=kills)


def _judge_newspaper(
    name: str, newspaper: Newspaper, folder: Path, *, orders: int, kills: int
) -> list[Figure]:
    begun = time.perf_counter()
    folder.mkdir()
    life, lived = live(folder / "lived.db", newspaper)
    readings = newspaper.read_all()
    in_time = play(folder / "time.db", newspaper, [[reading] for reading in readings])
    wanted = newspaper.comparable(in_time)
    faults = len(in_time.faults)
    other_feeds = 0
    for number in range(orders):
        path = folder / f"{number}.db"
        shown = play(path, newspaper, make_order(readings, Random(number)))
        path.unlink()
        faults += len(shown.faults)
        other_feeds += newspaper.comparable(shown) != wanted
    killed = play_with_kills(
        folder,
        newspaper,
        make_order(readings, Random("killed")),
        kills=kills,
        random=Random("kills"),
        longest_pause=0.05,
    )
    faults += len(killed.faults)
    has_other_feed = newspaper.comparable(killed) != wanted

    seconds = time.perf_counter() - begun
    count = len(newspaper.articles)
    corrections = sum(len(article.versions) - 1 for article in newspaper.articles)
    told = f"{count:,} articles in {len(readings):,} polls of ten sources, {seconds:.0f} s"
    results = (
        ("entries too many or too few", abs(lived.entries - count), told),
        ("revisions too many or too few", len(life.faults), f"{corrections:,} corrections"),
        ("entries with less than all", len(lived.faults) + faults, f"in {orders + 3} stores"),
        ("orders of the polls with another feed", other_feeds, f"{orders} orders"),
        ("another feed after kills", int(has_other_feed), f"{kills} kills"),
    )
    return [Figure(name + what, value, "", 0, detail) for what, value, detail in results]


@dataclass(frozen=True, slots=True)
class Reading:
    """A poll as the store is given it."""

    source: str
    taken: datetime
    captures: tuple[Capture, ...]
    parsed: ParseResult

    @property
    def is_archive(self) -> bool:
        return self.captures[0].url.startswith("file:")


class Newspaper:
    """The articles, the sources that tell them, and the web in which their pages are."""

    def __init__(
        self, count: int, *, seed: int = 1, opaque_proxy: bool = False, states_changes: bool = False
    ) -> None:
        self.articles = make_articles(count, seed)
        self.tellers = make_tellers(opaque_proxy=opaque_proxy, states_changes=states_changes)
        self.polls = make_polls(self.articles, self.tellers, seed)
        self.end = self.articles[-1].published + 2 * WINDOW
        self.opaque_proxy = opaque_proxy
        self.states_changes = states_changes
        self._sites = load_sites()
        self._whole = {one.source.id for one in self.tellers if one.is_whole}
        self._sources = {one.source.id: one.source for one in self.tellers}
        self._by_url = {article.url: article for article in self.articles}

    @property
    def source_names(self) -> list[str]:
        return list(self._sources)

    def comparable(self, shown: Shown) -> tuple[bytes, tuple[dict[str, object], ...]]:
        """Return what must be equal in all orders: all but the ids if the links of an opaque proxy name articles."""
        if self.opaque_proxy:
            return shown.without_ids()
        return shown.feed, shown.records

    def read(self, poll: Poll, find_known: FindKnown = no_known_articles) -> Reading:
        """Parse what a poll brought, and read the pages of articles that are not known."""
        source = self._sources[poll.source]
        task = parse_task(source, poll.adapter)
        parsed = parse_captures(poll.captures, task, self._sites)
        if parsed.page_requests:
            parsed = asyncio.run(self._complete(poll, task, parsed, find_known))
        if parsed.rejected:
            raise RuntimeError(f"{poll.source}: {parsed.rejected[0]}")
        return Reading(poll.source, poll.taken, poll.captures, parsed)

    def read_all(self) -> list[Reading]:
        """Read all polls, in the order of time; each article's page at each poll that lists it."""
        return [self.read(poll) for poll in self.polls]

    def find_article(self, item: Entry | Revision) -> Article:
        """Return the article that an entry or a revision is of, by its address."""
        address = (item.url or "").rstrip("/")
        number = int(re.split("[-/]", address)[-1])
        if address.startswith(tellers.PROXY_OF_LINKS):
            number //= tellers.PROXY_STEP
        return self.articles[number]

    def find_whole(self, reading: Reading) -> set[Article]:
        """Return the articles of which a poll brought the publisher's whole text."""
        if reading.source not in self._whole:
            return set()
        return {self.find_article(revision) for revision in reading.parsed.revisions}

    async def _complete(
        self, poll: Poll, task: ParseTask, parsed: ParseResult, find_known: FindKnown
    ) -> ParseResult:
        web = _Web(self._by_url, poll.taken, states_changes=self.states_changes)

        async def parse(captures: Sequence[Capture], job: ParseTask) -> ParseResult:
            dated = [replace(capture, taken=poll.taken) for capture in captures]
            return parse_captures(dated, job, self._sites)

        context = RunContext(
            web,
            parse,
            HostQueue(dict, clock=lambda: poll.taken),
            lambda: poll.taken,
            limit_bytes=_PAGE_BYTES,
            time_limit=timedelta(minutes=5),
        )
        pages = PageFetcher(self._sources[poll.source], context, poll.taken)
        known = await find_known(parsed.revisions)
        return await complete_items(pages, task, parsed, known)


@dataclass(frozen=True, slots=True)
class _Web:
    """Answers with the page of an article as it is at a moment."""

    articles: dict[str, Article]
    now: datetime
    states_changes: bool

    async def get(self, request: Request) -> Response:
        article = self.articles[request.url]
        body = tellers.write_page(article, self.now, states_changes=self.states_changes).encode()
        return Response(200, request.url, body)

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return True

    def host_group(self, url: str) -> str:
        return url.split("/")[2]


# --- committing polls ------------------------------------------------------------------------------------------------


def open_store(path: Path) -> Store:
    """Open a store in a file, made if it is not there."""
    return Store.open(f"sqlite:///{path}", text_of=html_to_text)


def commit(store: Store, readings: Sequence[Reading], now: datetime) -> list[Outcome]:
    """Commit some polls, at most one of each source, in one transaction.

    Raises:
        RuntimeError: the store distrusts the guids of a source, or its run was lost.
    """
    names = {reading.source for reading in readings}
    claimed = store.claim(now, limit=len(names), lease=_LEASE, sources=names, force=True)
    states = {state.source: state for state in claimed}
    results = []
    for reading in readings:
        state = states[reading.source]
        if reading.is_archive:
            files = {capture.url.removeprefix("file:///"): (1, 1) for capture in reading.captures}
            state = replace(state, folder={**state.folder, **files})
        outcome = Outcome(
            reading.source, reading.taken, 1, "ok", found=len(reading.parsed.revisions)
        )
        result = Result(
            state,
            outcome,
            reading.captures,
            reading.parsed.revisions,
            keep_sightings=reading.is_archive,
            shares=reading.parsed.revisions_per_capture,
        )
        results.append(result)
    outcomes = store.commit(results, now=now)
    for outcome in outcomes:
        doubts = [note for note in outcome.notes if "new items at once" not in note]
        if outcome.status != "ok" or doubts:
            raise RuntimeError(f"{outcome.source}: {outcome.message or doubts[0]}")
    return outcomes


def make_order(readings: Sequence[Reading], random: Random) -> list[list[Reading]]:
    """Put polls in a random order and into groups of random size, each for one transaction."""
    shuffled = random.sample(readings, len(readings))
    groups: list[list[Reading]] = []
    size = 0
    for reading in shuffled:
        sources = {one.source for one in groups[-1]} if groups else set()
        if len(sources) >= size or reading.source in sources:
            groups.append([])
            size = random.randint(1, _READINGS_PER_COMMIT)
        groups[-1].append(reading)
    return groups


def play(path: Path, newspaper: Newspaper, groups: Iterable[Sequence[Reading]]) -> Shown:
    """Commit groups of polls to a new store; return what it shows at the end."""
    with closing(open_store(path)) as store:
        store.sync_sources([(name, name, START) for name in newspaper.source_names])
        for group in groups:
            commit(store, group, newspaper.end)
        return look(store, newspaper)


# --- what readers see ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What a store shows at the end: its view as a feed and as JSON, and what is wrong with its entries."""

    feed: bytes
    records: tuple[dict[str, object], ...]
    entries: int
    faults: tuple[str, ...]
    revisions: tuple[int, ...]  # by article

    def without_ids(self) -> tuple[bytes, tuple[dict[str, object], ...]]:
        """Return feed and records with numbers in the place of ids."""
        feed = self.feed
        records = []
        for number, one in enumerate(self.records):
            feed = feed.replace(str(one["id"]).encode(), b"%d" % number)
            records.append({**one, "id": number})
        return feed, tuple(records)


def look(store: Store, newspaper: Newspaper) -> Shown:
    """Return what a store shows, and judge it."""
    limit = 2 * len(newspaper.articles)
    entries = store.view(limit, now=newspaper.end + 30 * _DAY)
    records = []
    faults = []
    revisions = []
    for entry in entries:
        shown = entry_record(entry)
        del shown["revision"]
        records.append(shown)
        article = newspaper.find_article(entry)
        faults += judge(entry, article)
        revisions.append(entry.revision)
    feed = atom.render(_VIEW, entries)
    count = sum(store.entry_counts().values())
    return Shown(feed, tuple(records), count, tuple(faults), tuple(revisions))


def judge(entry: Entry, article: Article) -> list[str]:
    """Return what is wrong with an entry after all polls."""
    last = article.versions[-1]
    faults = []
    if entry.title != last.title:
        faults.append(f"{article.number}: title {entry.title!r}, not {last.title!r}")
    version = full_version(entry, article)
    if version != len(article.versions) - 1:
        faults.append(f"{article.number}: text is not that of the last version, but {version}")
    if entry.image is None or entry.image.url != article.picture:
        faults.append(f"{article.number}: picture {entry.image}")
    if entry.url is None or not entry.url.startswith(SITE):
        faults.append(f"{article.number}: address {entry.url}")
    if entry.published != article.published:
        faults.append(f"{article.number}: published {entry.published}")
    return faults


def full_version(entry: Entry, article: Article) -> int | None:
    """Return the number of the version whose whole text an entry has; None for less than a text."""
    text = _letters(entry.content_text or "")
    for number, version in enumerate(article.versions):
        if text == _letters(version.text):
            return number
    return None


def _letters(text: str) -> str:
    return "".join(text.split())


# --- one life in the order of time -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Life:
    """What readers saw while polls came in the order of time.

    `steps` are, by article, the pairs of revision and version that were shown one after the other
    since the publisher's whole text was there; `updates` are the values of `updated`.
    """

    steps: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    updates: dict[int, list[datetime]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def see(self, entry: Entry, article: Article, source: str) -> None:
        """Note what is shown of an article whose whole text is known, after a poll of a source."""
        version = full_version(entry, article)
        if version is None or entry.title not in {one.title for one in article.versions}:
            self.faults.append(f"{article.number}: after {source} {entry.title!r}, no whole text")
            return
        steps = self.steps.setdefault(article.number, [])
        step = entry.revision, version
        if not steps or steps[-1] != step:
            steps.append(step)
        updates = self.updates.setdefault(article.number, [])
        if not updates or updates[-1] != entry.updated:
            updates.append(entry.updated)

    def judge(self, articles: Iterable[Article]) -> None:
        """Note where revision or version went back or jumped, or did not come to the last one.

        A source that tells an article for the first time may bring a correction before one that
        told it already: then the text comes first, and the revision follows. `updated` moves on once
        for each correction; a saved file or a stated date that comes later may move it back.
        """
        for article in articles:
            steps = self.steps.get(article.number, [])
            revisions = [revision for revision, _ in groupby(steps, key=itemgetter(0))]
            versions = [version for version, _ in groupby(steps, key=itemgetter(1))]
            count = len(article.versions)
            if revisions != list(range(1, count + 1)) or versions != list(range(count)):
                self.faults.append(f"{article.number}: readers saw {steps}")
            updates = self.updates.get(article.number, [])
            moves = sum(earlier < later for earlier, later in pairwise(updates))
            if moves != count - 1:
                self.faults.append(f"{article.number}: updated at {[str(one) for one in updates]}")


def live(path: Path, newspaper: Newspaper) -> tuple[Life, Shown]:
    """Commit poll by poll in the order of time; return what readers saw, and what is shown at the end."""
    life = Life()
    whole: set[Article] = set()
    with closing(open_store(path)) as store:
        store.sync_sources([(name, name, START) for name in newspaper.source_names])

        async def find_known(revisions: Sequence[Revision]) -> list[KnownArticle | None]:
            return store.find_known(revisions)

        for poll in newspaper.polls:
            reading = newspaper.read(poll, find_known)
            commit(store, [reading], poll.taken)
            whole |= newspaper.find_whole(reading)
            for entry in store.entries(since=poll.taken - 2 * WINDOW):
                article = newspaper.find_article(entry)
                if article in whole:
                    life.see(entry, article, poll.source)
        shown = look(store, newspaper)
        life.faults += _invented_revisions(store, newspaper)
    life.judge(newspaper.articles)
    return life, shown


def _invented_revisions(store: Store, newspaper: Newspaper) -> list[str]:
    """Return the statements that have more revisions than there are versions of the article."""
    faults = []
    for entry in store.entries():
        article = newspaper.find_article(entry)
        for name in newspaper.source_names:
            count = len({one.number for one in store.history(entry.id, source=name)})
            if count > len(article.versions):
                faults.append(f"{article.number}: {count} revisions of {name}")
    return faults


# --- killed in the middle --------------------------------------------------------------------------------------------


def play_with_kills(
    folder: Path,
    newspaper: Newspaper,
    groups: Sequence[Sequence[Reading]],
    *,
    kills: int,
    random: Random,
    longest_pause: float = 0.0,
) -> Shown:
    """Commit groups of polls in processes that are killed (SIGKILL); return what is shown at the end.

    Each process goes on with the group whose end it did not note: it may have been committed.
    `longest_pause` is in seconds, from a note to the kill.
    """
    with closing(open_store(folder / "killed.db")) as store:
        store.sync_sources([(name, name, START) for name in newspaper.source_names])
    (folder / "groups").write_bytes(pickle.dumps((newspaper.end, groups)))
    (folder / "next").write_text("0", encoding="ascii")
    for number in range(kills):
        done = int((folder / "next").read_text(encoding="ascii"))
        most = (len(groups) - done) // (kills - number + 1)
        with _start_process(folder, number) as process:
            notes = cast("IO[str]", process.stdout)
            for _ in range(1 + random.randint(0, most)):
                notes.readline()
            time.sleep(random.uniform(0, longest_pause))
            process.kill()
    with _start_process(folder, kills) as process:
        process.communicate()
        if process.returncode:
            raise RuntimeError(f"the last process ended with {process.returncode}")
    with closing(open_store(folder / "killed.db")) as store:
        return look(store, newspaper)


def _start_process(folder: Path, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.ten_mouths", str(folder), str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _commit_groups(folder: Path, number: int) -> None:
    """Commit the groups that are left; print a line when ready, and one after each of them."""
    end, groups = pickle.loads((folder / "groups").read_bytes())
    now = end + number * _DAY  # the leases of the process before are over
    done = int((folder / "next").read_text(encoding="ascii"))
    with closing(open_store(folder / "killed.db")) as store:
        print("ready", flush=True)
        for group in groups[done:]:
            commit(store, group, now)
            done += 1
            note = folder / "next.new"
            note.write_text(str(done), encoding="ascii")
            note.replace(folder / "next")
            print(done, flush=True)


def _measure_at_length() -> None:
    """Measure with 1,000 articles."""
    size = replace(FULL, told_articles=1_000)
    for measure in (_measure, _measure_opaque):
        with TemporaryDirectory(prefix="ten-mouths-") as place:
            figures = measure(size, Path(place) / "stores")
        for figure in figures:
            print(f"{figure.what:<50} {figure.value:4.0f} ({figure.detail})", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _commit_groups(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        _measure_at_length()

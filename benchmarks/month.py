"""A month of polling, with a clock that is turned by hand: thousands of sources, their failures, restarts and kills.

Claim, pipeline, schedule and commit are the real ones; only the network and the parser are played. What is judged
is what the hosts would have seen.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from aggregator import schedule
from aggregator.config import Source
from aggregator.errors import SourceError
from aggregator.fetch import Response
from aggregator.model import PollingHints, Validators
from aggregator.parse.captures import ParseResult
from aggregator.run import pipeline
from aggregator.run.host_queue import HostQueue
from aggregator.schedule import MAX_HOST_WAIT
from aggregator.store import Store
from benchmarks.measure import FULL, Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.fetch import Fetcher, Request
    from aggregator.model import Capture, SourceState
    from aggregator.parse.captures import ParseTask
    from benchmarks.measure import Size

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
DAYS = 30
SETTLED = timedelta(days=10)  # of which the first polls still lie close together
PER_HOST = 2
SOURCES_A_HOST = 4
CLAIM = 256
GROUP = 64
LEASE = timedelta(minutes=20)
RESTART, KILL = timedelta(hours=31), timedelta(hours=67)
SEED = 20260701
SECOND = timedelta(seconds=1)  # the daemon looks no more often
MINUTE = timedelta(minutes=1)
SLACK = timedelta(seconds=1)  # the store keeps whole microseconds, Retry-After whole seconds
_SHARE_OF_FAILURES = 0.02
_FEWEST_A_BUCKET = 100  # polls that are to be expected: fewer are spread by chance alone


@dataclass(frozen=True, slots=True)
class Habit:
    """What one kind of source is like: its share of all, what its user and its server say.

    `changes` is how often its document becomes another, None where it never does.
    """

    share: float
    every: timedelta
    stated: bool
    validators: bool
    max_age: timedelta | None = None
    changes: timedelta | None = None

    def last_change(self, now: datetime) -> datetime:
        """Return since when the document is as it is `now`."""
        if self.changes is None:
            return START
        return START + (now - START) // self.changes * self.changes


HOUR = timedelta(hours=1)
HABITS = (
    Habit(0.01, HOUR / 4, stated=True, validators=True),
    Habit(0.06, HOUR, stated=False, validators=True),
    Habit(0.08, HOUR, stated=False, validators=True, max_age=3 * HOUR),
    Habit(0.15, 12 * HOUR, stated=True, validators=False),
    Habit(0.10, HOUR, stated=False, validators=True, max_age=24 * HOUR),
    Habit(0.10, HOUR, stated=False, validators=False, changes=24 * HOUR),
    Habit(0.50, HOUR, stated=False, validators=False),
)


@dataclass(frozen=True, slots=True)
class Poll:
    """One request, and the least time that its answer asks to let pass before the next."""

    at: datetime
    floor: timedelta
    lost: bool  # the process was killed before its answer was kept


@dataclass(frozen=True, slots=True)
class Month:
    """What the hosts have seen. `busiest` and `mean` are polls in a bucket of `bucket`, after the start."""

    polls: int
    early: tuple[str, ...]
    most_at_once: int
    busiest: int
    mean: float
    bucket: timedelta
    cpu_seconds: float
    days: int
    repeated: int
    restarts: int
    kills: int

    @property
    def unevenness(self) -> float:
        """How many times the mean the busiest bucket holds."""
        return self.busiest / self.mean


@dataclass(slots=True)
class _World:
    """The clock, the hosts, and what they saw."""

    habits: dict[str, Habit]
    random: Random = field(default_factory=lambda: Random(SEED))
    now: datetime = START
    polls: dict[str, list[Poll]] = field(default_factory=lambda: defaultdict(list))
    # Host -> source -> until when it asked for time, as far as the present process was told.
    asked: dict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    # Hosts of which two sources asked: when the second did, and until when both want it.
    waits: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    restarts: int = 0
    kills: int = 0
    too_early_for_host: list[str] = field(default_factory=list)
    first_seen: dict[str, tuple[datetime, datetime]] = field(
        default_factory=dict
    )  # document -> when it came first

    def clock(self) -> datetime:
        return self.now

    def host_group(self, url: str) -> str:
        return url.split("/")[2]

    async def get(self, request: Request) -> Response:
        """Answer as the source's server does; be the fetcher, as far as the pipeline knows it."""
        name, host = request.url.rsplit("/", 1)[1], self.host_group(request.url)
        told, until = self.waits.get(host, (START, START))
        if until > self.now > told:  # what is asked at the moment of the answer was on its way
            self.too_early_for_host.append(f"{name} asked {host}, which wanted {until}")
        self.open[host] += 1
        self.most_at_once = max(self.most_at_once, self.open[host])
        try:
            await asyncio.sleep(0)
            return self._answer(name, host, request)
        finally:
            self.open[host] -= 1

    def _note_wait(self, name: str, host: str, until: datetime) -> None:
        """Note that a source asked for time: with a second one, the host is to be left alone."""
        active = {one: end for one, end in self.asked[host].items() if end > self.now}
        active[name] = until
        self.asked[host] = active
        if len(active) > 1:
            both = sorted(active.values())[-2]
            self.waits[host] = (self.now, min(both, self.now + MAX_HOST_WAIT - SLACK))

    def _answer(self, name: str, host: str, request: Request) -> Response:
        habit = self.habits[name]
        if self.random.random() < _SHARE_OF_FAILURES:
            asked = self.random.choice((None, None, 2 * HOUR, 30 * HOUR))
            self.polls[name].append(
                Poll(self.now, max(habit.every, asked or HOUR / 12), lost=False)
            )
            if asked:
                self._note_wait(name, host, self.now + asked - SLACK)
            raise SourceError("http", "HTTP 503", status=503, retry_after=asked, url=request.url)
        floor = max(self._interval(name, habit), habit.max_age or timedelta(0))
        self.polls[name].append(Poll(self.now, floor, lost=False))
        body = f"{name} of {habit.last_change(self.now)}".encode()
        validators = Validators(request.url, f'"{name}"') if habit.validators else None
        known = validators is not None and request.validators is not None
        return Response(
            304 if known else 200,
            request.url,
            b"" if known else body,
            validators=validators,
            hints=PollingHints(max_age=habit.max_age),
        )

    def _interval(self, name: str, habit: Habit) -> timedelta:
        """Return the least time until the next poll: without validators a third of
        the time since we first saw the document as it is, in whole hours, up to a day.
        """
        if habit.stated or habit.validators:
            return habit.every
        document = habit.last_change(self.now)
        known, since = self.first_seen.get(name, (None, self.now))
        if known != document:
            since = self.now
        self.first_seen[name] = (document, since)
        quiet_hours = (self.now - since) // HOUR
        return max(habit.every, min(quiet_hours // 3, 24) * HOUR)


def simulate(place: Path, sources: int, *, days: int = DAYS, tick: timedelta = SECOND) -> Month:
    """Live through the days in `place`, an empty folder; two looks at what is due are at least `tick` apart."""
    followed = {one.id: one for one in map(_source, range(sources))}
    world = _World({name: habit_of(number, sources) for number, name in enumerate(followed)})
    url = f"sqlite:///{place / 'store.db'}"
    begun, spent = time.process_time(), 0.0
    with closing(Store.open(url, text_of=str)) as store:
        first = [
            (name, one.location, schedule.first_poll_time(name, now=START, new_sources=sources))
            for name, one in followed.items()
        ]
        store.sync_sources(first)
        asyncio.run(_live(world, store, followed, START + timedelta(days=days), tick))
    spent = time.process_time() - begun
    return _seen(world, spent, days)


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder: some days of it. The whole month is `python -m benchmarks.month`."""
    return _figures(
        simulate(place, size.month_sources, days=size.month_days, tick=MINUTE), size.month_sources
    )


def _figures(month: Month, sources: int) -> list[Figure]:
    detail = f"{month.polls:,} polls of {sources:,} sources in {month.days} days"
    moments = f"{month.mean:.0f} polls in {month.bucket / MINUTE:.1f} min"
    share = month.cpu_seconds / timedelta(days=month.days).total_seconds()
    spread = 2.0 if month.days >= DAYS else None  # before, the first polls still lie close together
    return [
        Figure("polls closer than their floor", len(month.early), "", 0, detail),
        Figure(
            "requests at a time to one host",
            month.most_at_once,
            "",
            PER_HOST,
            f"{SOURCES_A_HOST} sources a host",
        ),
        Figure("busiest moment, to the mean", month.unevenness, "x", spread, moments),
        Figure(
            "claim, pipeline and commit, a poll",
            month.cpu_seconds / month.polls * 1000,
            "ms",
            None,
            detail,
        ),
        Figure("the same, of one core", share * 100, "%", None, "CPU time to simulated time"),
    ]


def _source(number: int) -> Source:
    name = f"s{number}"
    return Source(id=name, url=f"https://h{number // SOURCES_A_HOST}.test/{name}", adapter="feed")


def habit_of(number: int, sources: int) -> Habit:
    """What source `number` of so many is like: each habit has its share of them."""
    part, total = (number * 7919 % sources) / sources, 0.0
    for habit in HABITS:
        total += habit.share
        if part < total:
            return habit
    return HABITS[-1]


async def _live(
    world: _World, store: Store, sources: dict[str, Source], end: datetime, tick: timedelta
) -> None:
    """Do as the daemon does: sleep until something is due, claim it, run it, commit it; and be stopped now and then."""
    restart, kill = world.now + RESTART, world.now + KILL
    parts = _parts(world, store)
    while world.now < end:
        claimed = store.claim(world.now, limit=CLAIM, lease=LEASE)
        if world.now >= kill and claimed:
            await _die(world, claimed, sources, parts)
            store.release(store.states())
            parts, kill = _parts(world, store), world.now + KILL
            world.kills += 1
            continue
        if world.now >= restart:
            parts, restart = _parts(world, store), world.now + RESTART
            world.asked.clear()
            world.restarts += 1
        await _run(world, store, claimed, sources, parts)
        world.now = max(store.next_due(world.now) or end, world.now + tick)


async def _run(
    world: _World,
    store: Store,
    claimed: Sequence[SourceState],
    sources: dict[str, Source],
    parts: pipeline.RunContext,
) -> None:
    results = await asyncio.gather(
        *(pipeline.run(_of(world, sources, state), state, parts) for state in claimed)
    )
    for at in range(0, len(results), GROUP):
        store.commit(results[at : at + GROUP], now=world.now)


async def _die(
    world: _World,
    claimed: Sequence[SourceState],
    sources: dict[str, Source],
    parts: pipeline.RunContext,
) -> None:
    """Ask half of what was claimed, and be killed before anything is kept."""
    asked = claimed[: len(claimed) // 2 + 1]
    await asyncio.gather(
        *(pipeline.run(_of(world, sources, state), state, parts) for state in asked)
    )
    for state in asked:
        if polls := world.polls[state.source]:
            polls[-1] = Poll(polls[-1].at, timedelta(0), lost=True)
        world.first_seen.pop(state.source, None)
    world.waits.clear()  # what a host said was lost with the answer
    world.asked.clear()


def _of(world: _World, sources: dict[str, Source], state: SourceState) -> Source:
    source, habit = sources[state.source], world.habits[state.source]
    source = source.model_copy(update={"every": habit.every})
    return source.with_origin(origin="", given_keys=(), is_every_explicit=habit.stated)


def _parts(world: _World, store: Store) -> pipeline.RunContext:
    hosts = HostQueue(store.host_waits, clock=world.clock, per_host=PER_HOST)
    fetcher = cast("Fetcher", world)
    return pipeline.RunContext(
        fetcher, _digest, hosts, world.clock, limit_bytes=0, time_limit=timedelta(minutes=5)
    )


async def _digest(captures: Sequence[Capture], job: ParseTask) -> ParseResult:
    return ParseResult()


def _seen(world: _World, cpu_seconds: float, days: int) -> Month:
    early = [
        f"{name} at {later.at}, {later.at - one.at} after the last, not {one.floor}"
        for name, polls in world.polls.items()
        for one, later in pairwise(polls)
        if later.at - one.at < one.floor - SLACK
    ]
    every = sorted(poll.at for polls in world.polls.values() for poll in polls)
    settled = START + min(SETTLED, timedelta(days=days) / 3)
    later = [at for at in every if at >= settled]
    span = START + timedelta(days=days) - settled
    bucket = max(MINUTE, _FEWEST_A_BUCKET * span / max(len(later), 1))
    buckets = Counter((at - settled) // bucket for at in later)
    return Month(
        polls=len(every),
        early=tuple(early + world.too_early_for_host),
        most_at_once=world.most_at_once,
        busiest=max(buckets.values()),
        mean=len(later) / (span / bucket),
        bucket=bucket,
        cpu_seconds=cpu_seconds,
        days=days,
        repeated=sum(poll.lost for polls in world.polls.values() for poll in polls),
        restarts=world.restarts,
        kills=world.kills,
    )


if __name__ == "__main__":
    with TemporaryDirectory(prefix="month-") as folder:
        for figure in _figures(
            simulate(Path(folder), FULL.month_sources, tick=MINUTE), FULL.month_sources
        ):
            print(f"{figure.what:<40} {figure.value:8.2f} {figure.unit:<3} ({figure.detail})")

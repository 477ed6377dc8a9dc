"""The words of the play: what an origin is asked, what it replies, and what a scenario is.

Rule: a scenario is data: a reply for each question, a judge for the whole log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Manner = Literal["plain", "drip", "cut", "reset", "flood"]
FEED_PATH = "/feed.xml"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the origin says. `manner` is how it says the body: cut in half, byte by byte, not at all, without end."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    manner: Manner = "plain"


@dataclass(frozen=True, slots=True)
class Question:
    """One request as it came in: `number` counts those to this path from 0, `now` is the client's present."""

    number: int
    path: str
    headers: Mapping[str, str]
    now: datetime


@dataclass(slots=True)
class Asked:
    """One line of the log: a question and what came of it.

    `poll` is the run of the client in which it came, `begun` a monotonic time in seconds, `open` how many questions to
    this host were under way when it came, itself included. `sent_bytes` and `seconds` are known once it has ended.
    """

    poll: int
    question: Question
    reply: Reply
    begun: float
    open: int
    sent_bytes: int = 0
    seconds: float = 0.0

    @property
    def path(self) -> str:
        return self.question.path

    @property
    def at(self) -> datetime:
        return self.question.now


@dataclass(frozen=True, slots=True)
class Log:
    """All that one scenario saw of one client, in order.

    `runs` are the times at which the client says it tried, for what no origin can see; None where it does not say.
    """

    asked: tuple[Asked, ...]
    runs: tuple[datetime, ...] | None = None

    def polls(self) -> list[list[Asked]]:
        """Return the questions of each run in which there were any."""
        numbers = dict.fromkeys(asked.poll for asked in self.asked)
        return [[asked for asked in self.asked if asked.poll == number] for number in numbers]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation: `answer` is the origin's part, `judge` gives the fault in words, None for none.

    `paths` are followed as sources. A scenario with `polls` is forced that many times, one hour apart; with `hours` the
    client is let alone for that long. `needs_pace` tells that only a client with a schedule of its own can be judged.
    `closed` tells that nobody listens. `spaced` tells that the host must not look like the client's own machine.
    `every` is the interval that the user states, None where none is stated.
    """

    name: str
    rules: str
    answer: Callable[[Question], Reply]
    judge: Callable[[Log], str | None]
    polls: int = 3
    hours: int = 0
    paths: tuple[str, ...] = (FEED_PATH,)
    needs_pace: bool = False
    closed: bool = False
    spaced: bool = False
    every: str | None = None


def rss(number: int = 0, extra: str = "") -> bytes:
    """Write a small feed; another number is another body, `extra` stands in the channel."""
    item = (
        f"<item><title>Story {number}</title><link>https://example.org/{number}</link><guid>story-{number}</guid>"
        "<pubDate>Wed, 01 Jul 2026 10:00:00 GMT</pubDate><description>Invented.</description></item>"
    )
    head = (
        "<title>A feed</title><link>https://example.org/</link><description>Invented.</description>"
    )
    namespace = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    return f'<?xml version="1.0"?><rss version="2.0" {namespace}><channel>{head}{extra}{item}</channel></rss>'.encode()


def honest(question: Question, reply: Reply) -> Reply:
    """Answer as a server should that has `reply` at hand: 304 where the question shows that the client has it."""
    wanted, held = question.headers.get("if-none-match"), reply.headers.get("ETag")
    since, modified = question.headers.get("if-modified-since"), reply.headers.get("Last-Modified")
    same = wanted == held if wanted is not None else since is not None and since == modified
    return Reply(304, reply.headers) if same else reply


def feed(headers: Mapping[str, str] | None = None, extra: str = "") -> Callable[[Question], Reply]:
    """Answer always with one feed and these headers, or with 304."""
    return lambda question: honest(question, Reply(200, headers or {}, rss(0, extra)))

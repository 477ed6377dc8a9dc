"""Parser processes: what hangs, eats or crashes ends alone, and none outlives those who asked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.parse.captures import ParseTask
from aggregator.parse.pool import Limits, ParserPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# What is killed for its time waits this long; whatever else is read has the usual limit, so that a busy machine shows.
SHORT_SECONDS = 0.5
STUMBLING = (sys.executable, str(Path(__file__).parents[1] / "data" / "parser" / "stumbling.py"))
MEMORY = 200 * 1024 * 1024


def saved(way: Any, *words: str) -> list[Capture]:
    return [
        Capture("s", f"file:///a/{number}%20{word}.txt", way.present, word.encode())
        for number, word in enumerate(words)
    ]


def fetched(way: Any, word: str) -> list[Capture]:
    return [Capture("s", "https://harbour.example/feed", way.present, word.encode())]


def with_workers(story: Callable[[ParserPool], Awaitable[Any]], **limits: float) -> Any:
    async def run() -> Any:
        given = Limits(**{"seconds": 20.0, "memory_bytes": MEMORY, **limits})  # type: ignore[arg-type]
        async with ParserPool(None, count=2, limits=given, program=STUMBLING) as workers:
            return await story(workers)

    return asyncio.run(run())


def limits_for(word: str) -> dict[str, float]:
    return {"seconds": SHORT_SECONDS} if word == "hang" else {}


def read_by(message: str) -> str:
    return message.rpartition(" ")[2]


@pytest.mark.parametrize(
    ("word", "kind", "message"),
    [
        ("hang", "parse", "reading it took more than 0.5 s: given up"),
        ("eat", "parse", "its parser ran out of memory or crashed"),
        ("crash", "parse", "its parser ran out of memory or crashed"),
        ("raise", "internal", "reading it failed (ZeroDivisionError: a mistake of the adapter)"),
    ],
)
def test_a_document_that_ruins_its_parser_is_its_sources_error_and_others_go_on(
    way: Any, word: str, kind: str, message: str
) -> None:
    async def story(workers: ParserPool) -> tuple[Any, Any]:
        task = asyncio.create_task(workers.parse(fetched(way, word), ParseTask("s", "word")))
        innocent = await workers.parse(fetched(way, "good"), ParseTask("t", "word"))
        [guilty] = await asyncio.gather(task, return_exceptions=True)
        again = await workers.parse(fetched(way, "good"), ParseTask("t", "word"))
        assert [read.rejected[0].reason.partition(" by")[0] for read in (innocent, again)] == [
            "good was read"
        ] * 2
        return guilty, again

    guilty, _ = with_workers(story, **limits_for(word))

    assert isinstance(guilty, SourceError)
    assert (guilty.kind, str(guilty)) == (kind, message)


@pytest.mark.parametrize("word", ["hang", "eat", "crash", "raise"])
def test_of_several_saved_articles_only_the_guilty_one_is_rejected(way: Any, word: str) -> None:
    async def story(workers: ParserPool) -> tuple[str, ...]:
        digest = await workers.parse(saved(way, "one", word, "three"), ParseTask("s", "word"))
        return tuple(map(str, digest.rejected))

    one, guilty, three = with_workers(story, **limits_for(word))

    assert (one.split(" was")[0], three.split(" was")[0]) == ("one", "three")
    assert guilty.startswith(f"1 {word}.txt: ")


def test_a_folder_with_one_bad_file_is_no_failure(way: Any) -> None:
    async def story(workers: ParserPool) -> tuple[str, ...]:
        [bad] = saved(way, "not a feed")
        digest = await workers.parse([bad], ParseTask("s", "feed"))
        return tuple(map(str, digest.rejected))

    [message] = with_workers(story)

    assert message.startswith("0 not a feed.txt: ")


def test_what_a_library_prints_is_no_answer(way: Any) -> None:
    async def story(workers: ParserPool) -> tuple[str, ...]:
        digest = await workers.parse(saved(way, "talk", "good"), ParseTask("s", "word"))
        return tuple(map(str, digest.rejected))

    assert [message.split(" was")[0] for message in with_workers(story)] == ["talk", "good"]


def test_a_parser_knows_no_secret(way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_PASSWORD", "secret")

    async def story(workers: ParserPool) -> tuple[str, ...]:
        digest = await workers.parse(fetched(way, "environment"), ParseTask("s", "word"))
        return tuple(map(str, digest.rejected))

    names = with_workers(story)

    assert "FEED_PASSWORD" not in names
    assert "PYTHONUTF8" in names
    assert "MALLOC_MMAP_THRESHOLD_" in names


def test_a_parser_that_stays_large_is_replaced(way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(workers: ParserPool) -> bool:
        one = await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
        other = await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
        return read_by(one.rejected[0].reason) == read_by(other.rejected[0].reason)

    assert with_workers(story)
    monkeypatch.setattr("aggregator.parse.pool._MAX_IDLE_BYTES", 1)
    assert not with_workers(story)


def test_a_parser_that_died_while_it_was_idle_is_not_the_next_documents_fault(way: Any) -> None:
    async def story(workers: ParserPool) -> tuple[str, str]:
        first = await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
        pid = int(read_by(first.rejected[0].reason))
        os.kill(pid, signal.SIGKILL)
        second = await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
        return str(pid), read_by(second.rejected[0].reason)

    first, second = with_workers(story)

    assert first != second


def test_a_parser_that_broke_after_other_work_is_given_a_second_judge(way: Any) -> None:
    async def story(workers: ParserPool) -> SourceError:
        await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
        with pytest.raises(SourceError) as caught:
            await workers.parse(fetched(way, "crash"), ParseTask("s", "word"))
        return caught.value

    assert str(with_workers(story)) == "its parser ran out of memory or crashed"


def test_a_parser_is_used_again_and_ends_when_it_is_idle(way: Any) -> None:
    async def story(workers: ParserPool) -> tuple[set[str], set[int]]:
        readers = set()
        for idle_seconds in (600.0, 600.0, 0.0):
            workers._limits = replace(workers._limits, idle_seconds=idle_seconds)
            digest = await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
            readers.add(read_by(digest.rejected[0].reason))
        await way.until(lambda: not way.children())
        return readers, way.children()

    readers, left = with_workers(story)

    assert (len(readers), left) == (1, set())


def test_no_parser_is_left_when_work_is_broken_off(way: Any) -> None:
    async def story(workers: ParserPool) -> None:
        task = asyncio.create_task(workers.parse(saved(way, "hang"), ParseTask("s", "word")))
        await way.until(way.children)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with_workers(story)

    assert way.children() == set()


def test_a_parser_that_does_not_start_is_our_failure(way: Any) -> None:
    async def story() -> SourceError:
        async with ParserPool(Path("never"), program=STUMBLING) as workers:
            with pytest.raises(SourceError) as caught:
                await workers.parse(fetched(way, "good"), ParseTask("s", "word"))
            return caught.value

    error = asyncio.run(story())

    assert (error.kind, str(error)) == ("internal", "the parser does not start: see the log")


def test_a_real_document_that_takes_too_long_is_given_up(way: Any) -> None:
    body = way.rss(*(f"Title {number}" for number in range(24))).replace(
        "at length.", "at length. " * 40_000
    )

    async def story() -> SourceError:
        async with ParserPool(None, limits=Limits(seconds=0.02)) as workers:
            with pytest.raises(SourceError) as caught:
                await workers.parse(
                    [Capture("s", "https://a.example/", way.present, body.encode())],
                    ParseTask("s", "feed"),
                )
            return caught.value

    assert asyncio.run(story()).kind == "parse"


PARENT = """
import asyncio, sys
from datetime import UTC, datetime
from aggregator.parse.captures import ParseTask
from aggregator.model import Capture
from aggregator.parse.pool import Limits, ParserPool

async def main():
    async with ParserPool(None, limits=Limits(seconds=0.5, idle_seconds=600), program=sys.argv[2:]) as workers:
        now = datetime.now(UTC)
        await workers.parse([Capture("s", "https://a.example/", now, b"good")], ParseTask("s", "word"))
        if sys.argv[1] == "hang":
            hanging = [Capture("s", "https://a.example/", now, b"hang")]
            task = asyncio.create_task(workers.parse(hanging, ParseTask("s", "word")))
            await asyncio.sleep(0.05)
        print("ready", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


@pytest.mark.parametrize("word", ["good", "hang"])
def test_no_parser_outlives_a_parent_that_was_killed(way: Any, word: str) -> None:
    command = [sys.executable, "-c", PARENT, word, *STUMBLING]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parsers = way.children(parent.pid)
        parent.kill()
    assert parsers

    end = time.monotonic() + 20
    while any(alive(parser) for parser in parsers):
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            != "Z"
        )
    except OSError:
        return False


def test_a_parser_whose_parent_was_killed_ends_without_a_word() -> None:
    command = [sys.executable, "-m", "aggregator.parse.worker", str(MEMORY), "20", ""]
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, b"")

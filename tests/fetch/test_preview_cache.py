"""What a preview was answered: there for the run that follows, once, for an hour, and for nobody else."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Source
from aggregator.fetch import Request, Response
from aggregator.fetch.preview_cache import (
    MAX_CACHE_BYTES,
    MAX_CACHE_FILES,
    PreviewCache,
    fetch_with_cache,
)
from aggregator.fetch.source import FetchContext, fetch_source
from aggregator.model import PollingHints, SourceState, Validators
from aggregator.redaction import make_secrets

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://a.example/feed"
ASKED = Request(URL)
ANSWER = Response(
    status=200,
    url="https://a.example/feed.xml",
    body=b"<rss/>\n\xff\x00 more\n",
    headers={"content-type": "text/xml"},
    validators=Validators("https://a.example/feed.xml", etag='W/"1"', last_modified=None),
    hints=PollingHints(max_age=timedelta(minutes=5), retry_after=timedelta(seconds=3)),
    permanent_to="https://a.example/feed.xml",
    hops=(URL, "https://a.example/feed.xml"),
    ms=12,
    wire_bytes=9,
)


@pytest.fixture
def memory(tmp_path: Path, clock: Any) -> PreviewCache:
    return PreviewCache(tmp_path / "var" / "remembered", clock=clock)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "var" / "remembered").iterdir())


def test_an_answer_comes_back_whole_and_once(memory: PreviewCache, clock: Any) -> None:
    memory.store(ASKED, ANSWER)
    kept = clock()
    clock.forward(minutes=20)

    looked, taken, gone = memory.peek(ASKED), memory.take(ASKED), memory.take(ASKED)

    assert looked == taken
    assert taken is not None
    assert (taken.response, taken.taken, gone) == (ANSWER, kept, None)


def test_a_bare_answer_comes_back_too(memory: PreviewCache) -> None:
    bare = Response(status=200, url=URL)
    memory.store(ASKED, bare)

    found = memory.take(ASKED)

    assert found is not None
    assert found.response == bare


@pytest.mark.parametrize("away", [timedelta(hours=1, seconds=1), timedelta(seconds=-1)])
def test_what_is_an_hour_old_or_from_the_future_is_worth_nothing(
    memory: PreviewCache, clock: Any, away: timedelta, tmp_path: Path
) -> None:
    memory.store(ASKED, ANSWER)
    clock.now += away

    assert memory.take(ASKED) is None
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "other",
    [
        {"url": URL + "/"},
        {"headers": {"X-Key": "1"}},
        {"basic_auth": ("me", "word")},
        {"user_agent": "x"},
    ],
)
def test_another_question_gets_another_answer(memory: PreviewCache, other: dict[str, Any]) -> None:
    memory.store(ASKED, ANSWER)

    assert memory.take(replace(ASKED, **other)) is None
    assert memory.take(ASKED) is not None


def test_the_folder_is_private_and_names_nobody(memory: PreviewCache, tmp_path: Path) -> None:
    memory.store(Request(URL, basic_auth=("me", "open sesame")), ANSWER)

    [file] = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert b"sesame" not in file.read_bytes()


def test_only_whole_answers_of_fair_size_are_kept(memory: PreviewCache) -> None:
    memory.store(ASKED, replace(ANSWER, status=304))
    memory.store(ASKED, replace(ANSWER, body=bytes(MAX_CACHE_BYTES // 4 + 1)))

    assert memory.take(ASKED) is None


def test_the_folder_stays_small(memory: PreviewCache, tmp_path: Path) -> None:
    for number in range(MAX_CACHE_FILES + 5):
        memory.store(Request(f"{URL}/{number}"), ANSWER)
    large = replace(ANSWER, body=bytes(MAX_CACHE_BYTES // 4))
    for number in range(5):
        memory.store(Request(f"{URL}/large/{number}"), large)

    assert sum(file.stat().st_size for file in files(tmp_path)) <= MAX_CACHE_BYTES
    assert len(files(tmp_path)) <= MAX_CACHE_FILES
    assert memory.take(Request(f"{URL}/large/4")) is not None


def test_what_is_old_goes_when_something_new_comes(memory: PreviewCache, tmp_path: Path) -> None:
    memory.store(ASKED, ANSWER)
    left = tmp_path / "var" / "remembered" / "half.tmp"
    left.touch()
    for file in files(tmp_path):
        os.utime(file, (file.stat().st_mtime - 4000,) * 2)

    memory.store(Request(f"{URL}/new"), ANSWER)

    assert [file.name for file in files(tmp_path) if file == left] == []
    assert len(files(tmp_path)) == 1


HEADER: dict[str, Any] = {
    "asked": URL,
    "taken": "2026-07-04T12:00:00+00:00",
    "url": URL,
    "headers": {},
    "validators": None,
    "max_age": None,
    "retry_after": None,
    "permanent_to": None,
    "hops": [],
    "ms": 0,
    "wire_bytes": 0,
}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"no json\n",
        b"[]\n",
        b'"x"\n',
        b"null\nbody",
        b"{" * 100_000,
        b"[" * 100_000 + b"\n",
        json.dumps(HEADER | {"asked": "https://b.example/"}).encode() + b"\n",
        json.dumps(HEADER | {"taken": "yesterday"}).encode() + b"\n",
        json.dumps(HEADER | {"taken": 7}).encode() + b"\n",
        json.dumps(HEADER | {"max_age": 1e300}).encode() + b"\n",
        json.dumps(HEADER | {"validators": {"etag": "x"}}).encode() + b"\n",
        json.dumps({name: value for name, value in HEADER.items() if name != "hops"}).encode()
        + b"\n",
        b"\xff\xfe" * 99,
        b"x" * 400_000 + b"\n",
    ],
)
def test_a_file_that_cannot_be_understood_is_as_if_it_were_not_there(
    memory: PreviewCache, tmp_path: Path, data: bytes
) -> None:
    memory.store(ASKED, ANSWER)
    [file] = files(tmp_path)
    file.write_bytes(data)

    assert memory.take(ASKED) is None
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_remembers_nothing(tmp_path: Path, clock: Any) -> None:
    (tmp_path / "var").write_text("a file")
    memory = PreviewCache(tmp_path / "var" / "remembered", clock=clock)

    memory.store(ASKED, ANSWER)

    assert memory.take(ASKED) is None


def test_who_has_validators_asks_and_leaves_the_answer_there(net: Any, tmp_path: Path) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[list[bytes], int]:
        memory = PreviewCache(tmp_path, clock=lambda: net.now)
        request = Request(site.url())
        memory.store(request, Response(status=200, url=site.url(), body=b"remembered"))
        known = replace(request, validators=Validators(site.url(), etag='"1"'))
        answers = [
            await fetch_with_cache(fetcher, one, cache=memory, now=net.now)
            for one in (known, request, request)
        ]
        return [answer.response.body for answer in answers], len(site.asked)

    assert net.visit({"/": net.answer(200, b"asked")}, story) == (
        [b"asked", b"remembered", b"asked"],
        2,
    )


def test_a13_a_source_that_was_previewed_costs_its_first_run_no_get(
    net: Any, tmp_path: Path
) -> None:
    feed = b"<rss version='2.0'><channel><item><title>Lamps</title></item></channel></rss>"

    async def story(site: Any, fetcher: Any) -> list[str | None]:
        memory = PreviewCache(tmp_path, clock=lambda: net.now)
        source = Source(id="news", url=site.url())
        memory.store(Request(site.url()), await fetcher.get(Request(site.url())))
        state = SourceState("news", net.now)
        later = net.now + timedelta(minutes=5)
        for full in (False, False, True):
            context = FetchContext(fetcher, later, 9, memory)
            gathered = await fetch_source(source, state, context, full=full)
            if state.validators is None:
                assert [capture.taken for capture in gathered.captures] == [net.now]
            state = gathered.state
        return [one.headers.get("if-none-match") for one in site.asked]

    pages = {"/": net.answer(200, feed, ETag='"1"')}

    assert net.visit(pages, story) == [None, '"1"', None]


def test_two_who_take_at_once_harm_nobody(memory: PreviewCache) -> None:
    memory.store(ASKED, ANSWER)

    async def both() -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(memory.take, ASKED) for _ in range(8)))

    assert any(answer is not None for answer in asyncio.run(both()))


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://a.example/s3cr3t/feed"},
        {"hops": (URL, "https://a.example/s3cr3t")},
        {"headers": {"link": "<https://a.example/s3cr3t>; rel=self"}},
        {"body": b"<link>https://a.example/s3cr3t</link>"},
    ],
)
def test_an_answer_that_quotes_a_secret_is_not_kept(
    tmp_path: Path, clock: Any, change: dict[str, Any]
) -> None:
    secrets = make_secrets({"TOKEN": "s3cr3t"})
    cache = PreviewCache(tmp_path / "remembered", clock=clock, secrets=secrets)

    cache.store(ASKED, replace(ANSWER, **change))

    assert cache.peek(ASKED) is None
    assert not (tmp_path / "remembered").exists()

"""The judges see faults, and find none in us."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.politeness import judge, us
from benchmarks.politeness.__main__ import SCENARIOS, Board, _table
from benchmarks.politeness.scenario import Asked, Log, Question, Reply

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
TAG = Reply(200, {"ETag": '"a"'})


@pytest.fixture(scope="module")
def faults(
    tmp_path_factory: pytest.TempPathFactory, way: Any, parser_program: Any
) -> dict[str, str | None]:
    with way.warmed(parser_program):
        return asyncio.run(us.play(SCENARIOS, tmp_path_factory.mktemp("politeness")))


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_we_are_polite(faults: dict[str, str | None], name: str) -> None:
    assert faults[name] is None


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 25


def log(*asked: tuple[Reply, dict[str, str]], hours: float = 1, path: str = "/feed.xml") -> Log:
    return Log(
        tuple(
            Asked(
                number,
                Question(number, path, headers, NOW + timedelta(hours=number * hours)),
                reply,
                number / 5,
                1,
            )
            for number, (reply, headers) in enumerate(asked)
        )
    )


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({"if-none-match": '"a"'}, None),
        ({}, "request 2: If-None-Match was absent, not '\"a\"'"),
        ({"if-none-match": '"b"'}, "request 2: If-None-Match was '\"b\"', not '\"a\"'"),
        (
            {"if-none-match": '"a"', "if-modified-since": "now"},
            "request 2: If-Modified-Since was 'now', not absent",
        ),
    ],
)
def test_the_judge_of_validators_names_the_first_difference(
    headers: dict[str, str], fault: str | None
) -> None:
    assert judge.conditional(log((TAG, {}), (TAG, headers))) == fault


def gaps(*hours: float) -> Log:
    """A log of questions with so many hours between them."""
    asked = log(*[(TAG, {})] * (len(hours) + 1)).asked
    times = [NOW + timedelta(hours=sum(hours[:number])) for number in range(len(asked))]
    return Log(
        tuple(
            replace(one, question=replace(one.question, now=at))
            for one, at in zip(asked, times, strict=True)
        )
    )


def moved(*firsts: str) -> Log:
    asked = log(*[(Reply(301), {})] * len(firsts)).asked
    return Log(
        tuple(
            replace(one, question=replace(one.question, path=path))
            for one, path in zip(asked, firsts, strict=True)
        )
    )


BROKEN: list[tuple[Any, Log, str]] = [
    (
        judge.at_least(timedelta(hours=2)),
        log((TAG, {}), (TAG, {})),
        "asked again after 1.0 h, not 2.0 h",
    ),
    (judge.once, log((TAG, {}), (TAG, {})), "asked 2 times after such an answer"),
    (
        judge.backs_off,
        log(*[(TAG, {})] * 5, hours=2),
        "does not slow down: 2.0 h, 2.0 h, 2.0 h, 2.0 h",
    ),
    (judge.backs_off, log((TAG, {})), "tried 1 times only: given up"),
    (judge.drifts(2), log(*[(TAG, {})] * 3), "asked 3 times only: given up"),
    (judge.drifts(2), log(*[(TAG, {})] * 4, hours=0.5), "asked again after 30 min, not 1.0 h"),
    (judge.drifts(2), log(*[(TAG, {})] * 4, hours=24), "slows down at once, to 24.0 h"),
    (
        judge.drifts(2),
        log(*[(TAG, {})] * 4),
        "still asks after 1.0 h when nothing changed for days",
    ),
    (judge.drifts(3), gaps(1, 24, 2, 1), "does not slow down: 1.0 h, 24.0 h, 2.0 h"),
    (judge.drifts(2), gaps(1, 24, 24), "asks after 24.0 h though it changed"),
    (
        judge.skips_hours(range(13, 14)),
        log((TAG, {}), (TAG, {})),
        "asked at 13:00, which is to be skipped",
    ),
    (
        judge.presentable,
        log((TAG, {"user-agent": "Mozilla"})),
        "User-Agent is 'Mozilla', without a version",
    ),
    (judge.presentable, log((TAG, {"user-agent": "a/1"})), "compression is not accepted"),
    (judge.presentable, log((TAG, {"referer": "http://a"})), "Referer: http://a"),
    (
        judge.no_old_cookies,
        log((TAG, {}), (TAG, {"cookie": "a=1"})),
        "sent a cookie of an earlier visit: a=1",
    ),
    (judge.moves_after_ten, moved("/a", "/b"), "believed the move after 1 of 10 sightings"),
    (judge.moves_after_ten, moved(*["/a"] * 11), "still asks the old address at run 11"),
    (judge.keeps_the_original, moved("/a", "/b"), "forgot the original: began at /b"),
    (
        judge.distrusts_the_broken,
        log((TAG, {}), (TAG, {"if-none-match": '"a"'})),
        "took half a document for the whole: its validators were sent",
    ),
]


@pytest.mark.parametrize(("judged", "seen", "fault"), BROKEN)
def test_a_judge_sees_the_fault_it_is_for(judged: Any, seen: Log, fault: str) -> None:
    assert judged(seen) == fault


def test_the_board_counts_the_faults_and_tells_them() -> None:
    board: Board = {"us 1": {"etag stays": None}, "them 2": {"etag stays": "never asks"}}
    lines = _table(board).split("\n")

    assert lines[2:5] == [
        "| scenario | rule | us 1 | them 2 |",
        "|---|---|---|---|",
        "| etag stays | A1 A9 A12 | ok | fault |",
    ]
    assert "| **faults** |  | 0 of 1 | 1 of 1 |" in lines
    assert lines[-5:] == ["", "us 1: no fault", "", "them 2:", "* etag stays: never asks"]

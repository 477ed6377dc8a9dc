"""What the log says of a new configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config.changes import describe_changes, describe_losses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aggregator.config import Config

    Loads = Callable[..., Config]


def source(number: int, more: str = "") -> str:
    return f"- {{id: s{number}, url: 'https://example.org/{number}'{more}}}\n"


def test_what_came_went_and_changed_is_counted_and_a_few_are_named(loads: Loads) -> None:
    before = loads("views: [{id: a}, {id: b}]", news="".join(map(source, range(8))))
    changed = "".join(source(number, ", every: 30m") for number in range(4, 7))
    after = loads(
        "views: [{id: a, limit: 5}, {id: c}]\nnetwork: {timeout: 60s}",
        news="# one line more\n" + changed + source(7) + source(8),
    )

    assert describe_changes(before, after) == (
        "sources: 8 to 5 (1 added: s8, 4 removed: s0, s1, s2 and 1 more, 3 changed: s4, s5, s6),"
        " views: 2 (1 added: c, 1 removed: b, 1 changed: a), changed: network"
    )
    assert describe_losses(before, after) is None


def test_a_source_that_stands_on_another_line_is_not_changed(loads: Loads) -> None:
    before = loads(news=source(1))

    assert describe_changes(before, loads(news="\n\n" + source(1))) == "sources: 1, views: 1"


def test_the_last_file_of_a_folder_that_is_gone_is_told(loads: Loads, tmp_path: Path) -> None:
    main = "sources: [sources/*.yaml, more.yaml]"
    (tmp_path / "more.yaml").write_text(source(9), encoding="utf-8")
    before = loads(main, news=source(1) + source(2))
    (tmp_path / "sources" / "news.yaml").unlink()

    after = loads(main)

    assert describe_changes(before, after) == "sources: 3 to 1 (2 removed: s1, s2), views: 1"
    assert describe_losses(before, after) == f"no file of sources is left in {tmp_path / 'sources'}"


def test_a_file_that_is_gone_beside_others_is_no_loss(loads: Loads, tmp_path: Path) -> None:
    before = loads(news=source(1), more=source(2))
    (tmp_path / "sources" / "more.yaml").unlink()

    assert describe_losses(before, loads()) is None


def test_a_file_that_the_main_file_names_no_more_is_no_loss(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(source(9), encoding="utf-8")
    before = loads("sources: sources/*.yaml", news=source(1))

    assert describe_losses(before, loads("sources: more.yaml")) is None


def test_a_file_that_lost_the_last_source_is_told(loads: Loads) -> None:
    before = loads(news=source(1))

    after = loads(news="[]")

    assert describe_changes(before, after) == "sources: 1 to 0 (1 removed: s1), views: 1"
    assert describe_losses(before, after) == "no source is left"

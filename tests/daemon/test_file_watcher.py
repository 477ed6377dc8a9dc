"""Watched files: which folders, and what a change of a file means."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aggregator.daemon import file_watcher
from aggregator.daemon.file_watcher import Change, WatchPlan, watch_files


def test_folders_of_the_configuration_and_of_sources_are_watched_and_our_own_output_is_not(
    home: Any,
) -> None:
    (home.root / "config" / "sites").mkdir()
    (home.root / "config" / ".git").mkdir()
    (home.root / "config" / "out").mkdir()
    (home.root / "deep" / "er").mkdir(parents=True)
    one = home.save("one", "One")
    home.path.write_text("output: out\n", encoding="utf-8")
    home.follow(
        "{id: all, path: ../../articles, adapter: archive}",
        "{id: some, path: ../../articles/*.txt, adapter: archive}",
        "{id: below, path: ../../deep/*/x.txt, adapter: archive}",
        f"{{id: one, path: {one}, adapter: archive}}",
        "{id: absent, path: ../../absent, adapter: archive}",
        "{id: off, path: ../../deep, adapter: archive, enabled: false}",
        "https://harbour.example/",
    )

    plan = WatchPlan.for_config(home.load())

    config, articles = home.root / "config", home.root / "articles"
    assert plan == WatchPlan(
        frozenset({config, config / "sources", config / "sites"}),
        frozenset({(articles, "some"), (articles, "one")}),
        frozenset({(articles, "all"), (home.root / "deep", "below")}),
    )


PLAN = WatchPlan(
    frozenset({Path("/c"), Path("/c/sources")}),
    frozenset({(Path("/flat"), "flat")}),
    frozenset({(Path("/deep"), "deep"), (Path("/deep/er"), "deeper")}),
)


@pytest.mark.parametrize(
    ("path", "configuration", "sources"),
    [
        ("/c/aggregator.yaml", True, set()),
        ("/c/sources/new.yml", True, set()),
        ("/c/sources/new.yaml.swp", False, set()),
        ("/c/other/new.yaml", False, set()),
        ("/flat/a.txt", False, {"flat"}),
        ("/flat/below/a.txt", False, set()),
        ("/deep/a.txt", False, {"deep"}),
        ("/deep/er/still/a.txt", False, {"deep", "deeper"}),
        ("/elsewhere", False, set()),
    ],
)
def test_a_path_means(path: str, configuration: bool, sources: set[str]) -> None:
    assert PLAN.interpret({Path(path)}) == Change(configuration, frozenset(sources))


def test_a_new_folder_beside_the_main_file_may_bring_configuration(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    plan = WatchPlan(frozenset({tmp_path}), frozenset(), frozenset())

    assert plan.interpret({tmp_path / "sources"}).configuration


def test_a_folder_of_the_configuration_that_is_gone_may_have_held_some(tmp_path: Path) -> None:
    plan = WatchPlan(frozenset({tmp_path, tmp_path / "sources"}), frozenset(), frozenset())

    assert plan.interpret({tmp_path / "sources"}).configuration
    assert not plan.interpret({tmp_path / "other"}).configuration


@pytest.mark.parametrize("path", ["x" * 300, "x" * 300 + "/*.txt", f"{'y' * 5000}/z"])
def test_a_path_that_cannot_be_looked_at_is_watched_as_if_nothing_was_there(
    home: Any, path: str
) -> None:
    home.follow(f"{{id: long, path: {path}, adapter: archive}}")

    plan = WatchPlan.for_config(home.load())

    assert (plan.flat, plan.deep) == (frozenset(), frozenset())


def test_without_files_there_is_nothing_to_watch(tmp_path: Path) -> None:
    from aggregator.config import default_config

    async def story() -> None:
        await watch_files(
            WatchPlan.for_config(default_config()), lambda _: None, stop=asyncio.Event()
        )

    asyncio.run(story())


def test_a_change_is_told_and_so_is_what_came_before_the_watch(home: Any, way: Any) -> None:
    home.follow("{id: saved, path: ../../articles/*.txt, adapter: archive}")
    plan = WatchPlan.for_config(home.load())

    async def story() -> list[Change]:
        told: list[Change] = []
        stop = asyncio.Event()
        watching = asyncio.create_task(watch_files(plan, told.append, stop=stop))
        await asyncio.sleep(0.01)
        home.save("calm", "Calm")
        await way.until(lambda: told)
        home.save("storm", "Storm")
        await way.until(lambda: len(told) > 1)
        home.follow(file="new")
        await way.until(lambda: any(change.configuration for change in told[1:]))
        stop.set()
        await watching
        return told

    told = asyncio.run(story())

    saved = frozenset({"saved"})
    assert told[:2] == [Change(True, saved), Change(False, saved)]
    assert told[-1] == Change(True, frozenset())


def test_what_cannot_be_watched_is_said(
    home: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*roots: Any, **given: Any) -> Any:
        raise OSError("no more watches")

    monkeypatch.setattr(file_watcher, "awatch", broken)

    async def story() -> None:
        await watch_files(WatchPlan.for_config(home.load()), lambda _: None, stop=asyncio.Event())

    asyncio.run(story())

    assert "files are not watched (no more watches)" in caplog.text

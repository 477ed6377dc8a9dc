"""Every mistake is named at once, with its place, in words of the file and not of a library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import Config, HttpOptions, Network, Source, View, load_config
from aggregator.errors import ConfigError, Problem
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Callable

    Loads = Callable[..., Config]

CASES = sorted(
    path for path in (Path(__file__).parent / "data/mistakes").iterdir() if path.is_dir()
)


def problems(path: Path, **env: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, env=env, sites=("rfi", "voa"), check_selector=compile_selector)
    return caught.value.problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_mistake_is_listed(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)

    found = problems(Path("aggregator.yaml"), TOKEN="hunter2")

    assert [str(problem) for problem in found] == Path("expected.txt").read_text(
        encoding="utf-8"
    ).splitlines()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("include", "{title: Paris}"),
        ("exclude", "{tag: x}"),
        ("language", "zh"),
        ("source", "[one]"),
        ("tag", "x"),
    ],
)
def test_a_key_of_a_views_where_that_stands_beside_it_loads_as_the_message_says(
    loads: Loads, key: str, value: str
) -> None:
    source = {"one": "- {id: one, url: 'https://example.org/'}"}
    with pytest.raises(ConfigError) as caught:
        loads(f"views: [{{id: a, {key}: {value}}}]", **source)

    [problem] = caught.value.problems
    hint = problem.message.removeprefix(f"unknown key `{key}`, did you mean `").removesuffix("`?")
    config = loads(f"views: [{{id: a, {hint.replace('…', value)}}}]", **source)
    assert getattr(config.views[0].where, key) != getattr(View(id="a").where, key)


def test_ten_mistakes_are_ten_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent / "data/mistakes/ten")

    found = problems(Path("aggregator.yaml"))

    assert len(found) == 10
    assert found[5] == Problem(
        "sources/news.yaml",
        4,
        "[1].adapter",
        "must be an adapter or the name of site rules (did you mean `rfi`? known: auto, feed, page, archive, sitemap,"
        " json, rfi, voa), not `rfy`",
    )


def test_a_main_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.yaml"

    assert problems(path) == (Problem(str(path), 1, "", "no such file"),)


def test_a_main_file_that_is_no_yaml_stops_at_itself(loads: Loads, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loads("server: []]", news="- nonsense")

    assert [(problem.file, problem.line) for problem in caught.value.problems] == [
        ("aggregator.yaml", 1)
    ]


def test_a_file_above_the_current_folder_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "aggregator.yaml").write_text("a: 1")
    monkeypatch.chdir(tmp_path / "here")

    assert problems(Path("../aggregator.yaml"))[0].file == "../aggregator.yaml"


def test_a_value_of_the_environment_is_never_repeated(loads: Loads) -> None:
    every_key = "\n".join(
        f"  - {{url: 'https://example.org/{key}', {key}: {value}}}"
        for key, value in {
            "every": "'${TOKEN}'",
            "timezone": "'${TOKEN}'",
            "language": "'${TOKEN}'",
            "keep": "'x${TOKEN}'",
            "full_text": "'${TOKEN}'",
            "priority": "'${TOKEN}'",
            "enabled": "'${TOKEN}'",
            "path": "'${TOKEN}'",
            "http": "{charset: '${TOKEN}', proxy: '${TOKEN}', max_body: '${TOKEN}', headers: {a: [\"${TOKEN}\"]}}",
            "tests": "[{capture: a, min_items: '${TOKEN}'}]",
        }.items()
    )

    with pytest.raises(ConfigError) as caught:
        loads("sources:\n" + every_key, env={"TOKEN": "!hunter2!"})

    assert len(caught.value.problems) == 13
    assert "hunter2" not in str(caught.value)


def test_a_long_or_unprintable_value_is_shown_in_part(loads: Loads) -> None:
    with pytest.raises(ConfigError) as caught:
        loads('defaults: {full_text: "' + "x" * 1000 + '",\n  keep: "\\e[31m"}')

    assert [problem.message for problem in caught.value.problems] == [
        f"must be `missing`, `always` or `never`, not `{'x' * 60}…`",
        "must be a whole number and a unit, such as 30s, 15m, 1h, 90d or 2w, not `�[31m`",
    ]


def anything() -> st.SearchStrategy[object]:
    """Build nested values of keys and texts that mean something, in places where they do not."""
    keys = [
        key for record in (Config, View, Source, Network, HttpOptions) for key in record.yaml_keys()
    ]
    texts = (
        "1h",
        "x",
        "https://example.org/a",
        "a/*.txt",
        "",
        "0",
        "true",
        "rfi",
        "${TOKEN}",
        "[",
        "\x85",
        "中",
    )
    return st.recursive(
        st.none() | st.sampled_from(texts),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4)
        ),
        max_leaves=12,
    )


@settings(deadline=None, max_examples=80, derandomize=True)
@given(main=anything(), news=anything())
def test_no_data_breaks_loading(
    tmp_path_factory: pytest.TempPathFactory, main: object, news: object
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "aggregator.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
    (folder / "sources/news.yaml").write_text(yaml.safe_dump(news), encoding="utf-8")

    try:
        config = load_config(folder / "aggregator.yaml", env={"TOKEN": "hunter2"}, sites=("rfi",))
    except ConfigError as e:
        assert e.problems  # noqa: PT017  either outcome is right, any other exception is not
        assert all(problem.line and problem.message for problem in e.problems)  # noqa: PT017
    else:
        assert len({source.id for source in config.sources}) == len(config.sources)

"""The harness works at small sizes; its inputs are the same everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import Figure, typical
from benchmarks.origin import addresses, feed
from benchmarks.saved_articles import article, body_of

ROOT = Path(__file__).parents[2]
DIGEST = "cdecd2d1418a66ae914f0b0136a34626c7d7e15f6fb56426a67345691ad49afc"  # of the first eight articles


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_prints_its_figures_at_small_size(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main([name, "--quick"])

    said = capfd.readouterr()
    assert (code, said.err) == (0, "")
    assert {line.split()[0] for line in said.out.splitlines()[1:]} == {name}


def test_the_command_ends_with_the_status_of_what_it_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "start", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith("start       aggregator --version ")


def test_every_benchmark_is_on_the_page_of_figures() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")

    assert [name for name in BENCHMARKS if f"`{name}`" not in page] == []


def test_articles_are_the_same_on_every_machine() -> None:
    texts = "".join(article(number) for number in range(8))

    assert hashlib.sha256(texts.encode()).hexdigest() == DIGEST


def test_articles_are_as_long_as_real_ones() -> None:
    sizes = [len(body_of(article(number)).encode()) for number in range(40)]

    assert min(sizes) > 5_500
    assert max(sizes) < 12_000


def test_the_origins_feeds_are_small_and_spread_over_hosts() -> None:
    assert len(feed(1)) < 5_000
    assert len({url.split("/")[2] for url in addresses(80, 64)}) == 32


def test_a_figure_beyond_its_goal_is_missed_and_one_without_a_goal_never() -> None:
    figures = [Figure("what", 2.0, "x", goal, "") for goal in (1.9, 2.0, None)]

    assert [figure.missed for figure in figures] == [True, False, False]


def test_the_typical_cost_is_the_median() -> None:
    costs = iter([9.0, 1.0, 2.0])

    assert typical(3, lambda: next(costs)) == 2.0


def test_an_unknown_name_is_refused_with_the_names_that_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["nothing"])

    assert refused.value.code == 2
    assert "no benchmark `nothing`; there are: start, folder" in capsys.readouterr().err

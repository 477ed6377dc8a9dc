"""A small project in a temporary folder, and the commands called upon it.

Its articles are saved files with fixed times, so that everything but the moment of the run is known.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from typer.testing import CliRunner

from aggregator.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ROOT = Path(__file__).parents[2]
MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
LINK_BLOG = """<rss version="2.0"><channel><title>Links</title>
<link>https://links.test/</link><description>x</description>
<item><title>Bridge open</title><link>https://news.example.org/story/2</link><guid isPermaLink="false">77</guid>
<pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate>
<comments>https://links.test/item/77</comments>
<description>{}</description></item></channel></rss>
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: its exit code and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a configuration and saved articles."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config" / "aggregator.yaml"

    @property
    def atom(self) -> Path:
        return self.root / "var" / "feeds" / "merged.atom"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def save(
        self, name: str, number: int, title: str, body: str, *, at: datetime = MORNING
    ) -> None:
        """Save an article: `number` makes its link, `at` is when it was picked up."""
        link = f"https://news.example.org/story/{number}"
        epoch = int(at.timestamp() * 1000)
        self.write(f"saved/{name}.txt", f"<!--{epoch}-->\n[{title}]({link})\n------\n\n{body}\n")

    def call(self, *args: str) -> Said:
        """Call a command in this process, upon this project."""
        return call("-c", str(self.config), *args)

    def process(self, *args: str) -> list[str]:
        """The words that call a command in a process of its own."""
        return [sys.executable, "-m", "aggregator", "-c", str(self.config), *args]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGGREGATOR_CONFIG", "AGGREGATOR_LOG_FORMAT", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)


def call(*args: str) -> Said:
    """Call a command in this process."""
    with logging_kept():
        result = CliRunner().invoke(app, list(args), prog_name="aggregator")
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def typed() -> Callable[..., Said]:
    """Call a command as it is typed, in the current folder."""
    return call


@contextmanager
def logging_kept() -> Iterator[None]:
    """Leave logging as it was: a command sets it up for its process."""
    root, ours = logging.getLogger(), logging.getLogger("aggregator")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.fixture
def project(tmp_path: Path, warm_parsers: None) -> Project:
    """One folder of articles to follow, three of them saved."""
    return _made(tmp_path)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_parsers: None) -> Project:
    """The current folder, and nothing in it."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture
def fetched(project: Project) -> Project:
    """The same, fetched once."""
    assert project.call("fetch").code == 0
    return project


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, way: Any, parser_program: Any) -> Project:
    """The same for tests that only read: the first article has been edited, and read again."""
    made = _made(tmp_path_factory.mktemp("library"))
    body = "<p>东京股市今天下午收跌。</p><p>第二段没有变化。</p>"
    made.save("1b", 1, "日股收跌", body, at=MORNING.replace(hour=11))
    with way.warmed(parser_program):
        assert made.call("fetch").code == 0
    return made


@pytest.fixture(scope="session")
def told_twice(tmp_path_factory: pytest.TempPathFactory, way: Any, parser_program: Any) -> Project:
    """The second article, which a link blog told first and has edited once."""
    project = Project(tmp_path_factory.mktemp("told"))
    project.write(
        "config/aggregator.yaml",
        "sources:\n"
        "  - {id: saved, path: ../saved/*.txt, adapter: archive, site: news.example.org}\n"
        "  - {id: links, path: ../links.xml, adapter: feed, site: links.test}\n",
    )
    with way.warmed(parser_program):
        for words in ("We have waited nine years.", "We have waited ten years."):
            project.write("links.xml", LINK_BLOG.format(words))
            assert project.call("fetch", "links", "--force").code == 0
        project.save("2", 2, "A bridge opens", "<p>The bridge opens again, after nine years.</p>")
        assert project.call("fetch", "saved").code == 0
    return project


def _made(root: Path) -> Project:
    made = Project(root)
    made.write("config/aggregator.yaml", "sources: sources/*.yaml\n")
    made.write(
        "config/sources/news.yaml", "- {id: saved, path: ../../saved/*.txt, adapter: archive}\n"
    )
    made.save("1", 1, "日股收涨", "<p>东京股市今天收涨。</p><p>第二段没有变化。</p>")
    made.save(
        "2", 2, "A bridge opens", "<p>The old bridge opens again.</p>", at=MORNING.replace(hour=9)
    )
    made.save(
        "3", 3, "Un pont s’ouvre", "<p>Le vieux pont s’ouvre.</p>", at=MORNING.replace(hour=10)
    )
    return made


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """For processes: this tree before any that is installed."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "AGGREGATOR_LOG_FORMAT": "text"}


@pytest.fixture(scope="session")
def imported(environment: dict[str, str]) -> Any:
    """Tells which modules a command line imports."""

    def modules(*args: str) -> set[str]:
        code = (
            "import sys, aggregator.cli\ntry: aggregator.cli.main()\nexcept SystemExit: pass\n"
            "sys.stderr.write(' '.join(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return set(done.stderr.split())

    return modules

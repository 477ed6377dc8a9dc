"""The tests that sources and site rules declare, each with its place in its file and the task that reads its capture.

They come in the order of the files and their lines; those of rules that ship count like a person's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aggregator.adapter_table import named_adapter
from aggregator.config.source_files import collect_sources
from aggregator.config.yaml_document import read_yaml
from aggregator.parse.captures import ParseTask
from aggregator.parse.task import parse_task
from aggregator.rule_tests.check import adapter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aggregator.config import Config, PageTest, Source
    from aggregator.config.yaml_document import YamlDocument, YamlPath
    from aggregator.errors import Problem
    from aggregator.model import Capture
    from aggregator.rules.loader import RulesFile


@dataclass(frozen=True, slots=True)
class DeclaredTest:
    """One test. `name` is its source's or its rules', `url` where the capture was unless the test says it."""

    name: str
    test: PageTest
    document: YamlDocument
    steps: YamlPath
    url: str | None
    task_for: Callable[[Capture], ParseTask]

    def problem(self, message: str) -> Problem:
        """Put a message at the test's place in its file."""
        return self.document.make_problem(self.steps, message)


def source_tests(config: Config, *, env: Mapping[str, str]) -> Iterator[DeclaredTest]:
    """Give the tests of every source. Files are read once more, for the lines; not at all where no source has tests."""
    if not any(source.tests for source in config.sources):
        return
    written = collect_sources(read_yaml(config.files[0], env=env), env=env).definitions
    for source, place in zip(config.sources, written, strict=True):
        for number, test in enumerate(source.tests):
            steps = (*place.yaml_path, "tests", number)
            yield DeclaredTest(
                source.id, test, place.document, steps, source.url, partial(_task_of_source, source)
            )


def rules_tests(files: Iterable[RulesFile]) -> Iterator[DeclaredTest]:
    """Give the tests of every file of site rules."""
    for one in files:
        for number, test in enumerate(one.file.tests):
            task = partial(_task_of_rules, one.file.id)
            yield DeclaredTest(one.file.id, test, one.document, ("tests", number), None, task)


def _task_of_source(source: Source, capture: Capture) -> ParseTask:
    adapter = named_adapter(source.adapter)
    if adapter is None:
        adapter = adapter_of(capture)
    return parse_task(source, adapter)


def _task_of_rules(name: str, capture: Capture) -> ParseTask:
    return ParseTask(name, adapter_of(capture), site=name)

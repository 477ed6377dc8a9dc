"""`aggregator test`: run the tests that sources and site rules declare, on saved captures.

Nothing is fetched. Every failure is printed as `file:line: path: message`.
"""

import logging
import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import names_of_tests
from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import print_json, print_stderr
from aggregator.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.cli.context import Invocation
    from aggregator.rule_tests.declared import DeclaredTest
    from aggregator.rules.compiled import Sites

    FinishedTest = tuple[DeclaredTest, tuple[str, ...]]


def test(
    *,
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Only the tests of these sources or site rules; default: all.",
            autocompletion=names_of_tests,
        ),
    ] = None,  # noqa: PT028 (a command)
    format: Annotated[  # noqa: A002
        Literal["text", "json"], typer.Option(help="json lists every test on stdout.")
    ] = "text",  # noqa: PT028
) -> int:
    """Run the tests that sources and site rules declare, from saved captures."""
    from datetime import UTC, datetime

    ctx.obj.configure_logging(logging.WARNING)
    declared, sites = _collect_tests(ctx.obj, sources or ())
    now = datetime.now(UTC)
    ended = [(one, _run_test(one, sites, now=now)) for one in declared]
    if format == "json":
        print_json([_test_record(one, failures) for one, failures in ended])
    else:
        _print_failures(ended)

    have_failed = any(failures for _, failures in ended)
    if have_failed:
        return FAILED
    return 0


def _collect_tests(
    invocation: "Invocation", names: "Sequence[str]"
) -> "tuple[list[DeclaredTest], Sites]":
    """Collect the tests with these names, or all. Raises UsageError for an unknown name, ConfigError."""
    from aggregator.rule_tests.declared import rules_tests, source_tests
    from aggregator.rules.loader import load_sites, read_rules_files

    config = invocation.load()
    files = read_rules_files(invocation.sites_folder)
    known = [*(source.id for source in config.sources), *(one.file.id for one in files)]
    _check_names(names, known)

    found = [*source_tests(config, env=os.environ), *rules_tests(files)]
    if names:
        found = [one for one in found if one.name in names]
    return found, load_sites(invocation.sites_folder)


def _check_names(names: "Sequence[str]", known: "Sequence[str]") -> None:
    from aggregator.config.words import find_nearest

    for name in names:
        if name in known:
            continue
        guess = find_nearest(name, known)
        hint = f", did you mean `{guess}`?" if guess else ""
        raise UsageError(f"there is no source and there are no site rules `{name}`{hint}")


def _run_test(one: "DeclaredTest", sites: "Sites", *, now: "datetime") -> tuple[str, ...]:
    from aggregator.rule_tests.capture_file import read
    from aggregator.rule_tests.check import mismatches

    try:
        capture = read(one.test, source=one.name, url=one.url, now=now)
    except SourceError as error:
        return (str(error),)
    return mismatches(one.test, capture, task=one.task_for(capture), sites=sites)


def _print_failures(ended: "Sequence[FinishedTest]") -> None:
    if not ended:
        typer.echo("no tests declared")
        return

    failed = 0
    for one, failures in ended:
        if failures:
            failed += 1
        for message in failures:
            print_stderr(str(one.problem(message)))

    count = "1 test" if len(ended) == 1 else f"{len(ended)} tests"
    if failed:
        typer.echo(f"{failed} of {count} failed")
    else:
        typer.echo(f"{count} passed")


def _test_record(one: "DeclaredTest", failures: tuple[str, ...]) -> dict[str, object]:
    place = one.problem("")
    return {
        "name": one.name,
        "file": place.file,
        "line": place.line,
        "path": place.path,
        "capture": str(one.test.capture),
        "passed": not failures,
        "failures": list(failures),
    }

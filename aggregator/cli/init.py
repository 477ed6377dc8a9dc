"""`aggregator init`: write a first configuration, with one article so that the feed is not empty.

Existing files are never overwritten. Either all files are written or none.
"""

import shlex
import time
from importlib.resources import files
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.context import DEFAULT_PATH
from aggregator.cli.report.terminal import print_stderr, replace_unprintable
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Where each template goes, below the folder that is named.
TEMPLATES = {
    "aggregator.yaml": DEFAULT_PATH,
    "news.yaml": DEFAULT_PATH.parent / "sources" / "news.yaml",
    "welcome.txt": Path("articles/welcome.txt"),
}


def init(
    *,
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; made if it does not exist.")
    ] = Path(),
) -> int:
    """Write a configuration to start from, with a first source."""
    texts = _render_templates(folder)
    _check_free(folder, texts)
    _write_files(texts)
    for path in texts:
        typer.echo(replace_unprintable(str(path)))
    if not ctx.obj.quiet:
        _print_next_steps(folder)
        if ctx.obj.explicit:
            print_stderr(
                f"note: --config or AGGREGATOR_CONFIG names {ctx.obj.path}; without it, commands read {DEFAULT_PATH}"
            )
    return 0


def _render_templates(folder: Path) -> dict[Path, str]:
    """Return the text of each file to write, by path."""
    milliseconds = int(time.time()) * 1000  # the article is published now
    texts = {}
    for name, place in TEMPLATES.items():
        template = files("aggregator.cli").joinpath("templates", name).read_text(encoding="utf-8")
        texts[folder / place] = template.replace("{epoch}", str(milliseconds))
    return texts


def _check_free(folder: Path, paths: "Iterable[Path]") -> None:
    """Raise UsageError that names every path that is in the way."""
    obstacles: list[Path] = []
    for path in paths:
        obstacles.extend(_find_obstacles(path, folder))
    if obstacles:
        names = ", ".join(str(path) for path in dict.fromkeys(obstacles))
        raise UsageError(f"nothing is written, already there: {names}")


def _find_obstacles(path: Path, folder: Path) -> "Iterator[Path]":
    """Yield what prevents a file: a file in place of one of its folders, or one of the same name."""
    for parent in path.parents:
        if not parent.is_relative_to(folder):
            continue
        is_in_the_way = lexists(parent) and not parent.is_dir()
        if is_in_the_way:
            yield parent

    if lexists(path):  # also true for a dangling link
        yield path


def _write_files(texts: dict[Path, str]) -> None:
    written: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"cannot write {error.filename or path}: {error.strerror}") from error
        raise


def _print_next_steps(folder: Path) -> None:
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    print_stderr(f"next: {enter}aggregator run")
    print_stderr(
        "then subscribe to http://127.0.0.1:8080/feed.atom; `aggregator add URL` adds a source"
    )

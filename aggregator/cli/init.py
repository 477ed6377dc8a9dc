"""`aggregator init`: a configuration to start from, with a first article, so that the feed is not empty.

Rule: nothing that exists is written over; either all files are written or none.
"""

import shlex
import time
from importlib.resources import files
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.context import DEFAULT_PATH
from aggregator.cli.report.terminal import clean, say
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
    texts = _texts(folder)
    _check_free(folder, texts)
    _write(texts)
    for path in texts:
        typer.echo(clean(str(path)))
    if not ctx.obj.quiet:
        _say_next(folder)
        if ctx.obj.explicit:
            say(
                f"note: --config or AGGREGATOR_CONFIG names {ctx.obj.path}; without it, commands read {DEFAULT_PATH}"
            )
    return 0


def _texts(folder: Path) -> dict[Path, str]:
    """Return what is to be written, by path."""
    milliseconds = int(time.time()) * 1000  # the article is of now
    texts = {}
    for name, place in TEMPLATES.items():
        template = files("aggregator.cli").joinpath("templates", name).read_text(encoding="utf-8")
        texts[folder / place] = template.replace("{epoch}", str(milliseconds))
    return texts


def _check_free(folder: Path, paths: "Iterable[Path]") -> None:
    """Raise UsageError, naming all that is in the way."""
    obstacles: list[Path] = []
    for path in paths:
        obstacles.extend(_obstacles(path, folder))
    if obstacles:
        names = ", ".join(str(path) for path in dict.fromkeys(obstacles))
        raise UsageError(f"nothing is written, already there: {names}")


def _obstacles(path: Path, folder: Path) -> "Iterator[Path]":
    """Yield what keeps a file from being made: a file where a folder has to be, or one of its own name."""
    for parent in path.parents:
        if not parent.is_relative_to(folder):
            continue
        if lexists(parent) and not parent.is_dir():
            yield parent

    if lexists(path):  # also a link that leads nowhere
        yield path


def _write(texts: dict[Path, str]) -> None:
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


def _say_next(folder: Path) -> None:
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    say(f"next: {enter}aggregator run")
    say("then subscribe to http://127.0.0.1:8080/feed.atom; `aggregator add URL` adds a source")

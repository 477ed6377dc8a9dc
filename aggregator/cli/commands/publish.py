"""`aggregator publish`: regenerate every view from the store.

A file whose bytes would stay the same is not touched, so subscribers see no false change.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import Column, print_json, print_stderr, print_table

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.view_files import PublishedView

COLUMNS = (
    Column("view"),
    Column("format"),
    Column("changed", styled=True),
    Column("entries", right=True),
    Column("copies", right=True),
    Column("path", folds=True),
)


def publish(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["table", "json"], typer.Option(help="How to print what was written.")
    ] = "table",
    site: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a whole site of files into this folder as well."),
    ] = None,
    language: Annotated[
        Literal["en", "zh"], typer.Option(help="The language of the site's pages.")
    ] = "en",
) -> int:
    """Regenerate every view from the store."""
    from aggregator.app import App, open_store
    from aggregator.view_files import stray_view_files

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        if not ctx.obj.quiet and store.has_uncompared():
            print_stderr("copies of new entries are not known yet: `aggregator fetch` finds them")
        app = App(config, store)
        published = app.publish()
        if site is not None:
            _write_site(app, site, language)
    if format == "json":
        print_json([_view_record(key, view_file) for key, view_file in published.items()])
    else:
        print_table(COLUMNS, (_view_row(key, view_file) for key, view_file in published.items()))
    if not ctx.obj.quiet:
        for path in stray_view_files(config):
            print_stderr(
                f"{path} is a feed of a view that is not configured; delete it if nothing else writes it"
            )
    return 0


def _write_site(app: "App", folder: Path, language: str) -> None:
    from aggregator.static_site import write_site
    from aggregator.web.language import choose_language

    changes = write_site(app, folder, choose_language(language))
    print_stderr(
        f"{folder}: {changes.written} files written, {changes.same} unchanged, {changes.deleted} deleted"
    )


def _view_row(key: tuple[str, str], view_file: "PublishedView") -> tuple[str, ...]:
    return (
        *key,
        "yes" if view_file.has_changed else "no",
        str(view_file.entries),
        str(view_file.copies),
        str(view_file.path),
    )


def _view_record(key: tuple[str, str], view_file: "PublishedView") -> dict[str, object]:
    view, kind = key
    return {
        "view": view,
        "format": kind,
        "path": str(view_file.path),
        "changed": view_file.has_changed,
        "entries": view_file.entries,
        "groups": view_file.groups,
        "copies": view_file.copies,
    }

"""`aggregator add`: find the source behind a URL or a path, and write it to the configuration.

A source without entries is never written. The source and its first entries are printed
to stdout before they are written, the steps of the search to stderr. The configuration
is loaded again afterwards.
"""

import logging
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import (
    Column,
    print_stderr,
    print_table,
    replace_unprintable,
    write_stdout,
)
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.cli.context import Invocation
    from aggregator.config import Config, Source
    from aggregator.config.edit.add import SourceAddition
    from aggregator.dry_run import DryRunSession
    from aggregator.model import Revision
    from aggregator.subscribe.search import AlreadyFollowed, FoundSource, Search
    from aggregator.subscribe.user_input import UserInput

COLUMNS = (Column("title", cuts=True), Column("published"), Column("url", folds=True))
PREVIEW_ENTRIES = 5  # entries of the preview
_MAX_OTHER_FEEDS = 10  # further feeds of a page
_MAX_TITLE_WIDTH = 60


def add(
    *,
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="A feed, a page, a profile; or a folder of saved articles."
        ),
    ],
    id: Annotated[  # noqa: A002
        str | None, typer.Option("--id", help="Id of the source; default: made from the URL.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name for people; default: the feed's title.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="File to append to; default: sources/added.yaml."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the result and write nothing.")
    ] = False,
) -> int:
    """Find the feed of an address, or the rules to read its page, and write it down as a source."""
    from aggregator.config.edit.add import choose_file
    from aggregator.subscribe.proposal import SourceName, propose_source
    from aggregator.subscribe.search import FoundSource
    from aggregator.subscribe.user_input import parse_user_input

    ctx.obj.configure_logging(logging.ERROR)
    config = ctx.obj.load()
    destination = choose_file(config, file, env=os.environ)
    _check_id(id, config)
    user_input = parse_user_input(address)
    tell: Callable[[str], None] = (lambda _: None) if ctx.obj.quiet else print_stderr
    readers = _find_readers(Path(user_input.path), config) if user_input.path else []
    if readers:
        _print_already_followed(readers, str(user_input.path), tell)
        return 0
    found, private = _find_source(user_input, destination, config, tell)
    if not isinstance(found, FoundSource):
        if found is None:
            return _print_nothing_found(user_input, ctx.obj.path, private=private)
        _print_already_followed([found.source], found.url, tell)
        return 0
    addition = propose_source(
        found, SourceName(id or _make_id(user_input, config), name), destination, config
    )
    _print_source(found, addition)
    _print_other_feeds(found, tell)
    tell(_pace_line(found))
    tell(_write_source(addition, ctx.obj, dry_run=dry_run))
    return 0


def _check_id(identity: str | None, config: "Config") -> None:
    """Raise UsageError for an id that is invalid or taken."""
    from aggregator.config.types import check_identifier

    if identity is None:
        return
    try:
        check_identifier(identity)
    except ValueError as error:
        raise UsageError(f"--id {error}, not `{identity[:100]}`") from error
    taken = next((source for source in config.sources if source.id == identity), None)
    if taken is not None:
        raise UsageError(f"--id `{identity}` is taken, at {taken.origin}")


def _make_search(
    config: "Config", file: Path, tell: "Callable[[str], None]", session: "DryRunSession"
) -> "Search":
    from functools import partial

    from aggregator.config.edit.add import build_source
    from aggregator.dry_run import try_source
    from aggregator.rules.selector import compile_selector
    from aggregator.subscribe.search import Search

    def build(given: "Mapping[str, Any]") -> "Source":
        return build_source({"id": "added", **given}, config, file, check_selector=compile_selector)

    return Search(
        partial(try_source, config, use_cache=True, session=session),
        build,
        _source_lookup(config),
        tell,
    )


def _source_lookup(config: "Config") -> "Callable[[str], Source | None]":
    from aggregator.normalize.identity import url_key

    by_key = {url_key(source.url): source for source in reversed(config.sources) if source.url}
    discovered = _discovered_feeds(config)
    for source in config.sources:
        if (feed := discovered.get(source.id)) is not None:
            by_key.setdefault(url_key(feed), source)
    return lambda url: by_key.get(url_key(url))


def _discovered_feeds(config: "Config") -> "Mapping[str, str]":
    """Return the feeds that sources found on their pages, by source id.

    They come from the store; a store that does not exist is not created.
    """
    from aggregator.app import open_store
    from aggregator.errors import StoreError

    if config.sqlite_path is not None and not config.sqlite_path.exists():
        return {}
    try:
        with open_store(config) as store:
            followed = {}
            for state in store.states():
                url = state.moved_to or state.discovered_feed
                if url:
                    followed[state.source] = url
            return followed
    except StoreError:
        return {}


def _find_source(
    user_input: "UserInput", file: Path, config: "Config", tell: "Callable[[str], None]"
) -> "tuple[FoundSource | AlreadyFollowed | None, bool]":
    """Return what a URL or a path leads to, and whether it was refused as a private address."""
    import asyncio

    return asyncio.run(_run_search(user_input, file, config, tell))


async def _run_search(
    user_input: "UserInput", file: Path, config: "Config", tell: "Callable[[str], None]"
) -> "tuple[FoundSource | AlreadyFollowed | None, bool]":
    """Search in one dry-run session, so that all requests to a site share one rate limit."""
    from aggregator.dry_run import open_dry_run_session
    from aggregator.subscribe.user_input import path_for_file

    async with open_dry_run_session(config) as session:
        search = _make_search(config, file, tell, session)
        if user_input.path is None:
            return await search.find_source(user_input.urls), search.is_private
        home = config.files[0].parent.parent
        return await search.try_folder(
            path_for_file(user_input.path, file=file, home=home)
        ), search.is_private


def _find_readers(path: Path, config: "Config") -> "list[Source]":
    """Find the sources that already read every saved article at a path.

    Files are compared, not paths: two patterns may name the same files.
    """
    same = [source for source in config.sources if source.path == path]
    if same:
        return same

    unread = _list_files(path)
    readers = []
    for source in config.sources:
        if source.path is None:
            continue
        read = _list_files(source.path) & unread
        if read:
            readers.append(source)
            unread -= read

    has_more = any(_is_article(file, config) for file in sorted(unread))
    if has_more:
        return []
    return readers


def _list_files(path: Path) -> set[Path]:
    """List the files that a source with this path would read; none if the folder cannot be listed."""
    from aggregator.errors import SourceError
    from aggregator.fetch.folder import scan

    try:
        changes = scan(path, {})
    except SourceError:
        return set()
    root = changes.root.resolve()
    return {root / name for name in changes.changed_names}


def _is_article(file: Path, config: "Config") -> bool:
    from aggregator.adapters.archive import parse
    from aggregator.app import utc_now
    from aggregator.fetch.folder import read_file

    capture = read_file(
        file.parent, file.name, source="added", taken=utc_now(), limit_bytes=config.network.max_body
    )
    return not isinstance(capture, str) and bool(parse(capture).entries)


def _print_already_followed(
    sources: "Sequence[Source]", what: str, tell: "Callable[[str], None]"
) -> None:
    names = ", ".join(f"`{source.id}`" for source in sources)
    places = ", ".join(source.origin for source in sources)

    disabled = ""
    if not any(source.enabled for source in sources):
        disabled = ", which is disabled,"

    if len(sources) == 1:
        words = f"source {names}{disabled} follows"
    else:
        words = f"sources {names} follow"
    tell(f"{words} {what} already ({places}); nothing is written")


def _print_nothing_found(user_input: "UserInput", main: Path, *, private: bool) -> int:
    print_stderr(
        f"aggregator: nothing was found at {user_input.path or user_input.urls[0]} that brings entries; nothing is written"
    )
    if user_input.path is not None:
        print_stderr(
            "  saved articles begin with `<!--epoch-->` and a line `[title](URL)`; see docs/howto.md"
        )
    elif private:
        print_stderr(
            f"  it is in a private network; if you trust it, write `network: {{allow_private: true}}` in {main}"
        )
    else:
        print_stderr(
            "  give the address of the feed itself, or of the page that lists the articles; where no rules can be found"
        )
        print_stderr(
            "  for a page, write a source with `adapter: page`, `items` and `fields` (docs/site-rules.md)"
        )
    return FAILED


def _make_id(user_input: "UserInput", config: "Config") -> str:
    """Make an id from the user's own input, because that is what they will look for."""
    from aggregator.config.words import id_of_path, id_of_url, short_hash

    if user_input.path:
        text = user_input.path
        made = id_of_path(text)
    else:
        text = user_input.urls[0]
        made = id_of_url(text)

    taken = {source.id for source in config.sources}
    if made not in taken:
        return made

    name = f"{made}-{short_hash(text)}"
    numbers = count(2)
    while name in taken:
        name = f"{made}-{next(numbers)}"
    return name


def _print_source(found: "FoundSource", addition: "SourceAddition") -> None:
    from aggregator.subscribe.search import dry_run_entries

    write_stdout(replace_unprintable(addition.yaml_text).encode())
    write_stdout(b"\n")
    shown = dry_run_entries(found.dry_run)
    print_table(COLUMNS, map(_entry_row, shown[:PREVIEW_ENTRIES]))
    if len(shown) > PREVIEW_ENTRIES:
        write_stdout(f"… and {len(shown) - PREVIEW_ENTRIES} more\n".encode())


def _entry_row(entry: "Revision") -> tuple[str, str, str]:
    stated = entry.published_from != "first_seen"
    return (
        _shorten_title(entry.title),
        f"{entry.published:%Y-%m-%d %H:%MZ}" if stated else "-",
        entry.url or "-",
    )


def _shorten_title(title: str) -> str:
    from rich.cells import cell_len, set_cell_size

    return (
        title
        if cell_len(title) <= _MAX_TITLE_WIDTH
        else set_cell_size(title, _MAX_TITLE_WIDTH - 1).rstrip() + "…"
    )


def _print_other_feeds(found: "FoundSource", tell: "Callable[[str], None]") -> None:
    if not found.others:
        return
    tell("further feeds of that page; each can be added by its address:")
    for candidate in found.others[:_MAX_OTHER_FEEDS]:
        tell(f"  {candidate.url}  ({candidate.reason})")
    if len(found.others) > _MAX_OTHER_FEEDS:
        tell(f"  … and {len(found.others) - _MAX_OTHER_FEEDS} more")


def _pace_line(found: "FoundSource") -> str:
    """Describe how often the source will be fetched, and how to change that."""
    from aggregator.source_status import describe_pace

    words = describe_pace(found.dry_run.source, found.dry_run.result.state)
    return f"pace: {words}; `every:` sets another interval"


def _write_source(addition: "SourceAddition", invocation: "Invocation", *, dry_run: bool) -> str:
    """Write the source unless `dry_run`; return a message that says what was done."""
    from aggregator.config.edit.add import add_source as write

    if dry_run:
        return f"nothing is written (--dry-run); it would be added to {addition.file}"
    write(addition, env=os.environ, load=invocation.load)
    identity = addition.mapping["id"]
    return f"added to {addition.file}; a running daemon takes it up, `aggregator fetch {identity}` asks it now"

"""`aggregator add`: from an address to a source that works, written down.

Rule: what yields nothing is never written; what is written was shown first, and the configuration loads with it. The
source and its first entries go to stdout, every step of the search to stderr.
"""

import logging
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import Column, clean, put, put_table, say
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.cli.context import Invocation
    from aggregator.config import Config, Source
    from aggregator.config.edit.add import Addition
    from aggregator.dry_run import Stage
    from aggregator.model import Revision
    from aggregator.subscribe.search import AlreadyFollowed, FoundSource, Search
    from aggregator.subscribe.user_input import UserInput

COLUMNS = (Column("title", cuts=True), Column("published"), Column("url", folds=True))
SHOWN = 5  # entries of the preview
_TOLD = 10  # further feeds of a page
_WIDEST_TITLE = 60


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
        str | None, typer.Option("--id", help="Its id; made from the address where absent.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Its name for people; the feed's own where absent.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="Where to write it; sources/added.yaml where absent."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and write nothing.")] = False,
) -> int:
    """Find the feed of an address, or the rules to read its page, and write it down as a source."""
    from aggregator.config.edit.add import file_for
    from aggregator.subscribe.proposal import SourceName, propose_source
    from aggregator.subscribe.search import FoundSource
    from aggregator.subscribe.user_input import parse_user_input

    ctx.obj.log(logging.ERROR)
    config = ctx.obj.load()
    destination = file_for(config, file, env=os.environ)
    _check_id(id, config)
    aim = parse_user_input(address)
    tell: Callable[[str], None] = (lambda _: None) if ctx.obj.quiet else say
    readers = _readers(Path(aim.path), config) if aim.path else []
    if readers:
        _tell_followed(readers, str(aim.path), tell)
        return 0
    found, private = _find_source(aim, destination, config, tell)
    if not isinstance(found, FoundSource):
        if found is None:
            return _nothing(aim, ctx.obj.path, private=private)
        _tell_followed([found.source], found.url, tell)
        return 0
    addition = propose_source(
        found, SourceName(id or _made_id(aim, config), name), destination, config
    )
    _show(found, addition)
    _tell_others(found, tell)
    tell(_pace(found))
    tell(_write_source(addition, ctx.obj, dry_run=dry_run))
    return 0


def _check_id(identity: str | None, config: "Config") -> None:
    """Raise UsageError for an id that cannot be, or is another's."""
    from aggregator.config.types import identifier

    if identity is None:
        return
    try:
        identifier(identity)
    except ValueError as error:
        raise UsageError(f"--id {error}, not `{identity[:100]}`") from error
    taken = next((source for source in config.sources if source.id == identity), None)
    if taken is not None:
        raise UsageError(f"--id `{identity}` is taken, at {taken.origin}")


def _search(
    config: "Config", file: Path, tell: "Callable[[str], None]", stage: "Stage"
) -> "Search":
    from functools import partial

    from aggregator.config.edit.add import draft
    from aggregator.dry_run import rehearse
    from aggregator.rules.selector import compile_selector
    from aggregator.subscribe.search import Search

    def draft_source(given: "Mapping[str, Any]") -> "Source":
        return draft({"id": "added", **given}, config, file, selector=compile_selector)

    return Search(
        partial(rehearse, config, reuse=True, on=stage), draft_source, _follower(config), tell
    )


def _follower(config: "Config") -> "Callable[[str], Source | None]":
    from aggregator.normalize.identity import url_key

    by_key = {url_key(source.url): source for source in reversed(config.sources) if source.url}
    discovered = _discovered_feeds(config)
    for source in config.sources:
        if (feed := discovered.get(source.id)) is not None:
            by_key.setdefault(url_key(feed), source)
    return lambda url: by_key.get(url_key(url))


def _discovered_feeds(config: "Config") -> "Mapping[str, str]":
    """The feeds that sources were led to by their pages, as the store knows them; nothing is made where it is not."""
    from aggregator.app import open_store
    from aggregator.errors import StoreError

    sqlite = config.database.startswith("sqlite:///")
    if sqlite and not Path(config.database.removeprefix("sqlite:///")).exists():
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
    aim: "UserInput", file: Path, config: "Config", tell: "Callable[[str], None]"
) -> "tuple[FoundSource | AlreadyFollowed | None, bool]":
    """What an address or a path leads to; and whether it was refused because it is private."""
    import asyncio

    return asyncio.run(_run_search(aim, file, config, tell))


async def _run_search(
    aim: "UserInput", file: Path, config: "Config", tell: "Callable[[str], None]"
) -> "tuple[FoundSource | AlreadyFollowed | None, bool]":
    """Search on one stage: a site is asked at one pace, whatever is tried."""
    from aggregator.dry_run import stage
    from aggregator.subscribe.user_input import path_from

    async with stage(config) as shared:
        search = _search(config, file, tell, shared)
        if aim.path is None:
            return await search.find(aim.urls), search.refused
        home = config.files[0].parent.parent
        return await search.folder(path_from(aim.path, file=file, home=home)), search.refused


def _readers(path: Path, config: "Config") -> "list[Source]":
    """Find the sources that read every saved article at a path already, however their own paths are written."""
    same = [source for source in config.sources if source.path == path]
    if same:
        return same

    unread = _files(path)
    readers = []
    for source in config.sources:
        read = _files(source.path) & unread if source.path else set()
        if read:
            readers.append(source)
            unread -= read
    has_more = any(_is_article(file, config) for file in sorted(unread))
    return [] if has_more else readers


def _files(path: Path) -> set[Path]:
    """List what a source with this path would read; nothing where the folder cannot be listed."""
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


def _tell_followed(sources: "Sequence[Source]", what: str, tell: "Callable[[str], None]") -> None:
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


def _nothing(aim: "UserInput", main: Path, *, private: bool) -> int:
    say(
        f"aggregator: nothing was found at {aim.path or aim.urls[0]} that brings entries; nothing is written"
    )
    if aim.path is not None:
        say(
            "  saved articles begin with `<!--epoch-->` and a line `[title](URL)`; see docs/howto.md"
        )
    elif private:
        say(
            f"  it is in a private network; if you trust it, write `network: {{allow_private: true}}` in {main}"
        )
    else:
        say(
            "  give the address of the feed itself, or of the page that lists the articles; where no rules can be found"
        )
        say(
            "  for a page, write a source with `adapter: page`, `items` and `fields` (docs/site-rules.md)"
        )
    return FAILED


def _made_id(aim: "UserInput", config: "Config") -> str:
    """An id from what the person gave: it is what they will look for."""
    from aggregator.config.words import digest, id_of_path, id_of_url

    if aim.path:
        text = aim.path
        made = id_of_path(text)
    else:
        text = aim.urls[0]
        made = id_of_url(text)

    taken = {source.id for source in config.sources}
    if made not in taken:
        return made

    name = f"{made}-{digest(text)}"
    numbers = count(2)
    while name in taken:
        name = f"{made}-{next(numbers)}"
    return name


def _show(found: "FoundSource", addition: "Addition") -> None:
    from aggregator.subscribe.search import entries

    put(clean(addition.text).encode())
    put(b"\n")
    shown = entries(found.dry_run)
    put_table(COLUMNS, map(_row, shown[:SHOWN]))
    if len(shown) > SHOWN:
        put(f"… and {len(shown) - SHOWN} more\n".encode())


def _row(entry: "Revision") -> tuple[str, str, str]:
    stated = entry.published_from != "first_seen"
    return (
        _short(entry.title),
        f"{entry.published:%Y-%m-%d %H:%MZ}" if stated else "-",
        entry.url or "-",
    )


def _short(title: str) -> str:
    from rich.cells import cell_len, set_cell_size

    return (
        title
        if cell_len(title) <= _WIDEST_TITLE
        else set_cell_size(title, _WIDEST_TITLE - 1).rstrip() + "…"
    )


def _tell_others(found: "FoundSource", tell: "Callable[[str], None]") -> None:
    if not found.others:
        return
    tell("further feeds of that page; each can be added by its address:")
    for candidate in found.others[:_TOLD]:
        tell(f"  {candidate.url}  ({candidate.reason})")
    if len(found.others) > _TOLD:
        tell(f"  … and {len(found.others) - _TOLD} more")


def _pace(found: "FoundSource") -> str:
    """Say how often it will be requested, and where that is changed."""
    from aggregator.cli.report.source_status import pace_words

    words = pace_words(found.dry_run.source, found.dry_run.result.state)
    return f"pace: {words}; `every:` sets another interval"


def _write_source(addition: "Addition", invocation: "Invocation", *, dry_run: bool) -> str:
    """Write it, unless this is for show; say what was done."""
    from aggregator.config.edit.add import add as write

    if dry_run:
        return f"nothing is written (--dry-run); it would be added to {addition.file}"
    write(addition, env=os.environ, load=invocation.load)
    identity = addition.mapping["id"]
    return f"added to {addition.file}; a running daemon takes it up, `aggregator fetch {identity}` asks it now"

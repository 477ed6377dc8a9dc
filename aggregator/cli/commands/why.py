"""`aggregator why`: why an article is, or is not, in a view.

It reads the configuration and the store, fetches nothing, and decides nothing: the code that views use answers.
"""

import logging
import re
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import view_ids
from aggregator.cli.exit_codes import USAGE_ERROR
from aggregator.cli.report.terminal import print_json
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.app import App
    from aggregator.cli.report.why import Explanation
    from aggregator.config import Config, View
    from aggregator.model import Entry
    from aggregator.rules.compiled import Sites

MAX_MATCHES = 20  # entries with the words of a title
_ID_PREFIX = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}[0-9a-f-]{0,28})", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)+(?::\d+)?/\S*", re.IGNORECASE)


def why(
    name: Annotated[
        str,
        typer.Argument(
            metavar="URL|ID|TITLE",
            help="A link in any spelling, an id or its first 8 digits, or words of a title.",
        ),
    ],
    *,
    ctx: typer.Context,
    view: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this view.", autocompletion=view_ids),
    ] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> int:
    """Say why an article is, or is not, in a view."""
    from aggregator.app import App, open_store
    from aggregator.cli.report.why_text import explanation_record
    from aggregator.rules.loader import load_sites
    from aggregator.rules.sites_folder import sites_folder

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    views = _choose_views(config, view)
    sites = load_sites(sites_folder(config))
    with open_store(config) as store:
        found = _explain(App(config, store), sites, name.strip(), views)
    if format == "json":
        print_json(explanation_record(found))
    else:
        _print_explanation(found)
    return 0 if found.entries else USAGE_ERROR


def _choose_views(config: "Config", name: str | None) -> "Sequence[View]":
    """Raises UsageError where there is no view of this name."""
    from aggregator.config.words import find_nearest

    if name is None:
        return config.views
    by_id = {view.id: view for view in config.views}
    if name in by_id:
        return (by_id[name],)
    guess = find_nearest(name, by_id)
    hint = f"did you mean `{guess}`?" if guess else f"known are {', '.join(by_id)}"
    raise UsageError(f"there is no view `{name}`, {hint}")


def _explain(app: "App", sites: "Sites", name: str, views: "Sequence[View]") -> "Explanation":
    from aggregator.cli.report.why_missing import MissingArticle
    from aggregator.parse.link_keys import link_keys

    link = _read_link(name)
    keys: Sequence[str] = ()
    if link is not None:
        keys = link_keys(link, sites)
    entries = _find_entries(app, name, keys, is_link=link is not None)
    if entries:
        return _explain_stored(app, name, entries, views, link_keys=keys)

    digits = _ID_PREFIX.fullmatch(name)
    if digits:
        keys = app.store.deleted_keys_of_id(digits[1])
    missing = MissingArticle(app, sites, name, link=link, keys=keys)
    listed = None if digits else missing.first_listed()
    if listed is not None and listed.revision is not None:
        entries = _entries_by_keys(app, listed.revision.keys)
        if entries:
            return _explain_stored(app, name, entries, views, link_keys=keys)
    return missing.explain(listed, views)


def _read_link(name: str) -> str | None:
    """Return the link that a name is, None for an id or words; one without a scheme gets https."""
    if not _LINK.fullmatch(name):
        return None
    return name if "://" in name else f"https://{name}"


def _find_entries(
    app: "App", name: str, keys: "Sequence[str]", *, is_link: bool
) -> "Sequence[Entry]":
    """Find what a link, an id, the beginning of one, or words of a title lead to; the best match first."""
    if not name:
        return ()
    found = app.find_entries(name) or _entries_by_keys(app, keys)
    if found or is_link:
        return found

    match = _ID_PREFIX.fullmatch(name)
    if match:
        digits = match[1]
        if len(digits.replace("-", "")) <= 32:
            found = app.store.find_by_id_prefix(digits)
    if found:
        return found
    return _find_by_title(app, name)


def _entries_by_keys(app: "App", keys: "Sequence[str]") -> "list[Entry]":
    for key in keys:
        found = app.store.find_entries(key)
        if found:
            return found
    return []


def _find_by_title(app: "App", words: str) -> "Sequence[Entry]":
    """Find titles with these words; one that has no others comes first, then the newest."""
    from aggregator.normalize.text import fold

    found = app.store.find_by_title(words, MAX_MATCHES)
    return sorted(found, key=lambda entry: fold(entry.title) != fold(words))


def _explain_stored(
    app: "App",
    name: str,
    entries: "Sequence[Entry]",
    views: "Sequence[View]",
    *,
    link_keys: "Sequence[str]",
) -> "Explanation":
    from aggregator.cli.report.why import Explanation, explain_view
    from aggregator.normalize.identity import url_key

    entry = entries[0]
    arrival = app.store.arrival(entry.id)
    if arrival is None:
        raise UsageError(f"{entry.id} was deleted just now")
    notes = []
    if link_keys and (entry.url is None or url_key(entry.url) not in link_keys):
        notes.append(f"{name} leads to this entry: it is the same article under another link")
    answers = [explain_view(app, view, entry, arrival) for view in views]
    return Explanation(name, tuple(entries), tuple(answers), arrival, tuple(notes))


def _print_explanation(found: "Explanation") -> None:
    from aggregator.cli.report.entry import EntryPrinter
    from aggregator.cli.report.why_text import explanation_lines

    printer = EntryPrinter(sys.stdout)
    for line in explanation_lines(found):
        printer.print_line(line)

"""`aggregator preview`: what would come out of a source or of an address, and why; nothing is stored.

Rule: each address is asked once, and its answer is remembered for the run that follows. What is shown is what a run
decides, told by the code that decides it.
"""

import logging
import re
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import source_named
from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import put_json, say
from aggregator.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic_core import ErrorDetails

    from aggregator.cli.context import Invocation
    from aggregator.cli.report.preview import Trial
    from aggregator.config import Config, Source
    from aggregator.dry_run import Rehearsal
    from aggregator.parse.pool import ParserPool
    from aggregator.rules.compiled import Sites

_FORM = re.compile(r"[/:@]|\w\.\w")
ARTICLES = 3  # whose own pages are read unless told otherwise


def preview(
    name: Annotated[
        str,
        typer.Argument(
            metavar="URL|SOURCE",
            help="An address, or the id of a source.",
            autocompletion=source_ids,
        ),
    ],
    *,
    ctx: typer.Context,
    entry: Annotated[str, typer.Option(metavar="N|all", help="Which entry is explained.")] = "1",
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="List at most so many entries.")
    ] = 20,
    articles: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            metavar="N",
            help=f"Read at most so many articles' own pages; {ARTICLES} where absent.",
        ),
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of an address: how it is read, an adapter or the name of site rules.",
        ),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Save what was fetched beside the source's YAML, and print the tests to paste into it.",
        ),
    ] = False,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> int:
    """Show what would come out of a source or an address, and why; store nothing."""
    import asyncio

    from aggregator.app import sites_folder
    from aggregator.cli.report.preview_text import record_of, show
    from aggregator.rules.loader import load_sites

    ctx.obj.log(logging.WARNING)
    chosen = _parse_entry_option(entry, limit)
    config, source = _source(ctx.obj, name, adapter)
    sites = load_sites(sites_folder(config))
    if record and not source.origin:
        raise UsageError(
            "--record needs a source of the configuration, to put the capture beside its file"
        )
    if articles is None:
        articles = _articles_to_read(entry, chosen)
    trial = asyncio.run(_run_preview(config, source, sites, chosen=chosen, articles=articles))
    if format == "json":
        put_json(record_of(trial, limit=limit))
    else:
        show(trial, limit=limit)
    if record:
        for line in _record_captures(trial, source, sites):
            typer.echo(line, err=format == "json")
    return _exit_code(trial, source, chosen)


def _articles_to_read(entry: str, chosen: range) -> int:
    """Return how many articles' own pages are read: enough for the entries to show, at most 100."""
    if entry == "all":
        return ARTICLES
    wanted: int = max(ARTICLES, *chosen)
    return min(wanted, 100)


def _exit_code(trial: "Trial", source: "Source", chosen: range) -> int:
    """Say what is missing; a preview without entries has failed."""
    if trial.outcome.error:
        say(f"{source.id}: {trial.outcome.error}: {trial.outcome.message}")
    if not trial.items:
        return FAILED
    if chosen.start > len(trial.items):
        say(f"{source.id}: there is no entry {chosen.start}: {len(trial.items)} came out")
    return 0


def _parse_entry_option(entry: str, limit: int) -> range:
    if entry == "all":
        return range(1, limit + 1)
    if not (entry.isascii() and entry.isdigit() and int(entry[:9]) > 0):
        raise UsageError(f"--entry takes a number from 1 on, or `all`, not `{entry}`")
    return range(int(entry[:9]), int(entry[:9]) + 1)


def _source(invocation: "Invocation", name: str, adapter: str | None) -> "tuple[Config, Source]":
    """Find a source by its id, or make one of an address. Raises UsageError, ConfigError."""
    config = invocation.load()
    if not _is_address(name, {source.id for source in config.sources}):
        if adapter is not None:
            raise UsageError(
                f"--adapter is for addresses; source `{name}` says itself how it is read"
            )
        return config, source_named(name, config)
    source = _of_address(invocation, _address(name), adapter or "auto")
    every_stated = "every" in config.defaults.model_fields_set
    source = source.model_copy(update={"every": config.defaults.every})
    return config, source.with_origin(origin="", stated=(), every_stated=every_stated)


def _is_address(name: str, ids: "Collection[str]") -> bool:
    """Tell an address from the id of a source: no id has a slash, and a host is no id that was misspelt."""
    from aggregator.config.words import nearest

    if name in ids or not _FORM.search(name):
        return False
    if "/" in name or ":" in name or "@" in name:
        return True
    return nearest(name, ids) is None


def _address(name: str) -> str:
    """Read an address in any form that people copy; one without a scheme is asked with https. Raises UsageError."""
    from aggregator.subscribe.user_input import parse_user_input

    if "://" in name and not name.lower().startswith("feed:"):
        return name
    urls = parse_user_input(name).urls
    if not urls:
        raise UsageError(
            f"{name} is no address; files are previewed as a source of the configuration"
        )
    return urls[0]


def _of_address(invocation: "Invocation", url: str, adapter: str) -> "Source":
    from pydantic import ValidationError

    from aggregator.config import Source
    from aggregator.config.record import Setting
    from aggregator.config.words import id_of_url

    setting = Setting(invocation.path.parent, invocation.site_names())
    try:
        return Source.model_validate(
            {"id": id_of_url(url), "url": url, "adapter": adapter}, context=setting
        )
    except ValidationError as error:
        raise UsageError("; ".join(map(_reason, error.errors()))) from error


def _reason(detail: "ErrorDetails") -> str:
    context = detail.get("ctx", {})
    reason = f"{detail['loc'][0]} {context.get('error') or detail['msg']}"
    if context.get("meant"):
        reason += f", write `{context['meant']}`"
    return reason


async def _run_preview(
    config: "Config", source: "Source", sites: "Sites", *, chosen: range, articles: int
) -> "Trial":
    from aggregator.cli.report.preview import trial_of
    from aggregator.dry_run import rehearse, stage

    async with stage(config) as shared:
        rehearsal = await rehearse(config, source, articles=articles, reuse=True, on=shared)
        if not source.origin and source.adapter == "auto" and rehearsal.responses:
            alone = await _article(source, rehearsal, sites, shared.workers)
            if alone is not None:
                return alone
    return trial_of(rehearsal, sites, explained=chosen)


async def _article(
    source: "Source", rehearsal: "Rehearsal", sites: "Sites", workers: "ParserPool"
) -> "Trial | None":
    """Read an address that is an article's own page as that article; None for any other."""
    from aggregator.adapter_table import ARTICLE
    from aggregator.adapters.article.not_article import is_article
    from aggregator.adapters.html import parse_page
    from aggregator.cli.report.preview import trial_of_article
    from aggregator.discovery.page_links import looks_like_html
    from aggregator.model import Capture
    from aggregator.parse.task import parse_task

    response, outcome = rehearsal.responses[0], rehearsal.result.outcome
    capture = Capture(
        source.id, response.url, outcome.started, response.body, headers=response.headers
    )
    job = parse_task(source, ARTICLE)
    try:
        if not looks_like_html(capture) or not is_article(parse_page(capture)):
            return None
        read = await workers.parse([capture], job)
    except SourceError:
        return None
    return (
        trial_of_article(response, capture, job, outcome=outcome, sites=sites)
        if read.revisions
        else None
    )


def _record_captures(trial: "Trial", source: "Source", sites: "Sites") -> list[str]:
    """Save the documents of the first entry that was explained, and write the tests that hold them."""
    from pathlib import Path

    from aggregator.adapter_table import ARTICLE
    from aggregator.rule_tests.capture_file import FOLDER, write
    from aggregator.rule_tests.yaml import tests_yaml

    folder = Path(source.origin.rpartition(":")[0]).resolve().parent
    chosen = next((item for item in trial.items if item.read), None)
    if chosen is None:
        raise SourceError("missing", "nothing came out that could be recorded")
    written = []
    for capture, job in chosen.read:
        name = f"{source.id}-article" if job.adapter == ARTICLE else source.id
        path = write(capture, folder / FOLDER, name=name, carrier=job.adapter)
        written.append((path.relative_to(folder).as_posix(), capture, job))
    return tests_yaml(written, source=source, sites=sites)

"""`aggregator preview`: show the entries of a source or a URL, and how each field was chosen.

Nothing is stored. Responses are cached, so that the run that follows requests no URL
again. The preview comes from the same code as a run.
"""

import logging
import re
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import find_source
from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import print_json, print_line, print_stderr
from aggregator.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic_core import ErrorDetails

    from aggregator.cli.context import Invocation
    from aggregator.cli.report.preview import Preview
    from aggregator.config import Config, Source
    from aggregator.dry_run import DryRun
    from aggregator.parse.pool import ParserPool
    from aggregator.redaction import Secrets
    from aggregator.rules.compiled import Sites

_URL_LIKE = re.compile(r"[/:@]|\w\.\w")
_URL_MARKS = frozenset("/:@")
DEFAULT_ARTICLES = 3  # whose own pages are read unless told otherwise


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
        int, typer.Option(min=1, metavar="N", help="List at most this many entries.")
    ] = 20,
    articles: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            metavar="N",
            help=f"Fetch at most this many article pages; default: {DEFAULT_ARTICLES}.",
        ),
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The adapter or site rules to use for a URL.",
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

    from aggregator.cli.report.preview_text import preview_record, print_preview
    from aggregator.rules.loader import load_sites
    from aggregator.rules.sites_folder import sites_folder

    ctx.obj.configure_logging(logging.WARNING)
    chosen = _parse_entry_option(entry, limit)
    config, source = _load_source(ctx.obj, name, adapter)
    sites = load_sites(sites_folder(config))
    if record and not source.origin:
        raise UsageError(
            "--record needs a source of the configuration, to put the capture beside its file"
        )
    if articles is None:
        articles = _articles_to_read(entry, chosen)
    result = asyncio.run(_run_preview(config, source, sites, chosen=chosen, articles=articles))
    if format == "json":
        print_json(preview_record(result, limit=limit))
    else:
        print_preview(result, limit=limit)
    if record:
        print_yaml_line = print_stderr if format == "json" else print_line
        for line in _record_captures(result, source, sites, secrets=config.secrets):
            print_yaml_line(line)
    return _exit_code(result, source, chosen)


def _articles_to_read(entry: str, chosen: range) -> int:
    """Return how many articles' own pages to read: enough for the explained entries, at most 100."""
    if entry == "all":
        return DEFAULT_ARTICLES
    wanted: int = max(DEFAULT_ARTICLES, *chosen)
    return min(wanted, 100)


def _exit_code(result: "Preview", source: "Source", chosen: range) -> int:
    """Print what is missing, and return the exit code; a preview without entries has failed."""
    if result.outcome.error:
        print_stderr(f"{source.id}: {result.outcome.error}: {result.outcome.message}")
    if not result.items:
        return FAILED
    if chosen.start > len(result.items):
        print_stderr(f"{source.id}: there is no entry {chosen.start}: {len(result.items)} came out")
    return 0


def _parse_entry_option(entry: str, limit: int) -> range:
    if entry == "all":
        return range(1, limit + 1)

    number = 0
    if entry.isascii() and entry.isdigit():
        number = int(entry[:9])
    if number < 1:
        raise UsageError(f"--entry takes a number from 1 on, or `all`, not `{entry}`")
    return range(number, number + 1)


def _load_source(
    invocation: "Invocation", name: str, adapter: str | None
) -> "tuple[Config, Source]":
    """Find a source by its id, or make one from a URL. Raises UsageError, ConfigError."""
    config = invocation.load()
    if not _is_url(name, {source.id for source in config.sources}):
        if adapter is not None:
            raise UsageError(
                f"--adapter is for addresses; source `{name}` says itself how it is read"
            )
        return config, find_source(name, config)
    source = _source_from_url(invocation, _complete_url(name), adapter or "auto")
    is_every_explicit = "every" in config.defaults.model_fields_set
    source = source.model_copy(update={"every": config.defaults.every})
    return config, source.with_origin(origin="", given_keys=(), is_every_explicit=is_every_explicit)


def _is_url(name: str, ids: "Collection[str]") -> bool:
    """Tell a URL from the id of a source; a host name close to an id is a misspelt id."""
    from aggregator.config.words import find_nearest

    if name in ids or not _URL_LIKE.search(name):
        return False
    is_more_than_host = not _URL_MARKS.isdisjoint(name)
    if is_more_than_host:
        return True
    return find_nearest(name, ids) is None


def _complete_url(name: str) -> str:
    """Complete a URL as people copy it; without a scheme it gets https. Raises UsageError."""
    from aggregator.subscribe.user_input import parse_user_input

    if "://" in name and not name.lower().startswith("feed:"):
        return name
    urls = parse_user_input(name).urls
    if not urls:
        raise UsageError(
            f"{name} is no address; files are previewed as a source of the configuration"
        )
    return urls[0]


def _source_from_url(invocation: "Invocation", url: str, adapter: str) -> "Source":
    from pydantic import ValidationError

    from aggregator.config import Source
    from aggregator.config.record import ValidationContext
    from aggregator.config.words import id_of_url

    context = ValidationContext(invocation.path.parent, invocation.site_names())
    try:
        return Source.model_validate(
            {"id": id_of_url(url), "url": url, "adapter": adapter}, context=context
        )
    except ValidationError as error:
        raise UsageError("; ".join(map(_validation_reason, error.errors()))) from error


def _validation_reason(detail: "ErrorDetails") -> str:
    context = detail.get("ctx", {})
    reason = f"{detail['loc'][0]} {context.get('error') or detail['msg']}"
    if context.get("meant"):
        reason += f", write `{context['meant']}`"
    return reason


async def _run_preview(
    config: "Config", source: "Source", sites: "Sites", *, chosen: range, articles: int
) -> "Preview":
    from aggregator.adapter_table import named_adapter
    from aggregator.cli.report.preview import build_preview
    from aggregator.dry_run import open_dry_run_session, try_source

    async with open_dry_run_session(config) as session:
        dry_run = await try_source(
            config, source, articles=articles, use_cache=True, session=session
        )
        detects_adapter = named_adapter(source.adapter) is None
        if not source.origin and detects_adapter and dry_run.responses:
            article_preview = await _preview_article(source, dry_run, sites, session.parser_pool)
            if article_preview is not None:
                return article_preview
    return build_preview(dry_run, sites, explained_numbers=chosen)


async def _preview_article(
    source: "Source", dry_run: "DryRun", sites: "Sites", parser_pool: "ParserPool"
) -> "Preview | None":
    """Preview a URL that is an article's own page as that article; None for any other page."""
    from aggregator.adapter_table import ARTICLE
    from aggregator.adapters.article.not_article import is_article
    from aggregator.adapters.html import parse_page
    from aggregator.cli.report.preview import build_article_preview
    from aggregator.discovery.page_detection import looks_like_html
    from aggregator.model import Capture
    from aggregator.parse.task import parse_task

    response, outcome = dry_run.responses[0], dry_run.result.outcome
    capture = Capture(
        source.id, response.url, outcome.started, response.body, headers=response.headers
    )
    task = parse_task(source, ARTICLE)
    try:
        if not looks_like_html(capture) or not is_article(parse_page(capture)):
            return None
        read = await parser_pool.parse([capture], task)
    except SourceError:
        return None
    return (
        build_article_preview(response, capture, task, outcome=outcome, sites=sites)
        if read.revisions
        else None
    )


def _record_captures(
    result: "Preview", source: "Source", sites: "Sites", *, secrets: "Secrets"
) -> list[str]:
    """Save the captures of the first explained entry, and return the lines of YAML that test them."""
    from pathlib import Path

    from aggregator.adapter_table import ARTICLE
    from aggregator.rule_tests.capture_file import FOLDER, without_secrets, write
    from aggregator.rule_tests.yaml import tests_yaml

    folder = Path(source.origin.rpartition(":")[0]).resolve().parent
    chosen = next((item for item in result.items if item.inputs), None)
    if chosen is None:
        raise SourceError("missing", "nothing came out that could be recorded")
    written = []
    for original, task in chosen.inputs:
        capture = without_secrets(original, secrets)
        name = f"{source.id}-article" if task.adapter == ARTICLE else source.id
        path = write(capture, folder / FOLDER, name=name, carrier=task.adapter)
        written.append((path.relative_to(folder).as_posix(), capture, task))
    return tests_yaml(written, source=source, sites=sites)

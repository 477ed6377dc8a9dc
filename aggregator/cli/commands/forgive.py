"""`aggregator forgive`: ask sources and hosts again at once, whatever they wanted."""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.report.terminal import print_stderr

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import SourceState


def forgive(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE|HOST",
            help="Sources, or hosts with all their sources.",
            autocompletion=source_ids,
        ),
    ],
    *,
    ctx: typer.Context,
) -> int:
    """Make sources due now: no failures, no waits that their servers asked for, not gone."""
    from aggregator.app import open_store, utc_now

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    hosts = _hosts_of_sources(config)
    chosen = _choose_sources(config, hosts, names)
    with open_store(config) as store:
        states = {state.source: state for state in store.states()}
        forgiven = [hosts[name] for name in chosen if name in hosts]
        store.forgive(chosen, hosts=forgiven, now=utc_now())
    if not ctx.obj.quiet:
        for name in chosen:
            print_stderr(f"{name}: due now{_describe_wait(states.get(name))}")
    return 0


def _hosts_of_sources(config: "Config") -> dict[str, str]:
    """Return the host, or group of hosts, of each source that is fetched."""
    from aggregator.fetch import Fetcher
    from aggregator.run.settings import fetch_settings

    fetcher = Fetcher(fetch_settings(config))
    return {
        source.id: fetcher.host_group(source.url)
        for source in config.sources
        if source.url is not None
    }


def _choose_sources(config: "Config", hosts: dict[str, str], names: list[str]) -> list[str]:
    """Return the sources with these ids or at these hosts. Raises: UsageError for a name that is neither."""
    from aggregator.cli.context import find_source

    chosen: list[str] = []
    for name in names:
        at_host = [source for source, host in hosts.items() if host == name.lower()]
        if at_host:
            chosen += at_host
        else:
            chosen.append(find_source(name, config).id)
    return list(dict.fromkeys(chosen))


def _describe_wait(state: "SourceState | None") -> str:
    if state is None:
        return ""
    if state.gone:
        return ", was gone"
    return f", was due {state.next_fetch_at:%Y-%m-%d %H:%M}Z ({state.reason or 'new'})"

"""Derives the settings of runs from the configuration: requests, time limits, the preview cache."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.fetch import FetchSettings
from aggregator.fetch.preview_cache import PreviewCache

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.config import Config

MAX_RUN_TIME = timedelta(minutes=5)  # of each part of a run, besides two network timeouts


def fetch_settings(config: Config) -> FetchSettings:
    """Return the fetcher's settings, with the public URL in the User-Agent."""
    network = config.network
    settings = FetchSettings(
        concurrency=network.concurrency,
        per_host=network.per_host,
        timeout=network.timeout,
        max_body=network.max_body,
        allow_private=network.allow_private,
    )
    public_url = config.server.public_url
    user_agent = network.user_agent or (
        f"{settings.user_agent} (+{public_url})" if public_url else settings.user_agent
    )
    return replace(settings, user_agent=user_agent)


def max_run_time(config: Config) -> timedelta:
    """Return the time limit of each part of a run: fetching, parsing, further pages."""
    return MAX_RUN_TIME + 2 * config.network.timeout


def make_preview_cache(config: Config, *, clock: Callable[[], datetime]) -> PreviewCache:
    """Make the cache of dry runs: beside the database's file, else beside the views' folder."""
    base = config.sqlite_path or Path(config.output)
    folder = base.parent / "remembered"
    return PreviewCache(folder, clock=clock, secrets=config.secrets)

"""What a configuration means for asking: how requests are made, how long a run may take, what is remembered of answers.

Rule: here figures become settings; nothing is opened and nobody is asked.
"""

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

MAX_RUN_TIME = timedelta(
    minutes=5
)  # of asking, again of parsing, and of reading on; beside the network's own timeouts


def fetch_settings(config: Config) -> FetchSettings:
    network = config.network
    settings = FetchSettings(
        concurrency=network.concurrency,
        per_host=network.per_host,
        timeout=network.timeout,
        max_body=network.max_body,
        allow_private=network.allow_private,
    )
    public = config.server.public_url
    agent = network.user_agent or (
        f"{settings.user_agent} (+{public})" if public else settings.user_agent
    )
    return replace(settings, user_agent=agent)


def longest_run(config: Config) -> timedelta:
    """How long each part of a run may take: asking, parsing, reading on."""
    return MAX_RUN_TIME + 2 * config.network.timeout


def preview_cache_of(config: Config, *, clock: Callable[[], datetime]) -> PreviewCache:
    """Where a rehearsal leaves its answers for the next run: beside the database's file, else the views' folder."""
    sqlite = config.database.startswith("sqlite:///")
    beside = Path(config.database.removeprefix("sqlite:///")) if sqlite else Path(config.output)
    return PreviewCache(beside.parent / "remembered", clock=clock)

"""Decides what to do with each feed of an imported list: add it, or not.

Pure; nothing is fetched. Different spellings of a URL are the same feed. URLs that the
configuration would reject are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.config import Config
    from aggregator.opml.read import Subscription

MAX_URL_CHARACTERS = 4096  # characters

Verdict = Literal["added", "followed", "refused"]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The verdict on one feed. `id` is that of its source, None for a refused feed; `why` is the reason."""

    verdict: Verdict
    url: str | None
    id: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    why: str | None = None

    @property
    def mapping(self) -> dict[str, object]:
        """The source as it is written in YAML."""
        given = {"id": self.id, "url": self.url, "name": self.name, "tags": list(self.tags)}
        return {key: value for key, value in given.items() if value}


def plan_import(feeds: Iterable[Subscription], config: Config) -> list[ImportResult]:
    """Return the result for each feed of a list, in order."""
    from aggregator.normalize.identity import url_key

    followed = {url_key(source.url): source.id for source in config.sources if source.url}
    taken = {source.id for source in config.sources}
    results = []
    for feed in feeds:
        why = _refusal_reason(feed, allow_private=config.network.allow_private)
        if feed.url is None or why:
            url = _display_url(feed.url)
            result = ImportResult("refused", url, None, feed.name, feed.tags, why)
        elif identity := followed.get(url_key(feed.url)):
            result = ImportResult("followed", feed.url, identity, feed.name, feed.tags)
        else:
            identity = _make_id(feed.url, taken)
            result = ImportResult("added", feed.url, identity, feed.name, feed.tags)
        results.append(result)
    return results


def _refusal_reason(feed: Subscription, *, allow_private: bool) -> str | None:
    """Return why a feed cannot be a source, None if it can."""
    from aggregator.config.types import check_plain_url
    from aggregator.fetch.private_address import host_refusal_reason, is_loopback_host

    if feed.url is None:
        return feed.reason
    if len(feed.url) > MAX_URL_CHARACTERS:
        return f"an address of {len(feed.url)} characters, over the limit of {MAX_URL_CHARACTERS}"
    try:
        parts = urlsplit(check_plain_url(feed.url))
    except ValueError as error:
        return f"its address {error}"
    if allow_private:
        return None

    host = parts.hostname or ""
    private: str | None = "loopback"
    if not is_loopback_host(host):
        private = host_refusal_reason(host)
    if private:
        return f"a private address ({private}); network.allow_private allows it"
    return None


def _make_id(url: str, taken: set[str]) -> str:
    """Make an unused id as the configuration would, and add it to `taken`."""
    from aggregator.config.words import id_of_url, short_hash

    made = identity = id_of_url(url)
    seed = url
    while identity in taken:
        identity = f"{made}-{short_hash(seed)}"
        seed += " "
    taken.add(identity)
    return identity


def _display_url(url: str | None) -> str | None:
    """Return a URL for output: shortened, without user name and password."""
    if url is None or "@" not in url:
        return url and url[:MAX_URL_CHARACTERS]
    try:
        parts = urlsplit(url[:MAX_URL_CHARACTERS])
    except ValueError:
        return None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

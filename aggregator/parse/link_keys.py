"""The keys by which the store would know an article, from its link alone.

The link is cleaned, unwrapped and read by the same site rules as in a run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.model import Candidate, RawEntry
from aggregator.normalize.entry import choose_link
from aggregator.normalize.identity import item_keys
from aggregator.rules.apply import apply_rules

if TYPE_CHECKING:
    from aggregator.rules.compiled import Sites

_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # nothing of a link depends on it


def link_keys(link: str, sites: Sites) -> tuple[str, ...]:
    """Return the keys of the article behind a link, the surest first; () for what is no link."""
    raw = RawEntry("link", url=(Candidate(link, "given"),))
    address, _ = choose_link(raw)
    if address is None:
        return ()

    rules = sites.find_by_url(address) or sites.get("saved")
    address, _ = choose_link(raw, drop=rules.drop_params, keep=rules.keep_params)
    ruled = apply_rules(raw, rules, url=address, timezone="UTC", taken=_SOME_TIME)
    return item_keys(
        raw,
        "",
        site=ruled.keys,
        aliases=(),
        address=address,
        host_alias=rules.host_alias,
        title="",
        published=None,
    )

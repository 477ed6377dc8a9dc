"""Derives new rules for a page from the articles that it listed before, and tries them.

A repair is proposed only if it finds at least 80 % of the known articles again, by link and
title, and hardly anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html import parse_page
from aggregator.adapters.listing.infer import find_known_list
from aggregator.config import PageRules
from aggregator.config.edit.yaml_writer import source_yaml
from aggregator.errors import SourceError
from aggregator.normalize.url import document_key
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import parse_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from aggregator.adapters.listing.infer import InferredList
    from aggregator.config import Fields, Source
    from aggregator.model import Capture, Revision
    from aggregator.rules.compiled import Sites

MIN_FOUND = 0.8  # of the known articles
MAX_ITEMS = 2  # times the known articles
_MOST_IMPORTANT = ("title", "url", "published")


@dataclass(frozen=True, slots=True)
class Repair:
    """New rules of a source, and how many of the known articles they find; `yaml` is the patch.

    Without a patch `reason` says why.
    """

    known: int = 0
    found: int = 0
    yaml: str | None = None
    reason: str | None = None


def propose_repair(source: Source, good: Capture, bad: Capture, sites: Sites) -> Repair:
    """Derive rules for the first bad capture from the articles of the last good one."""
    titles = _known_titles(source, good, sites)
    if not titles:
        return Repair(reason="today's rules find no articles in the last good capture")

    try:
        inferred = find_known_list(parse_page(bad), titles)
    except SourceError as error:
        return Repair(len(titles), reason=f"the first bad capture is no page: {error}")
    if inferred is None:
        reason = "the known articles are not in the new page, or no selector finds them"
        return Repair(len(titles), reason=reason)
    return _try_rules(source, inferred, titles, bad, sites)


def _try_rules(
    source: Source,
    inferred: InferredList,
    titles: Mapping[str, str],
    bad: Capture,
    sites: Sites,
) -> Repair:
    rules = _new_rules(source, inferred)
    revisions = _read(source, bad, sites, rules)
    if _shown(revisions) == _shown(_read(source, bad, sites, source.own_rules)):
        reason = "today's rules find the same in the new page: what is wrong is in the page itself"
        return Repair(len(titles), reason=reason)
    found = 0
    for revision in revisions:
        if titles.get(document_key(revision.url or "")) == revision.title:
            found += 1

    if found < MIN_FOUND * len(titles):
        reason = (
            f"the best rules (`{inferred.items}`) find only {found} of {len(titles)} known articles"
        )
        return Repair(len(titles), found, reason=reason)
    if len(revisions) > MAX_ITEMS * len(titles):
        reason = f"the best rules (`{inferred.items}`) find {len(revisions)} items, too many"
        return Repair(len(titles), found, reason=reason)
    return Repair(len(titles), found, yaml=_patch(rules))


def _shown(revisions: Iterable[Revision]) -> set[tuple[str | None, str, datetime]]:
    return {(one.url, one.title, one.published) for one in revisions}


def _known_titles(source: Source, good: Capture, sites: Sites) -> dict[str, str]:
    """Return the titles of the articles that a good capture lists, by the keys of their links."""
    titles = {}
    for revision in _read(source, good, sites, source.own_rules):
        if revision.url and revision.provenance.get("title") != "url":
            titles[document_key(revision.url)] = revision.title
    return titles


def _read(
    source: Source, capture: Capture, sites: Sites, rules: PageRules | None
) -> tuple[Revision, ...]:
    """Read a list as a run does, filters aside; nothing where it cannot be read."""
    task = replace(parse_task(source, "page"), page_rules=rules, include=None, exclude=None)
    try:
        return parse_captures([capture], task, sites).revisions
    except SourceError:
        return ()


def _new_rules(source: Source, inferred: InferredList) -> PageRules:
    """Return the source's rules with the inferred selectors; what else a field says stays."""
    own = source.own_rules or PageRules()
    fields: Fields = own.fields
    changed: dict[str, Any] = {}
    for name, selector in inferred.fields.items():
        rule = getattr(fields, name)
        if rule is None and name not in _MOST_IMPORTANT:
            continue
        settings: dict[str, Any] = {}
        if rule is not None:
            settings = rule.model_dump(by_alias=True, exclude_unset=True)
        changed[name] = {**settings, "from": [selector]}
    kept = fields.model_dump(by_alias=True, exclude_unset=True)
    whole = type(fields).model_validate({**kept, **changed})
    return replace(own, items=(inferred.items,), fields=whole)


def _patch(rules: PageRules) -> str:
    """Write the keys `items` and `fields` of a source."""
    fields = {}
    for name, rule in rules.fields.model_dump(by_alias=True, exclude_unset=True).items():
        if rule is None:
            continue
        selectors = list(rule.pop("from", ()))
        first = selectors[0] if len(selectors) == 1 else selectors
        settings = {key: _plain(value) for key, value in rule.items()}
        fields[name] = {"from": first, **settings} if settings else first
    text = source_yaml({"items": rules.items[0], "fields": fields})
    return "".join(f"{line[2:]}\n" for line in text.splitlines())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

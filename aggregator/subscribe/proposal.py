"""Turns a found source into the YAML to write: its keys, comments that explain them, and a test.

A test is written only if it passes now. It contains no date that depends on the day of capture.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config.edit.add import SourceAddition
from aggregator.errors import AggregatorError
from aggregator.schedule import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.config.yaml_document import YamlPath
    from aggregator.dry_run import ParseCall
    from aggregator.model import Capture, Revision
    from aggregator.parse.captures import ParseResult
    from aggregator.subscribe.search import FoundSource

# A date that is the same in a capture this much later does not depend on the day of capture.
_DATE_CHECK_DELAY = timedelta(days=400)
_MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class SourceName:
    """The id and name of a new source; with name None, the feed's own title is used."""

    id: str
    name: str | None = None


def propose_source(
    found: FoundSource, naming: SourceName, file: Path, config: Config
) -> SourceAddition:
    """Return everything that is to be written for a found source."""
    named = {"id": naming.id, "name": naming.name or _feed_title(found), **found.given}
    if found.inferred is None:
        return SourceAddition(
            file, named, {(): _explain_choice(found)}, defaults=_shown_defaults(found)
        )
    test, capture = _build_test(found, naming.id, config)
    beside = {file.parent / test["capture"]: capture} if test else {}
    given = {**named, "tests": [test] if test else []}
    return SourceAddition(
        file, given, _inference_notes(found), beside, defaults=_shown_defaults(found)
    )


def _shown_defaults(found: FoundSource) -> dict[str, str]:
    """Return the interval as a comment: the configuration's, or a longer one from the feed (ttl).

    As a key it would count as the user's choice: it would override ttl and skipHours, and
    disable longer intervals for unchanged sources.
    """
    source, ttl = found.dry_run.source, found.dry_run.result.state.hints.ttl
    if source.url is None:
        return {}
    every = source.every
    if ttl is not None and not source.is_every_explicit:
        every = max(every, min(ttl, DAY))
    return {"every": _format_duration(every)}


def _format_duration(length: timedelta) -> str:
    """Format a duration for the configuration: `15m`, `1h`, `24h`, `7d`."""
    seconds = round(length.total_seconds())
    if seconds > DAY.total_seconds() and seconds % 86_400 == 0:
        return f"{seconds // 86_400}d"
    if seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    if seconds % 60 == 0:
        return f"{seconds // 60}m"
    return f"{seconds}s"


def _feed_title(found: FoundSource) -> str | None:
    """Return the feed's own title, None for other sources."""
    title = found.dry_run.document_result.title if found.given["adapter"] == "feed" else None
    return title[:_MAX_NAME_CHARACTERS] if title else None


def _explain_choice(found: FoundSource) -> str:
    """Return a comment on how a page is read, "" for other sources."""
    notes = found.dry_run.document_result.notes
    return (
        f"Read as {found.why}: {'; '.join(notes)}."
        if found.given["adapter"] == "page" and notes
        else ""
    )


def _inference_notes(found: FoundSource) -> Mapping[YamlPath, str]:
    inferred = found.inferred
    if inferred is None:
        return {}
    notes: dict[YamlPath, str] = {
        (): "These rules were inferred from the page; look whether they are right."
    }
    notes[("items",)] = f"{inferred.count} items"
    return notes | {("fields", name): evidence for name, evidence in inferred.reasons.items()}


def _build_test(found: FoundSource, identity: str, config: Config) -> tuple[dict[str, Any], bytes]:
    """Return a test for this page, and the compressed page; ({}, b"") if the test would fail."""
    step = found.dry_run.parse_calls[0]
    capture = step.captures[0]
    written = replace(capture, headers=_recorded_headers(capture))
    first, later = (
        _parse_again(step, moment, config)
        for moment in (written, replace(written, taken=capture.taken + _DATE_CHECK_DELAY))
    )
    if not first or not later:
        return {}, b""
    test = {
        "capture": f"captures/{identity.removesuffix('.html')}.html.gz",
        "url": capture.url if capture.url != found.given["url"] else None,
        "taken": _format_time(capture.taken),
        "content_type": written.headers.get("content-type"),
        "min_items": len(first),
        "first": _first_entry(first[0], later[0]),
    }
    return test, gzip.compress(capture.body, mtime=0)


def _recorded_headers(capture: Capture) -> dict[str, str]:
    """Return the Content-Type if it has a charset, which the file name does not tell."""
    stated = capture.headers.get("content-type", "")
    return {"content-type": stated} if "charset" in stated.lower() and stated.isprintable() else {}


def _parse_again(step: ParseCall, capture: Capture, config: Config) -> tuple[Revision, ...]:
    from aggregator.parse.captures import parse_captures
    from aggregator.rules.loader import load_sites
    from aggregator.rules.sites_folder import sites_folder

    try:
        read: ParseResult = parse_captures([capture], step.task, load_sites(sites_folder(config)))
    except AggregatorError:
        return ()
    return read.revisions


def _first_entry(entry: Revision, later: Revision) -> dict[str, Any]:
    published = _format_time(entry.published) if entry.published == later.published else None
    return {"title": entry.title, "url": entry.url, "published": published}


def _format_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

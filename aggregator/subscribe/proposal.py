"""What was found, as it will be written: the source's keys, the comments that say why, and a test that holds it.

Rule: a test that does not hold here and now is not written; a date that depends on the day of capture is no part of it.
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
    from aggregator.dry_run import Step
    from aggregator.model import Capture, Revision
    from aggregator.parse.captures import ParseResult
    from aggregator.subscribe.search import FoundSource

_LATER = timedelta(days=400)  # what is the same read so much later does not depend on the day
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class SourceName:
    """How the source is called: its id, and the name that a person gave it, None to take the feed's own."""

    id: str
    name: str | None = None


def propose_source(
    found: FoundSource, naming: SourceName, file: Path, config: Config
) -> SourceAddition:
    """Everything that is to be written for a source that was found."""
    named = {"id": naming.id, "name": naming.name or _own_name(found), **found.given}
    if found.inferred is None:
        return SourceAddition(file, named, {(): _explain_choice(found)}, defaults=_defaults(found))
    test, capture = _test(found, naming.id, config)
    beside = {file.parent / test["capture"]: capture} if test else {}
    given = {**named, "tests": [test] if test else []}
    return SourceAddition(file, given, _evidence(found), beside, defaults=_defaults(found))


def _defaults(found: FoundSource) -> dict[str, str]:
    """Show the interval without fixing it: the configuration's, or the longer one that the feed asks for (ttl).

    A key that stands there is the user's word. It would end the waiting for what does
    not change, and overrule ttl and skipHours.
    """
    source, ttl = found.dry_run.source, found.dry_run.result.state.hints.ttl
    if source.url is None:
        return {}
    every = source.every
    if ttl is not None and not source.is_every_explicit:
        every = max(every, min(ttl, DAY))
    return {"every": _duration(every)}


def _duration(length: timedelta) -> str:
    """Write a duration as the configuration reads it: `15m`, `1h`, `24h`, `7d`."""
    seconds = round(length.total_seconds())
    if seconds > DAY.total_seconds() and seconds % 86_400 == 0:
        return f"{seconds // 86_400}d"
    if seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    if seconds % 60 == 0:
        return f"{seconds // 60}m"
    return f"{seconds}s"


def _own_name(found: FoundSource) -> str | None:
    """A feed's own title."""
    title = found.dry_run.digest.title if found.given["adapter"] == "feed" else None
    return title[:_LONGEST_NAME] if title else None


def _explain_choice(found: FoundSource) -> str:
    """How it is read, where that is not plain: what a page says of its articles."""
    notes = found.dry_run.digest.notes
    return (
        f"Read as {found.why}: {'; '.join(notes)}."
        if found.given["adapter"] == "page" and notes
        else ""
    )


def _evidence(found: FoundSource) -> Mapping[YamlPath, str]:
    inferred = found.inferred
    if inferred is None:
        return {}
    notes: dict[YamlPath, str] = {
        (): "These rules were inferred from the page; look whether they are right."
    }
    notes[("items",)] = f"{inferred.count} items"
    return notes | {("fields", name): evidence for name, evidence in inferred.reasons.items()}


def _test(found: FoundSource, identity: str, config: Config) -> tuple[dict[str, Any], bytes]:
    """What `aggregator test` is to hold this page against, and the page, packed; ({}, b"") where it would not hold."""
    step = found.dry_run.steps[0]
    capture = step.captures[0]
    written = replace(capture, headers=_recorded_headers(capture))
    first, later = (
        _again(step, moment, config)
        for moment in (written, replace(written, taken=capture.taken + _LATER))
    )
    if not first or not later:
        return {}, b""
    test = {
        "capture": f"captures/{identity.removesuffix('.html')}.html.gz",
        "url": capture.url if capture.url != found.given["url"] else None,
        "taken": _moment(capture.taken),
        "content_type": written.headers.get("content-type"),
        "min_items": len(first),
        "first": _first(first[0], later[0]),
    }
    return test, gzip.compress(capture.body, mtime=0)


def _recorded_headers(capture: Capture) -> dict[str, str]:
    """The media type, where it says more than the name of the file does: its charset."""
    stated = capture.headers.get("content-type", "")
    return {"content-type": stated} if "charset" in stated.lower() and stated.isprintable() else {}


def _again(step: Step, capture: Capture, config: Config) -> tuple[Revision, ...]:
    from aggregator.app import sites_folder
    from aggregator.parse.captures import parse_captures
    from aggregator.rules.loader import load_sites

    try:
        read: ParseResult = parse_captures([capture], step.job, load_sites(sites_folder(config)))
    except AggregatorError:
        return ()
    return read.revisions


def _first(entry: Revision, later: Revision) -> dict[str, Any]:
    published = _moment(entry.published) if entry.published == later.published else None
    return {"title": entry.title, "url": entry.url, "published": published}


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

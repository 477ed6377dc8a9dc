"""The answer of `why`, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.report.why import moment
from aggregator.publish.json_record import rfc3339
from aggregator.source_status import source_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.cli.report.why import Explanation, ViewAnswer
    from aggregator.model import Entry


def explanation_lines(found: Explanation) -> Iterator[str]:
    """Yield the lines for people: the entry, then a block for each view."""
    if len(found.entries) > 1:
        yield from _match_lines(found)
        yield ""
    if found.entries:
        yield from _entry_lines(found)
    else:
        yield f"{found.name}: not stored"
    for note in found.notes:
        yield f"  {note}"
    for names, answer in _blocks(found):
        yield ""
        yield f"{', '.join(names)}: {_verdict(answer)}"
        for sentence in answer.sentences:
            yield f"  {sentence}"


def explanation_record(found: Explanation) -> dict[str, object]:
    """Return the answer as JSON: `entry` is the explained one of `matches`, newest first."""
    explained = None
    if found.entries:
        explained = _entry_record(found.entries[0])
    stored = None
    if found.arrival is not None:
        stored = rfc3339(found.arrival.stored)

    matches = [_entry_record(entry) for entry in _newest_first(found)]
    views = [_answer_record(answer) for answer in found.views]
    sources = [source_record(status) for status in found.sources]
    return {
        "name": found.name,
        "entry": explained,
        "stored": stored,
        "matches": matches,
        "notes": list(found.notes),
        "views": views,
        "sources": sources,
    }


def _match_lines(found: Explanation) -> Iterator[str]:
    explained = found.entries[0]
    yield f"{len(found.entries)} entries match; * is explained"
    for entry in _newest_first(found):
        mark = "*" if entry is explained else " "
        digits = entry.id.removeprefix("urn:uuid:")[:8]
        yield f"{mark} {digits}  {moment(entry.published)}  {entry.source}  {entry.title}"


def _entry_lines(found: Explanation) -> Iterator[str]:
    entry = found.entries[0]
    yield entry.title
    yield f"  {entry.url or entry.id}"
    if entry.url:
        yield f"  {entry.id}"
    stored = f", stored {moment(found.arrival.stored)}" if found.arrival else ""
    yield f"  from `{entry.source}`, published {moment(entry.published)}{stored}"


def _blocks(found: Explanation) -> list[tuple[list[str], ViewAnswer]]:
    """Return the answers with the views that they hold for: what is not stored is in none, for one reason."""
    if found.entries or not found.views:
        return [([answer.view], answer) for answer in found.views]

    first = found.views[0]
    names = [answer.view for answer in found.views]
    return [(names, first)]


def _newest_first(found: Explanation) -> list[Entry]:
    return sorted(found.entries, key=lambda entry: entry.published, reverse=True)


def _verdict(answer: ViewAnswer) -> str:
    if not answer.shown:
        return "not shown"
    return f"shown, number {answer.position}"


def _entry_record(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "source": entry.source,
        "url": entry.url,
        "title": entry.title,
        "published": rfc3339(entry.published),
    }


def _answer_record(answer: ViewAnswer) -> dict[str, object]:
    return {
        "view": answer.view,
        "shown": answer.shown,
        "reason": answer.reason,
        "position": answer.position,
        "published": answer.published,
        "sentences": list(answer.sentences),
    }

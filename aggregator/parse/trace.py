"""Why an entry is as it is: for every field the candidates in their order, which won, and why the others lost.

Nothing is decided here. The very code that a run decides with is listened to; what it did not look at comes after
what won.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.adapters.charset import decode
from aggregator.errors import SourceError
from aggregator.model import Candidate, Enclosure, RawImage
from aggregator.parse.captures import parse_captures, rules_for
from aggregator.publish.json_record import rfc3339
from aggregator.rules.compiled import SiteRules, add_source_rules
from aggregator.rules.document import Document
from aggregator.rules.json_path import load_json
from aggregator.rules.suggest.unmatched import find_unmatched_in_article, find_unmatched_in_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aggregator.model import Capture, RawEntry, Revision
    from aggregator.normalize.dates import Date
    from aggregator.parse.captures import ParseTask
    from aggregator.rules.compiled import Sites
    from aggregator.rules.suggest.unmatched import UnmatchedSelector

LATER_REASON = "later candidate"
UNREAD_REASON = "not looked at"
CORRECTED_REASON = "corrected"

# The fields of an entry that have candidates, in the order in which they are shown.
FIELDS = (
    "title",
    "url",
    "guid",
    "published",
    "updated",
    "authors",
    "summary",
    "content_html",
    "language",
    "publisher",
    "tags",
    "credits",
    "image",
    "enclosures",
)


@dataclass(frozen=True, slots=True)
class TracedCandidate:
    """One value that was found for a field; `reason` says why it lost, "" where it won. `date` is how it reads."""

    value: str
    where: str
    has_won: bool
    reason: str = ""
    date: Date | None = None


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """A field, what it became (None for nothing), and its candidates, the adapter's favourite first."""

    name: str
    value: str | None
    candidates: tuple[TracedCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemTrace:
    """One item and the revision it became, None if it was rejected; fields without candidates are left out.

    `passes_filters` tells that the revision is one of the parse result's: no filter and no
    correction left it out.
    """

    label: str
    revision: Revision | None
    passes_filters: bool
    fields: tuple[FieldTrace, ...]


def trace_items(capture: Capture, task: ParseTask, sites: Sites) -> tuple[ItemTrace, ...]:
    """Parse one capture as a run does, and say why each item became what it is, in order.

    What filters leave out is there, too.

    Raises:
        SourceError: where a run would.
    """
    observer = _RecordingObserver()
    result = parse_captures([capture], task, sites, observer=observer)
    remaining = deque(result.revisions)
    traces = []
    for record in observer.items:
        revision = record.revision
        passes_filters = _is_same(revision, remaining)
        if passes_filters:
            # As the document's other items and the corrections left it.
            revision = remaining.popleft()
        fields = tuple(_traces(record, revision))
        traces.append(ItemTrace(record.raw.label, revision, passes_filters, fields))
    return tuple(traces)


def _is_same(revision: Revision | None, remaining: Sequence[Revision]) -> bool:
    """Tell whether a revision is the first of those that remain."""
    if revision is None or not remaining:
        return False
    first = remaining[0]
    return (first.hash, first.title) == (revision.hash, revision.title)


def unmatched_selectors(
    capture: Capture, task: ParseTask, sites: Sites
) -> tuple[UnmatchedSelector, ...]:
    """Tell which rules find nothing in a capture; () for a carrier that needs no rules. Never raises."""
    from aggregator.adapters.html import parse_page

    rules = rules_for(task, capture, sites)
    try:
        if task.adapter == "page":
            return find_unmatched_in_list(rules.listing, parse_page(capture))
        if task.adapter == "json":
            data = load_json(decode(capture.body, capture.headers.get("content-type", "")))
            return find_unmatched_in_list(
                rules.listing, Document(None, "json", capture.url).item(data=data)
            )
        if task.adapter == ARTICLE and task.page_rules is not None:
            own = add_source_rules(task.page_rules, SiteRules(id=""))
            return find_unmatched_in_article(own.body, own.fields, parse_page(capture))
    except SourceError:
        pass  # what is no page has nothing to look into
    return ()


class _ItemRecord:
    """What was heard of one item."""

    def __init__(self, raw: RawEntry) -> None:
        self.raw = raw
        self.verdicts: dict[tuple[str, int], tuple[str | None, Date | None]] = {}
        self.stand_ins: list[tuple[str, Candidate]] = []
        self.revision: Revision | None = None


class _RecordingObserver:
    """An observer that records all decisions."""

    def __init__(self) -> None:
        self.items: list[_ItemRecord] = []

    def item_started(self, raw: RawEntry) -> None:
        self.items.append(_ItemRecord(raw))

    def candidate_judged(
        self,
        field: str,
        candidate: Candidate | RawImage | Enclosure,
        reason: str | None,
        date: Date | None,
    ) -> None:
        record = self.items[-1]
        record.verdicts[field, id(candidate)] = reason, date
        if not isinstance(candidate, Candidate):
            return
        stated = _stated_candidates(record.raw, field)
        if not any(candidate is one for one in stated):
            record.stand_ins.append((field, candidate))

    def item_finished(self, revision: Revision) -> None:
        self.items[-1].revision = revision


def _traces(record: _ItemRecord, revision: Revision | None) -> Iterator[FieldTrace]:
    for name in FIELDS:
        stated = list(_stated_candidates(record.raw, name))
        for field, stand_in in record.stand_ins:
            if field == name:
                stated.append(stand_in)
        candidates = [_candidate(record, name, candidate) for candidate in stated]

        value = None
        if revision is not None:
            value = _value(revision, name, candidates)
        if candidates or value:
            settled = tuple(_settled_field(candidates, name, value, revision))
            yield FieldTrace(name, value, settled)


def _candidate(
    heard: _ItemRecord, name: str, candidate: Candidate | RawImage | Enclosure
) -> TracedCandidate:
    value = candidate.value if isinstance(candidate, Candidate) else candidate.url
    where = "" if isinstance(candidate, Enclosure) else candidate.where
    reason, date = heard.verdicts.get((name, id(candidate)), (UNREAD_REASON, None))
    return TracedCandidate(value, where, reason is None, reason or "", date)


def _stated_candidates(raw: RawEntry, name: str) -> tuple[Candidate | RawImage | Enclosure, ...]:
    value: tuple[Candidate | RawImage | Enclosure, ...] | Candidate | None = getattr(raw, name)
    if isinstance(value, tuple):
        return value
    return () if value is None else (value,)


def _settled_field(
    candidates: Sequence[TracedCandidate], name: str, value: str | None, revision: Revision | None
) -> Iterator[TracedCandidate]:
    """Yield the candidates with what a correction decided after the normalizer.

    Where a candidate won, those that were not looked at are later ones.
    """
    where = ""
    if revision is not None:
        where = revision.provenance.get(name, "")
    if revision is not None and _is_overruled(candidates, value, where):
        candidates = [_correct_candidate(one, value, where) for one in candidates]

    for candidate in candidates:
        if candidate.reason == UNREAD_REASON and value is not None:
            yield replace(candidate, reason=LATER_REASON)
        else:
            yield candidate


def _correct_candidate(
    candidate: TracedCandidate, value: str | None, where: str
) -> TracedCandidate:
    """Return a candidate of a field whose value a correction chose."""
    if value is not None and candidate.where == where:
        return replace(candidate, has_won=True, reason="")
    if candidate.has_won:
        return replace(candidate, has_won=False, reason=CORRECTED_REASON)
    return candidate


def _is_overruled(candidates: Sequence[TracedCandidate], value: str | None, where: str) -> bool:
    """Tell whether a candidate won, but the field is not what it says."""
    winners = [candidate for candidate in candidates if candidate.has_won]
    if not winners:
        return False
    if value is None:
        return True

    return all(winner.where not in (where, "") for winner in winners)


def _value(revision: Revision, name: str, candidates: Sequence[TracedCandidate]) -> str | None:
    """Return what a field became, as text; None for a date of change that nobody stated."""
    if name in _VALUES:
        return _VALUES[name](revision)
    if name == "updated":
        is_stated = any(candidate.has_won for candidate in candidates)
        if not is_stated:
            return None
        return rfc3339(revision.at)

    value: str | tuple[str, ...] | None = getattr(revision, name)
    if isinstance(value, tuple):
        return _join(value)
    return value


def _image_url(revision: Revision) -> str | None:
    if revision.image is None:
        return None
    return revision.image.url


def _enclosure_urls(revision: Revision) -> str | None:
    return _join(enclosure.url for enclosure in revision.enclosures)


# The fields of a revision that are no texts.
_VALUES: Mapping[str, Callable[[Revision], str | None]] = {
    "published": lambda revision: rfc3339(revision.published),
    "image": _image_url,
    "enclosures": _enclosure_urls,
}


def _join(values: Iterable[str]) -> str | None:
    return ", ".join(values) or None

"""Why an entry is as it is: for every field the candidates in their order, which won, and why the others lost.

Rule: nothing is decided here. The very code that a run decides with is listened to; what it did not look at comes after
what won.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.adapters.charset import decode
from aggregator.errors import SourceError
from aggregator.model import Enclosure, Found, RawImage
from aggregator.parse.captures import parse_captures, rules_for
from aggregator.publish.json_record import rfc3339
from aggregator.rules.compiled import SiteRules, with_own
from aggregator.rules.document import Document
from aggregator.rules.json_path import loads
from aggregator.rules.suggest.unmatched import silent_in_article, silent_in_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.model import Capture, RawEntry, Revision
    from aggregator.normalize.dates import Date
    from aggregator.parse.captures import ParseTask
    from aggregator.rules.compiled import Sites
    from aggregator.rules.suggest.unmatched import Silent

LATER_REASON = "later candidate"
UNREAD_REASON = "not looked at"
CORRECTED_REASON = "corrected"

# The fields of the common schema that have candidates, and what each is called in a raw entry.
FIELDS = {
    "title": "title",
    "url": "url",
    "guid": "guid",
    "published": "published",
    "updated": "updated",
    "authors": "authors",
    "summary": "summary",
    "content_html": "content",
    "language": "language",
    "publisher": "publisher",
    "tags": "tags",
    "credits": "credits",
    "image": "images",
    "enclosures": "enclosures",
}


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
    """One item, and the revision it became, None where it was rejected; fields that nobody speaks of are left out.

    `kept` tells that the revision is one of the digest's: no filter and no correction kept it out.
    """

    item: str
    revision: Revision | None
    passes_filters: bool
    fields: tuple[FieldTrace, ...]


def trace_items(capture: Capture, job: ParseTask, sites: Sites) -> tuple[ItemTrace, ...]:
    """Digest one capture as a run does, and say why each item became what it is; in document order.

    What filters leave out is there too. Raises SourceError where a run would.
    """
    listener = _RecordingObserver()
    revisions = list(parse_captures([capture], job, sites, witness=listener).revisions[::-1])
    explained = []
    for heard in listener.items:
        judged, kept = heard.revision, False
        if (
            judged
            and revisions
            and (revisions[-1].hash, revisions[-1].title) == (judged.hash, judged.title)
        ):
            judged, kept = (
                revisions.pop(),
                True,
            )  # as the document's other items and the corrections left it
        explained.append(ItemTrace(heard.raw.item, judged, kept, tuple(_traces(heard, judged))))
    return tuple(explained)


def unmatched_selectors(capture: Capture, job: ParseTask, sites: Sites) -> tuple[Silent, ...]:
    """Tell which rules find nothing in a capture; () for a carrier that needs no rules. Never raises."""
    from aggregator.adapters.html import document

    rules = rules_for(job, capture, sites)
    try:
        if job.adapter == "page":
            return silent_in_list(rules.listing, document(capture))
        if job.adapter == "json":
            data = loads(decode(capture.body, capture.headers.get("content-type", "")))
            return silent_in_list(
                rules.listing, Document(None, "json", capture.url).item(data=data)
            )
        if job.adapter == ARTICLE and job.page_rules is not None:
            own = with_own(job.page_rules, SiteRules(id=""))
            return silent_in_article(own.body, own.fields, document(capture))
    except SourceError:
        pass  # what is no page has nothing to look into
    return ()


class _ItemRecord:
    """What was heard of one item."""

    def __init__(self, raw: RawEntry) -> None:
        self.raw = raw
        self.verdicts: dict[tuple[str, int], tuple[str | None, Date | None]] = {}
        self.stand_ins: list[tuple[str, Found]] = []
        self.revision: Revision | None = None


class _RecordingObserver:
    """A witness that keeps what it hears."""

    def __init__(self) -> None:
        self.items: list[_ItemRecord] = []

    def given(self, raw: RawEntry) -> None:
        self.items.append(_ItemRecord(raw))

    def judged(
        self,
        field: str,
        candidate: Found | RawImage | Enclosure,
        reason: str | None,
        date: Date | None,
    ) -> None:
        heard = self.items[-1]
        heard.verdicts[field, id(candidate)] = reason, date
        if isinstance(candidate, Found) and not any(
            candidate is stated for stated in _stated_candidates(heard.raw, field)
        ):
            heard.stand_ins.append((field, candidate))

    def became(self, revision: Revision) -> None:
        self.items[-1].revision = revision


def _traces(heard: _ItemRecord, revision: Revision | None) -> Iterator[FieldTrace]:
    for name in FIELDS:
        stand_ins = (found for field, found in heard.stand_ins if field == name)
        candidates = [
            _candidate(heard, name, candidate)
            for candidate in (*_stated_candidates(heard.raw, name), *stand_ins)
        ]
        value = _value(revision, name, candidates) if revision else None
        if candidates or value:
            yield FieldTrace(name, value, tuple(_settled_field(candidates, name, value, revision)))


def _candidate(
    heard: _ItemRecord, name: str, candidate: Found | RawImage | Enclosure
) -> TracedCandidate:
    value = candidate.value if isinstance(candidate, Found) else candidate.url
    where = "" if isinstance(candidate, Enclosure) else candidate.where
    reason, date = heard.verdicts.get((name, id(candidate)), (UNREAD_REASON, None))
    return TracedCandidate(value, where, reason is None, reason or "", date)


def _stated_candidates(raw: RawEntry, name: str) -> tuple[Found | RawImage | Enclosure, ...]:
    value: tuple[Found | RawImage | Enclosure, ...] | Found | None = getattr(raw, FIELDS[name])
    if isinstance(value, tuple):
        return value
    return () if value is None else (value,)


def _settled_field(
    candidates: Sequence[TracedCandidate], name: str, value: str | None, revision: Revision | None
) -> Iterator[TracedCandidate]:
    """Put in what a correction decided after all; what nobody looked at comes later where another won."""
    where = revision.provenance.get(name, "") if revision else ""
    overruled = value is None or not any(
        candidate.has_won and candidate.where in (where, "") for candidate in candidates
    )
    corrected = (
        revision is not None and overruled and any(candidate.has_won for candidate in candidates)
    )
    for candidate in candidates:
        if corrected and candidate.where == where and value is not None:
            yield replace(candidate, has_won=True, reason="")
        elif corrected and candidate.has_won:
            yield replace(candidate, has_won=False, reason=CORRECTED_REASON)
        elif candidate.reason == UNREAD_REASON and value is not None:
            yield replace(candidate, reason=LATER_REASON)
        else:
            yield candidate


def _value(revision: Revision, name: str, candidates: Sequence[TracedCandidate]) -> str | None:
    """What a field became, as text; of a date of change that nobody stated, nothing."""
    if name == "updated":
        return rfc3339(revision.at) if any(candidate.has_won for candidate in candidates) else None
    if name == "published":
        return rfc3339(revision.published)
    if name == "image":
        return revision.image.url if revision.image else None
    if name == "enclosures":
        return ", ".join(enclosure.url for enclosure in revision.enclosures) or None
    value: str | tuple[str, ...] | None = getattr(revision, name)
    return (", ".join(value) or None) if isinstance(value, tuple) else value

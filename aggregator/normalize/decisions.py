"""Records the decisions about one item: provenance, the evidence of its dates, the observer's part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Candidate, Enclosure, RawImage
from aggregator.normalize import authors, text
from aggregator.normalize import observer as why
from aggregator.normalize.dates import evidence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from aggregator.model import Evidence
    from aggregator.normalize.dates import Date
    from aggregator.normalize.observer import Observer

STATED_IN_CONFIGURATION = "corrections"  # where a value is from that a source is forced to have
_OF_PAGE = frozenset({"ld", "meta", "page", "url"})


class Decisions:
    """What was decided about one item so far, and the observer that hears of each decision."""

    def __init__(self, zone: ZoneInfo, observer: Observer | None) -> None:
        self.provenance: dict[str, str] = {}
        self._zone = zone
        self._observer = observer
        self._evidence: list[Evidence] = []

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return evidence.select(self._evidence)

    def report(
        self,
        name: str,
        candidate: Candidate | RawImage | Enclosure,
        reason: str | None = None,
        date: Date | None = None,
    ) -> None:
        """Record that a candidate was looked at; `reason` says why it lost, None if it won."""
        if name in evidence.FIELDS and isinstance(candidate, Candidate):
            self._add_evidence(name, candidate, reason, date)
        if self._observer:
            self._observer.candidate_judged(name, candidate, reason, date)

    def _add_evidence(
        self, name: str, candidate: Candidate, reason: str | None, date: Date | None
    ) -> None:
        if date is None and reason is None:
            return  # a fallback, which is no evidence
        stated = evidence.describe(name, candidate, date, zone=self._zone, refused=reason)
        self._evidence.append(stated)

    def set_provenance(self, name: str, where: str) -> None:
        if where:
            self.provenance[name] = where

    def use_fallback(self, name: str, value: str, where: str) -> None:
        """Record the value of a field that no candidate had."""
        self.report(name, Candidate(value, where))
        self.set_provenance(name, where)

    def first_text(self, name: str, candidates: Iterable[Candidate]) -> str | None:
        """Return the plain text of the first candidate that has any."""
        for candidate in candidates:
            value = text.plain_text(candidate.value, candidate.form)
            if value:
                self.report(name, candidate)
                self.set_provenance(name, candidate.where)
                return value
            self.report(name, candidate, why.EMPTY)
        return None

    def all_texts(self, name: str, candidates: Iterable[Candidate]) -> tuple[str, ...]:
        """Return the plain texts of all candidates, each once, in their order."""
        sources: dict[str, str] = {}  # provenance by text
        for candidate in candidates:
            value = text.plain_text(candidate.value, candidate.form)
            if not value:
                self.report(name, candidate, why.EMPTY)
            elif value in sources:
                self.report(name, candidate, why.REPEATED)
            else:
                self.report(name, candidate)
                sources[value] = candidate.where

        if sources:
            first_source = next(iter(sources.values()))
            self.set_provenance(name, first_source)
        return tuple(sources)

    def all_names(
        self, candidates: Iterable[Candidate], *, language: str | None
    ) -> tuple[str, ...]:
        """Return the names of people in all candidates, each once, in their order.

        Names that the configuration states are taken as they are.
        """
        names: dict[str, str] = {}
        for candidate in candidates:
            byline = text.plain_text(candidate.value, candidate.form)
            if not byline:
                self.report("authors", candidate, why.EMPTY)
                continue

            found: tuple[str, ...] = (byline,)
            if candidate.where != STATED_IN_CONFIGURATION:
                found = authors.find_names(byline, language=language)
            if not names:
                self.set_provenance("authors", candidate.where)
            known = len(names)
            for name in found:
                names.setdefault(authors.name_key(name), name)
            self.report("authors", candidate, why.REPEATED if len(names) == known else None)
        return tuple(names.values())


def evidence_kind(where: str) -> str:
    """Return the kind of evidence that a provenance names: the word before its colon.

    JSON-LD, meta tags and a date in the URL are the page's.
    """
    kind = where.partition(":")[0]
    if kind in _OF_PAGE:
        return "page"
    return kind

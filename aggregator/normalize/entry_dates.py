"""Chooses when an item was published and updated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from aggregator.normalize import dates, language
from aggregator.normalize import observer as why
from aggregator.normalize.decisions import evidence_kind

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Candidate, RawEntry
    from aggregator.normalize.decisions import Decisions
    from aggregator.normalize.entry import NormalizeContext


_MAX_LANGUAGES = 4  # of an item: an attack may state thousands


class Published(NamedTuple):
    """When an item appeared, and the kind of evidence that says so."""

    at: datetime
    evidence: str
    is_stated: bool


class _StatedDate(NamedTuple):
    found: Candidate
    date: dates.Date


class DateChooser:
    """Reads the dates of one item; `captured` is the time of its capture."""

    def __init__(
        self, raw: RawEntry, context: NormalizeContext, decisions: Decisions, *, captured: datetime
    ) -> None:
        self._raw = raw
        self._context = context
        self._decisions = decisions
        self._captured = captured

    def choose_published(self) -> Published:
        """Return the publisher's date, else the time when an archive or this run captured the item.

        Undated items of a page's list come a second before each other, so that views keep the
        page's order.
        """
        stated = self._stated_dates()
        if stated:
            return self._choose(stated)

        where = "first_seen" if self._raw.captured is None else "archive:epoch"
        at = self._captured - timedelta(seconds=self._raw.position)
        self._decisions.use_fallback("published", at.isoformat(), where)
        return Published(at, evidence_kind(where), is_stated=False)

    def choose_updated(self) -> datetime | None:
        """Return the first date of a change that can be believed."""
        for found in self._raw.updated:
            date = self._read("updated", found)
            if date is None:
                continue
            self._decisions.report("updated", found, None, date)
            self._decisions.set_provenance("updated", found.where)
            return date.value
        return None

    def _stated_dates(self) -> list[_StatedDate]:
        """Return the dates of publication that can be believed.

        The date of a change that a feed also offers as one counts only if no other does.
        """
        stated: list[_StatedDate] = []
        for found in self._raw.published:
            if stated and found in self._raw.updated:
                continue
            date = self._read("published", found)
            if date:
                stated.append(_StatedDate(found, date))
        return stated

    def _choose(self, stated: list[_StatedDate]) -> Published:
        chosen = dates.choose_date_index([one.date for one in stated], zone=self._context.timezone)
        for other in stated[:chosen]:
            self._decisions.report("published", other.found, why.LESS_EXACT, other.date)

        found, date = stated[chosen]
        self._decisions.report("published", found, None, date)
        self._decisions.set_provenance("published", found.where)
        return Published(date.value, evidence_kind(found.where), is_stated=True)

    def _read(self, name: str, found: Candidate) -> dates.Date | None:
        """Read one date, and report it if it is refused; the caller reports the others."""
        context = self._context
        date = dates.read(
            found.value,
            zone=context.timezone,
            taken=self._captured,
            formats=context.formats,
            strip=context.strip,
            order=context.order,
            languages=self._languages,
            calendar=context.calendar,
            reduced=True,
            word_languages=self._word_languages,
        )
        if date is None:
            self._decisions.report(name, found, why.NO_DATE)
            return None

        is_rfc3339 = date.form == "iso" and found.value.strip()[10:11] == "T"
        if not (is_rfc3339 and found.where.startswith("feed:")):
            # Feeds are read by others in their turn, so these dates keep the fraction. A page and
            # its saved copy do not agree on it.
            if date.value.microsecond:
                date = replace(date, value=date.value.replace(microsecond=0))
        plausible = dates.resolve_future(date, taken=self._captured, zone=context.timezone)
        if plausible is None:
            self._decisions.report(name, found, why.IN_FUTURE, date)
        return plausible

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        """The language that dates are written in: the source's, else that of the page or the site.

        What a feed says of itself is left out: `en-us` is what its software put there, and would
        swap days and months.
        """
        if self._context.language:
            return (self._context.language,)
        for found in self._raw.language:
            if found.where.startswith("feed:"):
                continue
            tag = language.canonical_tag(found.value)
            if tag:
                return (tag,)
        return ()

    @cached_property
    def _word_languages(self) -> tuple[str, ...]:
        """The languages that the item or its feed states: the words for months may be in one of them.

        A word cannot be misread as a number can, so what the feed says of itself counts here.
        """
        tags = []
        for found in self._raw.language[:_MAX_LANGUAGES]:
            tag = language.canonical_tag(found.value)
            if tag:
                tags.append(tag)
        return tuple(dict.fromkeys(tags))
